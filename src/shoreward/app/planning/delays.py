"""The judge's own delays: how long it takes to pass, to fail, and to certify, at given traffic.

The judge's real tests are asked about what is to be expected (they take fractions of requests), so that the planner
knows them from the very bets that decide later. What chance adds, the simulator says.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from shoreward.app.certifying import certified
from shoreward.app.judging.budget import share_of
from shoreward.domain import JudgePolicy, Pipeline, Target, Wave
from shoreward.domain.ramp import entry
from shoreward.judge import Counts, PromotionTest, RollbackState, RollbackTest, evidence_needed

LONGEST = 1_440
"""Intervals after which it is taken to be never."""


def expected(rates: Sequence[float], share: float, policy: JudgePolicy, fails: tuple[float, float], n: int) -> Counts:
    """What so many intervals bring at each of the rates (requests per second), one stream each.

    Args:
        share: of the traffic that the canary has, 0 to 1.
        fails: share of requests that fail on the canary, and on the baseline.
    """
    per_interval = np.repeat(np.asarray(rates, dtype=float)[:, None] * policy.interval, n, axis=1)
    canary, baseline = per_interval * share, per_interval * (1 - share)
    return Counts(canary, canary * fails[0], baseline, baseline * fails[1])


def requests_to_pass(policy: JudgePolicy, share: float, error_rate: float) -> float:
    """Canary requests until a harmless release passes, at that share of the traffic; inf when it never does."""
    promotion = PromotionTest(
        beta=policy.beta, rho=policy.promote_ratio, delta=policy.promote_points, phi=policy.dispersion
    )
    one = expected([1.0 / policy.interval], share, policy, (error_rate, error_rate), 1)
    return float(evidence_needed(one, promotion)[0]) + share


def seconds_to_pass(pipeline: Pipeline, target: Target, share: float, error_rate: float, requests: int = 0) -> float:
    """Until a harmless release passes on a target, metrics' delay not included; inf without traffic."""
    policy = pipeline.judge
    rate = (target.traffic or 0.0) * share
    wanted = max(requests_to_pass(policy, share, error_rate), requests)
    return math.ceil(wanted / (rate * policy.interval)) * policy.interval if rate else math.inf


def seconds_to_detect(
    pipeline: Pipeline, targets: Sequence[Target], share: float, error_rate: float, excess: float
) -> tuple[float, ...]:
    """Until a release that fails so much more often is found on each target; inf when it is not within a day."""
    policy = pipeline.judge
    # Of an application with one function: it, and all together.
    alpha = share_of(policy, len(pipeline.targets), 2)
    test = RollbackTest(
        alpha=alpha, rho=policy.rollback_ratio, delta=policy.rollback_points, phi=policy.dispersion, horizon=LONGEST
    )
    rates = [target.traffic or 0.0 for target in targets]
    state, seen, block = RollbackState.begin(len(rates), test), 0, 8
    while seen < LONGEST and (state.first_fail < 0).any():
        state, _, _ = state.advance(expected(rates, share, policy, (error_rate + excess, error_rate), block), test)
        seen, block = seen + block, min(2 * block, LONGEST - seen - block or 1)
    return tuple(math.inf if first < 0 else (first + 1.0) * policy.interval for first in state.first_fail.tolist())


def climb(pipeline: Pipeline, wave: Wave, target: Target, error_rate: float) -> tuple[tuple[float, float], ...]:
    """How a harmless release climbs a certified ramp: each share that it stays at, and for how many seconds.

    A stay takes whole intervals, and the metrics' delay; the last one is inf when the release never gets up.
    """
    policy, step = pipeline.judge, entry(wave, target, pipeline.judge)
    shares = (*wave.steps, 100.0)
    stays: list[tuple[float, float]] = []
    while step < len(wave.steps):
        lasting, cleared = _step_up(pipeline, wave, target, shares[step], error_rate)
        stays.append((shares[step], lasting + policy.delay))
        if not math.isfinite(lasting):
            break
        step = max(index for index, share in enumerate(shares) if share <= cleared)
    return tuple(stays)


def _step_up(pipeline: Pipeline, wave: Wave, target: Target, percent: float, error_rate: float) -> tuple[float, float]:
    """Seconds until the share may rise, and to what: to everything only after the minimum, and a pass."""
    policy, bake = pipeline.judge, wave.bake
    whole = max(bake.minimum, seconds_to_pass(pipeline, target, percent / 100, error_rate, bake.requests))
    intervals = 1
    while intervals <= LONGEST:
        counts = expected([target.traffic or 0.0], percent / 100, policy, (error_rate, error_rate), intervals)
        cleared = certified(counts, wave, target, policy, percent)
        if cleared >= 100 and intervals * policy.interval < whole:
            cleared = wave.steps[-1] if wave.steps[-1] > percent else 0.0
            if not cleared and math.isfinite(whole):
                return math.ceil(whole / policy.interval) * policy.interval, 100.0
        if cleared:
            return intervals * policy.interval, cleared
        # Coarser as it takes longer: an estimate to a tenth is enough.
        intervals += max(1, intervals // 10)
    return math.inf, 0.0
