"""Durations of simulated requests: how long they take, and how many take longer than a limit.

The part of the simulated metrics about latency. Every function answers in lognormal time, whichever the target; a slow
revision takes so many times as long. What a look asks for twice is answered alike.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from shoreward.simulation.customers import Floats

_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True, kw_only=True)
class Durations:
    """Attributes: `median` in milliseconds; `spread`, the standard deviation of the logarithm."""

    median: float = 100.0
    spread: float = 0.5

    def quantiles(self, levels: Sequence[float], slower: Floats) -> Floats:
        """Milliseconds (levels, intervals), where everything takes `slower` (intervals,) times as long."""
        usual = [self.median * math.exp(self.spread * _NORMAL.inv_cdf(level)) for level in levels]
        return np.outer(usual, slower)

    def beyond(self, limit: float, slower: float) -> float:
        """The share of requests that take longer than a limit in milliseconds."""
        if limit <= 0:
            return 1.0
        return _NORMAL.cdf(-math.log(limit / (self.median * slower)) / self.spread)

    def slow(self, requests: float, limits: Sequence[float], slower: float, chance: np.random.Generator) -> Floats:
        """How many of so many requests take longer than each limit (limits,): who passes a limit passes those below."""
        found, left, share = np.zeros(len(limits)), round(requests), 1.0
        for place in np.argsort(limits, kind="stable"):
            beyond = self.beyond(limits[int(place)], slower)
            left = int(chance.binomial(left, min(1.0, beyond / share))) if share > 0 else 0
            share = beyond
            found[place] = left
        return found
