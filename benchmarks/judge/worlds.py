"""Worlds: what happened in both arms, drawn from a seed; every judge sees the same.

A world is an array of runs x intervals of one minute. Rates may differ by run and by interval, so incidents, drifts and
frailty are a matter of what is passed in.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Rng = np.random.Generator


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A service: requests per minute in all, the canary's share of them, and its usual error rate."""

    traffic: float
    split: float
    errors: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Seen:
    """What a judge sees (runs, intervals), and what the benchmark knows besides.

    `usual` is the error rate that an operator knows from history. `onset` is the first interval of harm, -1 without.
    `harm` is the expected number of requests that fail more than in the baseline, per interval.
    """

    canary_requests: Floats
    canary_bad: Floats
    baseline_requests: Floats
    baseline_bad: Floats
    usual: float
    onset: int
    harm: Floats

    @property
    def runs(self) -> int:
        """How many runs."""
        return self.canary_requests.shape[0]

    @property
    def intervals(self) -> int:
        """How many intervals."""
        return self.canary_requests.shape[1]

    def until(self, stop: int) -> "Seen":
        """The same, only its first intervals."""
        arms = ("canary_requests", "canary_bad", "baseline_requests", "baseline_bad", "harm")
        return replace(self, **{name: getattr(self, name)[:, :stop] for name in arms})

    @property
    def canary_rate(self) -> Floats:
        """Bad events per request of every interval; not a number without requests."""
        return rate(self.canary_bad, self.canary_requests)

    @property
    def baseline_rate(self) -> Floats:
        """The same of the baseline."""
        return rate(self.baseline_bad, self.baseline_requests)


def timed(shape: tuple[int, int], onset: int) -> Seen:
    """A world (runs, intervals) that only says when harm began; nobody counts failed requests in it."""
    none = np.zeros(shape)
    return Seen(
        canary_requests=none,
        canary_bad=none,
        baseline_requests=none,
        baseline_bad=none,
        usual=0.0,
        onset=onset,
        harm=none,
    )


def rate(bad: Floats, requests: Floats) -> Floats:
    """Bad events per request; not a number without requests."""
    return np.divide(bad, requests, out=np.full_like(bad, np.nan), where=requests > 0)


def drawn(
    rng: Rng,
    cell: Cell,
    shape: tuple[int, int],
    *,
    canary: ArrayLike,
    baseline: ArrayLike,
    onset: int = -1,
    cluster: int = 1,
    split: ArrayLike | None = None,
    traffic: ArrayLike = 1.0,
) -> Seen:
    """Poisson requests, binomial errors (or errors in clusters), at the given error rates of both arms.

    `canary`, `baseline`, `split` and `traffic` (a multiple of the cell's) broadcast to `shape`, which is (runs,
    intervals).
    """
    share = np.broadcast_to(cell.split if split is None else np.asarray(split), shape)
    requests = cell.traffic * np.broadcast_to(traffic, shape)
    rates = [np.clip(np.broadcast_to(each, shape), 0, 1) for each in (canary, baseline)]
    n_c, n_b = rng.poisson(requests * share), rng.poisson(requests * (1 - share))
    x_c, x_b = (_errors(rng, n, p, cluster) for n, p in zip((n_c, n_b), rates, strict=True))
    return Seen(
        canary_requests=n_c.astype(float),
        canary_bad=x_c.astype(float),
        baseline_requests=n_b.astype(float),
        baseline_bad=x_b.astype(float),
        usual=cell.errors,
        onset=onset,
        harm=requests * share * np.maximum(rates[0] - rates[1], 0) if onset >= 0 else np.zeros(shape),
    )


def _errors(rng: Rng, requests: NDArray[np.int64], rates: Floats, cluster: int) -> NDArray[np.int64]:
    if cluster == 1:
        return rng.binomial(requests, rates)
    return np.minimum(requests, cluster * rng.poisson(requests * rates / cluster))


Change = Callable[[float, Floats], Floats]
"""Usual error rate, minutes since the release -> the canary's error rate at each minute."""


def times(factor: float, start: int = 0) -> Change:
    """So many times the usual error rate, from a minute on."""
    return lambda usual, minute: usual * np.where(minute >= start, factor, 1.0)


def plus(points: float) -> Change:
    """So much more than the usual error rate."""
    return lambda usual, minute: usual + points + 0 * minute


def ramp(factor: float, minutes: int) -> Change:
    """A slow leak: the error rate rises in a straight line to so many times the usual one."""
    return lambda usual, minute: usual * (1 + (factor - 1) * np.minimum(minute / minutes, 1))


def changed(rng: Rng, cell: Cell, shape: tuple[int, int], change: Change, onset: int = 0) -> Seen:
    """A release that changes the canary's error rate."""
    rates = change(cell.errors, np.arange(shape[1], dtype=float))
    return drawn(rng, cell, shape, canary=rates, baseline=cell.errors, onset=onset)


def harmless(rng: Rng, cell: Cell, shape: tuple[int, int]) -> Seen:
    """A release that changes nothing."""
    return drawn(rng, cell, shape, canary=cell.errors, baseline=cell.errors)
