"""A mixture over start times: evidence that finds a regression which begins late.

Place in the flow: collects the bets of rollback-like tests. A plain product of bets remembers every quiet hour, and a
late regression must first earn back what those hours cost. So nine tenths of the stake start at the first interval
and the rest is spread over the horizon: with A the running bets and w the stake that starts at an interval,

    A_t = c_t * e_t * (A_{t-1} + w_t),    E_t = mean over ratios of A_t + stake not yet spent

with c_t <= 1, so it is an e-process. c_t is the largest number with E_t <= exp(cap) * max(E_{t-1}, 1): no single
interval decides, and two do, however late they come. The wealth is capped and not each bet, for then one interval
settles which ratios are worth betting on, and the next one is not spent on that again. What is kept is
B_t = A_t + w_{t+1}, which is never zero. An interval without traffic spends no stake: it leaves no trace at all.
"""

from dataclasses import dataclass

import numpy as np

from shoreward.judge.checks import Flags, Floats, Whole

FIRST = 0.9
"""Share of the stake on the first interval: most bad releases are bad at once.

What begins late pays log(10 * horizon) for it, once; a half on the first interval would save it 1.6 of that.
"""

STALE = float(np.log(0.05))
"""Below it running bets are as good as lost: what they won or lost by then says nothing about what comes."""

ROUNDING = 1e-9
"""Added to every cap, so that two intervals at a cap of half the threshold reach it, whatever the last digits say."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Starts:
    """Running bets: `log_stakes` (ratios, streams) is log B, `seen` (streams,) counts intervals that had traffic."""

    log_stakes: Floats
    seen: Whole


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Collected:
    """What one interval changed: the new bets, log E (streams,), and where running bets are as good as lost."""

    starts: Starts
    log_e: Floats
    stale: Flags


def fresh(ratios: int, streams: int, horizon: int) -> Starts:
    """No interval seen, the first stake placed."""
    first = FIRST if horizon > 1 else 1.0
    return Starts(log_stakes=np.full((ratios, streams), np.log(first)), seen=np.zeros(streams, dtype=np.int64))


def equal_shares(bets: int) -> Floats:
    """Log shares of a stake that is spread evenly."""
    return np.full(bets, -np.log(bets))


def collect(
    starts: Starts,
    log_bets: Floats,
    active: Flags,
    *,
    before: Floats,
    log_shares: Floats,
    cap: float | Floats,
    horizon: int,
) -> Collected:
    """Settle one interval's bets; `log_bets` is (ratios, streams) and may be overwritten.

    before: log E (streams,) after the interval before, 0 at first. cap: a number, or one per stream.
    """
    seen = starts.seen + active
    unspent = _log_unspent(starts.seen, horizon)
    most = np.maximum(before, 0.0) + cap + ROUNDING
    log_bets += starts.log_stakes
    top = log_bets.max(axis=0)
    wealth = np.exp(np.subtract(log_bets, top, out=log_bets), out=log_bets)
    won = top + np.log((wealth * np.exp(log_shares)[:, None]).sum(axis=0))
    # A part of the wealth is the stake that is not spent yet; what the bets may be worth is the rest.
    excess = np.maximum(won - (most + np.log1p(-np.exp(unspent - most))), 0.0)
    log_stake = np.where(active & (seen < horizon), np.log((1 - FIRST) / max(horizon - 1, 1)), -np.inf)
    # The new stake is the same on every ratio, so the mean rises by just that.
    mean = np.logaddexp(won - excess, log_stake)
    log_e = np.logaddexp(mean, _log_unspent(seen, horizon))
    return Collected(
        starts=Starts(log_stakes=_raised(wealth, top - excess, log_stake, starts.log_stakes, active), seen=seen),
        log_e=np.where(active, log_e, before),
        stale=active & (mean < STALE),
    )


def _raised(wealth: Floats, log_unit: Floats, log_stake: Floats, before: Floats, active: Flags) -> Floats:
    """Log of what bets (ratios, streams) in such units are worth with a new stake; as before where inactive.

    `wealth` is overwritten. What is below a 1e-300th of the unit counts as that.
    """
    base = np.maximum(log_unit, log_stake)
    wealth *= np.exp(log_unit - base)
    wealth += np.exp(log_stake - base)
    np.maximum(wealth, 1e-300, out=wealth)
    log_stakes = np.log(wealth, out=wealth)
    log_stakes += base
    log_stakes[:, ~active] = before[:, ~active]
    return log_stakes


def _log_unspent(seen: Whole, horizon: int) -> Floats:
    """Log of the stake whose intervals are still to come: (streams,)."""
    later = max(horizon - 1, 1)
    with np.errstate(divide="ignore"):
        return np.log((1 - FIRST) * np.maximum(horizon - 1 - seen, 0) / later)
