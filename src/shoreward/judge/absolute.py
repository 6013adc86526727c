"""Against a fixed ceiling, where no baseline runs beside the canary.

Place in the flow: the first deployment of a target, or any bake without concurrent traffic on the old revision. It is
the same bet with no baseline arm: the ceiling is the absolute margin. Weaker than a comparison, because a common
incident counts against the canary.
"""

import numpy as np
from numpy.typing import ArrayLike

from shoreward.judge.checks import Floats, within
from shoreward.judge.counts import Counts, canary_at
from shoreward.judge.promotion import PromotionState, PromotionTest
from shoreward.judge.rollback import RollbackState, RollbackTest


def absolute_evidence(
    canary_requests: ArrayLike, canary_bad: ArrayLike, ceiling: float, test: RollbackTest | PromotionTest
) -> Floats:
    """Log e-values (streams, intervals) of one arm against a ceiling, in bad events per request, 0 <= ceiling <= 1.

    A `RollbackTest` bets against p <= ceiling: reaching `test.threshold` proves the canary above it. A
    `PromotionTest` bets against p >= ceiling: reaching it proves the canary below. Their rho and delta play no part.
    Intervals without requests add exactly nothing.
    """
    within("ceiling", ceiling, 0, 1, closed=True)
    arm = Counts(canary_requests, canary_bad, np.zeros_like(canary_requests), np.zeros_like(canary_bad))
    match test:
        case RollbackTest():
            return _above(arm, ceiling, test)
        case PromotionTest():
            return _below(arm, ceiling, test)


def _above(arm: Counts, ceiling: float, test: RollbackTest) -> Floats:
    state = RollbackState.begin(arm.streams, test)
    log_e = np.zeros((arm.streams, arm.intervals))
    for interval in range(arm.intervals):
        state, log_e[:, interval], _ = state.settle(canary_at(arm, interval), test, ceiling)
    return log_e


def _below(arm: Counts, ceiling: float, test: PromotionTest) -> Floats:
    state = PromotionState.begin(arm.streams)
    log_e = np.zeros((arm.streams, arm.intervals))
    for interval in range(arm.intervals):
        state, log_e[:, interval], _ = state.settle(canary_at(arm, interval), test, ceiling)
    return log_e
