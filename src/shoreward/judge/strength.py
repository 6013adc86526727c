"""How strong evidence is, by where its baseline comes from.

Place in the flow: stands beside every verdict of a release, so that nobody takes a guess for a proof.
"""

from collections.abc import Iterable
from enum import StrEnum


class Strength(StrEnum):
    """Listed from strongest to weakest.

    GUARANTEED: a concurrent baseline, counts or latency; error rates hold for any sample size, up to clusters of phi.
    CALIBRATED: noise or the usual relation of two arms comes from history; error rates hold while it goes on like that.
    WEAK: the canary's own past is the baseline; whatever else happens at the same time counts for or against it.
    """

    GUARANTEED = "guaranteed"
    CALIBRATED = "calibrated"
    WEAK = "weak"


def weakest(strengths: Iterable[Strength]) -> Strength:
    """The weakest of them; of nothing, weak."""
    order = tuple(Strength)
    return max(strengths, key=order.index, default=Strength.WEAK)
