"""Evidence from errors, from silence, and of functions that a target never had."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from shoreward.app.judging.arms import arm_of, stream_of
from shoreward.app.judging.budget import tests_for
from shoreward.app.judging.window import Window, since
from shoreward.app.world import World
from shoreward.core import Deployment, Release
from shoreward.domain import Evidence, Verdict
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


def error_evidence(
    counts: Counts, names: Sequence[str], rollback: RollbackTest, promotion: PromotionTest
) -> tuple[Evidence, ...]:
    """Every row's errors, canary beside baseline."""
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


def silence(
    counts: Counts, names: Sequence[str], share: float, step: int, rollback: RollbackTest
) -> tuple[Evidence, ...]:
    """Requests that stopped reaching the canary since the last shift, though the baseline has them."""
    recent = since(counts, step)
    if recent.canary_requests.shape[1] == 0:
        return ()
    test = StoppedTest(alpha=rollback.alpha, horizon=rollback.horizon, phi=rollback.phi)
    log_e = stopped_evidence(recent, share, test)
    return tuple(
        Evidence(
            function=name,
            metric="requests",
            verdict=Verdict.FAIL,
            canary_requests=round(recent.canary_requests[row].sum()),
            baseline_requests=round(recent.baseline_requests[row].sum()),
            e_rollback=float(log_e[row].max()),
            bar_rollback=test.threshold,
        )
        for row, name in enumerate(names)
        if log_e[row].max() >= test.threshold
    )


def ceiling_evidence(world: World, state: Release, deployment: Deployment, window: Window) -> tuple[Evidence, ...]:
    """Functions that this target never had must not err more than a first deployment may."""
    assert deployment.staged is not None
    functions = [each for each in deployment.staged.functions if each.baseline is None]
    if not functions:
        return ()
    streams = [stream_of(each, candidate=True) for each in functions]
    samples = world.metrics.counts(deployment.target, streams, start=window.start, end=window.end, period=window.period)
    requests, errors = arm_of(samples, functions, candidate=True)
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
