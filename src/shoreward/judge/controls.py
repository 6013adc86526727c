"""No concurrent baseline: regions that do not have the change yet, and as a last resort the own past.

Place in the flow: changes that are made all at once (infrastructure, configuration) have no old revision beside the new
one. Then the regions that still run the old one stand in for it, and what usually sets the changed region apart from
them comes from history: a difference in differences. What happens to all regions cancels out; what happens to the
changed region alone, for another reason, does not. The result is calibrated.

With no such region either, the region's own past at the same hour is the baseline. Every incident during the bake then
speaks against the change, whoever caused it. The result is weak, and is called so.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from shoreward.judge.checks import Flags, Floats, floats, table
from shoreward.judge.counts import Counts
from shoreward.judge.dispersion import CAUTIOUS_PHI, estimate_phi
from shoreward.judge.errors import JudgeInputError
from shoreward.judge.gauges import Gauges
from shoreward.judge.histograms import Histograms

FEWEST_ERRORS = 20.0
"""In each arm, for history to tell what usually sets them apart."""

CONTROLS = ("controls", "streams", "intervals")
PAST = ("periods", "streams", "intervals")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Usual:
    """The ratio of rates without a change, (streams,), from history: best guess, and one standard error either way.

    phi: over-dispersion around it. known: whether history told; where it did not, ratios are 1 and phi the default.
    """

    ratio: Floats
    low: Floats
    high: Floats
    phi: Floats
    known: Flags


def control_counts(
    requests: ArrayLike, bad: ArrayLike, control_requests: ArrayLike, control_bad: ArrayLike, *, usual: ArrayLike = 1.0
) -> Counts:
    """Counts of changed streams (streams, intervals) beside all their controls (controls, streams, intervals).

    For rollback take `usual=Usual.high`, for promotion `usual=Usual.low`: doubt about it then speaks against either.
    """
    n, x = table("control_requests", control_requests, CONTROLS), table("control_bad", control_bad, CONTROLS)
    return Counts(requests, bad, n.sum(axis=0), x.sum(axis=0), usual=usual)


def estimate_usual(history: Counts, *, without_history: float = CAUTIOUS_PHI) -> Usual:
    """What usually sets changed streams apart from their controls, from counts of a time without a change."""
    n_c, x_c, n_b, x_b = (array.sum(axis=1) for array in history.arrays)
    known = (x_c >= FEWEST_ERRORS) & (x_b >= FEWEST_ERRORS)
    some = [np.where(known, array, 1.0) for array in (n_c, x_c, n_b, x_b)]
    ratio = np.clip((some[1] / some[0]) / (some[3] / some[2]), 1e-5, 1e5)
    phi = estimate_phi(Counts(*history.arrays, usual=ratio), without_history=without_history)
    known = known & phi.known
    ratio = np.where(known, ratio, 1.0)
    log_error = np.where(known, np.sqrt(phi.phi * (1 / some[1] + 1 / some[3])), 0.0)
    error = np.exp(np.minimum(log_error, np.log(1e12)))
    low, high = np.maximum(ratio / error, 1e-6), np.minimum(ratio * error, 1e6)
    return Usual(ratio=ratio, low=low, high=high, phi=np.where(known, phi.phi, without_history), known=known)


def control_gauges(values: ArrayLike, control_values: ArrayLike) -> Gauges:
    """Gauges of changed streams beside the mean of those controls that have a datapoint.

    `estimate_noise` of the same from history tells the usual difference and its noise.
    """
    controls = floats("control_values", control_values)
    if controls.ndim != 3:
        raise JudgeInputError(f"control_values has {controls.ndim} axes; it needs three: ({', '.join(CONTROLS)})")
    seen = ~np.isnan(controls)
    number: Floats = seen.sum(axis=0, dtype=np.float64)
    total: Floats = np.where(seen, controls, 0.0).sum(axis=0)
    return Gauges(values, np.where(number > 0, total / np.maximum(number, 1), np.nan))


def control_histograms(histograms: Histograms, *, history: Histograms) -> Histograms:
    """Histograms against controls, moved by what usually sets the medians apart, to one bucket.

    Both have the changed streams as canary and the sum of their controls as baseline; `history` is of a time without a
    change. A stream without requests in history is not moved.
    """
    if history.grid != histograms.grid or history.streams != histograms.streams:
        raise JudgeInputError("history has other streams or another grid than what is to be judged")
    upto = [np.cumsum(arm.sum(axis=1), axis=1) for arm in (history.canary, history.baseline)]
    canary, baseline = (np.count_nonzero(arm[:, :-1] < arm[:, -1:] / 2, axis=1) for arm in upto)
    steps = np.where((upto[0][:, -1] > 0) & (upto[1][:, -1] > 0), canary - baseline, 0)
    moved = np.stack([_moved(arm, int(step)) for arm, step in zip(histograms.baseline, steps, strict=True)])
    return Histograms(histograms.canary, moved.reshape(histograms.baseline.shape), histograms.grid)


def own_past_counts(requests: ArrayLike, bad: ArrayLike, past_requests: ArrayLike, past_bad: ArrayLike) -> Counts:
    """Counts beside the same streams at the same hours of earlier days, (periods, streams, intervals). Weak."""
    n, x = table("past_requests", past_requests, PAST), table("past_bad", past_bad, PAST)
    return Counts(requests, bad, n.sum(axis=0), x.sum(axis=0))


def _moved(counts: Floats, steps: int) -> Floats:
    """Counts (intervals, buckets) so many buckets slower, or faster; what leaves the grid stays in its last."""
    buckets = counts.shape[1]
    kept = max(buckets - abs(steps), 0)
    result = np.zeros_like(counts)
    if steps >= 0:
        result[:, buckets - kept :] = counts[:, :kept]
        result[:, -1] += counts[:, kept:].sum(axis=1)
    else:
        result[:, :kept] = counts[:, buckets - kept :]
        result[:, 0] += counts[:, : buckets - kept].sum(axis=1)
    return result
