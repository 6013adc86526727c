"""Durations: how long requests take, as histograms, and the percentiles per minute that peers see of them.

Log-normal in the body, and a share of requests that is slow by a factor: a cold start, a time-out, a dependency.
"""

from dataclasses import dataclass
from math import erf, sqrt

import numpy as np
from benchmarks.judge.worlds import Floats, Rng
from numpy.typing import ArrayLike

from shoreward.judge import Grid

GRID = Grid(scale=5, low=1, high=15)
"""2 ms to 33 s, 2.2 % a bucket."""

_POINTS = np.linspace(-8, 8, 6401)
_NORMAL = np.array([0.5 * (1 + erf(point / sqrt(2))) for point in _POINTS])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Durations:
    """Milliseconds at the median, the log's deviation, and the share of requests that is slower by a factor.

    All broadcast against each other.
    """

    median: ArrayLike
    deviation: ArrayLike = 0.6
    slow_share: ArrayLike = 0.0
    slow_factor: ArrayLike = 10.0

    def chances(self) -> Floats:
        """The probability of each bucket of the grid: (..., buckets)."""
        parts = np.broadcast_arrays(self.median, self.deviation, self.slow_share, self.slow_factor)
        median, deviation, share, factor = (np.asarray(part, dtype=float)[..., None] for part in parts)
        edges = np.log(GRID.edges)
        body = np.interp((edges - np.log(median)) / deviation, _POINTS, _NORMAL)
        slow = np.interp((edges - np.log(median * factor)) / deviation, _POINTS, _NORMAL)
        upto = (1 - share) * body + share * slow
        ends = np.zeros((*upto.shape[:-1], 1))
        return np.diff(np.concatenate([ends, upto, ends + 1], axis=-1), axis=-1).clip(0)

    def percentile(self, level: float) -> float:
        """The latency at a level of a distribution given by plain numbers."""
        return float(percentile(self.chances()[None, :] * 1e9, level)[0])


def histograms(rng: Rng, requests: ArrayLike, chances: Floats) -> Floats:
    """Counts per bucket of so many requests: (..., buckets)."""
    number = np.asarray(requests, dtype=np.int64)
    shape = np.broadcast_shapes(number.shape, chances.shape[:-1])
    even = chances / chances.sum(axis=-1, keepdims=True)
    return rng.multinomial(np.broadcast_to(number, shape), even).astype(float)


def percentile(counts: Floats, level: float) -> Floats:
    """The latency at a level of histograms (..., buckets), evenly spread within a bucket; not a number without
    requests.
    """
    upto = np.cumsum(counts, axis=-1)
    total = upto[..., -1]
    edges = GRID.edges
    wanted = level * total
    bucket = np.minimum((upto < wanted[..., None]).sum(axis=-1), len(edges) - 1)
    inside = np.take_along_axis(counts, bucket[..., None], axis=-1)[..., 0]
    before = np.take_along_axis(upto, bucket[..., None], axis=-1)[..., 0] - inside
    part = np.divide(wanted - before, inside, out=np.ones_like(total), where=inside > 0)
    low = np.where(bucket > 0, edges[np.maximum(bucket - 1, 0)], 0.0)
    return np.where(total > 0, low + part * (edges[bucket] - low), np.nan)
