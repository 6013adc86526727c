"""The arithmetic of a certified ramp: how many failed requests a share of the traffic may cost.

Under the core, which climbs the ramp, and the judge's caller, which certifies its levels. While a target is served at a
share s, a canary whose failure rate is x above the baseline's costs x * s * R failed requests until traffic is back, R
being the requests that all its customers send meanwhile. So a share is fit for customers once x is proven to be below
b / (s * R), and one that costs no more than b even if everything fails (x = 1) needs no proof.

b is the target's part of its wave's budget B: B / sqrt(n) of n targets, and not B / n, because the one-box has been
through its first step before the others begin, so that all of them are seldom at the mercy of one guess
(docs/decisions/budget-of-a-target.md has figures).
"""

from __future__ import annotations

import math

from shoreward.domain.pipeline import JudgePolicy, Wave
from shoreward.domain.target import Target

FAILING_INTERVALS = 2
"""Intervals that the judge needs for a canary that fails on everything: no single one may decide (docs/judge.md)."""

LEVELS = (0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 30.0, 50.0)
"""The steps of a ramp, in percent, where a pipeline names none."""


def reaction(wave: Wave, policy: JudgePolicy) -> float:
    """Seconds from the first failed request of a canary that fails on everything until its traffic is back.

    The interval in which its share rose may be nearly over by then, and say too little: it is one more.
    """
    assert wave.ramp is not None
    return (FAILING_INTERVALS + 1) * policy.interval + policy.delay + wave.ramp.rollback


def affordable(wave: Wave, target: Target, policy: JudgePolicy, percent: float) -> float:
    """Excess failure rate (0 to 1) that may not be ruled out at a share of a target's traffic; 0 without traffic known.

    It is 1 where even a canary that fails on everything stays within the budget.
    """
    assert wave.ramp is not None
    if target.traffic is None:
        return 0.0
    at_stake = percent / 100 * target.traffic * reaction(wave, policy)
    share = wave.ramp.budget / math.sqrt(len(wave.targets))
    return 1.0 if at_stake <= share else share / at_stake


def entry(wave: Wave, target: Target, policy: JudgePolicy) -> int:
    """Index of the step that a target begins with: the highest that needs no proof, or else the lowest."""
    if wave.ramp is None:
        return 0
    free = [
        index
        for index, percent in enumerate(wave.steps)
        if percent <= wave.ramp.first and affordable(wave, target, policy, percent) >= 1
    ]
    return max(free, default=0)
