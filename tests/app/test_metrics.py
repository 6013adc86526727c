"""A team's own metrics, and what both revisions share, in a look."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from shoreward.app.judging import look
from shoreward.app.judging.budget import share_of, shared_share_of
from shoreward.app.judging.weighing import HISTORY
from shoreward.core import Phase, Release
from shoreward.core import effects as do
from shoreward.core.outside import Outside
from shoreward.core.watching import next_look, watch
from shoreward.domain import (
    CloudWatchQuery,
    FileQuery,
    Form,
    Judgement,
    JudgePolicy,
    LatencyPolicy,
    Metric,
    Outcome,
    Query,
    Retryable,
    Target,
    Verdict,
)
from shoreward.testing.builders import a_pipeline

from .support import NORTH, Beach

Values = Callable[[Target, Query, np.ndarray], np.ndarray]
"""Of a target's query, at these times."""


@dataclass
class Sea:
    """Series by a formula, and what a stack has."""

    values: Values
    found: Sequence[Metric] = ()
    asked: list[Target] = field(default_factory=list[Target])

    def series(
        self, target: Target, queries: Sequence[Query], *, start: float, end: float, period: int
    ) -> Mapping[Query, np.ndarray]:
        self.asked.append(target)
        times = np.arange(start, end, period)
        return {query: self.values(target, query, times) for query in queries}

    def shared(self, target: Target) -> Sequence[Metric]:
        return self.found


def own(kind: str = "gauge", **about: object) -> Metric:
    """A metric that tells the arms apart by their names."""
    columns = ("value",) if kind == "gauge" else ("requests", "bad")
    queries = tuple(FileQuery(path="f", sample="m", column=column) for column in columns)  # type: ignore[arg-type]
    margin = {"margin": 5.0} if kind == "gauge" else {}
    return Metric(name="tides", kind=kind, queries=queries, **{**margin, **about})  # type: ignore[arg-type]


def beach_with(*metrics: Metric, **policy: object) -> Beach:
    judge = JudgePolicy(
        interval=10,
        delay=5,
        promote_points=0.2,
        dispersion=1.0,
        latency=LatencyPolicy(warm_up=0),
        metrics=metrics,
        **policy,  # type: ignore[arg-type]
    )
    beach = Beach()
    assert beach.release("old").outcome is Outcome.SUCCEEDED
    beach.pipeline = replace(beach.pipeline, judge=judge)
    return beach


def baking(beach: Beach) -> Release:
    release = beach.open("new")
    return beach.until(release, lambda state: state.deployments[NORTH].phase is Phase.BAKING)


def judged(beach: Beach, state: Release, sea: Sea, seconds: float = 600) -> Judgement:
    deployment = state.deployments[NORTH]
    beach.cloud.clock.time = deployment.shifted_at + seconds
    return look(replace(beach.cloud.world(), series=sea, survey=sea), state, deployment)


def noisy(query: Query, times: np.ndarray, mean: float, spread: float = 1.0) -> np.ndarray:
    """Values around a mean, the same for the same question."""
    chance = np.random.default_rng(zlib.crc32(f"{query} {times[0]}".encode()))
    return chance.normal(mean, spread, times.size)


def arms(canary: float, baseline: float) -> Values:
    """A gauge of each arm."""

    def values(target: Target, query: Query, times: np.ndarray) -> np.ndarray:
        assert isinstance(query, FileQuery)
        return noisy(query, times, canary if query.arm == "canary" else baseline)

    return values


def of(judgement: Judgement, metric: str = "tides"):
    return [each for each in judgement.evidence if each.metric == metric]


def test_a_gauge_beyond_its_margin_fails():
    beach = beach_with(own())
    judgement = judged(beach, baking(beach), Sea(arms(130.0, 100.0)))
    assert judgement.verdict is Verdict.FAIL
    assert judgement.reason.startswith("Function: tides 129.9 on the canary, 99.88 on the baseline (evidence x ")
    assert judgement.reason.endswith("calibrated)")
    [evidence] = of(judgement)
    assert evidence.canary_value == pytest.approx(130, abs=1)
    assert evidence.noise == pytest.approx(np.sqrt(1 / 0.2 + 1 / 0.8), rel=0.4)


@pytest.mark.parametrize(
    ("harm", "canary", "fails"), [("lower", 70.0, True), ("lower", 130.0, False), ("both", 70.0, True)]
)
def test_harm_has_a_direction(harm: str, canary: float, fails: bool):
    beach = beach_with(own(harm=harm))
    judgement = judged(beach, baking(beach), Sea(arms(canary, 100.0)))
    assert (judgement.verdict is Verdict.FAIL) is fails


def test_a_gauge_within_its_margin_passes_when_promotion_needs_it():
    beach = beach_with(own(critical=True, noise=1.0))
    judgement = judged(beach, baking(beach), Sea(arms(100.0, 100.0)))
    assert judgement.verdict is Verdict.PASS
    assert of(judgement)[0].verdict is Verdict.PASS


def test_what_promotion_needs_and_nobody_tells_is_waited_for():
    beach = beach_with(own(critical=True))
    state = baking(beach)
    silent = judged(beach, state, Sea(lambda target, query, times: np.full(times.size, np.nan)))
    assert (silent.verdict, of(silent)) == (Verdict.NOT_ENOUGH_EVIDENCE, [])
    assert "nobody has told any tides yet" in silent.reason
    constant = judged(beach, state, Sea(lambda target, query, times: np.full(times.size, 7.0)))
    assert constant.verdict is Verdict.NOT_ENOUGH_EVIDENCE
    assert "nobody knows how noisy tides of Function is" in constant.reason


def test_what_promotion_does_not_need_may_be_silent():
    beach = beach_with(own())
    judgement = judged(beach, baking(beach), Sea(lambda target, query, times: np.full(times.size, np.nan)))
    assert judgement.verdict is Verdict.PASS


def counting(canary: float, baseline: float) -> Values:
    """Bad out of 100 requests an interval, by arm."""

    def values(target: Target, query: Query, times: np.ndarray) -> np.ndarray:
        assert isinstance(query, FileQuery)
        share = canary if query.arm == "canary" else baseline
        return np.full(times.size, 100.0 * (share if query.column == "bad" else 1.0))

    return values


@pytest.mark.parametrize(
    ("harm", "canary", "verdict"),
    [
        ("higher", 0.3, Verdict.FAIL),
        ("higher", 0.05, Verdict.PASS),
        ("lower", 0.03, Verdict.FAIL),
        ("lower", 0.3, Verdict.PASS),
        ("both", 0.03, Verdict.FAIL),
        ("both", 0.3, Verdict.FAIL),
        ("both", 0.1, Verdict.PASS),
    ],
)
def test_counts_fail_and_pass_on_the_side_where_harm_lies(harm: str, canary: float, verdict: Verdict):
    beach = beach_with(own("counts", harm=harm, critical=True))
    judgement = judged(beach, baking(beach), Sea(counting(canary, 0.1)))
    assert of(judgement)[0].verdict is verdict
    assert (judgement.verdict is Verdict.FAIL) is (verdict is Verdict.FAIL)


def test_harm_that_must_last_does_not_fail_a_release_at_once():
    beach = beach_with(own("counts", lasting=300.0))
    state = baking(beach)
    assert judged(beach, state, Sea(counting(0.9, 0.1)), 200).verdict is not Verdict.FAIL
    assert judged(beach, state, Sea(counting(0.9, 0.1)), 400).verdict is Verdict.FAIL


def test_a_metric_of_another_function_is_not_asked_for():
    beach = beach_with(own(function="Other", critical=True))
    sea = Sea(arms(130.0, 100.0))
    assert judged(beach, baking(beach), sea).verdict is Verdict.PASS
    assert sea.asked == []


def test_a_source_of_the_teams_own_that_fails_is_told():
    beach = beach_with(own())

    def broken(target: Target, query: Query, times: np.ndarray) -> np.ndarray:
        raise Retryable("PROMETHEUS_UNREACHABLE", "It is gone.")

    with pytest.raises(Retryable, match="It is gone"):
        judged(beach, baking(beach), Sea(broken))


def test_nothing_else_is_asked_for_once_errors_have_failed():
    beach = beach_with(own())
    beach.bad = {"new"}
    sea = Sea(arms(100.0, 100.0))
    assert judged(beach, baking(beach), sea).verdict is Verdict.FAIL
    assert sea.asked == []


# What both revisions share


def found(**about: object) -> Metric:
    query = CloudWatchQuery(namespace="AWS/SQS", metric="Age", dimensions=(("QueueName", "q"),))
    given = {"margin": 1.0, "least_noise": 0.5, **about}
    return Metric(name="age", kind="gauge", queries=(query,), function="Queue", form=Form.LOG, **given)  # type: ignore[arg-type]


def at_home(harmed: float, elsewhere: float, before: float = 0.0) -> Values:
    """Ages: before the change everywhere, and since then in NORTH and elsewhere."""

    def values(target: Target, query: Query, times: np.ndarray) -> np.ndarray:
        now = harmed if target.key == NORTH else elsewhere
        return np.where(np.arange(times.size) < HISTORY, before, now)

    return values


def test_what_grows_where_the_change_is_fails_without_any_configuration():
    beach = beach_with()
    sea = Sea(at_home(600.0, 0.0), [found()])
    judgement = judged(beach, baking(beach), sea)
    assert judgement.verdict is Verdict.FAIL
    assert "Queue: age 600 here, 0 in" in judgement.reason
    assert "calibrated" in judgement.reason
    [evidence] = of(judgement, "age")
    assert (evidence.strength, evidence.bar_promote) == ("calibrated", 0.0)
    assert set(evidence.controls.split(", ")) == {target.region for target in sea.asked[1:]}


def test_what_grows_everywhere_is_not_held_against_the_release():
    beach = beach_with()
    judgement = judged(beach, baking(beach), Sea(at_home(600.0, 600.0), [found()]))
    assert judgement.verdict is Verdict.PASS


def test_what_has_no_history_is_no_evidence():
    beach = beach_with()

    def new(target: Target, query: Query, times: np.ndarray) -> np.ndarray:
        return np.where(np.arange(times.size) < HISTORY, np.nan, 600.0 if target.key == NORTH else 0.0)

    judgement = judged(beach, baking(beach), Sea(new, [found()]))
    assert (judgement.verdict, of(judgement, "age")) == (Verdict.PASS, [])


def test_only_targets_without_the_change_are_compared_with():
    beach = beach_with()
    sea = Sea(at_home(0.0, 0.0), [found()])
    state = baking(beach)
    judged(beach, state, sea)
    first = {target.key for target in beach.pipeline.waves[0].targets}
    assert sea.asked[0].key == NORTH
    assert {target.key for target in sea.asked[1:]}.isdisjoint(first)


def last_wave(beach: Beach) -> Release:
    """A release of a pipeline with one wave."""
    beach.pipeline = replace(beach.pipeline, waves=beach.pipeline.waves[:1])
    return baking(beach)


def test_without_other_targets_nothing_shared_is_judged_unless_the_own_past_may_stand_in():
    beach = beach_with()
    sea = Sea(at_home(600.0, 600.0), [found()])
    assert judged(beach, last_wave(beach), sea).verdict is Verdict.PASS
    assert sea.asked == []


def test_the_own_past_is_called_weak():
    beach = beach_with(own_past=True)

    state = last_wave(beach)
    since = state.deployments[NORTH].exposed_since // 10 * 10

    def grown(target: Target, query: Query, times: np.ndarray) -> np.ndarray:
        return np.where(times >= since, 600.0, 0.0)

    judgement = judged(beach, state, Sea(grown, [found()]))
    assert judgement.verdict is Verdict.FAIL
    assert "in 1 days before, 2 days before" in judgement.reason
    assert "weak" in judgement.reason


def test_a_control_that_cannot_be_read_is_left_out():
    beach = beach_with()
    later = beach.pipeline.waves[-1].targets

    def partly(target: Target, query: Query, times: np.ndarray) -> np.ndarray:
        if target.key == later[0].key:
            raise Retryable("THROTTLED", "Later.")
        return at_home(600.0, 0.0)(target, query, times)

    judgement = judged(beach, baking(beach), Sea(partly, [found()]))
    assert later[0].region not in judgement.evidence[-1].controls
    assert (judgement.verdict is Verdict.FAIL) is (len(later) > 1)


def test_what_is_judged_by_default_and_cannot_be_read_is_told_and_stops_nothing():
    beach = beach_with()

    def broken(target: Target, query: Query, times: np.ndarray) -> np.ndarray:
        raise Retryable("THROTTLED", "Later.")

    judgement = judged(beach, baking(beach), Sea(broken, [found()]))
    assert judgement.verdict is Verdict.PASS
    assert judgement.reason.endswith("what both revisions share was not looked at (THROTTLED)")


def test_a_change_that_touches_no_function_is_judged_by_what_is_shared():
    beach = beach_with()
    release = beach.open("old")
    state = beach.until(release, lambda state: state.deployments[NORTH].phase is Phase.BAKING)
    assert judged(beach, state, Sea(at_home(600.0, 0.0), [found()])).verdict is Verdict.FAIL
    quiet = judged(beach, state, Sea(at_home(0.0, 0.0), [found()]))
    assert quiet.verdict is Verdict.PASS
    assert "no harm to be seen in age beside" in quiet.reason


def moved(beach: Beach) -> Release:
    """A release whose first target has all traffic on the new revision, while later waves are as they were."""
    return beach.until(beach.open("new"), lambda state: state.deployments[NORTH].phase is Phase.FINISHED)


def test_what_is_shared_goes_on_being_watched_when_all_traffic_has_moved():
    beach = beach_with()
    state = moved(beach)
    worse = judged(beach, state, Sea(at_home(600.0, 0.0), [found()]))
    assert worse.verdict is Verdict.FAIL
    assert [evidence.strength for evidence in of(worse, "age")] == ["calibrated"]
    quiet = judged(beach, state, Sea(at_home(0.0, 0.0), [found()]))
    assert quiet.verdict is Verdict.PASS
    assert "no harm to be seen in age beside" in quiet.reason


def looks(state: Release, seconds: float) -> list[str]:
    """The targets that are looked at so long after the newest look, or shift, in a pipeline without alarms."""
    north = state.deployments[NORTH]
    decision = watch(state, max(north.judged_at, north.finished_at) + seconds, Outside())
    return [effect.target.key for effect in decision.effects if isinstance(effect, do.JudgeTarget)]


def test_a_finished_target_is_looked_at_without_alarms_while_a_later_wave_can_be_compared_with():
    beach = beach_with()
    state = moved(beach)
    assert not state.pipeline.alarms
    assert NORTH in looks(state, 600)
    unshared = replace(state.pipeline, judge=replace(state.pipeline.judge, shared=False))
    without = replace(state, opened=replace(state.opened, pipeline=unshared))
    assert NORTH not in looks(without, 600)
    touched = {key: replace(each, phase=Phase.BAKING) if each.wave else each for key, each in state.deployments.items()}
    assert NORTH not in looks(replace(state, deployments=touched), 600)


def test_looks_at_what_keeps_become_rarer_the_longer_a_wave_waits():
    state = moved(beach_with())
    north = state.deployments[NORTH]
    interval = state.pipeline.judge.interval
    looked = replace(north, judgement=Judgement(verdict=Verdict.PASS, until=0, reason=""), judged_at=north.shifted_at)

    def pause(hours: float) -> float:
        late = replace(looked, judged_at=looked.exposed_since + 3_600 * hours)
        return next_look(state, late) - late.judged_at

    assert pause(0) == interval
    assert pause(10) == pytest.approx(3_600)
    state = replace(state, opened=replace(state.opened, pipeline=replace(state.pipeline, alarms=("loud",))))
    assert pause(10) == interval


def test_once_what_it_was_compared_with_has_the_change_too_nothing_is_left_to_compare_with():
    beach = beach_with()
    later = beach.pipeline.waves[-1].targets[0].key
    state = beach.until(beach.open("new"), lambda state: state.deployments[later].phase is Phase.STAGED)
    sea = Sea(at_home(600.0, 0.0), [found()])
    after = judged(beach, state, sea)
    assert (after.verdict, sea.asked) == (Verdict.PASS, [])
    assert "nothing is left to compare with" in after.reason


def test_dead_letters_are_counted_as_they_arrive():
    query = CloudWatchQuery(namespace="AWS/SQS", metric="Depth")
    dead = Metric(name="dead", kind="counts", queries=(query,), ratio=2.0, points=1.0, form=Form.RISES)
    beach = beach_with()

    def depth(target: Target, query: Query, times: np.ndarray) -> np.ndarray:
        since = np.maximum(np.arange(times.size) - HISTORY, 0)
        return 1_000.0 + (8.0 * since if target.key == NORTH else 0.0 * since)

    state = baking(beach)
    judgement = judged(beach, state, Sea(depth, [dead]))
    assert judgement.verdict is Verdict.FAIL
    [evidence] = of(judgement, "dead")
    assert (evidence.canary_bad, evidence.baseline_bad) == (472, 0)
    assert "the target: dead 472 here, 0 in" in judgement.reason
    full = judged(beach, state, Sea(lambda target, query, times: np.full(times.size, 1_000.0), [dead]))
    assert full.verdict is Verdict.PASS


def test_all_tests_of_a_release_together_spend_its_alpha():
    policy = a_pipeline().judge
    own_ones = tuple(replace(own(), name=name) for name in ("a", "b"))
    policy = replace(policy, metrics=own_ones)
    share = share_of(policy, 4, 3)
    rest = shared_share_of(policy, 4, 3, 7)
    tests = 4 * (3 * (len(("errors", "silence", "latency")) + len(own_ones)) * share + 7 * rest)
    assert tests == pytest.approx(policy.alpha)


def test_what_is_skipped_costs_no_alpha():
    policy = replace(a_pipeline().judge, shared=False)
    assert share_of(policy, 2, 2) == pytest.approx(policy.alpha / (2 * 2 * 3))
