"""Running totals of both arms, and what they show to the eye: rates and their ratio.

Place in the flow: beside the evidence in every state. Evidence decides; totals explain, and keep a rollback from
resting on a difference too small to matter.
"""

from dataclasses import dataclass

import numpy as np

from shoreward.judge.checks import Flags, Floats
from shoreward.judge.counts import Sample


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Totals:
    """Sums per stream, shape (4, streams): canary requests, canary bad, baseline requests, baseline bad."""

    sums: Floats

    def plus(self, sample: Sample, counted: Flags | bool = True) -> "Totals":
        """With one more interval of the counted streams."""
        new = np.stack((sample.requests, sample.bad, sample.baseline_requests, sample.baseline_bad))
        return Totals(sums=self.sums + new * counted)

    def emptied(self, where: Flags) -> "Totals":
        """Begun anew for some streams."""
        return Totals(sums=np.where(where, 0.0, self.sums))

    @property
    def canary_rate(self) -> Floats:
        """Bad events per canary request; 0 without requests."""
        return _rate(self.sums[1], self.sums[0])

    @property
    def baseline_rate(self) -> Floats:
        """Bad events per baseline request; 0 without requests."""
        return _rate(self.sums[3], self.sums[2])

    @property
    def ratio(self) -> Floats:
        """Canary rate over baseline rate: inf when only the canary had bad events, 1 when neither had."""
        canary, baseline = self.canary_rate, self.baseline_rate
        some = np.where(canary > 0, np.inf, 1.0)
        with np.errstate(over="ignore"):
            return np.divide(canary, baseline, out=some, where=baseline > 0)

    def at_least(self, ratio: float) -> Flags:
        """Whether the canary had bad events, at no less than `ratio` times the baseline's rate."""
        n_c, x_c, n_b, x_b = self.sums
        return (x_c > 0) & (x_c * n_b >= ratio * x_b * n_c)


def nothing(streams: int) -> Totals:
    """Totals before the first interval."""
    return Totals(sums=np.zeros((4, streams)))


def _rate(bad: Floats, requests: Floats) -> Floats:
    return np.divide(bad, requests, out=np.zeros_like(bad), where=requests > 0)
