"""Over-dispersion: how far errors come in clusters, estimated from history without a change.

Place in the flow: before a release, from A/A history (the same revision in both arms, the split as it will be); the
result goes into the tests as phi. Clustered errors break the independence that the guarantees rest on; dividing the log
e-value by phi restores it.

With m = x_c + x_b bad events in an interval and theta = n_c / (n_c + n_b), independence makes x_c vary around m*theta
with variance m*theta*(1-theta), or around m*n_c/N with the hypergeometric variance where events are common (latency).
Phi is the observed over the expected variance, the largest over blocks of several lengths (clusters that last minutes
hide in short blocks), plus one standard error, and never below 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from shoreward.judge.checks import Flags, Floats, within
from shoreward.judge.counts import NO_TRAFFIC, Counts
from shoreward.judge.errors import JudgeInputError
from shoreward.judge.exceedances import Exceedances
from shoreward.judge.shares import moments

CAUTIOUS_PHI = 3.0
"""A stated default for streams without usable history."""

LEAST_VARIANCE = 5.0
"""Expected variance (about 20 errors at an even split) that a history must hold before it is believed."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PhiEstimate:
    """Phi per stream, and whether history showed it (True) or the caller's default was used (False)."""

    phi: Floats
    known: Flags


def estimate_phi(
    history: Counts, *, without_history: float = CAUTIOUS_PHI, blocks: Sequence[int] = (1, 5, 15)
) -> PhiEstimate:
    """Phi of every stream from A/A history; `without_history` where it holds too few errors to tell.

    `blocks` are lengths in intervals; a block length counts when at least two whole blocks fit.
    """
    n_c, x_c, n_b, x_b = history.arrays
    both = (n_c > NO_TRAFFIC) & (n_b > NO_TRAFFIC)
    exposed = n_c * history.usual[:, None]
    theta = np.divide(exposed, exposed + n_b, out=np.zeros_like(n_c), where=both)
    total = np.where(both, x_c + x_b, 0.0)
    surplus = np.where(both, x_c - total * theta, 0.0)
    return _estimate(surplus, total * theta * (1 - theta), without_history, blocks)


def estimate_latency_phi(
    history: Exceedances, *, without_history: float = CAUTIOUS_PHI, blocks: Sequence[int] = (1, 5, 15)
) -> PhiEstimate:
    """The same of slow requests: the largest over the levels, known where any level is.

    In history both arms have the same limit: `exceedances(histograms, levels, steps=0)`.
    """
    phi, known = np.ones(history.streams), np.zeros(history.streams, dtype=np.bool_)
    intervals = [history.at(interval) for interval in range(history.intervals)]
    laws = [moments(sample) for sample in intervals]
    for level in range(history.levels):
        pairs = zip(intervals, laws, strict=True)
        surplus = [np.where(one.active, one.slow[level] - law.mean[level], 0.0) for one, law in pairs]
        variance = [np.where(one.active, law.variance[level], 0.0) for one, law in zip(intervals, laws, strict=True)]
        shape = (history.streams, history.intervals)
        estimate = _estimate(
            np.array(surplus).T.reshape(shape), np.array(variance).T.reshape(shape), without_history, blocks
        )
        phi = np.where(estimate.known, np.maximum(phi, estimate.phi), phi)
        known |= estimate.known
    return PhiEstimate(phi=np.where(known, phi, without_history), known=known)


def _estimate(surplus: Floats, variance: Floats, without_history: float, blocks: Sequence[int]) -> PhiEstimate:
    """From each interval's surplus in the canary and its variance under independence, (streams, intervals)."""
    within("without_history", without_history, 1, 1e9, closed=True)
    if not blocks or any(length < 1 for length in blocks):
        raise JudgeInputError(f"blocks are {tuple(blocks)}; at least one length is needed, each 1 or more")
    streams, intervals = surplus.shape
    phi, known = np.ones(streams), np.zeros(streams, dtype=np.bool_)
    for length in blocks:
        if intervals >= 2 * length:
            upper, usable = _phi_in_blocks(block_sums(surplus, length), block_sums(variance, length))
            phi = np.where(usable, np.maximum(phi, upper), phi)
            known |= usable
    return PhiEstimate(phi=np.where(known, phi, without_history), known=known)


def _phi_in_blocks(surplus: Floats, expected: Floats) -> tuple[Floats, Flags]:
    """Phi plus one standard error for one block length, and where the history sufficed."""
    squares = surplus**2
    observed, variance = squares.sum(axis=1), expected.sum(axis=1)
    usable = variance >= LEAST_VARIANCE
    divisor = np.where(usable, variance, 1.0)
    phi = observed / divisor
    residual = np.sqrt(((squares - phi[:, None] * expected) ** 2).sum(axis=1)) / divisor
    # A handful of blocks says little about its own spread; a Gaussian's spread is the least we believe.
    gaussian = phi * np.sqrt(2.0 / np.maximum((expected > 0).sum(axis=1), 1))
    return phi + np.maximum(residual, gaussian), usable


def block_sums(array: Floats, length: int) -> Floats:
    """Sums over whole blocks of intervals, (streams, blocks); a rest at the end is left out."""
    whole = array.shape[1] // length
    return array[:, : whole * length].reshape(array.shape[0], whole, length).sum(axis=2)
