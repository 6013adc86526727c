"""Looks that cannot matter: nobody needs to see a bake's twentieth minute when no judge could say anything about it.

Only a look that might fail or pass has to be taken. What follows bounds the judge's evidence from above, for all
intervals at once: an e-process that mixes over start times, with stakes that add up to 1, is at most the best single
start. Where the bound stays below the threshold a look says nothing new, and the simulator leaves it out; where it does
not, the real look is taken. A test holds that releases come out the same.
"""

from __future__ import annotations

import numpy as np

from shoreward.domain import JudgePolicy
from shoreward.judge import Counts, PromotionTest, RollbackTest, StoppedTest
from shoreward.judge.bets import log_bets, log_mean
from shoreward.judge.counts import NO_TRAFFIC, Sample, single_arm
from shoreward.judge.ratios import HARM, HARM_LOG_SHARES, SAFE, SAFE_LOG_SHARES, STOPPED
from shoreward.judge.starts import equal_shares

_ROUNDING = 1e-6


def may_fail(counts: Counts, share: float, rollback: RollbackTest, step: int) -> np.ndarray:
    """For each interval (of one stream) whether a look after it might fail.

    Args:
        share: of the traffic that the canary should have since the interval `step`.
    """
    n_c, _, n_b, _ = (array[0] for array in counts.arrays)
    bets = log_bets(_side_by_side(counts), HARM, rho=rollback.rho, delta=rollback.delta, phi=rollback.phi)
    harm = _at_most(bets, HARM_LOG_SHARES) >= rollback.threshold
    # A canary that has failed is judged as failed for ever.
    return np.logical_or.accumulate(harm) | _may_be_silent(n_c, n_b, share, rollback, step)


def may_pass(counts: Counts, promotion: PromotionTest, requests: int, step: int) -> np.ndarray:
    """For each interval (of one stream) whether a look after it might pass, with so many requests since `step`."""
    bets = log_bets(_side_by_side(counts), SAFE, rho=promotion.rho, delta=promotion.delta, phi=promotion.phi)
    log_e = log_mean(np.cumsum(bets, axis=1), SAFE_LOG_SHARES)
    served = np.cumsum(np.where(np.arange(counts.intervals) >= step, counts.canary_requests[0], 0.0))
    return (log_e >= promotion.threshold - _ROUNDING) & (served >= requests - 1)


def may_certify(counts: Counts, policy: JudgePolicy, margin: float, step: int) -> np.ndarray:
    """For each interval (of one stream) whether a share whose margin this is may be certified after it.

    The evidence grows with the margin: what is not certified for the next share is not for any above it.
    """
    sample = _side_by_side(Counts(*(array[:, step:] for array in counts.arrays)))
    bets = log_bets(sample, SAFE, rho=1.0, delta=margin, phi=policy.dispersion)
    reached = np.zeros(counts.intervals, dtype=np.bool_)
    reached[step:] = log_mean(np.cumsum(bets, axis=1), SAFE_LOG_SHARES) >= -np.log(policy.beta) - _ROUNDING
    return reached


def _side_by_side(counts: Counts) -> Sample:
    """The intervals of one stream as if they were streams."""
    n_c, x_c, n_b, x_b = (array[0] for array in counts.arrays)
    active = (n_c > NO_TRAFFIC) & (n_b > NO_TRAFFIC)
    odds = np.where(active, n_c / np.where(active, n_b, 1.0), 0.0)
    return Sample(requests=n_c, bad=x_c, baseline_requests=n_b, baseline_bad=x_b, odds=odds, active=active)


def _may_be_silent(n_c: np.ndarray, n_b: np.ndarray, share: float, rollback: RollbackTest, step: int) -> np.ndarray:
    test = StoppedTest(alpha=rollback.alpha, horizon=rollback.horizon, phi=rollback.phi)
    arm = single_arm((n_c + n_b)[step:], n_c[step:])
    bets = log_bets(arm, STOPPED, rho=1.0, delta=np.full(arm.bad.size, test.factor * share), phi=test.phi)
    silent = np.zeros(n_c.size, dtype=np.bool_)
    silent[step:] = np.logical_or.accumulate(_at_most(bets, equal_shares(len(STOPPED))) >= test.threshold)
    return silent


def _at_most(bets: np.ndarray, log_shares: np.ndarray) -> np.ndarray:
    """An upper bound of the log e-value after each interval: bets are (ratios, intervals)."""
    summed = np.cumsum(bets, axis=1)
    before = np.hstack((np.zeros((len(summed), 1)), summed[:, :-1]))
    best = summed - np.minimum.accumulate(before, axis=1)
    # The stake that is not spent yet is worth at most 1.
    return np.logaddexp(log_mean(best, log_shares), 0.0)
