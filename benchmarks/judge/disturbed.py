"""Disturbed worlds: what breaks the independence that formulas rest on, with nothing wrong with the canary.

Each draws a world of some minutes; the same function draws the history from which dispersion is estimated. `factor`
makes the canary truly worse on top, so that detection is measured under the same disturbance.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from benchmarks.judge.worlds import Cell, Floats, Rng, Seen, drawn

Disturbance = Callable[[Rng, Cell, tuple[int, int], float], Seen]


def independent(rng: Rng, cell: Cell, shape: tuple[int, int], factor: float = 1.0) -> Seen:
    """Nothing disturbs."""
    return _both(rng, cell, shape, factor, canary=1.0, baseline=1.0)


def incident(rng: Rng, cell: Cell, shape: tuple[int, int], factor: float = 1.0) -> Seen:
    """Twenty times the errors in both arms, for ten minutes of every hour."""
    minute = np.arange(shape[1]) % 60
    common = np.where((minute >= 20) & (minute < 30), 20.0, 1.0)
    return _both(rng, cell, shape, factor, canary=common, baseline=common)


def bursts(minutes: int) -> Disturbance:
    """Thirty more errors in the canary every hour, evenly spread over so many minutes running."""

    def draw(rng: Rng, cell: Cell, shape: tuple[int, int], factor: float = 1.0) -> Seen:
        seen = independent(rng, cell, shape, factor)
        bad = seen.canary_bad.copy()
        for hour in range(0, shape[1], 60):
            first = hour + rng.integers(0, 60 - minutes, shape[0])
            for minute in range(minutes):
                bad[np.arange(shape[0]), first + minute] += 30 // minutes
        return replace(seen, canary_bad=np.minimum(bad, seen.canary_requests))

    return draw


def frailty(rng: Rng, cell: Cell, shape: tuple[int, int], factor: float = 1.0) -> Seen:
    """Each arm's error rate varies from minute to minute by itself, coefficient of variation 0.3."""
    shape_of_gamma = 1 / 0.3**2
    arms = rng.gamma(shape_of_gamma, 1 / shape_of_gamma, (2, *shape))
    return _both(rng, cell, shape, factor, canary=arms[0], baseline=arms[1])


def drift(rng: Rng, cell: Cell, shape: tuple[int, int], factor: float = 1.0) -> Seen:
    """The arms drift apart and together again: the log of their ratio is AR(1), 0.9 a minute, deviation 0.2."""
    log_ratio = autoregressive(rng, shape, 0.9, 0.2)
    return _both(rng, cell, shape, factor, canary=np.exp(log_ratio / 2), baseline=np.exp(-log_ratio / 2))


def clusters(rng: Rng, cell: Cell, shape: tuple[int, int], factor: float = 1.0) -> Seen:
    """Errors come in fives."""
    rates = np.minimum(cell.errors * factor, 1)
    onset = 0 if factor > 1 else -1
    return drawn(rng, cell, shape, canary=rates, baseline=cell.errors, onset=onset, cluster=5)


def retries(rng: Rng, cell: Cell, shape: tuple[int, int], factor: float = 1.0) -> Seen:
    """Every failed request is tried twice more, at once, in the same arm, and fails half of the time."""
    seen = independent(rng, cell, shape, factor)
    more = [rng.binomial(bad.astype(int), 0.5) for bad in (seen.canary_bad, seen.baseline_bad)]
    again = [rng.binomial(each, 0.5) for each in more]
    extra = [np.asarray(a + b, dtype=float) for a, b in zip(more, again, strict=True)]
    return replace(
        seen,
        canary_requests=seen.canary_requests + seen.canary_bad + more[0],
        canary_bad=seen.canary_bad + extra[0],
        baseline_requests=seen.baseline_requests + seen.baseline_bad + more[1],
        baseline_bad=seen.baseline_bad + extra[1],
    )


def mismeasured(lost: float) -> Disturbance:
    """A part of the canary's requests, but none of its errors, is not counted."""

    def draw(rng: Rng, cell: Cell, shape: tuple[int, int], factor: float = 1.0) -> Seen:
        seen = independent(rng, cell, shape, factor)
        counted = rng.binomial(seen.canary_requests.astype(int), 1 - lost).astype(float)
        return replace(seen, canary_requests=np.maximum(counted, seen.canary_bad))

    return draw


DISTURBANCES: Mapping[str, Disturbance] = {
    "independent errors": independent,
    "common incident x20": incident,
    "burst of 30 errors in the canary": bursts(1),
    "burst of 30 errors over two minutes": bursts(2),
    "frailty, cv 0.3 per arm and minute": frailty,
    "drift between arms, AR(1) 0.9, sd 0.2": drift,
    "clusters of 5": clusters,
    "retries of failed requests": retries,
    "5 % of canary requests not counted": mismeasured(0.05),
    "9 % of canary requests not counted": mismeasured(0.09),
}

ROBUSTNESS_CELLS = (
    Cell(traffic=600, split=0.1, errors=0.01),
    Cell(traffic=6_000, split=0.1, errors=0.001),
    Cell(traffic=6_000, split=0.1, errors=0.01),
    Cell(traffic=6_000, split=0.5, errors=0.01),
    Cell(traffic=60_000, split=0.01, errors=0.01),
    Cell(traffic=60_000, split=0.1, errors=0.001),
)


def autoregressive(rng: Rng, shape: tuple[int, int], memory: float, deviation: float) -> Floats:
    """A stationary AR(1) process (runs, intervals) of the given standard deviation."""
    noise = rng.normal(0, deviation, shape)
    series = np.empty(shape)
    series[:, 0] = noise[:, 0]
    for minute in range(1, shape[1]):
        series[:, minute] = memory * series[:, minute - 1] + np.sqrt(1 - memory**2) * noise[:, minute]
    return series


def _both(
    rng: Rng, cell: Cell, shape: tuple[int, int], factor: float, *, canary: Floats | float, baseline: Floats | float
) -> Seen:
    onset = 0 if factor > 1 else -1
    rates = (cell.errors * factor * np.asarray(canary), cell.errors * np.asarray(baseline))
    return drawn(rng, cell, shape, canary=rates[0], baseline=rates[1], onset=onset)
