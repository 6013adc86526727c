"""Customers: how many requests a target gets, and which of them fail.

What the metrics are made of. Arrays are (intervals,); shares and rates are fractions. The baseline fails at a rate that
may change with time (an incident), and the new revision at that rate plus an excess.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from shoreward.domain import Target
from shoreward.judge import Counts

Floats = NDArray[np.float64]
DAY = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Served:
    """What both arms were asked and failed at, per interval."""

    canary_requests: Floats
    canary_bad: Floats
    baseline_requests: Floats
    baseline_bad: Floats

    @property
    def counts(self) -> Counts:
        """As the judge has them, one stream."""
        return Counts(
            *(
                arm[None, :]
                for arm in (self.canary_requests, self.canary_bad, self.baseline_requests, self.baseline_bad)
            )
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Intervals:
    """Intervals of a target that are to be drawn.

    Attributes:
        starts: when they begin, UNIX seconds.
        period: how long they are.
        shares: of the traffic that the new revision had, averaged over the interval.
        failing: how many times as many requests as usual fail in both arms.
        excess: share of the new revision's requests that fails because of it.
    """

    starts: Floats
    period: float
    shares: Floats
    failing: Floats
    excess: Floats


class Customers(Protocol):
    """Those of all targets."""

    def serve(self, target: Target, intervals: Intervals) -> Served:
        """What the next intervals of a target bring; each is asked for once, in the order of time."""
        ...

    def requests(self, target: Target, start: float, end: float) -> float:
        """How many requests all of a target's customers send in a time."""
        ...


Mark = Mapping[str, Any]
"""Where the draws of a target stand, by what is drawn."""


@dataclass(frozen=True, slots=True)
class Chance:
    """Draws that depend on the seed and the target alone, however the intervals are cut into blocks."""

    seed: int
    _sources: dict[tuple[str, str], np.random.Generator] = field(
        default_factory=dict[tuple[str, str], np.random.Generator]
    )

    def of(self, target: Target, what: str) -> np.random.Generator:
        """The source of one kind of draw."""
        key = (target.key, what)
        if key not in self._sources:
            self._sources[key] = np.random.default_rng(self._number(target, what))
        return self._sources[key]

    def once(self, target: Target, what: str) -> np.random.Generator:
        """A source that begins anew each time, for what is asked for again."""
        return np.random.default_rng(self._number(target, what))

    def _number(self, target: Target, what: str) -> int:
        name = f"{self.seed}/{target.key}/{what}"
        return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")

    def mark(self, target: Target) -> Mark:
        """Where a target's draws stand."""
        return {what: source.bit_generator.state for (key, what), source in self._sources.items() if key == target.key}

    def back_to(self, target: Target, mark: Mark) -> None:
        """Let a target's draws come again from there on; those that had none yet begin anew."""
        for key, what in [name for name in self._sources if name[0] == target.key]:
            if what in mark:
                self._sources[key, what].bit_generator.state = mark[what]
            else:
                del self._sources[key, what]


@dataclass(frozen=True, slots=True, kw_only=True)
class SteadyCustomers:
    """Customers who send requests at a known rate.

    Attributes:
        rates: requests per second of each target, by its key.
        swing: how far the rate goes up and down in a day, 0 (not at all) to 1 (none come at night).
        error_rate: share of requests that fails anyhow.
        chance: None brings exactly what is to be expected, in fractions of requests.
    """

    rates: Mapping[str, float]
    error_rate: float
    swing: float = 0.0
    chance: Chance | None = None

    def requests(self, target: Target, start: float, end: float) -> float:
        """See `Customers.requests`."""

        def waves(at: float) -> float:
            return -math.cos(2 * math.pi * at / DAY) * DAY / (2 * math.pi)

        return self.rates[target.key] * (end - start + self.swing * (waves(end) - waves(start)))

    def serve(self, target: Target, intervals: Intervals) -> Served:
        """See `Customers.serve`."""
        swing = 1 + self.swing * np.sin(2 * np.pi * (intervals.starts + intervals.period / 2) / DAY)
        expected = self.rates[target.key] * intervals.period * swing
        baseline_rate = np.minimum(1.0, self.error_rate * intervals.failing)
        canary_rate = np.minimum(1.0, baseline_rate + intervals.excess)
        canary, baseline = expected * intervals.shares, expected * (1 - intervals.shares)
        if self.chance is None:
            return Served(
                canary_requests=canary,
                canary_bad=canary * canary_rate,
                baseline_requests=baseline,
                baseline_bad=baseline * baseline_rate,
            )
        canary = self.chance.of(target, "canary").poisson(canary)
        baseline = self.chance.of(target, "baseline").poisson(baseline)
        canary_bad = self.chance.of(target, "canary fails").binomial(canary, canary_rate)
        baseline_bad = self.chance.of(target, "baseline fails").binomial(baseline, baseline_rate)
        return Served(
            canary_requests=canary.astype(float),
            canary_bad=canary_bad.astype(float),
            baseline_requests=baseline.astype(float),
            baseline_bad=baseline_bad.astype(float),
        )
