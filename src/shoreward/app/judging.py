"""Judging: one look at one target, from its metrics and alarms to a judgement in words.

Nothing is remembered between looks: each reads everything since the target's first shift again. So a crash loses
nothing, and a datapoint that arrives late, or is corrected, counts as if it had always been there.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from shoreward.app.certifying import certified
from shoreward.app.ports import Samples, Stream
from shoreward.app.wording import certified_words, failure_words, missing_words, pass_words, uncertified_words
from shoreward.app.world import World
from shoreward.core import Deployment, Phase, Release
from shoreward.domain import Evidence, Judgement, StagedFunction, Verdict
from shoreward.judge import (
    Counts,
    PromotionState,
    PromotionTest,
    RollbackState,
    RollbackTest,
    StoppedTest,
    absolute_evidence,
    judge_states,
    needed_by,
    stopped_evidence,
)

ALL = "*"
"""Stands for all of the application's functions together."""

_PATIENCE = 30.0
"""Seconds that a look may be late before synthetic requests cease."""


def look(world: World, state: Release, deployment: Deployment) -> Judgement:
    """Judge a target as far as its metrics have arrived; alarms decide at once, whatever the metrics say."""
    now = world.clock.now()
    names = state.pipeline.alarms
    firing = world.alarms.firing(deployment.target, names) if names else ()
    if firing:
        return Judgement(verdict=Verdict.FAIL, until=now, alarms=firing, reason=f"alarm {', '.join(firing)} is firing")
    if deployment.phase is not Phase.BAKING:
        return Judgement(verdict=Verdict.PASS, until=now, reason="no alarm is firing")
    _keep_asking(world, state, deployment)
    window = _window(state, deployment, now)
    if window.end <= window.start:
        return Judgement(verdict=Verdict.NO_DATA, until=window.end, reason="no metrics have arrived yet")
    if deployment.splits:
        return _compare(world, state, deployment, window)
    return _without_baseline(world, state, deployment, window)


def _keep_asking(world: World, state: Release, deployment: Deployment) -> None:
    """Probes go on until some time after the next look: when there is none any more, they end by themselves."""
    assert deployment.staged is not None
    lasting = 2 * state.pipeline.judge.interval + _PATIENCE
    world.synthetics.keep_up(deployment.target, deployment.staged.functions, state.pipeline.probes, lasting)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Window:
    """Intervals whose metrics have arrived: [start, end), of which those from `step` on began after the last shift."""

    start: float
    end: float
    step: int
    period: int


def _window(state: Release, deployment: Deployment, now: float) -> _Window:
    policy = state.pipeline.judge
    period = policy.interval
    start = math.floor(deployment.exposed_since / period) * period
    end = math.floor((now - policy.delay) / period) * period
    step = math.ceil(deployment.shifted_at / period) - start // period
    return _Window(start=start, end=end, step=step, period=period)


def _arm(samples: Mapping[Stream, Samples], functions: Sequence[StagedFunction], candidate: bool) -> list[Samples]:
    return [samples[_stream(each, candidate)] for each in functions]


def _stream(function: StagedFunction, candidate: bool) -> Stream:
    version = function.candidate if candidate else function.baseline
    assert version is not None
    return Stream(function=function.name, alias=function.alias, version=version)


def _rows(arm: Sequence[Samples]) -> tuple[np.ndarray, np.ndarray]:
    """Requests and errors, a row for all functions together and then a row for each."""
    requests = np.stack([each.requests for each in arm])
    errors = np.minimum(np.stack([each.errors for each in arm]), requests)
    return np.vstack([requests.sum(axis=0), requests]), np.vstack([errors.sum(axis=0), errors])


def tests_for(state: Release, deployment: Deployment, streams: int) -> tuple[RollbackTest, PromotionTest]:
    """The release's alpha, split evenly over targets and streams; a stream is tested for errors and for silence."""
    policy = state.pipeline.judge
    bake = state.wave_of(deployment).bake
    alpha = policy.alpha / (len(state.pipeline.targets) * streams * 2)
    wave = state.wave_of(deployment)
    # A ramp passes most of its steps in a few intervals: all of them together seldom last longer than one deadline.
    bakes = 1 if wave.ramp else len(wave.steps) or 1
    horizon = max(1, math.ceil(bake.deadline * bakes / policy.interval))
    rollback = RollbackTest(
        alpha=alpha,
        rho=policy.rollback_ratio,
        delta=policy.rollback_points,
        horizon=horizon,
        phi=policy.dispersion,
    )
    promotion = PromotionTest(
        beta=policy.beta, rho=policy.promote_ratio, delta=policy.promote_points, phi=policy.dispersion
    )
    return rollback, promotion


def _compare(world: World, state: Release, deployment: Deployment, window: _Window) -> Judgement:
    """Canary against concurrent baseline: every function for harm, all together for promotion."""
    assert deployment.staged is not None
    functions = deployment.staged.shifting
    streams = [_stream(each, candidate) for each in functions for candidate in (True, False)]
    samples = world.metrics.counts(deployment.target, streams, start=window.start, end=window.end, period=window.period)
    canary = _rows(_arm(samples, functions, candidate=True))
    baseline = _rows(_arm(samples, functions, candidate=False))
    counts = Counts(canary[0], canary[1], baseline[0], baseline[1])
    rollback, promotion = tests_for(state, deployment, counts.streams)
    names = [ALL, *(each.logical_id for each in functions)]
    evidence = (
        *_error_evidence(counts, names, rollback, promotion),
        *_silence(counts, names, deployment.percent / 100, window.step, rollback),
        *_ceiling_evidence(world, state, deployment, window),
    )
    return _join(state, deployment, window, counts, evidence)


def _error_evidence(
    counts: Counts, names: Sequence[str], rollback: RollbackTest, promotion: PromotionTest
) -> tuple[Evidence, ...]:
    failing, _, _ = RollbackState.begin(counts.streams, rollback).advance(counts, rollback)
    passing, _, _ = PromotionState.begin(counts.streams).advance(counts, promotion)
    judged = judge_states(failing, passing, rollback, promotion)
    needed = needed_by(passing, promotion)
    return tuple(
        Evidence(
            function=name,
            metric="errors",
            verdict=judged.verdicts[row],
            canary_requests=round(counts.canary_requests[row].sum()),
            canary_bad=round(counts.canary_bad[row].sum()),
            baseline_requests=round(counts.baseline_requests[row].sum()),
            baseline_bad=round(counts.baseline_bad[row].sum()),
            e_rollback=float(judged.rollback_log_e[row]),
            e_promote=float(judged.promotion_log_e[row]),
            bar_rollback=rollback.threshold,
            bar_promote=promotion.threshold,
            needed=int(needed[row]) if np.isfinite(needed[row]) else None,
        )
        for row, name in enumerate(names)
    )


def _silence(
    counts: Counts, names: Sequence[str], share: float, step: int, rollback: RollbackTest
) -> tuple[Evidence, ...]:
    """Requests that stopped reaching the canary since the last shift, though the baseline has them."""
    since = _since(counts, step)
    if since.canary_requests.shape[1] == 0:
        return ()
    test = StoppedTest(alpha=rollback.alpha, horizon=rollback.horizon, phi=rollback.phi)
    log_e = stopped_evidence(since, share, test)
    return tuple(
        Evidence(
            function=name,
            metric="requests",
            verdict=Verdict.FAIL,
            canary_requests=round(since.canary_requests[row].sum()),
            baseline_requests=round(since.baseline_requests[row].sum()),
            e_rollback=float(log_e[row].max()),
            bar_rollback=test.threshold,
        )
        for row, name in enumerate(names)
        if log_e[row].max() >= test.threshold
    )


def _since(counts: Counts, step: int) -> Counts:
    """What began after the last shift."""
    return Counts(*(array[:, max(0, step) :] for array in counts.arrays))


def _join(
    state: Release, deployment: Deployment, window: _Window, counts: Counts, evidence: tuple[Evidence, ...]
) -> Judgement:
    """One verdict of all: any failure fails; a pass takes the margin, now, and the step's minimum of requests."""
    bake = state.wave_of(deployment).bake
    failed = [each for each in evidence if each.verdict is Verdict.FAIL]
    if failed:
        reason = failure_words(failed)
        return Judgement(verdict=Verdict.FAIL, until=window.end, reason=reason, evidence=evidence)
    together = evidence[0]
    requests = round(_since(counts, window.step).canary_requests[0].sum())
    enough = together.e_promote >= together.bar_promote and requests >= bake.requests
    if together.verdict is Verdict.NO_DATA:
        reason = missing_words(together, requests, bake)
        return Judgement(verdict=Verdict.NO_DATA, until=window.end, reason=reason, evidence=evidence)
    if state.wave_of(deployment).ramp:
        return _climb(state, deployment, window, counts, evidence, enough)
    if enough:
        verdict, reason = Verdict.PASS, pass_words(together, state.pipeline.judge)
    else:
        verdict, reason = Verdict.NOT_ENOUGH_EVIDENCE, missing_words(together, requests, bake)
    return Judgement(verdict=verdict, until=window.end, reason=reason, evidence=evidence)


def _climb(
    state: Release,
    deployment: Deployment,
    window: _Window,
    counts: Counts,
    evidence: tuple[Evidence, ...],
    enough: bool,
) -> Judgement:
    """On a certified ramp a pass says how far up: all traffic takes the promotion margin and the requests as well."""
    wave, policy = state.wave_of(deployment), state.pipeline.judge
    cleared = certified(_since(counts, window.step), wave, deployment.target, policy, deployment.percent)
    reason = uncertified_words(evidence[0], deployment.percent)
    if cleared >= 100 and not enough:
        requests = round(_since(counts, window.step).canary_requests[0].sum())
        reason = missing_words(evidence[0], requests, wave.bake)
        cleared = wave.steps[-1] if wave.steps[-1] > deployment.percent else 0.0
    verdict = Verdict.NOT_ENOUGH_EVIDENCE
    if cleared:
        verdict, reason = Verdict.PASS, certified_words(evidence[0], cleared)
    return Judgement(verdict=verdict, until=window.end, reason=reason, evidence=evidence, cleared=cleared)


def _without_baseline(world: World, state: Release, deployment: Deployment, window: _Window) -> Judgement:
    """Nothing to compare with: what is new here stays below a ceiling; probes and alarms did the rest."""
    evidence = _ceiling_evidence(world, state, deployment, window)
    failed = [each for each in evidence if each.verdict is Verdict.FAIL]
    if failed:
        reason = failure_words(failed)
        return Judgement(verdict=Verdict.FAIL, until=window.end, reason=reason, evidence=evidence)
    reason = "no function changed here: judged by alarms alone, which is weak"
    if evidence:
        reason = "first deployment: probes answered, and errors are not above the ceiling"
    return Judgement(verdict=Verdict.PASS, until=window.end, reason=reason, evidence=evidence)


def _ceiling_evidence(world: World, state: Release, deployment: Deployment, window: _Window) -> tuple[Evidence, ...]:
    """Functions that this target never had must not err more than a first deployment may."""
    assert deployment.staged is not None
    functions = [each for each in deployment.staged.functions if each.baseline is None]
    if not functions:
        return ()
    streams = [_stream(each, candidate=True) for each in functions]
    samples = world.metrics.counts(deployment.target, streams, start=window.start, end=window.end, period=window.period)
    requests, errors = _rows(_arm(samples, functions, candidate=True))
    rollback, _ = tests_for(state, deployment, len(requests))
    log_e = absolute_evidence(requests, errors, state.pipeline.judge.first_deployment_ceiling, rollback).max(axis=1)
    return tuple(
        Evidence(
            function=function.logical_id,
            metric="errors",
            verdict=Verdict.FAIL if log_e[row] >= rollback.threshold else Verdict.PASS,
            canary_requests=round(requests[row].sum()),
            canary_bad=round(errors[row].sum()),
            e_rollback=float(log_e[row]),
            bar_rollback=rollback.threshold,
        )
        for row, function in enumerate(functions, start=1)
    )
