"""Which intervals a look judges: those whose metrics have arrived."""

from __future__ import annotations

import math
from dataclasses import dataclass

from shoreward.core import Deployment, Release
from shoreward.judge import Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Intervals whose metrics have arrived: [start, end), of which those from `step` on began after the last shift."""

    start: float
    end: float
    step: int
    period: int

    @property
    def intervals(self) -> int:
        """How many."""
        return round((self.end - self.start) / self.period)


def window_of(state: Release, deployment: Deployment, now: float) -> Window:
    """Everything since the target's first shift that has arrived by now; its end may lie before its start."""
    policy = state.pipeline.judge
    period = policy.interval
    start = math.floor(deployment.exposed_since / period) * period
    end = math.floor((now - policy.delay) / period) * period
    step = math.ceil(deployment.shifted_at / period) - start // period
    return Window(start=start, end=end, step=step, period=period)


def since(counts: Counts, step: int) -> Counts:
    """What began after the last shift."""
    return Counts(*(array[:, max(0, step) :] for array in counts.arrays))
