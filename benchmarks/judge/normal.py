"""Peers that compare cumulated error rates with a normal deviate: a test repeated at every look, and Pocock's.

Pocock, Biometrika 64 (1977): with K equally spaced looks a constant bound keeps the error rate of all of them
together; found here by the recursion of Armitage, McPherson and Rowe, Journal of the Royal Statistical Society A 132
(1969).
"""

from functools import cache
from math import erfc, sqrt

import numpy as np
from benchmarks.judge.worlds import Floats, Seen

ALPHA = 0.01
EVERY_LOOK = 2.3263478740408408
"""One-sided 1 %, the bound that a single look would need."""
STEP = 0.02


def deviates(seen: Seen) -> Floats:
    """The pooled two-proportion z of all requests so far, after each interval; 0 where it is not defined."""
    n_c, x_c, n_b, x_b = (
        np.cumsum(each, axis=1)
        for each in (seen.canary_requests, seen.canary_bad, seen.baseline_requests, seen.baseline_bad)
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        pooled = (x_c + x_b) / (n_c + n_b)
        spread = np.sqrt(pooled * (1 - pooled) * (1 / n_c + 1 / n_b))
        z = (x_c / n_c - x_b / n_b) / spread
    return np.where(np.isfinite(z), z, 0.0)


def looks(intervals: int, number: int) -> np.ndarray:
    """Which intervals end with a look, `number` of them evenly spread: flags (intervals,)."""
    at = np.zeros(intervals, dtype=bool)
    at[np.round(np.linspace(intervals / number, intervals, number)).astype(int) - 1] = True
    return at


@cache
def pocock_bound(number: int, alpha: float = ALPHA) -> float:
    """The bound that a standard normal walk exceeds at any of `number` looks with probability alpha, one-sided."""
    low, high = 1.0, 8.0
    while high - low > 1e-4:
        middle = (low + high) / 2
        low, high = (middle, high) if crossing(number, middle) > alpha else (low, middle)
    return high


def crossing(number: int, bound: float) -> float:
    """The probability that the sum of k standard normals exceeds bound * sqrt(k) for any k up to `number`."""
    grid = np.arange(-7 * sqrt(number), bound * sqrt(number) + STEP, STEP) + STEP / 2
    kernel = np.exp(-0.5 * np.linspace(-7, 7, round(14 / STEP) + 1) ** 2) / sqrt(2 * np.pi) * STEP
    density = np.exp(-0.5 * grid**2) / sqrt(2 * np.pi)
    crossed = erfc(bound / sqrt(2)) / 2
    density = np.where(grid < bound, density, 0.0)
    for look in range(2, number + 1):
        before = density.sum() * STEP
        grown = np.convolve(density, kernel)[len(kernel) // 2 :][: len(grid)]
        density = np.where(grid < bound * sqrt(look), grown, 0.0)
        crossed += before - density.sum() * STEP
    return crossed
