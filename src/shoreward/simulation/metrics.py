"""Metrics of simulated customers: drawn once, an interval at a time, and told when they have arrived.

Implements `app.ports.MetricSource` in place of the simulated cloud's own, which draws every interval anew at each look
and is too slow for hundreds of releases. Which revision served how much is the cloud's to say.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from shoreward.app.ports import Samples, Stream
from shoreward.domain import Target
from shoreward.simulation.customers import Chance, Customers, Floats, Intervals, Mark, Served
from shoreward.simulation.durations import Durations
from shoreward.simulation.faults import Affliction
from shoreward.testing.metrics import Untimed
from shoreward.testing.simulated import SimulatedCloud

NEW = "new"
"""The commit that is released; whatever else serves is the baseline."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """When metrics are there.

    Attributes:
        delay: seconds after the end of an interval.
        late: share of intervals that take `more` seconds on top.
    """

    delay: float
    late: float = 0.0
    more: float = 0.0

    def punctual(self, within: float) -> bool:
        """Whether all metrics are there when a look takes them to be."""
        return self.delay <= within and not self.late


@dataclass(slots=True)
class _Drawn:
    """Intervals of a target, one behind the other from `start` on.

    They were drawn in blocks, the last of which saw the target's shares changed `changes` times; `marks` tell of each
    block how many intervals there were before it, and where chance stood.
    """

    start: float
    served: Served
    arrives: Floats
    changes: int = 0
    marks: list[tuple[int, Mark]] = field(default_factory=list[tuple[int, Mark]])

    @property
    def intervals(self) -> int:
        return self.arrives.size


@dataclass(slots=True)
class SimulatedMetrics(Untimed):
    """Counts of the customers of one release."""

    cloud: SimulatedCloud
    customers: Customers
    affliction: Affliction
    arrival: Arrival
    chance: Chance
    durations: Durations = field(default_factory=Durations)
    _drawn: dict[str, _Drawn] = field(default_factory=dict[str, _Drawn])

    def counts(
        self, target: Target, streams: Sequence[Stream], *, start: float, end: float, period: int
    ) -> Mapping[Stream, Samples]:
        """See `MetricSource.counts`; zero where nothing has arrived yet."""
        served, arrives = self.between(target, start, end, period)
        here = arrives <= self.cloud.clock.now()
        nothing = np.zeros(arrives.size)

        def samples(stream: Stream) -> Samples:
            is_new = self._is_new(target, stream)
            requests = served.canary_requests if is_new else served.baseline_requests
            errors = served.canary_bad if is_new else served.baseline_bad
            return Samples(requests=requests * here, errors=errors * here, throttles=nothing)

        return {stream: samples(stream) for stream in streams}

    def latencies(
        self,
        target: Target,
        streams: Sequence[Stream],
        levels: Sequence[float],
        *,
        start: float,
        end: float,
        period: int,
    ) -> Mapping[Stream, Floats]:
        """See `MetricSource.latencies`; unknown where nobody is slower than usual."""
        if not self.affliction.fault.slow:
            return Untimed.latencies(self, target, streams, levels, start=start, end=end, period=period)
        starts: Floats = np.arange(start, end, period, dtype=np.float64)
        here = starts + period + self.arrival.delay <= self.cloud.clock.now()
        known = np.where(here, 1.0, np.nan)
        return {
            stream: known * self.durations.quantiles(levels, self._slower(target, stream, starts)) for stream in streams
        }

    def slower(
        self, target: Target, limits: Mapping[Stream, Sequence[float]], *, start: float, end: float, period: int
    ) -> Mapping[Stream, Floats]:
        """See `MetricSource.slower`."""
        if not self.affliction.fault.slow:
            return Untimed.slower(self, target, limits, start=start, end=end, period=period)
        starts: Floats = np.arange(start, end, period, dtype=np.float64)
        found = self.counts(target, tuple(limits), start=start, end=end, period=period)
        return {
            stream: np.stack(
                [
                    self.durations.slow(
                        float(requests),
                        ends,
                        float(slower),
                        self.chance.once(target, f"durations {stream.version} {at}"),
                    )
                    for requests, slower, at in zip(
                        found[stream].requests, self._slower(target, stream, starts), starts, strict=True
                    )
                ],
                axis=1,
            )
            for stream, ends in limits.items()
        }

    def _slower(self, target: Target, stream: Stream, starts: Floats) -> Floats:
        """How many times as long as usual a version's requests take."""
        return self.affliction.slower_at(target, starts) if self._is_new(target, stream) else np.ones(starts.size)

    def _is_new(self, target: Target, stream: Stream) -> bool:
        """Whether it is of the new revision; what any version served counts as the baseline's."""
        return bool(stream.version) and self.cloud.target(target).versions[int(stream.version) - 1] == NEW

    def begins(self, target: Target) -> float:
        """When a target's metrics begin: with its first customer; inf before."""
        drawn = self._drawn.get(target.key)
        return math.inf if drawn is None else drawn.start

    def between(self, target: Target, start: float, end: float, period: int) -> tuple[Served, Floats]:
        """What customers saw, and when the metrics of it arrive.

        An end in the future supposes that the shares stay as they are; what turns out otherwise is drawn again.
        """
        drawn = self._drawn.get(target.key)
        if drawn is None:
            none = np.zeros(0)
            nothing = Served(canary_requests=none, canary_bad=none, baseline_requests=none, baseline_bad=none)
            drawn = self._drawn[target.key] = _Drawn(start, nothing, none)
        self._forget_what_was_not(target, drawn, period)
        missing = round((end - drawn.start) / period) - drawn.intervals
        if missing > 0:
            self._extend(target, drawn, missing, period)
        here = slice(round((start - drawn.start) / period), round((end - drawn.start) / period))
        served = drawn.served
        cut = Served(
            canary_requests=served.canary_requests[here],
            canary_bad=served.canary_bad[here],
            baseline_requests=served.baseline_requests[here],
            baseline_bad=served.baseline_bad[here],
        )
        return cut, drawn.arrives[here]

    def _extend(self, target: Target, drawn: _Drawn, count: int, period: int) -> None:
        drawn.changes = len(self.cloud.target(target).shares)
        drawn.marks.append((drawn.intervals, self.chance.mark(target)))
        starts: Floats = drawn.start + period * np.arange(drawn.intervals, drawn.intervals + count, dtype=np.float64)
        new = self.customers.serve(
            target,
            Intervals(
                starts=starts,
                period=period,
                shares=np.diff(exposure(self.cloud, target, np.append(starts, starts[-1] + period))) / period,
                failing=self.affliction.failing_at(starts),
                excess=self.affliction.excess_at(target, starts, period),
            ),
        )
        late = self.chance.of(target, "late").random(count) < self.arrival.late
        arrives = starts + period + self.arrival.delay + late * self.arrival.more
        old = drawn.served
        drawn.served = Served(
            canary_requests=np.append(old.canary_requests, new.canary_requests),
            canary_bad=np.append(old.canary_bad, new.canary_bad),
            baseline_requests=np.append(old.baseline_requests, new.baseline_requests),
            baseline_bad=np.append(old.baseline_bad, new.baseline_bad),
        )
        drawn.arrives = np.append(drawn.arrives, arrives)

    def _forget_what_was_not(self, target: Target, drawn: _Drawn, period: int) -> None:
        """Draw again what was drawn ahead before the shares changed, as far as it is over."""
        changes = self.cloud.target(target).shares
        if drawn.changes == len(changes) or not drawn.marks:
            return
        over = int((changes[drawn.changes][0] - drawn.start) // period)
        if over >= drawn.intervals:
            return
        while drawn.marks[-1][0] > over:
            drawn.marks.pop()
        kept, mark = drawn.marks.pop()
        self.chance.back_to(target, mark)
        drawn.served, drawn.arrives = _until(drawn.served, kept), drawn.arrives[:kept]
        if over > kept:
            self._extend(target, drawn, over - kept, period)


def _until(served: Served, count: int) -> Served:
    return Served(
        canary_requests=served.canary_requests[:count],
        canary_bad=served.canary_bad[:count],
        baseline_requests=served.baseline_requests[:count],
        baseline_bad=served.baseline_bad[:count],
    )


def shares(cloud: SimulatedCloud, target: Target) -> list[tuple[float, float]]:
    """The new revision's share of a target's traffic, and since when."""
    return [(at, served.get(NEW, 0.0)) for at, served in cloud.target(target).shares]


def exposure(cloud: SimulatedCloud, target: Target, times: Floats) -> Floats:
    """Seconds of full traffic that the new revision has had until each time."""
    changes = shares(cloud, target)
    if not changes:
        return np.zeros(times.size)
    at = np.array([time for time, _ in changes])
    share = np.array([share for _, share in changes])
    before = np.concatenate(([0.0], np.cumsum(share[:-1] * np.diff(at))))
    index = np.searchsorted(at, times, side="right") - 1
    inside = index >= 0
    known = np.maximum(index, 0)
    return np.where(inside, before[known] + share[known] * (times - at[known]), 0.0)
