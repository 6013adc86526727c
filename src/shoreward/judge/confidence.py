"""What the difference is: bounds on it that hold at every look together, for pictures and explanations.

Place in the flow: beside the verdicts. A bound is an e-value turned round: outside lies what has been refuted at
1/alpha. The true value lies within the bounds at all times with probability at least 1 - alpha (for a gauge: about
that), as long as it does not change during the bake; where it changes, they speak of what fits the whole bake best.

Counts. For every ratio r of a fine grid let L(r) be the likelihood of how bad events fell on the arms, up to each
interval. With shares w of a prior over the grid, E(r) = sum_s w(s)*L(s) / L(r) is the mixture of the bets of `bets` at
margin rho = r (prior over posterior; Waudby-Smith and Ramdas, 2020), so its mean is at most 1 for binomial and Poisson
counts whose true ratio is r. L is log-concave in log r, so what is left is one piece.

Latency. At every factor of a grid the bets of `shares` test "canary <= factor * baseline" and "canary >= factor *
baseline" at a quantile, alpha/2 each. The true factor is the one at which the canary's latency divided by it is slower
than the limit as often as the baseline's.

Gauges. Robbins' Gaussian mixture around the mean difference.
"""

from dataclasses import dataclass

import numpy as np

from shoreward.judge.bets import log_mean
from shoreward.judge.checks import Flags, Floats, Whole, checked_phi, dispersion, within
from shoreward.judge.counts import Counts, sample_at
from shoreward.judge.gauges import GaugeNoise, Gauges
from shoreward.judge.grid import Grid
from shoreward.judge.histograms import Histograms
from shoreward.judge.ratios import SLOWER_LOG_ODDS
from shoreward.judge.reference import Reference, after_and_apart
from shoreward.judge.shares import log_share_bets
from shoreward.judge.slowness import begin_reference

LOG_RATIOS: Floats = 0.3 * np.sinh(np.linspace(-1, 1, 241) * np.arcsinh(np.log(1000) / 0.3))
"""Log ratios that bounds are told on: from a thousandth to a thousand, 1 % apart around 1, wider far from it."""

FACTOR_OCTAVES: Floats = 0.3 * np.sinh(np.linspace(-1, 1, 61) * np.arcsinh(4 / 0.3))
"""Factors of latency, in octaves: from a sixteenth to sixteen, 3 % apart around 1."""

TUNED_TO = 10.0
"""Number of intervals at which a gauge's bounds are tightest."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Confidence:
    """Bounds and what was observed, (streams, intervals), after each interval.

    Ratios (counts, latency) or differences (gauges) of canary to baseline. Before there is evidence: 0 or -inf below,
    inf above, and NaN observed.
    """

    lower: Floats
    observed: Floats
    upper: Floats


def ratio_confidence(counts: Counts, *, alpha: float = 0.05, phi: float | Floats = 1.0) -> Confidence:
    """Of canary rate to baseline rate, relative to `counts.usual`, over all intervals so far."""
    within("alpha", alpha, 0, 1)
    divisor = dispersion(checked_phi(phi), counts.streams)
    shares = np.full(len(LOG_RATIOS), -np.log(len(LOG_RATIOS)))
    log_likelihood = np.zeros((len(LOG_RATIOS), counts.streams))
    totals = np.zeros((4, counts.streams))
    lower, observed, upper = (np.zeros((counts.streams, counts.intervals)) for _ in range(3))
    for interval in range(counts.intervals):
        one = sample_at(counts, interval)
        bad = one.bad + one.baseline_bad
        log_one = LOG_RATIOS[:, None] * one.bad - bad * np.log1p(np.exp(LOG_RATIOS)[:, None] * one.odds)
        log_likelihood = log_likelihood + np.where(one.active, log_one / divisor, 0.0)
        left = log_mean(log_likelihood, shares) - log_likelihood < -np.log(alpha)
        lower[:, interval], upper[:, interval] = _ends(left, np.exp(LOG_RATIOS))
        arms = np.stack((one.requests, one.bad, one.baseline_requests, one.baseline_bad))
        totals = totals + np.where(one.active, arms, 0.0)
        observed[:, interval] = _observed_ratio(totals)
    return Confidence(lower=lower, observed=observed, upper=upper)


def latency_confidence(
    samples: Histograms,
    *,
    level: float = 0.5,
    alpha: float = 0.05,
    phi: float | Floats = 1.0,
    history: Floats | None = None,
    memory: float = 60.0,
) -> Confidence:
    """Of canary latency to baseline latency at a quantile; observed is that of recent intervals, to one bucket."""
    within("alpha", alpha, 0, 1)
    within("level", level, 0, 1)
    divisor = dispersion(checked_phi(phi), samples.streams)
    steps = _steps(samples.grid)
    reference = begin_reference(samples.streams, samples.grid, history, memory)
    equal = np.full(len(SLOWER_LOG_ODDS), -np.log(len(SLOWER_LOG_ODDS)))
    slower, faster = (np.zeros((len(steps), len(SLOWER_LOG_ODDS), samples.streams)) for _ in range(2))
    lower, observed, upper = (np.zeros((samples.streams, samples.intervals)) for _ in range(3))
    for interval in range(samples.intervals):
        reference, slow = after_and_apart(reference, samples, interval, level, steps)
        slower = slower + log_share_bets(slow, SLOWER_LOG_ODDS, phi=divisor)
        faster = faster + log_share_bets(slow, -SLOWER_LOG_ODDS, phi=divisor)
        refuted = [np.stack([log_mean(one, equal) for one in side]) >= np.log(2 / alpha) for side in (slower, faster)]
        left = ~np.maximum.accumulate(refuted[0][::-1])[::-1] & ~np.maximum.accumulate(refuted[1])
        lower[:, interval], upper[:, interval] = _ends(left, np.exp2(steps / 2.0**samples.grid.scale))
        observed[:, interval] = _observed_latency(reference, level)
    return Confidence(lower=lower, observed=observed, upper=upper)


def difference_confidence(samples: Gauges, noise: GaugeNoise, *, alpha: float = 0.05) -> Confidence:
    """Of the mean difference between canary and baseline, in the gauge's unit, the usual difference included."""
    within("alpha", alpha, 0, 1)
    number = np.cumsum(samples.paired, axis=1).astype(np.float64)
    total = np.cumsum(samples.difference, axis=1)
    some = np.where(number > 0, number, np.nan)
    spread = (some + TUNED_TO) * (np.log((some + TUNED_TO) / TUNED_TO) - 2 * np.log(alpha))
    reach = np.where(number > 0, noise.noise[:, None] * np.sqrt(spread) / some, np.inf)
    mean = total / some
    middle = np.where(number > 0, mean, 0.0)
    return Confidence(lower=middle - reach, observed=mean, upper=middle + reach)


def _steps(grid: Grid) -> Whole:
    """The factors in whole buckets, each once, as far as the grid reaches."""
    buckets = sorted({round(octave * 2**grid.scale) for octave in FACTOR_OCTAVES.tolist()})
    return np.array([step for step in buckets if abs(step) <= grid.buckets - 2], dtype=np.int64)


def _ends(left: Flags, values: Floats) -> tuple[Floats, Floats]:
    """The refuted values next to those left, (values, streams) -> (streams,); nothing left cannot be told apart."""
    some = left.any(axis=0)
    first = np.argmax(left, axis=0)
    last = len(values) - 1 - np.argmax(left[::-1], axis=0)
    lower = np.where(some & (first > 0), values[np.maximum(first - 1, 0)], 0.0)
    upper = np.where(some & (last < len(values) - 1), values[np.minimum(last + 1, len(values) - 1)], np.inf)
    return lower, upper


def _observed_ratio(totals: Floats) -> Floats:
    n_c, x_c, n_b, x_b = totals
    baseline = np.where(x_b > 0, x_b, np.nan)
    only_canary = np.where((x_c > 0) & (n_b > 0), np.inf, np.nan)
    with np.errstate(over="ignore"):
        ratio = (x_c / np.where(n_c > 0, n_c, np.nan)) * n_b / baseline
    return np.where(x_b > 0, ratio, only_canary)


def _observed_latency(reference: Reference, level: float) -> Floats:
    (canary,), (baseline,) = reference.latencies((level,))
    return canary / baseline
