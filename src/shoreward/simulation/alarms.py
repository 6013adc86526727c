"""An alarm on a share of failing requests, as peers rely on: the classic beside which the judge is compared.

Implements `app.ports.AlarmSource` over simulated metrics. It looks at all requests of a target, whichever revision
served them, as an alarm on a function or an API does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shoreward.domain import Target
from shoreward.simulation.metrics import SimulatedMetrics


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdAlarm:
    """Fires while each of the newest `periods` intervals that have arrived had more failures than `threshold` (0..1).

    An interval without requests is not above it.
    """

    metrics: SimulatedMetrics
    threshold: float
    periods: int
    period: int

    def firing(self, target: Target, names: Sequence[str]) -> tuple[str, ...]:
        """See `AlarmSource.firing`."""
        now, delay = self.metrics.cloud.clock.now(), self.metrics.arrival.delay
        end = (now - delay) // self.period * self.period
        start = end - self.periods * self.period
        if start < self.metrics.begins(target):
            return ()
        served, _ = self.metrics.between(target, start, end, self.period)
        requests = served.canary_requests + served.baseline_requests
        above = served.canary_bad + served.baseline_bad > self.threshold * requests
        return tuple(names) if above.all() else ()

    def firing_like(self, target: Target, prefix: str) -> tuple[str, ...]:
        """See `AlarmSource.firing_like`: this one is all there is."""
        return self.firing(target, (prefix,))
