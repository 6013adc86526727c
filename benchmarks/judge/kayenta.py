"""Kayenta's NetflixACAJudge, as in its source (spinnaker/kayenta, kayenta-judge and kayenta-mannwhitney).

One metric, direction "increase", every setting at its default: values that are not a number are dropped, confidence
98 %, tolerance 0.25, allowed increase of the mean 1.0. The source finds the confidence interval of the shift by
searching the root of a falling step function; its lower end lies above 0.25 |estimate| exactly when the function is
above the quantile there, so one evaluation answers. Its score is 0 or 100 with a single metric.

Without data in an arm the source's score is 0, "50% or more metrics returned NODATA". That is one of two ways here;
the other, which is kinder, asks again at the next look.
"""

from dataclasses import dataclass

import numpy as np
from benchmarks.judge.fixed import first
from benchmarks.judge.ranks import deviate, shift, sizes
from benchmarks.judge.worlds import Floats

QUANTILE = 2.3263478740408408
"""Of the standard normal distribution at 1 - (1 - 0.98)/2."""
TOLERANCE = 0.25
CHUNK = 250
"""Runs at a time: what is compared pairwise needs memory."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Look:
    """One judgement of many runs: how far the canary is high (a deviate to hold against a quantile), and where data
    lacked.
    """

    deviate: Floats
    lacking: np.ndarray


def look(canary: Floats, baseline: Floats) -> Look:
    """Judge a window: values per minute (runs, minutes), not a number where there is none."""
    parts = [slice(start, start + CHUNK) for start in range(0, len(canary), CHUNK)]
    return Look(
        deviate=np.concatenate([_high(canary[part], baseline[part]) for part in parts]),
        lacking=(sizes(canary) == 0) | (sizes(baseline) == 0),
    )


def high(canary: Floats, baseline: Floats, quantile: float = QUANTILE) -> np.ndarray:
    """Whether the metric is classified "High"."""
    return look(canary, baseline).deviate > quantile


def every_five_minutes(*metrics: tuple[Floats, Floats]) -> np.ndarray:
    """Where a group of metrics (canary, baseline) since the start is first no pass (runs,), -1 if it never is.

    With one or two of them any that is high makes a score of 50 or 0, below any threshold in use.
    """
    ends = range(5, metrics[0][0].shape[1] + 1, 5)
    found = [[high(canary[:, :end], baseline[:, :end]) for end in ends] for canary, baseline in metrics]
    at = first(np.stack(found).any(axis=0).T)
    return np.where(at >= 0, 5 * at + 4, -1)


def _high(canary: Floats, baseline: Floats) -> Floats:
    """The deviate at a quarter of the shift; minus infinity where the classifier passes whatever the quantile is."""
    canary, baseline = _told_apart(canary, baseline)
    estimate = shift(canary, baseline)
    found = deviate(canary, baseline, TOLERANCE * np.abs(np.nan_to_num(estimate)))
    with np.errstate(invalid="ignore", divide="ignore"):
        own, other = _mean(canary), _mean(baseline)
        ratio = np.where((own == 0) | (other == 0), np.nan, own / other)
    enough = np.isnan(ratio) | (ratio >= 1.0)
    return np.where(enough & np.isfinite(found), np.nan_to_num(found), -np.inf)


def _mean(sample: Floats) -> Floats:
    return np.nansum(sample, axis=1) / np.maximum(sizes(sample), 1)


def _told_apart(canary: Floats, baseline: Floats) -> tuple[Floats, Floats]:
    """Where each arm is constant, the source adds noise of 1e-5 of the value."""
    with np.errstate(invalid="ignore"):
        constant = (_spread(canary) == 0) & (_spread(baseline) == 0) & (_mean(canary) != _mean(baseline))
    wiggle = 1 + 1e-5 * np.sin(1 + 7 * np.arange(canary.shape[1]))
    rows = constant[:, None]
    return np.where(rows, canary * wiggle, canary), np.where(rows, baseline * wiggle[::-1] ** 2, baseline)


def _spread(sample: Floats) -> Floats:
    top = np.where(np.isfinite(sample), sample, -np.inf).max(axis=1)
    return top - np.where(np.isfinite(sample), sample, np.inf).min(axis=1)
