"""Rank statistics of many small samples at once: the Mann-Whitney test as two of the peers use it.

Samples are rows of arrays; a value that is not a number is not there. Formulas: Mann and Whitney, Annals of
Mathematical Statistics 18 (1947); Hodges and Lehmann, same journal, 34 (1963), for the shift.
"""

from itertools import combinations

import numpy as np
from benchmarks.judge.worlds import Floats


def sizes(sample: Floats) -> Floats:
    """How many values each row has."""
    return np.isfinite(sample).sum(axis=1).astype(float)


def shift(canary: Floats, baseline: Floats) -> Floats:
    """By how much the canary's values are higher: the median of all differences between the two samples."""
    differences = _differences(canary, baseline)
    number = np.isfinite(differences).sum(axis=1)
    if np.all(number == differences.shape[1]):
        return np.median(differences, axis=1)
    differences.sort(axis=1)  # puts what is not a number last
    rows = np.arange(len(differences))
    low, high = differences[rows, np.maximum(number - 1, 0) // 2], differences[rows, number // 2 - (number == 0)]
    return (low + high) / 2


def deviate(canary: Floats, baseline: Floats, moved: Floats) -> Floats:
    """The standard normal deviate of Mann-Whitney's U with the canary moved down by `moved`, a value per row.

    With correction for ties and for continuity; not a number where a sample is empty or all values are equal.
    """
    lowered = canary - moved[:, None]
    n, m = sizes(canary), sizes(baseline)
    differences = _differences(canary, baseline)
    at = moved[:, None]
    above = (differences > at).sum(axis=1) + 0.5 * (differences == at).sum(axis=1) - n * m / 2
    total = n + m
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = np.sqrt(n * m / 12 * (total + 1 - ties(np.hstack([lowered, baseline])) / (total * (total - 1))))
        result = (above - 0.5 * np.sign(above)) / spread
    return np.where((n > 0) & (m > 0) & (spread > 0), result, np.nan)


def ties(values: Floats) -> Floats:
    """The sum over all groups of equal values in a row of size**3 - size."""
    ordered = np.sort(values, axis=1)
    fresh = np.ones(ordered.shape, dtype=bool)
    fresh[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    group = np.cumsum(fresh, axis=1) - 1 + np.arange(len(ordered))[:, None] * ordered.shape[1]
    size = np.bincount(group.ravel(), minlength=ordered.size).reshape(ordered.shape).astype(float)
    return (size**3 - size).sum(axis=1)


def exact_p(canary: Floats, baseline: Floats) -> Floats:
    """P(U > observed - 1) over all ways to deal the values to the two samples, for small samples.

    One-sided for a higher canary. Without ties this is P(U >= observed). 1 where a sample is empty.
    """
    p = np.ones(len(canary))
    n, m = sizes(canary), sizes(baseline)
    for own, other in {*zip(n.astype(int).tolist(), m.astype(int).tolist(), strict=True)}:
        if own and other:
            rows = np.flatnonzero((n == own) & (m == other))
            p[rows] = _dealt(_packed(canary[rows], own), _packed(baseline[rows], other))
    return p


def _dealt(canary: Floats, baseline: Floats) -> Floats:
    values = np.hstack([canary, baseline])
    number, own = values.shape[1], canary.shape[1]
    below = (values[:, :, None] > values[:, None, :]).sum(axis=2)
    equal = (values[:, :, None] == values[:, None, :]).sum(axis=2)
    rank = below + (equal + 1) / 2
    sums = rank @ _deals(number, own)
    observed = rank[:, :own].sum(axis=1, keepdims=True)
    return (sums > observed - 1 + 1e-9).mean(axis=1)


def _deals(number: int, own: int) -> Floats:
    chosen = list(combinations(range(number), own))
    deals = np.zeros((number, len(chosen)))
    for column, members in enumerate(chosen):
        deals[list(members), column] = 1
    return deals


def _packed(sample: Floats, size: int) -> Floats:
    """The finite values of rows that have `size` of them each."""
    return sample[np.isfinite(sample)].reshape(len(sample), size)


def _differences(canary: Floats, baseline: Floats) -> Floats:
    return (canary[:, :, None] - baseline[:, None, :]).reshape(len(canary), -1)
