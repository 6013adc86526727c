"""Tails of histograms: how many requests lie above an edge, and at which edge a share of them is reached.

Place in the flow: what the reference asks of every interval. Histograms are large, so neither sums up all along a row,
bucket after bucket: tails are added up between the edges that are asked for, and a share is looked for among groups of
buckets first, then within one group.
"""

import math
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from shoreward.judge.checks import Floats, Whole

Tail = tuple[Floats, Floats]
"""Requests (streams,), and those above limits (levels, streams)."""

Counts = NDArray[np.floating[Any]]


class Tails:
    """How many requests are slower than each edge (levels, streams), added up some streams at a time.

    Edges lie from -1, which all are above, to buckets - 2, and do not descend from level to level.
    """

    def __init__(self, edges: Whole) -> None:
        levels, streams = edges.shape
        self._cuts = np.zeros((streams, levels + 1), dtype=np.int64)
        np.add(edges.T, 1, out=self._cuts[:, 1:])
        self._sums = np.zeros(self._cuts.shape)

    def add(self, streams: slice, counts: Floats) -> None:
        """Take in these streams' histogram (streams, buckets), contiguous."""
        begins = np.arange(0, counts.size, counts.shape[1], dtype=np.int64)
        cuts = self._cuts[streams] + begins[:, None]
        np.add.reduceat(counts.reshape(-1), cuts.reshape(-1), out=self._sums[streams].reshape(-1))

    def above(self) -> Tail:
        """All requests (streams,), and those above each edge (levels, streams)."""
        sums = self._sums.copy()
        # Between two equal cuts there is nothing, and `reduceat` tells the bucket there.
        sums[:, :-1][self._cuts[:, :-1] == self._cuts[:, 1:]] = 0.0
        for level in reversed(range(sums.shape[1] - 1)):
            sums[:, level] += sums[:, level + 1]
        return sums[:, 0], sums[:, 1:].T


def edges_at(counts: Counts, levels: tuple[float, ...]) -> Whole:
    """Per stream the lowest edge with at least `level` of the requests at or below it: (levels, streams).

    -1 where a stream has none. counts: contiguous, (streams, buckets); sums are as precise as they are.
    """
    streams, buckets = counts.shape
    width = math.isqrt(buckets)
    # All groups are of this width but the first, which may be narrower: whoever looks on from one's begin stays inside.
    begins = np.maximum(np.arange(buckets % -width, buckets, width, dtype=np.int64), 0)
    groups = _running(np.add.reduceat(counts, begins, axis=1).T)
    wanted = np.asarray(levels, dtype=counts.dtype)[:, None] * groups[-1]
    group = np.add.reduce(groups[:, None] < wanted, axis=0)
    rows = np.arange(streams, dtype=np.int64)
    begin = begins[group]
    inside = sliding_window_view(counts.reshape(-1), width)[rows * buckets + begin]
    upto = _running(inside.transpose(2, 0, 1)) + np.where(group > 0, groups[group - 1, rows], 0)
    # Groups and their buckets are added up in another order, so a rounding may keep the last one from reaching it.
    edges = begin + np.minimum(np.add.reduce(upto < wanted, axis=0), width - 1)
    return np.where(groups[-1] > 0, np.minimum(edges, buckets - 2), -1)


def _running(sums: Counts) -> Counts:
    """Running sums along the first axis: added row to row, which is many times as quick as along a row."""
    running = np.ascontiguousarray(sums)
    for faster, slower in pairwise(running):
        slower += faster
    return running
