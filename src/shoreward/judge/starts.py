"""A mixture over start times: evidence that finds a regression which begins late.

Place in the flow: collects the bets of rollback-like tests. A plain product of bets remembers every quiet hour, and a
late regression must first earn back what those hours cost. So one half of the stake starts at the first interval and
the other half is spread over the horizon: with A the running bets and w the stake that starts at an interval,

    A_t = min(e_t, exp(cap)) * (A_{t-1} + w_t),    E_t = mean over ratios of A_t + stake not yet spent

which is an e-process, since every factor is one. The cap lets no single interval decide. What is kept is
B_t = A_t + w_{t+1}, which is never zero. An interval without traffic spends no stake: it leaves no trace at all.
"""

from dataclasses import dataclass

import numpy as np

from shoreward.judge.bets import log_mean
from shoreward.judge.checks import Flags, Floats, Whole

FIRST = 0.5
"""Share of the stake on the first interval."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Starts:
    """Running bets: `log_stakes` (ratios, streams) is log B, `seen` (streams,) counts intervals that had traffic."""

    log_stakes: Floats
    seen: Whole


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Collected:
    """What one interval changed: the new bets, log E (streams,), and where older bets are worth less than a new one."""

    starts: Starts
    log_e: Floats
    stale: Flags


def fresh(ratios: int, streams: int, horizon: int) -> Starts:
    """No interval seen, the first stake placed."""
    first = FIRST if horizon > 1 else 1.0
    return Starts(log_stakes=np.full((ratios, streams), np.log(first)), seen=np.zeros(streams, dtype=np.int64))


def collect(starts: Starts, log_bets: Floats, active: Flags, *, cap: float, horizon: int) -> Collected:
    """Settle one interval's bets; `log_bets` is (ratios, streams) and may be overwritten."""
    later = max(horizon - 1, 1)
    seen = starts.seen + active
    log_stake = np.where(active & (seen < horizon), np.log((1 - FIRST) / later), -np.inf)
    carried = np.minimum(log_bets, cap, out=log_bets)
    carried += starts.log_stakes
    log_stakes = np.logaddexp(carried, log_stake)
    equal = np.full(log_stakes.shape[0], -np.log(log_stakes.shape[0]))
    mean = log_mean(log_stakes, equal)
    unspent = (1 - FIRST) * np.maximum(horizon - 1 - seen, 0) / later
    with np.errstate(divide="ignore"):
        log_e = np.logaddexp(mean, np.log(unspent))
    return Collected(
        starts=Starts(log_stakes=log_stakes, seen=seen),
        log_e=np.where(seen > 0, log_e, 0.0),
        stale=mean < log_stake + np.log(2.0),
    )
