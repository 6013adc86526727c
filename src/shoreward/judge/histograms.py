"""Histograms: how many requests took how long, in two arms, over time.

Place in the flow: metric adapters fill it, the latency judge reads it. Percentiles of percentiles mean nothing; counts
in buckets add up over machines, sources and intervals.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from shoreward.judge.checks import LARGEST_COUNT, Floats, table
from shoreward.judge.errors import JudgeInputError
from shoreward.judge.grid import Grid

AXES = ("streams", "intervals", "buckets")


@dataclass(frozen=True, eq=False, init=False)
class Histograms:
    """Samples of both arms: float64 counts of shape (streams, intervals, grid.buckets), read-only.

    Fractions are accepted, because metric stores interpolate. Raises `JudgeInputError` unless both arms have the same
    shape, the grid's number of buckets, and finite counts from 0 to 2**53.
    """

    canary: Floats
    baseline: Floats
    grid: Grid

    def __init__(self, canary: ArrayLike, baseline: ArrayLike, grid: Grid) -> None:
        arms = {"canary": table("canary", canary, AXES), "baseline": table("baseline", baseline, AXES)}
        if arms["canary"].shape != arms["baseline"].shape:
            raise JudgeInputError(
                f"the arms' histograms differ in shape: {arms['canary'].shape} and {arms['baseline'].shape}"
            )
        if arms["canary"].shape[2] != grid.buckets:
            raise JudgeInputError(f"the histograms have {arms['canary'].shape[2]} buckets, their grid {grid.buckets}")
        if any(np.any(array.sum(axis=2) > LARGEST_COUNT) for array in arms.values()):
            raise JudgeInputError("a histogram holds more than 2**53 requests")
        for name, array in arms.items():
            object.__setattr__(self, name, array)
        object.__setattr__(self, "grid", grid)

    @property
    def streams(self) -> int:
        """How many streams: metric x target."""
        return self.canary.shape[0]

    @property
    def intervals(self) -> int:
        """How many intervals of time."""
        return self.canary.shape[1]

    def between(self, start: int, stop: int) -> Self:
        """The same streams, only intervals start..stop-1."""
        return type(self)(self.canary[:, start:stop], self.baseline[:, start:stop], self.grid)

    def on(self, grid: Grid) -> Self:
        """The same requests on a coarser or narrower grid: neighbours added, what lies outside folded into the ends."""
        return type(self)(regridded(self.canary, self.grid, grid), regridded(self.baseline, self.grid, grid), grid)


def regridded(counts: Floats, old: Grid, new: Grid) -> Floats:
    """Counts (..., old.buckets) as (..., new.buckets); raises `JudgeInputError` where that would need a guess."""
    if new.scale > old.scale or new.low < old.low or new.high > old.high:
        raise JudgeInputError(f"{old} cannot be told on {new}: that one is finer or wider")
    finer = 2 ** (old.scale - new.scale)
    first = (new.low - old.low) * 2**old.scale
    last = (new.high - old.low) * 2**old.scale
    inner = counts[..., first + 1 : last + 1]
    added = inner.reshape(*inner.shape[:-1], inner.shape[-1] // finer, finer).sum(axis=-1)
    below = counts[..., : first + 1].sum(axis=-1, keepdims=True)
    above = counts[..., last + 1 :].sum(axis=-1, keepdims=True)
    return np.concatenate((below, added, above), axis=-1)
