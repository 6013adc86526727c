"""The e-value of one interval: the pay-out of a fair bet against "the canary is within its margin".

Place in the flow: the one formula under rollback, promotion, absolute and stopped-traffic tests; they differ in the
ratios they bet on and in how they collect the pay-outs over time.

For counts x_c of n_c (canary) and x_b of n_b (baseline), a = rho*n_c/n_b, and an alternative ratio r between the arms:

    u = (r - 1) / (1 + r*a)
    e = (1 + u)^x_c * (1 - u*a)^x_b * exp(-u*n_c*delta)

For binomial or Poisson counts E[e] <= exp(u*n_c*(p_c - rho*p_b - delta)), because 1 + y <= exp(y); so E[e] <= 1 under
p_c <= rho*p_b + delta when r > 1, and under p_c >= rho*p_b + delta when r < 1, for any p_b, errors or none, small or
large. With no baseline arm a = 0, and the bet is against the fixed rate delta. Dividing log e by phi >= 1 keeps
E[e] <= 1 when bad events come in clusters of at most phi.
"""

import numpy as np

from shoreward.judge.checks import Floats
from shoreward.judge.counts import Sample


def log_bets(sample: Sample, ratios: Floats, *, rho: float, delta: float | Floats, phi: float | Floats) -> Floats:
    """Log e-value of one interval, shape (ratios, streams); exactly 0 where the sample is inactive. Natural log."""
    odds = rho * sample.odds
    scaled = ratios[:, None] * odds
    stake = (ratios - 1.0)[:, None] / (1.0 + scaled)
    log_e = np.log1p(odds) - np.log1p(scaled)
    log_e *= sample.baseline_bad
    log_e -= stake * (sample.requests * delta)
    log_e += np.log1p(stake) * sample.bad
    log_e /= phi
    log_e[:, ~sample.active] = 0.0
    return log_e


def log_mean(log_values: Floats, log_weights: Floats) -> Floats:
    """Log of the weighted mean over the ratios: (ratios, streams) -> (streams,), without overflow."""
    weighted = log_values + log_weights[:, None]
    top = weighted.max(axis=0)
    weighted -= top
    np.exp(weighted, out=weighted)
    return top + np.log(weighted.sum(axis=0))
