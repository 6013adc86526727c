"""The reference: what the baseline's latency has been of late, and so which limits the next interval is held against.

Place in the flow: turns histograms into exceedances, interval by interval. Limits come from the intervals before, never
from the one that is judged: then they are fixed when it begins, and every bet on it is fair whatever they are. It also
keeps the canary's recent histogram, for people who want to see how much slower it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from shoreward.judge.checks import Flags, Floats, Whole, saved_array, saved_shape
from shoreward.judge.errors import JudgeInputError
from shoreward.judge.exceedances import LEAST_REQUESTS
from shoreward.judge.grid import Grid
from shoreward.judge.histograms import Histograms
from shoreward.judge.shares import Slow

EVERY = slice(None)

AT_ONCE = 2**16
"""Buckets that are worked on at once: half a megabyte an array."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reference:
    """Recent histograms of both arms as running sums, (2, streams, buckets), canary first.

    Every interval counts less than the next: `keep` is what one leaves of all before it, 1 - 1/memory.
    """

    recent: Floats
    grid: Grid
    keep: float

    @classmethod
    def begin(cls, streams: int, grid: Grid, *, memory: float = 60.0, history: Floats | None = None) -> Self:
        """Before the first interval; `history` (streams, buckets) is the baseline's histogram of before, if any.

        Without it the first interval with baseline requests only teaches the limits, and is no evidence.
        """
        recent = np.zeros((2, streams, grid.buckets))
        if history is not None:
            recent[1] = np.cumsum(history, axis=1)
        return cls(recent=recent, grid=grid, keep=1 - 1 / memory)

    def after(self, upto: "Cumulated", into: Floats | None = None) -> Self:
        """With one more interval, kept in `into` if that is given. An arm without requests forgets nothing."""
        recent = np.empty_like(self.recent) if into is None else into
        for kept, old, new in zip(recent, self.recent, (upto.canary, upto.baseline), strict=True):
            empty = np.flatnonzero(new[:, -1] < LEAST_REQUESTS)
            left = old[empty]
            np.multiply(old, self.keep, out=kept)
            kept += new
            kept[empty] = left
        return type(self)(recent=recent, grid=self.grid, keep=self.keep)

    def part(self, streams: slice) -> Self:
        """Of these streams only."""
        return type(self)(recent=self.recent[:, streams], grid=self.grid, keep=self.keep)

    def limits(self, levels: tuple[float, ...]) -> dict[float, Floats]:
        """By level, the edge index (streams,) of the baseline's recent quantile."""
        return dict(zip(levels, edges_at(self.recent[1], levels), strict=True))

    def latencies(self, levels: tuple[float, ...]) -> tuple[Floats, Floats]:
        """Recent quantiles of canary and baseline, (levels, streams), at bucket ends; NaN while an arm is empty."""
        canary, baseline = (
            np.where(
                arm[:, -1] >= LEAST_REQUESTS,
                self.grid.edges[edges_at(arm, levels).astype(np.int64)],
                np.nan,
            )
            for arm in self.recent
        )
        return canary, baseline

    def to_dict(self) -> dict[str, object]:
        """Plain lists and numbers, fit for JSON."""
        return {
            "kind": "reference",
            "streams": self.recent.shape[1],
            "intervals": 0,
            "keep": self.keep,
            "recent": self.recent.tolist(),
        }

    @classmethod
    def from_dict(cls, saved: Mapping[str, object], grid: Grid) -> Self:
        """A reference out of `to_dict`; raises `JudgeInputError` when it is not one on this grid."""
        streams, _ = saved_shape(saved, "reference")
        (keep,) = saved_array(saved, "keep", (1,))
        recent = saved_array(saved, "recent", (2, streams, grid.buckets))
        return cls(recent=recent, grid=grid, keep=float(keep))


def edges_at(upto: Floats, levels: tuple[float, ...]) -> Floats:
    """Per stream the lowest edge with at least `level` of the requests at or below it: (levels, streams)."""
    wanted = np.array(levels)[:, None] * upto[:, -1]
    edges = upto.shape[1] - 1
    rows = np.arange(len(upto))
    # Running sums ascend, so the edges below are found by halving: a row is touched nine times, not all along.
    below = np.zeros(wanted.shape, dtype=np.int64)
    for step in (1 << bit for bit in reversed(range(edges.bit_length()))):
        further = below + step
        inside = further <= edges
        lower = upto[rows, np.minimum(further, edges) - 1] < wanted
        below = np.where(inside & lower, further, below)
    return np.minimum(below, edges - 1).astype(np.float64)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cumulated:
    """One interval's histograms as running sums (streams, buckets), from the fastest up."""

    canary: Floats
    baseline: Floats

    @classmethod
    def at(cls, samples: Histograms, interval: int, streams: slice = EVERY) -> Self:
        """Of one interval, of all or some streams."""
        arms = (samples.canary[streams, interval], samples.baseline[streams, interval])
        canary, baseline = (np.cumsum(arm, axis=1) for arm in arms)
        return cls(canary=canary, baseline=baseline)

    def slow(self, reference: Reference, edges: Floats, steps: int) -> Slow:
        """Slower than the edges (levels, streams), the canary than edges `steps` buckets higher."""
        last = self.canary.shape[1] - 2
        if steps > last:
            raise JudgeInputError(f"the margin is {steps} buckets, and the grid has {last + 1} edges; widen the grid")
        at = np.clip(edges, 0, last - steps).astype(np.int64)
        return self._between(reference, at + steps, at)

    def apart(self, reference: Reference, edge: Floats, steps: Whole) -> Slow:
        """The same at one edge (streams,) for many margins (margins,) at once, below 1 too; margins take levels' place.

        Where a limit would leave the grid, both move.
        """
        last = self.canary.shape[1] - 2
        wanted = np.broadcast_to(edge, (len(steps), len(edge)))
        at = np.clip(wanted, np.maximum(-steps, 0)[:, None], last - np.maximum(steps, 0)[:, None]).astype(np.int64)
        return self._between(reference, at + steps[:, None], at)

    def _between(self, reference: Reference, canary_edges: Whole, baseline_edges: Whole) -> Slow:
        n_c, n_b = self.canary[:, -1], self.baseline[:, -1]
        known = reference.recent[1, :, -1] >= LEAST_REQUESTS
        return Slow(
            requests=n_c,
            slow=_above(self.canary, canary_edges),
            baseline_requests=n_b,
            baseline_slow=_above(self.baseline, baseline_edges),
            active=(n_c >= LEAST_REQUESTS) & (n_b >= LEAST_REQUESTS) & known,
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Seen:
    """What one test sees of histograms: requests and `active` (streams, intervals), slow ones (levels, ...)."""

    requests: Floats
    slow: Floats
    baseline_requests: Floats
    baseline_slow: Floats
    active: Flags

    @classmethod
    def nothing(cls, levels: int, streams: int, intervals: int) -> Self:
        """To be filled in."""
        return cls(
            requests=np.zeros((streams, intervals)),
            slow=np.zeros((levels, streams, intervals)),
            baseline_requests=np.zeros((streams, intervals)),
            baseline_slow=np.zeros((levels, streams, intervals)),
            active=np.zeros((streams, intervals), dtype=np.bool_),
        )

    def fill(self, streams: slice, interval: int, one: Slow) -> None:
        """Write what was seen of these streams in this interval."""
        self.requests[streams, interval] = one.requests
        self.slow[:, streams, interval] = one.slow
        self.baseline_requests[streams, interval] = one.baseline_requests
        self.baseline_slow[:, streams, interval] = one.baseline_slow
        self.active[streams, interval] = one.active

    def at(self, interval: int) -> Slow:
        """One interval."""
        return Slow(
            requests=self.requests[:, interval],
            slow=self.slow[:, :, interval],
            baseline_requests=self.baseline_requests[:, interval],
            baseline_slow=self.baseline_slow[:, :, interval],
            active=self.active[:, interval],
        )


Asked = tuple[tuple[float, ...], int]
"""Levels, and the margin in buckets."""


def through(reference: Reference, samples: Histograms, asked: Sequence[Asked]) -> tuple[Reference, tuple[Seen, ...]]:
    """The reference after a block of intervals, and what was seen of them at each of the levels and margins asked for.

    Some streams at a time, all intervals of them: histograms are large, and what is worked on stays in the cache.
    """
    seen = tuple(Seen.nothing(len(levels), samples.streams, samples.intervals) for levels, _ in asked)
    levels = tuple(sorted({level for each, _ in asked for level in each}))
    recent = np.empty_like(reference.recent)
    at_once = max(1, AT_ONCE // samples.grid.buckets)
    for first in range(0, samples.streams, at_once):
        streams = slice(first, min(first + at_once, samples.streams))
        now = reference.part(streams)
        for interval in range(samples.intervals):
            upto = Cumulated.at(samples, interval, streams)
            limits = now.limits(levels)
            for one, (wanted, steps) in zip(seen, asked, strict=True):
                edges = np.stack([limits[level] for level in wanted])
                one.fill(streams, interval, upto.slow(now, edges, steps))
            # They are kept where they end up from the first interval on, for copying them costs as much as adding.
            now = now.after(upto, recent[:, streams])
        if not samples.intervals:
            recent[:, streams] = now.recent
    return Reference(recent=recent, grid=reference.grid, keep=reference.keep), seen


def _above(upto: Floats, edges: Whole) -> Floats:
    return np.maximum(upto[:, -1] - np.take_along_axis(upto, edges.T, axis=1).T, 0.0)
