"""`shoreward judge`, as somebody runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HEADER = "time,target,arm,metric,requests,bad"


def shoreward(*words: str | Path, given: str | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "shoreward", "judge", *map(str, words)]
    environment = {**os.environ, "PYTHONWARNINGS": "error"}
    return subprocess.run(command, input=given, capture_output=True, text=True, env=environment, check=False)


def samples(canary: float, *, minutes: int = 60, requests: int = 2000) -> str:
    lines = [HEADER]
    for minute in range(minutes):
        time = f"2026-03-01T{12 + minute // 60:02}:{minute % 60:02}:00Z"
        lines.append(f"{time},eu-north-1,canary,errors,{requests},{requests * canary:g}")
        lines.append(f"{time},eu-north-1,baseline,errors,{9 * requests},{9 * requests * 0.01:g}")
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(("canary", "verdict", "code"), [(0.05, "fail", 1), (0.01, "pass", 0)])
def test_the_exit_code_says_the_verdict(tmp_path: Path, canary: float, verdict: str, code: int) -> None:
    file = tmp_path / "samples.csv"
    file.write_text(samples(canary))
    done = shoreward(file, "--json")
    assert (done.returncode, done.stderr) == (code, "")
    said = json.loads(done.stdout)
    (metric,) = said["metrics"]
    assert (said["verdict"], metric["verdict"]) == (verdict, verdict)
    assert said["at"] == metric["at"]
    assert said["at"].startswith("2026-03-01T12:")
    assert metric["ratio"] == pytest.approx(canary / 0.01)
    assert metric["interval"][0] < metric["ratio"] < metric["interval"][1]
    assert (metric["e_rollback"] >= metric["threshold_rollback"]) == (verdict == "fail")
    assert (metric["e_promote"] >= metric["threshold_promote"]) == (verdict == "pass")


def test_too_little_is_no_verdict_and_neither_is_nothing() -> None:
    little = shoreward("-", "--json", given=samples(0.01, minutes=2, requests=50))
    assert little.returncode == 3
    assert json.loads(little.stdout)["verdict"] == "not_enough_evidence"
    assert json.loads(little.stdout)["at"] is None
    nothing = shoreward("-", "--json", given=HEADER + "\n")
    assert nothing.returncode == 3
    assert json.loads(nothing.stdout) == {"verdict": "no_data", "at": None, "metrics": []}


def test_the_answer_after_every_interval_is_told_when_it_is_asked_for() -> None:
    said = json.loads(shoreward("-", "--json", "--timeline", given=samples(0.05)).stdout)
    (metric,) = said["metrics"]
    assert len(metric["timeline"]) == 60
    assert metric["timeline"][0]["verdict"] == "not_enough_evidence"
    first = next(each for each in metric["timeline"] if each["verdict"] == "fail")
    assert first["at"] == said["at"]


def test_people_see_a_picture_and_a_file_gets_one(tmp_path: Path) -> None:
    files = [tmp_path / f"judged.{form}" for form in ("svg", "png")]
    for file in files:
        done = shoreward("-", "--picture", file, given=samples(0.05))
        assert (done.returncode, done.stderr) == (1, "")
        assert "✗" in done.stdout
        assert "it would have been rolled back at 2026-03-01T12:" in done.stdout
        assert "dispersion of 3" in done.stdout
    assert files[0].read_text().startswith("<?xml")
    assert files[1].read_bytes().startswith(b"\x89PNG")


def test_the_same_samples_make_the_same_picture(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("a.svg", "b.svg")]
    for file in files:
        shoreward("-", "--picture", file, given=samples(0.05))
    assert files[0].read_bytes() == files[1].read_bytes()


def test_mistakes_have_a_place_and_a_code(tmp_path: Path) -> None:
    file = tmp_path / "samples.csv"
    file.write_text(f"{HEADER}\nsoon,eu,canary,errors,1,0\n")
    wrong = shoreward(file)
    assert wrong.returncode == 2
    assert "samples.csv:2:1" in wrong.stderr
    assert "SAMPLES_INVALID" in wrong.stderr
    missing = shoreward(tmp_path / "nowhere.csv")
    assert (missing.returncode, "FILE_REFUSED" in missing.stderr) == (2, True)
    file.write_bytes(b"time\n\xff\xfe")
    assert "samples.csv:2" in shoreward(file).stderr
    odd = shoreward("-", "--picture", tmp_path / "judged.gif", given=samples(0.05))
    assert (odd.returncode, "[USAGE]" in odd.stderr) == (2, True)


def test_the_example_of_the_documentation_says_what_the_page_says() -> None:
    file = Path(__file__).parents[2] / "docs/images/judged.csv"
    said = json.loads(shoreward(file, "--dispersion", "1", "--json").stdout)
    harmless, harmful = said["metrics"]
    assert (said["verdict"], said["at"]) == ("fail", "2026-03-01T12:22:00Z")
    assert (harmless["verdict"], harmful["verdict"]) == ("pass", "fail")
    assert round(harmful["ratio"], 2) == 2.33
