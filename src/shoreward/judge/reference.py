"""The reference: what the baseline's latency has been of late, and so which limits the next interval is held against.

Place in the flow: turns histograms into exceedances, interval by interval. Limits come from the intervals before, never
from the one that is judged: then they are fixed when it begins, and every bet on it is fair whatever they are. It also
keeps the canary's recent histogram, for people who want to see how much slower it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from shoreward.judge.checks import Floats, Whole, saved_array, saved_shape
from shoreward.judge.errors import JudgeInputError
from shoreward.judge.exceedances import LEAST_REQUESTS
from shoreward.judge.grid import Grid
from shoreward.judge.histograms import Histograms
from shoreward.judge.shares import Slow


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

    def after(self, upto: "Cumulated") -> Self:
        """With one more interval. An arm without requests forgets nothing."""
        arms = (upto.canary, upto.baseline)
        some = np.stack([arm[:, -1:] >= LEAST_REQUESTS for arm in arms])
        recent = self.recent * np.where(some, self.keep, 1.0)
        for kept, new, counted in zip(recent, arms, some, strict=True):
            np.add(kept, new, out=kept, where=counted)
        return type(self)(recent=recent, grid=self.grid, keep=self.keep)

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
    total = upto[:, -1]
    found = [np.count_nonzero(upto[:, :-1] < (level * total)[:, None], axis=1) for level in levels]
    return np.minimum(np.stack(found), upto.shape[1] - 2).astype(np.float64)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cumulated:
    """One interval's histograms as running sums (streams, buckets), from the fastest up."""

    canary: Floats
    baseline: Floats

    @classmethod
    def at(cls, samples: Histograms, interval: int) -> Self:
        """Of one interval."""
        arms = (samples.canary[:, interval], samples.baseline[:, interval])
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


def _above(upto: Floats, edges: Whole) -> Floats:
    return np.maximum(upto[:, -1] - np.take_along_axis(upto, edges.T, axis=1).T, 0.0)
