"""Certifying: how much of its traffic a canary may have, given what it has cost so far.

A part of a look at a target whose wave has a certified ramp (`domain.ramp`). Every level above the present one is a
hypothesis of its own, "the canary fails so much more often than the baseline that this share of the traffic is not
affordable", and the share that is certified is the highest whose hypothesis is rejected at the policy's beta. Only
what arrived of the present step counts, so each level is earned at the one before it, and a canary that has turned
bad does not live on its better days.
"""

from __future__ import annotations

import numpy as np

from shoreward.domain import JudgePolicy, Target, Wave
from shoreward.domain.ramp import affordable
from shoreward.judge import Counts, PromotionState, PromotionTest
from shoreward.judge.counts import sample_at


def certified(step: Counts, wave: Wave, target: Target, policy: JudgePolicy, percent: float) -> float:
    """The highest share of the traffic, in percent, that the evidence permits; 0 when it is none above the present.

    Args:
        step: counts since the last shift, as far as they have arrived; the first stream is all functions together.
        percent: the share that the canary has now.
    """
    levels = [level for level in (*wave.steps, 100.0) if level > percent]
    if not levels or step.intervals == 0:
        return 0.0
    affords = np.array([affordable(wave, target, policy, level) for level in levels])
    together = Counts(*(np.repeat(arm[:1], len(levels), axis=0) for arm in step.arrays))
    reached = _evidence(together, policy, affords) >= -np.log(policy.beta)
    return max((level for level, yes in zip(levels, reached, strict=True) if yes), default=0.0)


def _evidence(counts: Counts, policy: JudgePolicy, margins: np.ndarray) -> np.ndarray:
    """Log e-values against "the canary's failure rate is at least the baseline's plus the margin", one per stream."""
    test = PromotionTest(beta=policy.beta, rho=1.0, delta=0.0, phi=policy.dispersion)
    state = PromotionState.begin(counts.streams)
    for interval in range(counts.intervals):
        state = state.settle(sample_at(counts, interval), test, margins)[0]
    return np.where(margins > 0, state.log_e, -np.inf)
