"""One look at one target: what arrived, what fires, what is missing, and what it comes to."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from shoreward.app.judging import look
from shoreward.app.ports import Samples, Stream
from shoreward.core import Phase, Release
from shoreward.domain import LatencyPolicy, Outcome, Verdict
from shoreward.testing.metrics import Untimed

from .support import NORTH, Beach, tampered


@pytest.fixture
def beach() -> Beach:
    beach = Beach()
    assert beach.release("old").outcome is Outcome.SUCCEEDED
    return beach


def baking(beach: Beach, commit: str = "new") -> Release:
    """A release whose first target has just been shifted."""
    release = beach.open(commit)
    return beach.until(release, lambda state: state.deployments[NORTH].phase is Phase.BAKING)


def judged(beach: Beach, state: Release, seconds: float, change=lambda stream, samples, start: samples):
    """A look some seconds after the shift."""
    deployment = state.deployments[NORTH]
    beach.cloud.clock.time = deployment.shifted_at + seconds
    return look(tampered(beach, change), state, deployment)


def patient(beach: Beach):
    """The beach's pipeline, whose canary may be slower by a half before it is harm."""
    latency = LatencyPolicy(rollback=(1.5, 1.6, 2.0), promote=(1.2, 1.3))
    return replace(beach.pipeline, judge=replace(beach.pipeline.judge, latency=latency))


def untouched(stream: Stream, samples: Samples, start: float) -> Samples:
    return samples


def test_nothing_has_arrived_yet(beach: Beach):
    judgement = judged(beach, baking(beach), 1)
    assert judgement.verdict is Verdict.NO_DATA
    assert "no metrics have arrived" in judgement.reason
    assert judgement.evidence == ()


def test_a_good_canary_passes_once_there_is_enough_evidence(beach: Beach):
    beach.cloud.traffic = {NORTH: 3.0}
    state = baking(beach)
    early, late = judged(beach, state, 20), judged(beach, state, 600)
    assert early.verdict is Verdict.NOT_ENOUGH_EVIDENCE
    assert "more canary requests are needed" in early.reason
    assert late.verdict is Verdict.PASS
    assert {each.function for each in late.evidence} == {"*", "Function"}


def test_a_bad_canary_fails(beach: Beach):
    beach.bad = {"new"}
    judgement = judged(beach, baking(beach), 120)
    assert judgement.verdict is Verdict.FAIL
    assert "errors on the canary" in judgement.reason
    strongest = max(judgement.evidence, key=lambda each: each.e_rollback)
    assert strongest.e_rollback >= strongest.bar_rollback
    assert strongest.canary_bad > strongest.baseline_bad == 0


def test_an_incident_that_meets_both_is_not_held_against_the_canary(beach: Beach):
    beach.bad = {"old", "new"}
    assert judged(beach, baking(beach), 300).verdict is not Verdict.FAIL


@pytest.mark.parametrize("seconds", [1, 600])
def test_an_alarm_decides_at_once(beach: Beach, seconds: float):
    beach.pipeline = replace(beach.pipeline, alarms=("quiet", "loud"))
    state = baking(beach)
    beach.cloud.firing_alarms = {NORTH: ("loud",)}
    judgement = judged(beach, state, seconds)
    assert (judgement.verdict, judgement.alarms) == (Verdict.FAIL, ("loud",))
    assert "loud" in judgement.reason


def slower(factor: float):
    return lambda commit, target, at: 100.0 * (factor if commit == "new" else 1.0)


def test_a_canary_that_is_slower_fails_though_it_never_errs(beach: Beach):
    beach.cloud.latency = slower(1.4)
    judgement = judged(beach, baking(beach), 300)
    assert judgement.verdict is Verdict.FAIL
    assert {each.metric for each in judgement.evidence if each.verdict is Verdict.FAIL} == {"latency"}
    assert "of the canary's requests are slower than the baseline's limit and a margin" in judgement.reason


def test_how_latency_is_distributed_on_both_arms_is_in_the_evidence(beach: Beach):
    beach.cloud.latency = slower(1.4)
    judgement = judged(beach, baking(beach), 300)
    whole, function = (each for each in judgement.evidence if each.metric == "latency")
    assert whole.canary_slower == whole.baseline_slower == ()
    p50, p90, p99 = (each.requests / function.baseline_requests for each in function.baseline_slower)
    assert (round(p50, 1), round(p90, 1), round(p99, 2)) == (0.5, 0.1, 0.01)
    limits = [each.than for each in function.baseline_slower]
    assert [each.than for each in function.canary_slower] == pytest.approx(
        sorted(margin * limits[level] for level, margin in ((0, 1.1), (0, 1.25), (1, 1.2), (1, 1.5), (2, 1.5))),
        rel=0.02,
    )
    slow = [each.requests for each in function.canary_slower]
    assert slow == sorted(slow, reverse=True)


def test_a_canary_between_the_margins_of_latency_does_not_advance(beach: Beach):
    beach.cloud.traffic = {NORTH: 3.0}
    beach.cloud.latency = slower(1.25)
    beach.pipeline = patient(beach)
    judgement = judged(beach, baking(beach), 600)
    assert judgement.verdict is Verdict.NOT_ENOUGH_EVIDENCE
    assert "not shown yet that the canary is as fast" in judgement.reason


def test_a_canary_that_is_faster_passes(beach: Beach):
    beach.cloud.latency = slower(0.5)
    assert judged(beach, baking(beach), 600).verdict is Verdict.PASS


def test_latency_that_is_skipped_says_nothing(beach: Beach):
    beach.cloud.latency = slower(9.0)
    beach.pipeline = replace(beach.pipeline, judge=replace(beach.pipeline.judge, latency=None))
    judgement = judged(beach, baking(beach), 600)
    assert judgement.verdict is Verdict.PASS
    assert {each.metric for each in judgement.evidence} == {"errors"}


def test_a_common_slowness_is_not_held_against_the_canary(beach: Beach):
    state = baking(beach)
    since = state.deployments[NORTH].shifted_at
    beach.cloud.latency = lambda commit, target, at: 400.0 if at > since + 60 else 100.0
    assert judged(beach, state, 600).verdict is Verdict.PASS


def test_a_baseline_without_requests_before_teaches_its_limits_at_first(beach: Beach):
    beach.cloud.latency = slower(1.6)
    state = baking(beach)
    since = state.deployments[NORTH].exposed_since

    class Silent(Untimed):
        """Nobody measured anything before the canary came."""

        def counts(self, *given, **span):
            return beach.cloud.counts(*given, **span)

        def latencies(self, target, streams, levels, *, start, end, period):
            found = beach.cloud.latencies(target, streams, levels, start=start, end=end, period=period)
            early = np.arange(start, end, period) < since
            return {stream: np.where(early, np.nan, values) for stream, values in found.items()}

        def slower(self, *given, **span):
            return beach.cloud.slower(*given, **span)

    deployment = state.deployments[NORTH]
    beach.cloud.clock.time = deployment.shifted_at + 300
    world = replace(beach.cloud.world(), metrics=Silent())
    judgement = look(world, state, deployment)
    latency = next(each for each in judgement.evidence if each.metric == "latency")
    errors = judgement.evidence[0]
    assert judgement.verdict is Verdict.FAIL
    assert 0 < latency.canary_requests < errors.canary_requests


def test_an_alarm_of_somebody_else_is_none_of_ours(beach: Beach):
    state = baking(beach)
    beach.cloud.firing_alarms = {NORTH: ("loud",)}
    assert judged(beach, state, 600).verdict is Verdict.PASS


def test_beside_the_bake_alarms_are_all_there_is_to_see(beach: Beach):
    state = baking(beach)
    moved = replace(state.deployments[NORTH], phase=Phase.MOVED)
    assert look(beach.cloud.world(), state, moved).verdict is Verdict.PASS


def test_customers_who_stay_away_are_no_pass(beach: Beach):
    beach.cloud.traffic = {NORTH: 0.0}
    judgement = judged(beach, baking(beach), 1_000)
    assert judgement.verdict is Verdict.NO_DATA
    assert "no requests" in judgement.reason


def test_requests_that_stop_reaching_the_canary_fail(beach: Beach):
    """Given a baseline as busy as ever, silence of the canary after a while is harm, not quiet."""

    def silenced(stream: Stream, samples: Samples, start: float) -> Samples:
        heard = np.arange(len(samples.requests)) < 3
        quiet = np.where(heard, samples.requests, 0.0)
        return replace(samples, requests=quiet) if stream.version == "2" else samples

    judgement = judged(beach, baking(beach), 400, silenced)
    assert judgement.verdict is Verdict.FAIL
    assert any(each.metric == "requests" and each.verdict is Verdict.FAIL for each in judgement.evidence)
    assert "requests reached the canary" in judgement.reason


def test_silence_of_both_is_no_harm(beach: Beach):
    def silenced(stream: Stream, samples: Samples, start: float) -> Samples:
        return replace(samples, requests=np.where(np.arange(len(samples.requests)) < 3, samples.requests, 0.0))

    assert judged(beach, baking(beach), 400, silenced).verdict is not Verdict.FAIL


def test_more_errors_than_requests_are_counted_as_all_of_them(beach: Beach):
    def doubled(stream: Stream, samples: Samples, start: float) -> Samples:
        return replace(samples, errors=2 * samples.requests + 5)

    judgement = judged(beach, baking(beach), 120, doubled)
    errors = [each for each in judgement.evidence if each.metric == "errors"]
    assert errors
    assert all(each.canary_bad == each.canary_requests for each in errors)
    assert "(100 %)" in judgement.reason


def test_a_datapoint_that_comes_late_counts_as_if_it_had_been_in_time(beach: Beach):
    """Given a look that missed the newest minute, the next one sees what a look in time would have seen."""
    beach.bad = {"new"}
    state = baking(beach)

    def not_yet(stream: Stream, samples: Samples, start: float) -> Samples:
        arrived = np.arange(len(samples.requests)) < len(samples.requests) - 12
        return Samples(
            requests=np.where(arrived, samples.requests, 0.0),
            errors=np.where(arrived, samples.errors, 0.0),
            throttles=samples.throttles,
        )

    early = judged(beach, state, 140, not_yet)
    late = judged(beach, state, 140)
    assert early.evidence[0].canary_requests < late.evidence[0].canary_requests
    assert late == judged(beach, state, 140, untouched)
    assert late.verdict is Verdict.FAIL


def test_a_datapoint_that_is_corrected_is_read_again(beach: Beach):
    """Given errors that were reported by mistake and taken back, nothing of them is remembered."""
    state = baking(beach)

    def mistaken(stream: Stream, samples: Samples, start: float) -> Samples:
        return replace(samples, errors=samples.requests.copy()) if stream.version == "2" else samples

    assert judged(beach, state, 300, mistaken).verdict is Verdict.FAIL
    corrected = judged(beach, state, 300)
    assert corrected.verdict is Verdict.PASS
    assert corrected.evidence[0].canary_bad == 0


def test_only_what_came_since_the_first_shift_is_counted(beach: Beach):
    state = baking(beach)
    starts: list[float] = []

    def noting(stream: Stream, samples: Samples, start: float) -> Samples:
        starts.append(start)
        return samples

    judged(beach, state, 120, noting)
    exposed = state.deployments[NORTH].exposed_since
    assert set(starts) == {exposed // 10 * 10}


def test_a_step_needs_requests_of_its_own(beach: Beach):
    """Given plenty of evidence from the step before, the next step still waits for its minimum."""
    beach.pipeline = replace(beach.pipeline, waves=tuple(replace(w, steps=(20.0, 50.0)) for w in beach.pipeline.waves))
    release = beach.open("new")
    state = beach.until(release, lambda state: state.deployments[NORTH].step == 1)
    soon = judged(beach, state, 6)
    assert soon.verdict is not Verdict.PASS
    assert judged(beach, state, 120).verdict is Verdict.PASS


def test_a_first_deployment_is_held_to_a_ceiling():
    good, bad = Beach(), Beach(bad={"first"})
    passed = judged(good, baking(good, "first"), 120)
    assert passed.verdict is Verdict.PASS
    assert "first deployment" in passed.reason
    failed = judged(bad, baking(bad, "first"), 120)
    assert failed.verdict is Verdict.FAIL
    assert "ceiling for a first deployment" in failed.reason


def test_a_first_deployment_that_nobody_uses_passes_by_its_probes():
    beach = Beach()
    beach.cloud.traffic = {NORTH: 0.0}
    judgement = judged(beach, baking(beach, "first"), 120)
    assert (judgement.verdict, judgement.evidence[0].canary_requests) == (Verdict.PASS, 0)


def test_a_change_that_touches_no_function_is_judged_by_alarms_alone(beach: Beach):
    """Given a candidate that is the baseline, there is nothing to compare."""
    release = beach.open("old")
    state = beach.until(release, lambda state: state.deployments[NORTH].phase is Phase.BAKING)
    judgement = judged(beach, state, 120)
    assert judgement.verdict is Verdict.PASS
    assert "alarms alone" in judgement.reason
