"""The grid of latencies: where one histogram's buckets end, so that histograms of all sources add up.

Place in the flow: every histogram names its grid; the latency judge reads margins off it in whole buckets. Edges are
powers of 2**(1/2**scale), the base-2 exponential grid of OpenTelemetry and of Prometheus' native histograms: those of
the same or a finer scale fall onto it without loss, by adding neighbours.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from shoreward.judge.checks import Floats, Whole, floats
from shoreward.judge.errors import JudgeInputError


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Buckets from 2**low to 2**high units of latency, 2**scale to the octave, one below and one above.

    Edge j, for j = 0 .. buckets-2, lies at 2**(low + j / 2**scale), between bucket j and bucket j+1; it belongs to the
    bucket below. Bucket 0 takes everything up to 2**low (zero, too), the last one everything above 2**high. Neighbours
    differ by 1.1 % at scale 6, 2.2 % at 5, 4.4 % at 4. The default is meant for milliseconds: 0.125 ms to 17.5 minutes.
    """

    scale: int = 6
    low: int = -3
    high: int = 20

    def __post_init__(self) -> None:
        if not 4 <= self.scale <= 10:
            raise JudgeInputError(f"a grid's scale is {self.scale}; it must lie from 4 to 10")
        if not -100 <= self.low < self.high <= 100:
            raise JudgeInputError(f"a grid from 2**{self.low} to 2**{self.high}; it needs -100 <= low < high <= 100")

    @property
    def buckets(self) -> int:
        """How many, with the one below and the one above."""
        return (self.high - self.low) * 2**self.scale + 2

    @property
    def ratio(self) -> float:
        """One edge over the edge below it."""
        return 2.0 ** (2.0**-self.scale)

    @property
    def edges(self) -> Floats:
        """Latencies at which buckets end: (buckets - 1,), ascending."""
        return np.exp2(self.low + np.arange(self.buckets - 1) / 2.0**self.scale)

    def place(self, latencies: ArrayLike) -> Whole:
        """The bucket of every latency; latencies are finite and not negative."""
        values = floats("latencies", latencies)
        if not np.all((values >= 0) & np.isfinite(values)):
            raise JudgeInputError("latencies must be finite and not negative")
        return np.searchsorted(self.edges, values, side="left").astype(np.int64)

    def count(self, latencies: ArrayLike) -> Floats:
        """Latencies of one arm, stream and interval as counts (buckets,)."""
        return np.bincount(self.place(latencies).reshape(-1), minlength=self.buckets).astype(np.float64)

    def steps_at_least(self, factor: float) -> int:
        """The fewest buckets whose width is at least `factor`: a margin rounded up, as rollback needs it."""
        return math.ceil(round(math.log2(factor) * 2**self.scale, 9))

    def steps_at_most(self, factor: float) -> int:
        """The most buckets whose width is at most `factor`: a margin rounded down, as promotion needs it."""
        return math.floor(round(math.log2(factor) * 2**self.scale, 9))
