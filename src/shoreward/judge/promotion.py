"""Promotion: is the canary proven to be no worse than its margin allows?

Place in the flow: advanced by every interval of a bake; once the evidence reaches 1/beta the release may go on. The
probability that a canary beyond the margin is ever promoted is at most beta. Unlike rollback it has no late starts:
promotion speaks for the whole bake.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from shoreward.judge.bets import log_bets, log_mean
from shoreward.judge.checks import Flags, Floats, Whole, checked_phi, dispersion, saved_array, saved_shape, within
from shoreward.judge.counts import Counts, Sample, sample_at
from shoreward.judge.errors import JudgeInputError
from shoreward.judge.ratios import SAFE, SAFE_LOG_SHARES
from shoreward.judge.totals import Totals, nothing


@dataclass(frozen=True, kw_only=True, eq=False)
class PromotionTest:
    """Safe is p_canary < rho * p_baseline + delta; promoting an unsafe canary has probability at most beta.

    delta: the absolute margin, in bad events per request; it alone lets arms without errors pass. phi:
    over-dispersion, a number or one per stream.
    """

    beta: float = 0.05
    rho: float = 1.5
    delta: float = 0.0005
    phi: float | Floats = 1.0

    def __post_init__(self) -> None:
        within("beta", self.beta, 0, 1)
        within("rho", self.rho, 0.01, 100, closed=True)
        within("delta", self.delta, 0, 1, closed=True)
        object.__setattr__(self, "phi", checked_phi(self.phi))

    @property
    def threshold(self) -> float:
        """The log e-value that decides: log(1/beta)."""
        return -float(np.log(self.beta))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PromotionState:
    """Everything promotion remembers: the running product of each ratio's bets, and the totals of both arms.

    `log_e` is the log e-value after the last interval,
    `first_pass` the interval at which a stream first passed, -1 if it never did.
    """

    log_products: Floats
    totals: Totals
    log_e: Floats
    intervals: int
    first_pass: Whole

    @classmethod
    def begin(cls, streams: int) -> Self:
        """Before the first interval."""
        return cls(
            log_products=np.zeros((len(SAFE), streams)),
            totals=nothing(streams),
            log_e=np.zeros(streams),
            intervals=0,
            first_pass=np.full(streams, -1, dtype=np.int64),
        )

    def advance(self, counts: Counts, test: PromotionTest) -> tuple[Self, Floats, Flags]:
        """Go on by a block of intervals: the new state, log e-values and passes, each (streams, intervals)."""
        state = self
        log_e = np.zeros((counts.streams, counts.intervals))
        passed = np.zeros(log_e.shape, dtype=np.bool_)
        for interval in range(counts.intervals):
            sample = sample_at(counts, interval)
            state, log_e[:, interval], passed[:, interval] = state.settle(sample, test, test.delta)
        return state, log_e, passed

    def settle(self, sample: Sample, test: PromotionTest, delta: float | Floats) -> tuple[Self, Floats, Flags]:
        """Go on by one interval: the new state, log e-values and passes, each (streams,)."""
        streams = self.first_pass.size
        if sample.requests.size != streams:
            raise JudgeInputError(f"the state has {streams} streams, the sample {sample.requests.size}")
        bets = log_bets(sample, SAFE, rho=test.rho, delta=delta, phi=dispersion(test.phi, streams))
        bets += self.log_products
        log_e = log_mean(bets, SAFE_LOG_SHARES)
        passed = log_e >= test.threshold
        state = type(self)(
            log_products=bets,
            totals=self.totals.plus(sample),
            log_e=log_e,
            intervals=self.intervals + 1,
            first_pass=np.where((self.first_pass < 0) & passed, self.intervals, self.first_pass),
        )
        return state, log_e, passed

    def to_dict(self) -> dict[str, object]:
        """Plain lists and numbers, fit for JSON; `from_dict` restores the state bit for bit."""
        return {
            "kind": "promotion",
            "streams": self.first_pass.size,
            "intervals": self.intervals,
            "log_products": self.log_products.tolist(),
            "totals": self.totals.sums.tolist(),
            "log_e": self.log_e.tolist(),
            "first_pass": self.first_pass.tolist(),
        }

    @classmethod
    def from_dict(cls, saved: Mapping[str, object]) -> Self:
        """A state out of `to_dict`; raises `JudgeInputError` when it is not one."""
        streams, intervals = saved_shape(saved, "promotion")
        return cls(
            log_products=saved_array(saved, "log_products", (len(SAFE), streams)),
            totals=Totals(sums=saved_array(saved, "totals", (4, streams))),
            log_e=saved_array(saved, "log_e", (streams,)),
            intervals=intervals,
            first_pass=saved_array(saved, "first_pass", (streams,)).astype(np.int64),
        )


def promotion_evidence(counts: Counts, test: PromotionTest) -> Floats:
    """Log e-values (streams, intervals) against "the canary is beyond its margin", after each interval."""
    return PromotionState.begin(counts.streams).advance(counts, test)[1]


def passes(counts: Counts, test: PromotionTest) -> Flags:
    """Where E >= 1/beta: (streams, intervals)."""
    return PromotionState.begin(counts.streams).advance(counts, test)[2]
