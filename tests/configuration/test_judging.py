"""Values are judged beside regions that do not have them yet, else beside the past, else by a ceiling."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from shoreward.app.judging import look
from shoreward.core import Release, replay
from shoreward.core import events as e
from shoreward.domain import (
    ERRORS,
    Bake,
    Configuration,
    FileQuery,
    Judged,
    Judgement,
    JudgePolicy,
    Metric,
    Pipeline,
    Query,
    Retryable,
    Revision,
    Snapshot,
    Staged,
    Target,
    Verdict,
    Wave,
)
from shoreward.testing.simulated import SimulatedCloud

NORTH, SOUTH = (Target(account="111122223333", region=region, stack="settings") for region in ("north", "south"))
DAY = 86_400
WRITTEN = 1_700_000_000.0

Rate = Callable[[Target, float], float]


@dataclass
class Shops:
    """A function in each region: ten requests every ten seconds, of which a share fails."""

    rate: Rate
    requests: float = 10.0
    since: float = 0.0
    asked: list[Target] = field(default_factory=list[Target])
    down: bool = False

    def series(
        self, target: Target, queries: Sequence[Query], *, start: float, end: float, period: int
    ) -> Mapping[Query, np.ndarray]:
        self.asked.append(target)
        if self.down:
            raise Retryable("METRICS_INCOMPLETE", "CloudWatch does not answer.")
        return {
            query: np.array([self._at(target, query, at) for at in np.arange(start, end, period)]) for query in queries
        }

    def _at(self, target: Target, query: Query, at: float) -> float:
        assert isinstance(query, FileQuery)
        if at < self.since:
            return float("nan")
        return self.requests * (self.rate(target, at) if query.column == "bad" else 1.0)

    def shared(self, target: Target) -> Sequence[Metric]:
        raise AssertionError("a configuration has no stack of its own")

    def judged(self, target: Target, judged: Judged) -> Sequence[Metric]:
        requests, bad = (FileQuery(path="f", sample="m", column=column) for column in ("requests", "bad"))
        return (Metric(name=ERRORS, kind="counts", queries=(requests, bad), ratio=2.0, points=0.01, function="shop"),)


def after(rate: float, at: float = WRITTEN, usual: float = 0.0) -> Rate:
    """In the north a share of requests fails from the write on."""
    return lambda target, time: rate if target is NORTH and time >= at else usual


def baking(*waves: Target, own_past: bool = True, requests: int = 100) -> Release:
    pipeline = Pipeline(
        application="settings",
        template="",
        configuration=Configuration(judged_by=(Judged(stack="shop"),)),
        waves=tuple(
            Wave(name=each.region, targets=(each,), steps=(), bake=Bake(minimum=60, requests=requests))
            for each in waves
        ),
        judge=JudgePolicy(interval=10, delay=0, dispersion=1.0, own_past=own_past),
    )
    revision = Revision(digest="d", commit="c", template="t", functions=(), artifacts=())
    at = {"at": WRITTEN, "target": NORTH.key}
    return replay(
        "settings-1",
        [
            e.ReleaseOpened(at=WRITTEN, pipeline=pipeline, commit="c", subject="s", by="Kim"),
            e.RevisionBuilt(at=WRITTEN, revision=revision),
            e.WaveEntered(at=WRITTEN, wave=0),
            e.TargetInspected(**at, snapshot=Snapshot(exists=True, template="t")),
            e.TargetStaged(**at, staged=Staged(functions=())),
            e.TargetProbed(**at),
            e.TrafficShifted(**at, step=0, percent=100.0, since=WRITTEN),
        ],
    )


def judged(shops: Shops, state: Release, seconds: float = 300) -> Judgement:
    cloud = SimulatedCloud()
    cloud.clock.time = WRITTEN + seconds
    world = replace(cloud.world(), series=shops, survey=shops)
    return look(world, state, state.deployments[NORTH.key])


def test_harm_is_seen_beside_a_region_that_does_not_have_the_values():
    judgement = judged(Shops(after(0.5)), baking(NORTH, SOUTH))
    assert judgement.verdict is Verdict.FAIL
    assert "shop: errors" in judgement.reason
    assert "in south" in judgement.reason
    assert [each.strength for each in judgement.evidence if each.controls] == ["calibrated"]


def test_what_harms_everywhere_is_not_the_values():
    everywhere: Rate = lambda target, time: 0.02 if time >= WRITTEN else 0.0  # noqa: E731
    judgement = judged(Shops(everywhere, requests=100.0), baking(NORTH, SOUTH))
    assert judgement.verdict is Verdict.PASS
    assert "beside south" in judgement.reason
    assert "weak" not in judgement.reason


def test_the_last_wave_is_compared_with_its_own_past_and_says_so():
    judgement = judged(Shops(after(0.5)), baking(NORTH))
    assert judgement.verdict is Verdict.FAIL
    assert "days before" in judgement.reason
    good = judged(Shops(after(0.0)), baking(NORTH))
    assert (good.verdict, "weak" in good.reason) == (Verdict.PASS, True)


def test_where_nothing_can_be_compared_a_ceiling_holds_and_says_so():
    new: dict[str, float] = {"since": WRITTEN - 60}
    bad = judged(Shops(after(0.5), **new), baking(NORTH, SOUTH))
    assert bad.verdict is Verdict.FAIL
    assert "above the ceiling" in bad.reason
    good = judged(Shops(after(0.001), **new), baking(NORTH, SOUTH))
    assert good.verdict is Verdict.PASS
    assert "below the ceiling, with nothing to compare them with, which is weak" in good.reason


@pytest.mark.parametrize(
    ("requests", "verdict", "words"),
    [
        (0.0, Verdict.NO_DATA, "no requests since the values were written"),
        (0.1, Verdict.NOT_ENOUGH_EVIDENCE, "3 requests since the values were written, 100 are asked for"),
    ],
)
def test_values_that_nobody_has_used_do_not_pass(requests: float, verdict: Verdict, words: str):
    judgement = judged(Shops(after(0.0), requests=requests), baking(NORTH, SOUTH))
    assert (judgement.verdict, judgement.reason) == (verdict, words)


def test_a_look_that_cannot_read_says_nothing():
    with pytest.raises(Retryable):
        judged(Shops(after(0.0), down=True), baking(NORTH, SOUTH))


def test_what_is_not_shown_to_be_below_the_ceiling_does_not_pass():
    usual = Shops(after(0.06, usual=0.06))
    judgement = judged(usual, baking(NORTH, SOUTH))
    assert judgement.verdict is Verdict.NOT_ENOUGH_EVIDENCE
    assert judgement.reason.startswith("errors 18 of 300 (6 %) are not shown to be below the ceiling")


def test_values_that_break_a_function_fail_within_four_intervals():
    judgement = judged(Shops(after(0.8)), baking(NORTH, SOUTH), seconds=40)
    assert judgement.verdict is Verdict.FAIL


def test_the_only_others_that_are_read_are_controls():
    shops = Shops(after(0.0))
    judged(shops, baking(NORTH, SOUTH))
    assert {each.region for each in shops.asked} == {"north", "south"}
