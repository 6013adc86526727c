"""What is missing: how many more canary requests until promotion, if things go on as they have.

Place in the flow: turns "not enough evidence" into "about 340 more requests". An estimate for people; nothing is
decided by it.
"""

import numpy as np

from shoreward.judge.bets import log_bets, log_mean
from shoreward.judge.checks import Flags, Floats, dispersion
from shoreward.judge.counts import NO_TRAFFIC, Counts, Sample
from shoreward.judge.promotion import PromotionState, PromotionTest
from shoreward.judge.ratios import SAFE, SAFE_LOG_SHARES
from shoreward.judge.totals import Totals

HALVINGS = 60


def evidence_needed(counts: Counts, test: PromotionTest) -> Floats:
    """Further canary requests (streams,) at the observed rates and split until E reaches 1/beta, rounded up.

    0 where it has been reached already, at any interval; inf where the observed rates would never get there. Where an
    arm had no traffic yet, an even split without errors is presumed.
    """
    return needed_by(PromotionState.begin(counts.streams).advance(counts, test)[0], test)


def needed_by(state: PromotionState, test: PromotionTest) -> Floats:
    """The same, from a state."""
    gain = _gain_per_request(state.totals, test)
    missing = test.threshold - (state.log_products + SAFE_LOG_SHARES[:, None])
    alone = np.divide(missing, gain, out=np.full_like(gain, np.inf), where=gain > missing / 1e300)
    enough = np.where(gain > 0, np.maximum(alone, 0), np.inf).min(axis=0)
    reachable: Flags = np.isfinite(enough)
    # The log of a sum of exponentials is convex, so from below the threshold it crosses once: halve the bracket.
    low: Floats = np.zeros_like(enough)
    high: Floats = np.where(reachable, enough, 0.0)
    for _ in range(HALVINGS):
        middle: Floats = (low + high) / 2
        short = log_mean(state.log_products + gain * middle, SAFE_LOG_SHARES) < test.threshold
        low, high = np.where(short, middle, low), np.where(short, high, middle)
    now = log_mean(state.log_products, SAFE_LOG_SHARES) >= test.threshold
    return np.where(now | (state.first_pass >= 0), 0.0, np.where(reachable, np.ceil(high), np.inf))


def _gain_per_request(totals: Totals, test: PromotionTest) -> Floats:
    """Expected log e-value of each ratio per canary request, (ratios, streams)."""
    requests, _, baseline_requests, _ = totals.sums
    seen = (requests > NO_TRAFFIC) & (baseline_requests > NO_TRAFFIC)
    split = np.divide(baseline_requests, requests, out=np.ones_like(requests), where=seen)
    everywhere: Flags = np.full_like(requests, fill_value=True, dtype=np.bool_)
    one = Sample(
        requests=np.ones_like(requests),
        bad=np.where(seen, totals.canary_rate, 0.0),
        baseline_requests=split,
        baseline_bad=np.where(seen, totals.baseline_rate * split, 0.0),
        odds=1.0 / split,
        active=everywhere,
    )
    return log_bets(one, SAFE, rho=test.rho, delta=test.delta, phi=dispersion(test.phi, requests.size))
