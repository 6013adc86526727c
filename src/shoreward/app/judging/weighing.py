"""Evidence from metrics beside those of Lambda: two sides of the same metric become words and numbers.

Under `own` and `shared`, which say what the two sides are: canary and baseline, or a target and others. A row of the
arrays is a function or another resource. Harm that lies below is the same test with the sides exchanged.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shoreward.domain import Evidence, Form, Metric, Verdict, worst
from shoreward.judge import (
    Counts,
    Direction,
    GaugeJudgement,
    GaugePromotionTest,
    GaugeRollbackTest,
    Gauges,
    Judgement,
    PromotionTest,
    RollbackTest,
    Strength,
    judge_counts,
    judge_gauges,
)

Floats = NDArray[np.float64]

HISTORY = 600
"""Intervals before the first customer that noise, and what usually sets places apart, are read from."""

_EXPOSURE = 1_000.0
"""What stands for the requests of an interval where only events are counted; more of them than that count as that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What a test of one row may spend, and over how many intervals; `strength` and `controls` as in `Evidence`."""

    alpha: float
    beta: float
    horizon: int
    period: int
    strength: Strength
    controls: str = ""

    def fewest(self, metric: Metric) -> int:
        """Intervals that must agree on harm."""
        return max(2, math.ceil(metric.lasting / self.period))

    def burst(self, metric: Metric) -> float:
        """Bad events that may come at a time without deciding; any number of them where harm must last, and of rises.

        How far a level rose in one interval is one thing that happened, not so many.
        """
        return math.inf if metric.lasting or metric.form is Form.RISES else RollbackTest.burst


def formed(metric: Metric, values: Sequence[Floats]) -> tuple[Floats, ...]:
    """What was read (..., intervals), in the order of the metric's queries, as what is judged.

    Of counts (requests, bad), zero where nothing was reported; of a gauge (value,), NaN where nothing was.
    """
    if metric.form is Form.RISES:
        return _rises(values[0])
    if metric.kind == "gauge":
        bounded = np.clip(values[0], -1e100, 1e100)
        return (np.log1p(np.maximum(bounded, 0.0)) if metric.form is Form.LOG else bounded,)
    requests, bad = (np.clip(np.nan_to_num(each, posinf=2.0**52), 0.0, 2.0**52) for each in values)
    if metric.form is Form.APART:
        requests = requests + bad
    return requests, np.minimum(bad, requests)


def _rises(level: Floats) -> tuple[Floats, Floats]:
    """How much a level rose since the last time it was told."""
    told = np.isfinite(level)
    numbers = np.arange(level.shape[-1], dtype=np.int64)
    place: NDArray[np.int64] = np.maximum.accumulate(np.where(told, numbers, -1), axis=-1)
    known = place >= 0
    plain: Floats = np.where(told, level, 0.0)
    latest: Floats = np.take_along_axis(plain, np.maximum(place, 0), axis=-1)
    held = np.where(known, latest, 0.0)
    rose = np.maximum(np.diff(held, axis=-1, prepend=held[..., :1]), 0.0)
    before = np.concatenate((np.zeros_like(known[..., :1]), known[..., :-1]), axis=-1)
    exposed = np.where(told & before, _EXPOSURE, 0.0)
    return exposed, np.minimum(rose, exposed)


def counted(
    metric: Metric, names: Sequence[str], counts: Counts, rules: Rules, *, phi: float | Floats
) -> tuple[Evidence, ...]:
    """Every row's counts; where harm lies on both sides, each has half of what the test may spend."""
    sides = {"higher": (counts,), "lower": (_exchanged(counts),), "both": (counts, _exchanged(counts))}[metric.harm]
    scale = _EXPOSURE if metric.form is Form.RISES else 1.0
    rollback = RollbackTest(
        alpha=rules.alpha / len(sides),
        rho=metric.ratio,
        delta=metric.points / scale,
        horizon=rules.horizon,
        phi=phi,
        fewest=rules.fewest(metric),
        burst=rules.burst(metric),
    )
    promotion = PromotionTest(beta=rules.beta, rho=metric.ratio, delta=metric.points / scale, phi=phi)
    judged = [judge_counts(side, rollback, promotion) for side in sides]
    rises = metric.form is Form.RISES
    totals = [array.sum(axis=1) for array in counts.arrays]
    return tuple(
        Evidence(
            function=name,
            metric=metric.name,
            verdict=_joined(judged, row),
            canary_requests=0 if rises else round(totals[0][row]),
            canary_bad=round(totals[1][row]),
            baseline_requests=0 if rises else round(totals[2][row]),
            baseline_bad=round(totals[3][row]),
            e_rollback=max(float(each.rollback_log_e[row]) for each in judged),
            e_promote=min(float(each.promotion_log_e[row]) for each in judged),
            bar_rollback=rollback.threshold,
            bar_promote=promotion.threshold,
            strength=rules.strength,
            controls=rules.controls,
        )
        for row, name in enumerate(names)
    )


def gauged(
    metric: Metric, names: Sequence[str], gauges: Gauges, rules: Rules, *, noise: Floats, usual: Floats | float = 0.0
) -> tuple[Evidence, ...]:
    """Every row's values; noise (rows,) is inf where nobody knows it, and then nothing is evidence."""
    harm, margin = Direction(metric.harm), metric.margin
    rollback = GaugeRollbackTest(
        direction=harm,
        noise=noise,
        margin=margin,
        usual=usual,
        alpha=rules.alpha,
        horizon=rules.horizon,
        fewest=rules.fewest(metric),
    )
    promotion = GaugePromotionTest(direction=harm, noise=noise, margin=margin, usual=usual, beta=rules.beta)
    judged = judge_gauges(gauges, rollback, promotion)
    return tuple(
        Evidence(
            function=name,
            metric=metric.name,
            verdict=judged.verdicts[row],
            e_rollback=float(judged.rollback_log_e[row]),
            e_promote=float(judged.promotion_log_e[row]),
            bar_rollback=rollback.threshold,
            bar_promote=promotion.threshold,
            canary_value=_told(metric, judged.canary[row]),
            baseline_value=_told(metric, judged.baseline[row]),
            noise=float(noise[row]) if np.isfinite(noise[row]) else None,
            strength=rules.strength,
            controls=rules.controls,
        )
        for row, name in enumerate(names)
    )


def _exchanged(counts: Counts) -> Counts:
    canary, bad, baseline, baseline_bad = counts.arrays
    return Counts(baseline, baseline_bad, canary, bad, usual=1.0 / counts.usual)


def _joined(judged: Sequence[Judgement | GaugeJudgement], row: int) -> Verdict:
    return worst(each.verdicts[row] for each in judged)


def _told(metric: Metric, value: float) -> float | None:
    """A mean in the metric's own unit, None without values."""
    if not np.isfinite(value):
        return None
    return float(np.expm1(value)) if metric.form is Form.LOG else float(value)
