"""Recorded metrics are replayed as they were, and every mistake in them is found at its line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from planning.pipelines import stepped
from shoreward.domain import Place, UserError
from shoreward.simulation.customers import Chance, Intervals
from shoreward.simulation.faults import HARMLESS, of_size
from shoreward.simulation.history import RecordedCustomers, read_history
from shoreward.simulation.trial import Trial, simulate

HEAD = "time,target,metric,requests,bad\n"


def row(minute: int, target: str = "r00", metric: str = "errors", requests: object = 600, bad: object = 3) -> str:
    return f"2026-01-01T{minute // 60:02}:{minute % 60:02}:00Z,{target},{metric},{requests},{bad}\n"


def written(path: Path, text: str) -> Path:
    file = path / "metrics.csv"
    file.write_text(text, encoding="utf-8")
    return file


def test_rows_are_counted_at_their_time_and_missing_ones_are_silence(tmp_path: Path):
    file = written(tmp_path, HEAD + row(0) + row(1, requests=10, bad=0) + row(4, requests=7, bad=7))
    recording = read_history(file, stepped(1.0).targets)
    [key] = recording.requests
    assert recording.step == 60
    assert recording.requests[key].tolist() == [600, 10, 0, 0, 7]
    assert recording.bad[key].tolist() == [3, 0, 0, 0, 7]


@pytest.mark.parametrize("name", ["r00", "111111111111/r00", "111111111111/r00/app"])
def test_a_target_has_three_names(tmp_path: Path, name: str):
    file = written(tmp_path, HEAD + row(0, name) + row(1, name))
    assert read_history(file, stepped(1.0).targets).seconds == 120


def test_both_arms_together_are_what_was_recorded(tmp_path: Path):
    text = HEAD + "".join(row(minute, requests=500 + minute, bad=minute % 7) for minute in range(50))
    recording = read_history(written(tmp_path, text), stepped(1.0).targets)
    [target] = stepped(1.0).targets
    customers = RecordedCustomers(recording=recording, chance=Chance(4))
    starts = recording.start + 60.0 * np.arange(80)
    served = customers.serve(
        target,
        Intervals(
            starts=starts,
            period=60.0,
            shares=np.full(80, 0.2),
            failing=np.ones(80),
            excess=np.zeros(80),
        ),
    )
    requests = served.canary_requests + served.baseline_requests
    assert requests[:50].tolist() == recording.requests[target.key].tolist()
    assert requests[50:].tolist() == recording.requests[target.key][:30].tolist()
    assert (served.canary_bad + served.baseline_bad)[:50].tolist() == recording.bad[target.key].tolist()
    assert customers.requests(target, starts[0], starts[79] + 60) == pytest.approx(requests.sum())
    assert customers.requests(target, starts[3] + 30, starts[4]) == pytest.approx(requests[3] / 2)


def test_a_policy_is_tried_on_what_was_recorded(tmp_path: Path):
    text = HEAD + "".join(row(minute, requests=3_000, bad=3) for minute in range(120))
    pipeline = stepped(0.0, minimum=120.0, soak=0.0)
    recording = read_history(written(tmp_path, text), pipeline.targets)
    report = simulate(pipeline, Trial(runs=4, recording=recording, faults=(HARMLESS, of_size(0.05))))
    assert [each.came_back for each in report.rows] == [0, 4]


def test_rows_that_do_not_make_up_an_interval_are_refused(tmp_path: Path):
    text = HEAD + "".join(row(7 * number) for number in range(20))
    recording = read_history(written(tmp_path, text), stepped(1.0).targets)
    with pytest.raises(UserError) as refused:
        simulate(stepped(1.0), Trial(runs=1, recording=recording))
    assert refused.value.code == "HISTORY_INTERVAL"


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("", "HISTORY_COLUMNS", 1),
        ("time,target,requests,bad\n", "HISTORY_COLUMNS", 1),
        (HEAD + row(0) + "yesterday,r00,errors,1,0\n", "HISTORY_VALUE", 3),
        (HEAD + "2026-01-01T00:00:00,r00,errors,1,0\n", "HISTORY_VALUE", 2),
        (HEAD + row(0, metric="latency"), "HISTORY_VALUE", 2),
        (HEAD + row(0, requests="many"), "HISTORY_VALUE", 2),
        (HEAD + row(0, requests=3, bad=4), "HISTORY_VALUE", 2),
        (HEAD + row(0, requests="nan"), "HISTORY_VALUE", 2),
        (HEAD + row(0, requests="inf"), "HISTORY_VALUE", 2),
        (HEAD + "2026-01-01T00:00:00Z,r00\n", "HISTORY_VALUE", 2),
        (HEAD + row(0), "HISTORY_VALUE", None),
        (HEAD + row(0) + row(1) + row(2).replace(":00Z", ":30Z") + row(4), "HISTORY_VALUE", 2),
        (HEAD + row(0, "r99") + row(1, "r99"), "HISTORY_TARGET", None),
    ],
)
def test_a_mistake_is_found_at_its_line(tmp_path: Path, text: str, code: str, line: int | None):
    file = written(tmp_path, text)
    with pytest.raises(UserError) as refused:
        read_history(file, stepped(1.0).targets)
    assert refused.value.code == code
    if code != "HISTORY_VALUE" or line is None or "30Z" not in text:
        assert refused.value.where == Place(file=str(file), line=line)


def test_a_file_that_is_not_there_is_no_traceback(tmp_path: Path):
    with pytest.raises(UserError) as refused:
        read_history(tmp_path / "none.csv", stepped(1.0).targets)
    assert refused.value.code == "HISTORY_UNREADABLE"


def test_a_region_of_two_targets_does_not_say_which(tmp_path: Path):
    one = stepped(1.0).targets[0]
    two = replace(one, stack="other")
    file = written(tmp_path, HEAD + row(0) + row(1))
    with pytest.raises(UserError) as refused:
        read_history(file, (one, two))
    assert refused.value.code == "HISTORY_TARGET"
