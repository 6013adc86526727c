"""Latency: is the canary slower than its margin allows, and is it proven not to be?

Place in the flow: advanced by every interval of a bake, on exceedances. Rollback and promotion are the tests of counts
with another bet: at every level (p50, p90, p99) canary requests slower than margin * X are held against baseline
requests slower than X, with the bet of `shares`. The margin is in latency, because a difference in shares means nothing
to a customer, and because two machines are never equally fast: without a margin a wobble of 2 % rolls releases back.

Rollback's stake is spread over levels, odds ratios and start times at once, and the levels' money is added up: the mean
of e-values is one. That finds whatever alpha/3 for each of three levels finds, and sooner where two of them agree.
Promotion needs every level by itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from shoreward.judge.checks import Flags, Floats, checked_phi, dispersion, within
from shoreward.judge.errors import JudgeInputError
from shoreward.judge.exceedances import Exceedances
from shoreward.judge.ratios import AS_FAST_LOG_ODDS, SLOWER_LOG_ODDS
from shoreward.judge.shares import Slow, log_share_bets
from shoreward.judge.wealth import HarmWealth, SafetyWealth


def checked_levels(levels: tuple[float, ...]) -> None:
    """Refuse levels that are none: each between 0 and 1, ascending, at least one."""
    if not levels or list(levels) != sorted(set(levels)):
        raise JudgeInputError(f"levels are {levels}; they must ascend, and there must be one at least")
    for level in levels:
        within("levels", level, 0, 1)


@dataclass(frozen=True, kw_only=True, eq=False)
class LatencyRollbackTest:
    """Harm is P(canary slower than margin * X) > P(baseline slower than X); a false rollback has probability <= alpha.

    levels: X is about these quantiles of the baseline. margin: a ratio of latencies, at least 1; on a grid it is
    rounded up to whole buckets. horizon: intervals over which a regression may begin. phi: over-dispersion, a number
    or one per stream.
    """

    alpha: float = 0.01
    margin: float = 1.05
    levels: tuple[float, ...] = (0.5, 0.9, 0.99)
    horizon: int = 60
    phi: float | Floats = 1.0

    def __post_init__(self) -> None:
        within("alpha", self.alpha, 0, 1)
        within("margin", self.margin, 1, 100, closed=True)
        within("horizon", self.horizon, 1, 10**9, closed=True)
        checked_levels(self.levels)
        object.__setattr__(self, "phi", checked_phi(self.phi))

    @property
    def threshold(self) -> float:
        """The log e-value that decides: log(1/alpha)."""
        return -float(np.log(self.alpha))


@dataclass(frozen=True, kw_only=True, eq=False)
class LatencyPromotionTest:
    """Safe is P(canary slower than margin * X) < P(baseline slower than X) at every level.

    Passing a canary that is beyond the margin at any one level has probability at most beta. margin: a ratio of
    latencies above 1, on a grid rounded down to whole buckets. phi: over-dispersion, a number or one per stream.
    """

    beta: float = 0.05
    margin: float = 1.15
    levels: tuple[float, ...] = (0.5, 0.9)
    phi: float | Floats = 1.0

    def __post_init__(self) -> None:
        within("beta", self.beta, 0, 1)
        within("margin", self.margin, 1, 100)
        checked_levels(self.levels)
        object.__setattr__(self, "phi", checked_phi(self.phi))

    @property
    def threshold(self) -> float:
        """The log e-value that decides: log(1/beta)."""
        return -float(np.log(self.beta))


class LatencyRollbackState(HarmWealth):
    """Everything latency rollback remembers, a stake for every level and odds ratio."""

    __slots__ = ()
    KIND = "latency rollback"

    @classmethod
    def begin(cls, streams: int, test: LatencyRollbackTest) -> Self:
        """Before the first interval."""
        return cls.of(len(test.levels) * len(SLOWER_LOG_ODDS), streams, test.horizon)

    def advance(self, samples: Exceedances, test: LatencyRollbackTest) -> tuple[Self, Floats, Flags]:
        """Go on by a block of intervals: the new state, log e-values and fails, each (streams, intervals).

        `samples` has a level for each of the test's, in its order, the canary's limit being margin times the other.
        """
        state = self
        log_e = np.zeros((samples.streams, samples.intervals))
        failed = np.zeros(log_e.shape, dtype=np.bool_)
        for interval in range(samples.intervals):
            state, log_e[:, interval], failed[:, interval] = state.settle(samples.at(interval), test)
        return state, log_e, failed

    def settle(self, sample: Slow, test: LatencyRollbackTest) -> tuple[Self, Floats, Flags]:
        """Go on by one interval: the new state, log e-values and fails, each (streams,)."""
        streams = self.first_fail.size
        _fitting(sample, test.levels, streams)
        bets = log_share_bets(sample, SLOWER_LOG_ODDS, phi=dispersion(test.phi, streams))
        rows = bets.reshape(-1, streams)
        return self.collected(rows, sample.active, threshold=test.threshold, horizon=test.horizon)

    @classmethod
    def from_dict(cls, saved: Mapping[str, object], test: LatencyRollbackTest) -> Self:
        """A state out of `to_dict`; raises `JudgeInputError` when it is not one of such a test."""
        return cls.restored(saved, len(test.levels) * len(SLOWER_LOG_ODDS))


class LatencyPromotionState(SafetyWealth):
    """Everything latency promotion remembers; every level is a side, and `amounts` are requests."""

    __slots__ = ()
    KIND = "latency promotion"

    @classmethod
    def begin(cls, streams: int, test: LatencyPromotionTest) -> Self:
        """Before the first interval."""
        return cls.of(len(test.levels), len(AS_FAST_LOG_ODDS), streams)

    def advance(self, samples: Exceedances, test: LatencyPromotionTest) -> tuple[Self, Floats, Flags]:
        """Go on by a block of intervals: the new state, log e-values and passes, each (streams, intervals)."""
        state = self
        log_e = np.zeros((samples.streams, samples.intervals))
        passed = np.zeros(log_e.shape, dtype=np.bool_)
        for interval in range(samples.intervals):
            state, log_e[:, interval], passed[:, interval] = state.settle(samples.at(interval), test)
        return state, log_e, passed

    def settle(self, sample: Slow, test: LatencyPromotionTest) -> tuple[Self, Floats, Flags]:
        """Go on by one interval: the new state, log e-values and passes, each (streams,)."""
        streams = self.first_pass.size
        _fitting(sample, test.levels, streams)
        bets = log_share_bets(sample, AS_FAST_LOG_ODDS, phi=dispersion(test.phi, streams))
        amounts = np.stack((sample.requests, sample.baseline_requests))
        return self.multiplied(bets, amounts, threshold=test.threshold)

    @classmethod
    def from_dict(cls, saved: Mapping[str, object], test: LatencyPromotionTest) -> Self:
        """A state out of `to_dict`; raises `JudgeInputError` when it is not one of such a test."""
        return cls.restored(saved, len(test.levels), len(AS_FAST_LOG_ODDS))


def _fitting(sample: Slow, levels: tuple[float, ...], streams: int) -> None:
    """Refuse a sample of other levels or streams than the state's."""
    if sample.slow.shape != (len(levels), streams):
        found = " of ".join(map(str, sample.slow.shape))
        raise JudgeInputError(f"the state has {len(levels)} levels of {streams} streams, the sample {found}")
