"""The reference: what the baseline's latency has been of late, and so which limits the next interval is held against.

Place in the flow: turns histograms into exceedances, interval by interval. Limits come from the intervals before, never
from the one that is judged: then they are fixed when it begins, and every bet on it is fair whatever they are. It also
keeps the canary's recent histogram, for people who want to see how much slower it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from shoreward.judge.checks import Flags, Floats, Whole, saved_array, saved_shape
from shoreward.judge.errors import JudgeInputError
from shoreward.judge.exceedances import LEAST_REQUESTS
from shoreward.judge.grid import Grid
from shoreward.judge.histograms import Histograms
from shoreward.judge.shares import Slow
from shoreward.judge.tails import Tail, Tails, edges_at

Recent = NDArray[np.float32]

AT_ONCE = 2**15
"""Buckets that are worked on at once: a quarter of a megabyte an array, so that it is read from memory once only."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reference:
    """Recent histograms of both arms, (2, streams, buckets), canary first.

    Every interval counts less than the next: `keep` is what one leaves of all before it, 1 - 1/memory. They tell where
    limits are set and not what lies beyond them, so half the digits are enough.
    """

    recent: Recent
    grid: Grid
    keep: float

    @classmethod
    def begin(cls, streams: int, grid: Grid, *, memory: float = 60.0, history: Floats | None = None) -> Self:
        """Before the first interval; `history` (streams, buckets) is the baseline's histogram of before, if any.

        Without it the first interval with baseline requests only teaches the limits, and is no evidence.
        """
        recent = np.zeros((2, streams, grid.buckets), dtype=np.float32)
        if history is not None:
            recent[1] = np.where(history.sum(axis=1, keepdims=True) < LEAST_REQUESTS, 0.0, history)
        return cls(recent=recent, grid=grid, keep=1 - 1 / memory)

    def limits(self, levels: tuple[float, ...], margin: int) -> Whole:
        """The edges (levels, streams) of the baseline's recent quantiles, -1 where it has had no requests.

        `margin` buckets above them are on the grid, too; raises `JudgeInputError` where the grid has no such edge.
        """
        last = self.grid.buckets - 2
        if margin > last:
            raise JudgeInputError(f"the margin is {margin} buckets, and the grid has {last + 1} edges; widen the grid")
        return np.minimum(edges_at(self.recent[1], levels), last - margin)

    def latencies(self, levels: tuple[float, ...]) -> tuple[Floats, Floats]:
        """Recent quantiles of canary and baseline, (levels, streams), at bucket ends; NaN while an arm is empty."""
        ends = np.append(self.grid.edges, np.nan)
        canary, baseline = (ends[edges_at(arm, levels)] for arm in self.recent)
        return canary, baseline

    def to_dict(self) -> dict[str, object]:
        """Plain lists and numbers, fit for JSON."""
        return {
            "kind": "recent histograms",
            "streams": self.recent.shape[1],
            "intervals": 0,
            "keep": self.keep,
            "recent": self.recent.tolist(),
        }

    @classmethod
    def from_dict(cls, saved: Mapping[str, object], grid: Grid) -> Self:
        """A reference out of `to_dict`; raises `JudgeInputError` when it is not one on this grid."""
        streams, _ = saved_shape(saved, "recent histograms")
        (keep,) = saved_array(saved, "keep", (1,))
        recent = saved_array(saved, "recent", (2, streams, grid.buckets))
        return cls(recent=recent.astype(np.float32), grid=grid, keep=float(keep))


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

    def fill(self, interval: int, one: Slow) -> None:
        """Write what was seen in this interval."""
        self.requests[:, interval] = one.requests
        self.slow[:, :, interval] = one.slow
        self.baseline_requests[:, interval] = one.baseline_requests
        self.baseline_slow[:, :, interval] = one.baseline_slow
        self.active[:, interval] = one.active

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
    """The reference after a block of intervals, and what each of the levels and margins asked for shows of them."""
    seen = tuple(Seen.nothing(len(levels), samples.streams, samples.intervals) for levels, _ in asked)
    levels = tuple(sorted({level for each, _ in asked for level in each}))
    rows = [[levels.index(level) for level in wanted] for wanted, _ in asked]
    widest = max(steps for _, steps in asked)
    # One interval's sums are read while the next one's are written.
    kept = [np.empty_like(reference.recent) for _ in range(min(samples.intervals, 2))]
    for interval in range(samples.intervals):
        limits = reference.limits(levels, widest)
        beyond = [limits[of] + steps for of, (_, steps) in zip(rows, asked, strict=True)]
        known = limits[0] >= 0
        reference, canary, (n_b, slow_b) = after(reference, samples, interval, beyond, limits, kept[interval % 2])
        for one, of, tail in zip(seen, rows, canary, strict=True):
            one.fill(interval, compared(tail, (n_b, slow_b[of]), known=known))
    return reference, seen


def after(
    reference: Reference,
    samples: Histograms,
    interval: int,
    canary_edges: Sequence[Whole],
    baseline_edges: Whole,
    into: Recent | None = None,
) -> tuple[Reference, list[Tail], Tail]:
    """The reference after one more interval, kept in `into` if that is given, and the requests above the edges in it.

    An arm without requests forgets nothing. Some streams at a time: histograms are large.
    """
    recent = np.empty_like(reference.recent) if into is None else into
    canary, baseline = [Tails(edges) for edges in canary_edges], Tails(baseline_edges)
    at_once = max(1, AT_ONCE // samples.grid.buckets)
    for first in range(0, samples.streams, at_once):
        streams = slice(first, min(first + at_once, samples.streams))
        arms = [np.ascontiguousarray(arm[streams, interval]) for arm in (samples.canary, samples.baseline)]
        for tails in canary:
            tails.add(streams, arms[0])
        baseline.add(streams, arms[1])
        for kept, old, new in zip(recent[:, streams], reference.recent[:, streams], arms, strict=True):
            np.multiply(old, reference.keep, out=kept)
            kept += new.astype(np.float32)
    of_canary, of_baseline = [tails.above() for tails in canary], baseline.above()
    for kept, old, (requests, _) in zip(recent, reference.recent, (of_canary[0], of_baseline), strict=True):
        empty = requests < LEAST_REQUESTS
        kept[empty] = old[empty]
    return replace(reference, recent=recent), of_canary, of_baseline


def compared(canary: Tail, baseline: Tail, *, known: Flags) -> Slow:
    """What both arms show above limits: active where limits were known and both have requests."""
    (n_c, slow_c), (n_b, slow_b) = canary, baseline
    active = known & (n_c >= LEAST_REQUESTS) & (n_b >= LEAST_REQUESTS)
    return Slow(requests=n_c, slow=slow_c, baseline_requests=n_b, baseline_slow=slow_b, active=active)


def after_and_apart(
    reference: Reference, samples: Histograms, interval: int, level: float, steps: Whole
) -> tuple[Reference, Slow]:
    """The reference after one more interval, and that interval at one level for many margins (margins,) at once.

    Margins ascend, may lie below 0, and take levels' place. Where a limit would leave the grid, both move.
    """
    last = samples.grid.buckets - 2
    lowest, highest = np.maximum(-steps, 0), last - np.maximum(steps, 0)
    edge = edges_at(reference.recent[1], (level,))
    at = np.clip(edge, lowest[:, None], highest[:, None])
    # The higher the margin, the lower the baseline's edge.
    reference, (canary,), (n_b, slow_b) = after(reference, samples, interval, [at + steps[:, None]], at[::-1])
    return reference, compared(canary, (n_b, slow_b[::-1]), known=edge[0] >= 0)
