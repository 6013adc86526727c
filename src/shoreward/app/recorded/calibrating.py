"""Calibration: what a pipeline's own history says of how the judge would do on it.

Place in the flow: `shoreward judge --calibrate`, before a team chooses margins and bakes. History, a time without a
change, is cut into bakes. Judged as they are, every failure is a false rollback; with a regression added to the canary
in each, it shows what is found, and how soon. What is added is drawn from a fixed seed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import comb

import numpy as np
from numpy.typing import NDArray

from shoreward.app.recorded.bakes import (
    GAUGE_SIZES,
    LATENCY_SIZES,
    RATE_SIZES,
    Bakes,
    Ends,
    bakes_of_counts,
    bakes_of_gauges,
    bakes_of_latency,
)
from shoreward.app.recorded.judged import Kind, Manner
from shoreward.app.recorded.streams import Name, Samples

SURE = 0.95
"""Of the bakes, to call a regression found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What became of a regression of one size.

    Attributes:
        size: counts: excess bad events per request; latency: a factor; gauges: a difference in units of noise.
        share: of the bakes in which it was found.
        delay: intervals until it was found, the median of those; None when it never was.
    """

    size: float
    share: float
    delay: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """One stream.

    Attributes:
        dispersion: over-dispersion (of a gauge: its noise); known: whether there was enough to tell.
        one_arm: whether history has one arm only, so that neighbouring intervals stood in for two.
        bakes: how many bakes the history holds.
        false_rollbacks, careless: of these, how many failed with that dispersion, and with none (gauges: with and
            without a margin).
        passes: how many passed; pass_after: intervals until they did, the median.
        found: sizes of regressions, ascending.
    """

    target: str
    metric: str
    kind: Kind
    dispersion: float
    known: bool
    one_arm: bool
    bakes: int
    false_rollbacks: int
    careless: int
    passes: int
    pass_after: float | None
    found: tuple[Found, ...]

    @property
    def smallest(self) -> Found | None:
        """The smallest regression that is found in (nearly) every bake, as are all larger ones."""
        enough = None
        for each in reversed(self.found):
            if each.share < SURE:
                break
            enough = each
        return enough

    @property
    def at_most(self) -> float:
        """The rate of false rollbacks is below this, with 95 % confidence (Clopper and Pearson, 1934)."""
        return upper_bound(self.false_rollbacks, self.bakes)


def calibrate(samples: Samples, manner: Manner) -> tuple[Calibration, ...]:
    """Every stream of a history that holds at least one bake, in the order of their names.

    A bake is `manner.horizon` intervals; `manner.history` is not read.
    """
    found = [
        *_streams("counts", samples.counted, lambda row: bakes_of_counts(samples, row, manner), RATE_SIZES),
        *_streams("latency", samples.timed, lambda row: bakes_of_latency(samples, row, manner), LATENCY_SIZES),
        *_streams("gauge", samples.gauged, lambda row: bakes_of_gauges(samples, row, manner), GAUGE_SIZES),
    ]
    return tuple(sorted(found, key=lambda each: (each.target, each.metric)))


def _streams(
    kind: Kind, names: tuple[Name, ...], cut: Callable[[int], Bakes], sizes: tuple[float, ...]
) -> Iterator[Calibration]:
    for row, (target, metric) in enumerate(names):
        bakes = cut(row)
        if not bakes.number:
            continue
        harmless, careless = bakes.judge(0.0, True), bakes.judge(0.0, False)
        passed = harmless.first_pass[(harmless.first_pass >= 0) & (harmless.first_fail < 0)]
        yield Calibration(
            target=target,
            metric=metric,
            kind=kind,
            dispersion=bakes.dispersion,
            known=bakes.known,
            one_arm=bakes.one_arm,
            bakes=bakes.number,
            false_rollbacks=int((harmless.first_fail >= 0).sum()),
            careless=int((careless.first_fail >= 0).sum()),
            passes=passed.size,
            pass_after=_median(passed),
            found=tuple(_found(size, bakes.judge(size, True)) for size in sizes),
        )


def _found(size: float, ends: Ends) -> Found:
    failed = ends.first_fail[ends.first_fail >= 0]
    return Found(size=size, share=failed.size / ends.first_fail.size, delay=_median(failed))


def _median(intervals: NDArray[np.int64]) -> float | None:
    """Of intervals counted from 0, as how many had to go by."""
    return float(np.median(intervals)) + 1 if intervals.size else None


def upper_bound(hits: int, trials: int, *, doubt: float = 0.05) -> float:
    """The largest rate at which so few hits still have a chance of `doubt` (Clopper and Pearson, 1934)."""
    if hits >= trials:
        return 1.0
    low, high = hits / trials, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if _at_most(hits, trials, middle) > doubt:
            low = middle
        else:
            high = middle
    return high


def _at_most(hits: int, trials: int, rate: float) -> float:
    return sum(comb(trials, each) * rate**each * (1 - rate) ** (trials - each) for each in range(hits + 1))
