"""Requests that stopped: the canary should get its share of the traffic and gets next to none.

Place in the flow: a fail signal of its own, beside errors. A canary that cannot be reached reports no errors at all, so
the count judge would wait for ever. Given the total of an interval, the canary's requests are bad-or-not draws with the
canary's share as their rate; the hypothesis "at least `factor` of its share arrives" is one arm against a fixed rate.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from shoreward.judge.bets import log_bets
from shoreward.judge.checks import Flags, Floats, checked_phi, dispersion, floats, within
from shoreward.judge.counts import Counts, single_arm
from shoreward.judge.errors import JudgeInputError
from shoreward.judge.ratios import STOPPED
from shoreward.judge.starts import collect, equal_shares, fresh


@dataclass(frozen=True, kw_only=True, eq=False)
class StoppedTest:
    """Stopped is: fewer than `factor` of the requests that the canary's share of traffic would bring.

    alpha bounds the probability of a false alarm over all looks. horizon: intervals over which the stop may begin.
    phi: requests arrive in clusters (sticky sessions, batches) of about this many; a number or one per stream.
    """

    alpha: float = 0.001
    factor: float = 0.1
    horizon: int = 60
    phi: float | Floats = 1.0

    def __post_init__(self) -> None:
        within("alpha", self.alpha, 0, 1)
        within("factor", self.factor, 0, 1)
        within("horizon", self.horizon, 1, 10**9, closed=True)
        object.__setattr__(self, "phi", checked_phi(self.phi))

    @property
    def threshold(self) -> float:
        """The log e-value that decides: log(1/alpha)."""
        return -float(np.log(self.alpha))


def stopped_evidence(counts: Counts, canary_share: ArrayLike, test: StoppedTest) -> Floats:
    """Log e-values (streams, intervals) against "the canary gets at least factor * share of all requests".

    `canary_share` is 0..1 and broadcasts to (streams, intervals). An interval with no requests at all, or with no
    share for the canary, adds exactly nothing.
    """
    share = _shares(counts, canary_share)
    log_e = np.zeros(share.shape)
    starts, before = fresh(len(STOPPED), counts.streams, test.horizon), np.zeros(counts.streams)
    phi = dispersion(test.phi, counts.streams)
    for interval in range(counts.intervals):
        canary = counts.canary_requests[:, interval]
        arm = single_arm(canary + counts.baseline_requests[:, interval], canary)
        active = arm.active & (share[:, interval] > 0)
        bets = log_bets(arm, STOPPED, rho=1.0, delta=test.factor * share[:, interval], phi=phi)
        bets[:, ~active] = 0.0
        collected = collect(
            starts,
            bets,
            active,
            before=before,
            log_shares=equal_shares(len(STOPPED)),
            cap=test.threshold / 2,
            horizon=test.horizon,
        )
        starts, before = collected.starts, collected.log_e
        log_e[:, interval] = before
    return log_e


def requests_stopped(counts: Counts, canary_share: ArrayLike, test: StoppedTest) -> Flags:
    """Where the canary's requests have proven to be far below its share: (streams, intervals)."""
    return stopped_evidence(counts, canary_share, test) >= test.threshold


def _shares(counts: Counts, canary_share: ArrayLike) -> Floats:
    share = floats("canary_share", canary_share)
    if not np.all((share >= 0) & (share <= 1)):
        raise JudgeInputError("canary_share must lie from 0 to 1 everywhere")
    try:
        return np.broadcast_to(share, (counts.streams, counts.intervals))
    except ValueError:
        raise JudgeInputError(
            f"canary_share of shape {share.shape} does not fit {counts.streams} streams x {counts.intervals} intervals"
        ) from None
