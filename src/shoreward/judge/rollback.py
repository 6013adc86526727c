"""Rollback: is the canary worse than its margin allows, at whatever moment we look?

Place in the flow: advanced by every interval of a bake; once the evidence reaches 1/alpha the release rolls back. The
probability that a harmless canary ever gets there, over all looks together, is at most alpha (Ville's inequality).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from shoreward.judge.bets import log_bets, log_mean
from shoreward.judge.checks import Flags, Floats, Whole, checked_phi, dispersion, saved_array, saved_shape, within
from shoreward.judge.counts import Counts, Sample, sample_at
from shoreward.judge.errors import JudgeInputError
from shoreward.judge.ratios import HARM, HARM_LOG_SHARES
from shoreward.judge.starts import Starts, collect, fresh
from shoreward.judge.totals import Totals, nothing


@dataclass(frozen=True, kw_only=True, eq=False)
class RollbackTest:
    """Harm is p_canary > rho * p_baseline + delta; a false rollback has probability at most alpha.

    alpha: this stream's share of the release's budget (the caller splits it). horizon: intervals over which a
    regression may begin; set it to the length of the bake. phi: over-dispersion, a number or one per stream.
    min_ratio: an observed ratio below it never rolls back, however certain. fewest: so many intervals must agree, at
    least; more of them keep what soon passes by itself from deciding. burst: but one interval decides where it would
    even if bad events came so many at a time; infinite where none may.
    """

    alpha: float = 0.01
    rho: float = 1.1
    delta: float = 0.0
    horizon: int = 60
    phi: float | Floats = 1.0
    min_ratio: float = 1.1
    fewest: int = 2
    burst: float = 50.0

    def __post_init__(self) -> None:
        within("alpha", self.alpha, 0, 1)
        within("rho", self.rho, 0.01, 100, closed=True)
        within("delta", self.delta, 0, 1, closed=True)
        within("horizon", self.horizon, 1, 10**9, closed=True)
        within("min_ratio", self.min_ratio, 0, 1e6, closed=True)
        within("fewest", self.fewest, 2, 10**6, closed=True)
        within("burst", self.burst, 1, math.inf, closed=True)
        object.__setattr__(self, "phi", checked_phi(self.phi))

    @property
    def threshold(self) -> float:
        """The log e-value that decides: log(1/alpha)."""
        return -float(np.log(self.alpha))

    @property
    def cap(self) -> float:
        """The most that one interval may add: half the threshold or less, so that no single burst decides."""
        return self.threshold / self.fewest

    def most(self, log_bets: Floats) -> float | Floats:
        """The cap, or what the interval's bets (ratios, streams) are worth in bursts, where that is more: (streams,).

        Leaving out some of what a bet has won keeps it fair, whatever decides how much is left out.
        """
        if not math.isfinite(self.burst):
            return self.cap
        return np.maximum(log_mean(log_bets / self.burst, HARM_LOG_SHARES), self.cap)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RollbackState:
    """Everything rollback remembers: some 16 numbers a stream, whatever the length of the bake.

    `window` sums the arms since older bets were last as good as lost: about since harm began, where it did.
    `log_e` is the log e-value after the last interval,
    `first_fail` the interval at which a stream first failed, -1 if it never did.
    """

    starts: Starts
    window: Totals
    log_e: Floats
    intervals: int
    first_fail: Whole

    @classmethod
    def begin(cls, streams: int, test: RollbackTest) -> Self:
        """Before the first interval."""
        return cls(
            starts=fresh(len(HARM), streams, test.horizon),
            window=nothing(streams),
            log_e=np.zeros(streams),
            intervals=0,
            first_fail=np.full(streams, -1, dtype=np.int64),
        )

    def advance(self, counts: Counts, test: RollbackTest) -> tuple[Self, Floats, Flags]:
        """Go on by a block of intervals: the new state, log e-values and fails, each (streams, intervals)."""
        state = self
        log_e = np.zeros((counts.streams, counts.intervals))
        failed = np.zeros(log_e.shape, dtype=np.bool_)
        for interval in range(counts.intervals):
            sample = sample_at(counts, interval)
            state, log_e[:, interval], failed[:, interval] = state.settle(sample, test, test.delta)
        return state, log_e, failed

    def settle(self, sample: Sample, test: RollbackTest, delta: float | Floats) -> tuple[Self, Floats, Flags]:
        """Go on by one interval: the new state, log e-values and fails, each (streams,)."""
        streams = self.first_fail.size
        if sample.requests.size != streams:
            raise JudgeInputError(f"the state has {streams} streams, the sample {sample.requests.size}")
        bets = log_bets(sample, HARM, rho=test.rho, delta=delta, phi=dispersion(test.phi, streams))
        collected = collect(
            self.starts,
            bets,
            sample.active,
            before=self.log_e,
            log_shares=HARM_LOG_SHARES,
            cap=test.most(bets),
            horizon=test.horizon,
        )
        window = self.window.plus(sample, sample.active)
        failed = (collected.log_e >= test.threshold) & window.at_least(test.min_ratio)
        state = type(self)(
            starts=collected.starts,
            window=window.emptied(collected.stale),
            log_e=collected.log_e,
            intervals=self.intervals + 1,
            first_fail=np.where((self.first_fail < 0) & failed, self.intervals, self.first_fail),
        )
        return state, collected.log_e, failed

    def to_dict(self) -> dict[str, object]:
        """Plain lists and numbers, fit for JSON; `from_dict` restores the state bit for bit."""
        return {
            "kind": "rollback",
            "streams": self.first_fail.size,
            "intervals": self.intervals,
            "log_stakes": self.starts.log_stakes.tolist(),
            "seen": self.starts.seen.tolist(),
            "window": self.window.sums.tolist(),
            "log_e": self.log_e.tolist(),
            "first_fail": self.first_fail.tolist(),
        }

    @classmethod
    def from_dict(cls, saved: Mapping[str, object]) -> Self:
        """A state out of `to_dict`; raises `JudgeInputError` when it is not one."""
        streams, intervals = saved_shape(saved, "rollback")
        return cls(
            starts=Starts(
                log_stakes=saved_array(saved, "log_stakes", (len(HARM), streams)),
                seen=saved_array(saved, "seen", (streams,)).astype(np.int64),
            ),
            window=Totals(sums=saved_array(saved, "window", (4, streams))),
            log_e=saved_array(saved, "log_e", (streams,)),
            intervals=intervals,
            first_fail=saved_array(saved, "first_fail", (streams,)).astype(np.int64),
        )


def rollback_evidence(counts: Counts, test: RollbackTest) -> Floats:
    """Log e-values (streams, intervals) against "the canary is within its margin", after each interval."""
    return RollbackState.begin(counts.streams, test).advance(counts, test)[1]


def fails(counts: Counts, test: RollbackTest) -> Flags:
    """Where E >= 1/alpha and the ratio observed in its window is at least min_ratio: (streams, intervals)."""
    return RollbackState.begin(counts.streams, test).advance(counts, test)[2]
