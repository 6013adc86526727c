"""What a history says of the judge: its dispersion, its false rollbacks, what it finds and when."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from math import comb
from pathlib import Path

import numpy as np
import pytest

from shoreward.app.recorded.calibrating import Calibration, calibrate, upper_bound
from shoreward.app.recorded.judged import Manner
from shoreward.app.recorded.rows import Arm, Counted, Gauged, Row, Timed, Value
from shoreward.app.recorded.streams import arranged
from shoreward.domain import Place

from .test_command import HEADER, samples, shoreward

MIDNIGHT = datetime(2026, 3, 1, tzinfo=UTC)
ARMS: tuple[tuple[Arm, int], ...] = (("canary", 400), ("baseline", 3600))


def history(value: Made, *, minutes: int = 600, arms: tuple[tuple[Arm, int], ...] = ARMS) -> list[Row]:
    return [
        Row(
            time=MIDNIGHT + timedelta(minutes=minute),
            target="eu",
            arm=arm,
            metric="errors",
            value=value(minute, requests),
            place=Place(file="history", line=minute + 2),
        )
        for minute in range(minutes)
        for arm, requests in arms
    ]


class Made:
    """Values of a minute, from a seed; errors come in clusters."""

    def __init__(self, *, cluster: int = 1) -> None:
        self._random = np.random.default_rng(9)
        self._cluster = cluster

    def __call__(self, minute: int, requests: int) -> Value:
        del minute
        return Counted(requests, self._cluster * float(self._random.poisson(requests * 0.01 / self._cluster)))


class Lasting(Made):
    def __call__(self, minute: int, requests: int) -> Value:
        times = self._random.lognormal(-2, 0.3, requests // 10)
        ends, counts = np.unique(np.ceil(times * 100) / 100, return_counts=True)
        return Timed(dict(zip(ends.tolist(), counts.tolist(), strict=True)))


class Measured(Made):
    def __call__(self, minute: int, requests: int) -> Value:
        return Gauged(50 + self._random.normal())


def alone(rows: list[Row], manner: Manner | None = None) -> Calibration:
    (found,) = calibrate(arranged(rows), manner or Manner())
    return found


def test_clustered_errors_have_a_dispersion_and_are_judged_with_it() -> None:
    single, clustered = alone(history(Made())), alone(history(Made(cluster=5)))
    assert single.known
    assert single.dispersion < 1.5
    assert 3.5 < clustered.dispersion < 8
    assert (clustered.bakes, clustered.false_rollbacks) == (10, 0)
    assert clustered.smallest is not None
    assert single.smallest is not None
    assert single.smallest.size <= clustered.smallest.size


def test_larger_regressions_are_found_more_often_and_sooner() -> None:
    found = alone(history(Made())).found
    shares = [each.share for each in found]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    delays = [each.delay for each in found if each.share == 1 and each.delay is not None]
    assert delays == sorted(delays, reverse=True)


def test_of_a_history_with_one_arm_neighbours_stand_in_for_two() -> None:
    found = alone(history(Made(cluster=5), arms=(("baseline", 3600),)))
    assert found.one_arm
    assert found.bakes == 5
    assert 3.5 < found.dispersion < 9


def test_latency_and_gauges_are_calibrated_too() -> None:
    latency = alone(history(Lasting(), minutes=240))
    assert (latency.kind, latency.false_rollbacks) == ("latency", 0)
    assert latency.smallest is not None
    assert latency.smallest.size <= 1.5
    gauge = alone(history(Measured(), minutes=1200))
    assert (gauge.kind, gauge.known, gauge.one_arm) == ("gauge", True, False)
    assert 1 < gauge.dispersion < 2.5
    assert gauge.found[-1].share == 1
    neighbours = alone(history(Measured(), minutes=1200, arms=(("baseline", 1),)))
    assert (neighbours.one_arm, neighbours.bakes) == (True, 10)


def test_too_short_a_history_has_no_bake() -> None:
    assert calibrate(arranged(history(Made(), minutes=59)), Manner()) == ()


@pytest.mark.parametrize(("hits", "trials"), [(0, 1), (0, 24), (3, 24), (23, 24)])
def test_the_bound_on_a_rate_leaves_so_few_hits_a_chance_of_one_in_twenty(hits: int, trials: int) -> None:
    bound = upper_bound(hits, trials)
    chance = sum(comb(trials, each) * bound**each * (1 - bound) ** (trials - each) for each in range(hits + 1))
    assert chance == pytest.approx(0.05, abs=1e-6)
    assert upper_bound(trials, trials) == 1


def test_the_command_shows_a_table_json_and_a_picture(tmp_path: Path) -> None:
    file = tmp_path / "history.csv"
    file.write_text(samples(0.01, minutes=180))
    picture = tmp_path / "calibrated.png"
    shown = shoreward(file, "--calibrate", "--picture", picture)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "Bakes of 60 intervals" in shown.stdout
    assert picture.read_bytes().startswith(b"\x89PNG")
    said = json.loads(shoreward(file, "--calibrate", "--json").stdout)
    (stream,) = said["streams"]
    assert (said["bake"], stream["bakes"], stream["false_rollbacks"]) == (60, 3, 0)
    assert stream["regressions"][-1] == {"size": 0.5, "found": 1.0, "after": pytest.approx(2, abs=1)}


def test_a_history_without_a_bake_is_refused() -> None:
    refused = shoreward("-", "--calibrate", given=HEADER + "\n")
    assert (refused.returncode, "[HISTORY_SHORT]" in refused.stderr) == (2, True)
