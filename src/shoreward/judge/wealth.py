"""What the bets of latency and gauges add up to: wealth against harmlessness, and wealth against harm.

Place in the flow: the states under those tests, which differ only in the bets they settle. `HarmWealth` collects over
ratios, levels and start times, as rollback does; `SafetyWealth` multiplies over the whole bake and needs every side of
the question, as promotion does. Both hold a fixed number of values a stream, whatever the length of the bake.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from shoreward.judge.bets import log_mean
from shoreward.judge.checks import Flags, Floats, Whole, saved_array, saved_shape
from shoreward.judge.starts import Starts, collect, equal_shares, fresh


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HarmWealth:
    """Evidence of harm: `log_e` (streams,) after the last interval, `first_fail` where it first failed or -1."""

    KIND: ClassVar[str]

    starts: Starts
    log_e: Floats
    intervals: int
    first_fail: Whole

    @classmethod
    def of(cls, bets: int, streams: int, horizon: int) -> Self:
        """Before the first interval, with stakes on so many bets."""
        return cls(
            starts=fresh(bets, streams, horizon),
            log_e=np.zeros(streams),
            intervals=0,
            first_fail=np.full(streams, -1, dtype=np.int64),
        )

    def collected(
        self, log_bets: Floats, active: Flags, *, threshold: float, horizon: int, fewest: int = 2
    ) -> tuple[Self, Floats, Flags]:
        """Settle one interval's bets (bets, streams): the new state, log e-values and fails, each (streams,).

        One interval adds a `fewest`-th of the threshold at most, so that no single burst decides.
        """
        collected = collect(
            self.starts,
            log_bets,
            active,
            before=self.log_e,
            log_shares=equal_shares(len(log_bets)),
            cap=threshold / fewest,
            horizon=horizon,
        )
        failed = collected.log_e >= threshold
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
            "kind": self.KIND,
            "streams": self.first_fail.size,
            "intervals": self.intervals,
            "log_stakes": self.starts.log_stakes.tolist(),
            "seen": self.starts.seen.tolist(),
            "log_e": self.log_e.tolist(),
            "first_fail": self.first_fail.tolist(),
        }

    @classmethod
    def restored(cls, saved: Mapping[str, object], bets: int) -> Self:
        """A state out of `to_dict`; raises `JudgeInputError` when it is not one with so many bets."""
        streams, intervals = saved_shape(saved, cls.KIND)
        return cls(
            starts=Starts(
                log_stakes=saved_array(saved, "log_stakes", (bets, streams)),
                seen=saved_array(saved, "seen", (streams,)).astype(np.int64),
            ),
            log_e=saved_array(saved, "log_e", (streams,)),
            intervals=intervals,
            first_fail=saved_array(saved, "first_fail", (streams,)).astype(np.int64),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SafetyWealth:
    """Evidence of safety: running products (sides, bets, streams), a side for each claim that must be proven.

    `log_e` (streams,) is that of the side that lags behind, `first_pass` where a stream first passed, -1 for never.
    `amounts` (2, streams) sums what was seen of canary and baseline.
    """

    KIND: ClassVar[str]

    log_products: Floats
    amounts: Floats
    log_e: Floats
    intervals: int
    first_pass: Whole

    @classmethod
    def of(cls, sides: int, bets: int, streams: int) -> Self:
        """Before the first interval."""
        return cls(
            log_products=np.zeros((sides, bets, streams)),
            amounts=np.zeros((2, streams)),
            log_e=np.zeros(streams),
            intervals=0,
            first_pass=np.full(streams, -1, dtype=np.int64),
        )

    def multiplied(self, log_bets: Floats, amounts: Floats, *, threshold: float) -> tuple[Self, Floats, Flags]:
        """Settle one interval's bets (sides, bets, streams): the new state, log e-values and passes."""
        products = self.log_products + log_bets
        equal = equal_shares(products.shape[1])
        log_e = np.stack([log_mean(side, equal) for side in products]).min(axis=0)
        passed = log_e >= threshold
        state = type(self)(
            log_products=products,
            amounts=self.amounts + amounts,
            log_e=log_e,
            intervals=self.intervals + 1,
            first_pass=np.where((self.first_pass < 0) & passed, self.intervals, self.first_pass),
        )
        return state, log_e, passed

    @property
    def silent(self) -> Flags:
        """Where an arm has shown less than one request, or datapoint: (streams,)."""
        canary, baseline = self.amounts
        return (canary < 1) | (baseline < 1)

    def to_dict(self) -> dict[str, object]:
        """Plain lists and numbers, fit for JSON; `from_dict` restores the state bit for bit."""
        return {
            "kind": self.KIND,
            "streams": self.first_pass.size,
            "intervals": self.intervals,
            "log_products": self.log_products.tolist(),
            "amounts": self.amounts.tolist(),
            "log_e": self.log_e.tolist(),
            "first_pass": self.first_pass.tolist(),
        }

    @classmethod
    def restored(cls, saved: Mapping[str, object], sides: int, bets: int) -> Self:
        """A state out of `to_dict`; raises `JudgeInputError` when it is not one with so many sides and bets."""
        streams, intervals = saved_shape(saved, cls.KIND)
        return cls(
            log_products=saved_array(saved, "log_products", (sides, bets, streams)),
            amounts=saved_array(saved, "amounts", (2, streams)),
            log_e=saved_array(saved, "log_e", (streams,)),
            intervals=intervals,
            first_pass=saved_array(saved, "first_pass", (streams,)).astype(np.int64),
        )
