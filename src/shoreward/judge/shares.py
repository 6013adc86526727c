"""A bet on the canary's share of the slow requests, for events that are common.

Place in the flow: the formula under the latency tests. Half of all requests are slower than the median, and there the
bets of `bets` are too careful: they reckon with the variance of rare events.

Let m of N = n_c + n_b requests be slow. Given m, when both arms are slow at the same rate, the canary's x_c is
hypergeometric: mean mu = m*n_c/N, variance V = m*(N-m)*n_c*n_b / (N^2*(N-1)). A bet on the odds ratio exp(l) pays

    e = exp(l*(x_c - mu) - K(l)),    K(l) = log E exp(l*(X - mu)) at the largest that mean, variance and range allow

so E[e | m] <= 1. A hypergeometric variable is a sum of independent Bernoulli variables, since its generating function
has only real roots (Vatutin and Mikhailov, 1982), and for l > 0 the sum over i of log(1 - p_i + p_i*exp(l)) - l*p_i,
given sum p_i and sum p_i*(1 - p_i), is largest when all p_i are 1 or one common p: its third derivative is positive, so
Markov and Krein's theorem on moment spaces applies. With d = min(m, n_c) - mu that gives

    p = V/d,    K(l) = d/(1-p) * (log(1 - p + p*exp(l)) - p*l)

never more than Bennett's V*(exp(l) - 1 - l), which is its limit for p -> 0. For l < 0 count the requests that are not
slow: the same with d = mu - max(0, m - n_b) and -l.

When the canary is slow at a lower rate, the odds ratio is below 1, x_c given m is stochastically smaller, and a bet
with l > 0 earns less still; likewise for l < 0 and a higher rate. So E[e] <= 1 over the whole one-sided hypothesis,
whatever the common rate is and however it changes. Clusters of phi requests that are slow or fast together: N-phi in
place of N-1, and log e divided by phi, is the same formula for clusters in place of requests.
"""

from dataclasses import dataclass

import numpy as np

from shoreward.judge.checks import Flags, Floats

NEARLY_ONE = 1 - 1e-8
"""Keeps the cost finite where all but a hundred-millionth of the requests are on one side."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Slow:
    """One interval: requests (streams,) and slow requests (levels, streams) of both arms.

    `active` (streams,) is False where there is nothing to compare; it depends on the requests only.
    """

    requests: Floats
    slow: Floats
    baseline_requests: Floats
    baseline_slow: Floats
    active: Flags


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Moments:
    """Of the canary's slow requests given all slow ones: mean, variance, most and least, each (levels, streams)."""

    mean: Floats
    variance: Floats
    most: Floats
    least: Floats


def moments(sample: Slow, phi: float | Floats = 1.0) -> Moments:
    """The hypergeometric moments in clusters of phi; where the sample is inactive they mean nothing."""
    n_c = np.where(sample.active, sample.requests, 1.0)
    n_b = np.where(sample.active, sample.baseline_requests, 1.0)
    everything = n_c + n_b
    slow = np.where(sample.active, sample.slow + sample.baseline_slow, 0.0)
    of_canary = n_c / everything
    # Fewer than two clusters in all cannot be one in each arm; there half of all is careful, and never zero.
    rest = np.maximum(everything - phi, everything / 2)
    variance = slow * ((everything - slow) / everything) * of_canary * (n_b / rest)
    return Moments(
        mean=slow * of_canary,
        variance=np.maximum(variance, 0.0),
        most=np.minimum(slow, n_c),
        least=np.maximum(slow - n_b, 0.0),
    )


def log_share_bets(sample: Slow, log_odds: Floats, *, phi: float | Floats) -> Floats:
    """Log e-values (levels, bets, streams) of bets on these log odds ratios, all of one sign; 0 where inactive."""
    law = moments(sample, phi)
    slower = bool(log_odds[0] > 0)
    surplus = np.where(sample.active, sample.slow - law.mean, 0.0)
    room = np.maximum(law.most - law.mean if slower else law.mean - law.least, 0.0)
    p = np.divide(law.variance, room, out=np.zeros_like(room), where=room > law.variance * 1e-9)
    p = np.minimum(p, NEARLY_ONE)[:, None, :]
    stake = np.abs(log_odds)[:, None]
    log_e = p * np.expm1(stake)
    np.log1p(log_e, out=log_e)
    log_e -= p * stake
    log_e *= room[:, None, :] / (p - 1)
    log_e += log_odds[:, None] * surplus[:, None, :]
    log_e /= phi
    log_e[:, :, ~sample.active] = 0.0
    return log_e
