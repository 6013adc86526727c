"""fleet.yaml: what it may say, and every mistake with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from shoreward.domain import Fleet, Limits, SpecError, SpecErrors, Watched
from shoreward.spec.fleet import load_fleet


def load(tmp_path: Path, text: str) -> Fleet:
    file = tmp_path / "fleet.yaml"
    file.write_text(text)
    return load_fleet(file)


def test_all_that_may_be_said(tmp_path: Path):
    (tmp_path / "beach.git").mkdir()
    fleet = load(
        tmp_path,
        """
pipelines:
  - repository: beach.git
  - {repository: "https://x.test/a/b.git", branch: release, file: app/shoreward.yaml, secret: B_SECRET}
poll: 30s
limits: {targets: 20, account: 4, region: 6}
""",
    )
    assert fleet == Fleet(
        pipelines=(
            Watched(repository=str(tmp_path / "beach.git")),
            Watched(
                repository="https://x.test/a/b.git", branch="release", file="app/shoreward.yaml", secret="B_SECRET"
            ),
        ),
        poll=30.0,
        limits=Limits(targets=20, account=4, region=6),
    )


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("pipelines: []", "FLEET_EMPTY", 1),
        ("poll: 5s", "FLEET_EMPTY", 1),
        ("pipelines:\n  - branch: main", "SPEC_REQUIRED", 2),
        ("pipelines:\n  - {repository: a, brunch: b}", "SPEC_UNKNOWN_KEY", 2),
        ("pipelines:\n  - repository: a\n  - repository: a", "FLEET_TWICE", 3),
        ("pipelines:\n  - repository: a\nlimits:\n  region: 0", "SPEC_NUMBER", 4),
        ("pipelines:\n  - repository: a\npoll: soon", "SPEC_DURATION", 3),
        ("pipelines:\n  - {repository: a, branch: --upload-pack=x}", "SPEC_NAME", 2),
    ],
)
def test_a_mistake_is_found_at_its_place(tmp_path: Path, text: str, code: str, line: int):
    with pytest.raises((SpecError, SpecErrors)) as found:
        load(tmp_path, text)
    error = found.value.errors[0] if isinstance(found.value, SpecErrors) else found.value
    assert (error.code, error.where.line) == (code, line)
    assert error.where.file.endswith("fleet.yaml")


def test_a_file_that_is_not_there(tmp_path: Path):
    with pytest.raises(SpecError) as found:
        load_fleet(tmp_path / "fleet.yaml")
    assert found.value.code == "SPEC_FILE_MISSING"
