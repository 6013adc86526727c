"""Gauges: values that are no counts (CPU, memory, age of a queue's oldest message, orders per minute), in two arms.

Place in the flow: metric adapters fill it, the gauge judge reads it. What is judged is the difference between the arms
in the same interval, so whatever moves both cancels out; its noise comes from history, because a gauge does not say how
noisy it is: its own scatter during a bake misleads when values depend on those before.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from shoreward.judge.checks import Flags, Floats, floats, within
from shoreward.judge.dispersion import block_sums
from shoreward.judge.errors import JudgeInputError

LARGEST_VALUE = 1e100
"""Above this squares overflow."""

NO_NOISE = 1e-150
"""Noise below this cannot be told from none."""


FEWEST_BLOCKS = 8
"""Of each length, for history to tell how noisy a gauge is."""


class Direction(StrEnum):
    """Which way is harm."""

    HIGHER = "higher"
    LOWER = "lower"
    BOTH = "both"


@dataclass(frozen=True, eq=False, init=False)
class Gauges:
    """Values of both arms: float64 arrays (streams, intervals), read-only; NaN where there was no datapoint.

    Raises `JudgeInputError` unless both have the same shape and no value is beyond 1e100 either way.
    """

    canary: Floats
    baseline: Floats

    def __init__(self, canary: ArrayLike, baseline: ArrayLike) -> None:
        for name, values in (("canary", canary), ("baseline", baseline)):
            array = floats(name, values)
            if array.ndim != 2:
                raise JudgeInputError(f"{name} has {array.ndim} axes; it needs two: (streams, intervals)")
            if np.any(np.abs(array) > LARGEST_VALUE):
                raise JudgeInputError(f"{name} holds a value beyond 1e100")
            array.flags.writeable = False
            object.__setattr__(self, name, array)
        if self.canary.shape != self.baseline.shape:
            raise JudgeInputError(f"the arms' arrays differ in shape: {self.canary.shape} and {self.baseline.shape}")

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
        return type(self)(self.canary[:, start:stop], self.baseline[:, start:stop])

    @property
    def paired(self) -> Flags:
        """Where both arms have a datapoint: (streams, intervals)."""
        return ~(np.isnan(self.canary) | np.isnan(self.baseline))

    @property
    def difference(self) -> Floats:
        """Canary minus baseline; 0 where it is not paired."""
        return np.where(self.paired, self.canary - self.baseline, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GaugeNoise:
    """What history says of a gauge's difference between the arms without a change, (streams,), in its unit.

    noise: long-run standard deviation of one interval, plus one standard error; inf where history does not tell, and
    then nothing is evidence. usual: the mean difference. level: the baseline's mean absolute value. known: whether
    history told.
    """

    noise: Floats
    usual: Floats
    level: Floats
    known: Flags


def estimate_noise(
    history: Gauges, *, without_history: float = np.inf, blocks: Sequence[int] = (1, 5, 15, 60)
) -> GaugeNoise:
    """Noise of every stream from A/A history; `without_history` (in the gauge's unit) where it does not tell.

    The long-run variance is the largest over `blocks`, lengths in intervals, of the variance of block means times the
    length: values that depend on those before average out more slowly, and it shows in longer blocks. Noise is known
    when 8 blocks of every length fit into the intervals with both arms, and the difference was not constant.
    """
    within("without_history", without_history, 0, np.inf, closed=True)
    if not blocks or any(length < 1 for length in blocks):
        raise JudgeInputError(f"blocks are {tuple(blocks)}; at least one length is needed, each 1 or more")
    paired, difference = history.paired, history.difference
    number = paired.sum(axis=1)
    usual = difference.sum(axis=1) / np.maximum(number, 1)
    centred = np.where(paired, difference - usual[:, None], 0.0)
    variance = np.zeros(history.streams)
    for length in blocks:
        if history.intervals >= length:
            sums, seen = block_sums(centred, length), block_sums(paired.astype(np.float64), length)
            of_block = (sums**2).sum(axis=1) / np.maximum(seen.sum(axis=1), 1)
            filled = np.maximum((seen > 0).sum(axis=1), 1)
            variance = np.maximum(variance, of_block * (1 + np.sqrt(2.0 / filled)))
    noise = np.sqrt(variance)
    known = (number >= FEWEST_BLOCKS * max(blocks)) & (noise > NO_NOISE)
    level = np.where(paired, np.abs(history.baseline), 0.0).sum(axis=1) / np.maximum(number, 1)
    return GaugeNoise(
        noise=np.where(known, noise, without_history), usual=np.where(known, usual, 0.0), level=level, known=known
    )
