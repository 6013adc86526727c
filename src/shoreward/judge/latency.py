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

from shoreward.judge.bets import log_mean
from shoreward.judge.checks import Flags, Floats, Whole, checked_phi, dispersion, saved_array, saved_shape, within
from shoreward.judge.errors import JudgeInputError
from shoreward.judge.exceedances import Exceedances
from shoreward.judge.ratios import AS_FAST_LOG_ODDS, SLOWER_LOG_ODDS
from shoreward.judge.shares import Slow, log_share_bets
from shoreward.judge.starts import Starts, collect, fresh


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

    @property
    def cap(self) -> float:
        """The most that one interval may add: half the threshold, so that no single burst decides."""
        return self.threshold / 2


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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LatencyRollbackState:
    """Everything rollback remembers; `log_e` and `first_fail` as in `RollbackState`."""

    starts: Starts
    log_e: Floats
    intervals: int
    first_fail: Whole

    @classmethod
    def begin(cls, streams: int, test: LatencyRollbackTest) -> Self:
        """Before the first interval."""
        return cls(
            starts=fresh(len(test.levels) * len(SLOWER_LOG_ODDS), streams, test.horizon),
            log_e=np.zeros(streams),
            intervals=0,
            first_fail=np.full(streams, -1, dtype=np.int64),
        )

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
        fitting(sample, len(test.levels), streams)
        bets = log_share_bets(sample, SLOWER_LOG_ODDS, phi=dispersion(test.phi, streams))
        rows = bets.reshape(-1, streams)
        collected = collect(self.starts, rows, sample.active, cap=test.cap, horizon=test.horizon)
        failed = collected.log_e >= test.threshold
        state = type(self)(
            starts=collected.starts,
            log_e=collected.log_e,
            intervals=self.intervals + 1,
            first_fail=np.where((self.first_fail < 0) & failed, self.intervals, self.first_fail),
        )
        return state, collected.log_e, failed

    def to_dict(self) -> dict[str, object]:
        """Plain lists and numbers, fit for JSON; `from_dict` restores the state bit for bit."""
        return {
            "kind": "latency rollback",
            "streams": self.first_fail.size,
            "intervals": self.intervals,
            "log_stakes": self.starts.log_stakes.tolist(),
            "seen": self.starts.seen.tolist(),
            "log_e": self.log_e.tolist(),
            "first_fail": self.first_fail.tolist(),
        }

    @classmethod
    def from_dict(cls, saved: Mapping[str, object], test: LatencyRollbackTest) -> Self:
        """A state out of `to_dict`; raises `JudgeInputError` when it is not one of such a test."""
        streams, intervals = saved_shape(saved, "latency rollback")
        rows = len(test.levels) * len(SLOWER_LOG_ODDS)
        return cls(
            starts=Starts(
                log_stakes=saved_array(saved, "log_stakes", (rows, streams)),
                seen=saved_array(saved, "seen", (streams,)).astype(np.int64),
            ),
            log_e=saved_array(saved, "log_e", (streams,)),
            intervals=intervals,
            first_fail=saved_array(saved, "first_fail", (streams,)).astype(np.int64),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LatencyPromotionState:
    """Everything promotion remembers: running products (levels, bets, streams); else as in `PromotionState`.

    `log_e` is that of the level that lags behind; `requests` (2, streams) counts both arms.
    """

    log_products: Floats
    requests: Floats
    log_e: Floats
    intervals: int
    first_pass: Whole

    @classmethod
    def begin(cls, streams: int, test: LatencyPromotionTest) -> Self:
        """Before the first interval."""
        return cls(
            log_products=np.zeros((len(test.levels), len(AS_FAST_LOG_ODDS), streams)),
            requests=np.zeros((2, streams)),
            log_e=np.zeros(streams),
            intervals=0,
            first_pass=np.full(streams, -1, dtype=np.int64),
        )

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
        fitting(sample, len(test.levels), streams)
        products = log_share_bets(sample, AS_FAST_LOG_ODDS, phi=dispersion(test.phi, streams))
        products += self.log_products
        equal = np.full(len(AS_FAST_LOG_ODDS), -np.log(len(AS_FAST_LOG_ODDS)))
        log_e = np.stack([log_mean(level, equal) for level in products]).min(axis=0)
        passed = log_e >= test.threshold
        state = type(self)(
            log_products=products,
            requests=self.requests + np.stack((sample.requests, sample.baseline_requests)),
            log_e=log_e,
            intervals=self.intervals + 1,
            first_pass=np.where((self.first_pass < 0) & passed, self.intervals, self.first_pass),
        )
        return state, log_e, passed

    def to_dict(self) -> dict[str, object]:
        """Plain lists and numbers, fit for JSON; `from_dict` restores the state bit for bit."""
        return {
            "kind": "latency promotion",
            "streams": self.first_pass.size,
            "intervals": self.intervals,
            "log_products": self.log_products.tolist(),
            "requests": self.requests.tolist(),
            "log_e": self.log_e.tolist(),
            "first_pass": self.first_pass.tolist(),
        }

    @classmethod
    def from_dict(cls, saved: Mapping[str, object], test: LatencyPromotionTest) -> Self:
        """A state out of `to_dict`; raises `JudgeInputError` when it is not one of such a test."""
        streams, intervals = saved_shape(saved, "latency promotion")
        shape = (len(test.levels), len(AS_FAST_LOG_ODDS), streams)
        return cls(
            log_products=saved_array(saved, "log_products", shape),
            requests=saved_array(saved, "requests", (2, streams)),
            log_e=saved_array(saved, "log_e", (streams,)),
            intervals=intervals,
            first_pass=saved_array(saved, "first_pass", (streams,)).astype(np.int64),
        )


def fitting(sample: Slow, levels: int, streams: int) -> None:
    """Refuse a sample of other levels or streams than the state's."""
    if sample.slow.shape != (levels, streams):
        raise JudgeInputError(
            f"the state has {levels} levels of {streams} streams, the sample {' of '.join(map(str, sample.slow.shape))}"
        )
