"""What is seen of a target: counts, durations, series, alarms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from shoreward.domain import Judged, Metric, Query, Target

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Stream:
    """A function's version behind an alias, whose requests are counted; "" is whatever version served them."""

    function: str
    alias: str
    version: str


@dataclass(frozen=True, slots=True)
class Samples:
    """Counts per interval: arrays of shape (intervals,), zero where the source reported nothing."""

    requests: NDArray[np.float64]
    errors: NDArray[np.float64]
    throttles: NDArray[np.float64]


class MetricSource(Protocol):
    """Counts of requests and failures, and how long requests took; [start, end) in intervals of `period` seconds."""

    def counts(
        self, target: Target, streams: Sequence[Stream], *, start: float, end: float, period: int
    ) -> Mapping[Stream, Samples]:
        """Counts for [start, end) in intervals of `period` seconds; both ends are multiples of it."""
        ...

    def latencies(
        self,
        target: Target,
        streams: Sequence[Stream],
        levels: Sequence[float],
        *,
        start: float,
        end: float,
        period: int,
    ) -> Mapping[Stream, NDArray[np.float64]]:
        """Quantiles of each interval's latencies in milliseconds: (levels, intervals), NaN where nothing is known."""
        ...

    def slower(
        self, target: Target, limits: Mapping[Stream, Sequence[float]], *, start: float, end: float, period: int
    ) -> Mapping[Stream, NDArray[np.float64]]:
        """Requests that took longer than each of a stream's limits, in milliseconds: (limits, intervals)."""
        ...


class SeriesSource(Protocol):
    """Values of metrics beside those that Lambda counts: a team's own, and what both revisions of a target share."""

    def series(
        self, target: Target, queries: Sequence[Query], *, start: float, end: float, period: int
    ) -> Mapping[Query, NDArray[np.float64]]:
        """Values in [start, end) by intervals of `period` seconds: (intervals,), NaN where there is none.

        Nothing is left to be filled in in the queries, and each is read once, however often it is named. Values that
        came late, or were corrected, are what they are now. Raises `Retryable` (METRICS_INCOMPLETE) when only a part
        could be read: a hole is no value.
        """
        ...


class Survey(Protocol):
    """Finds metrics that both revisions of a target share."""

    def shared(self, target: Target) -> Sequence[Metric]:
        """Those of the resources that its stack has now; none when there is no stack.

        The same resource has the same `name` and `function` on every target. Nothing is left to be filled in.
        """
        ...

    def judged(self, target: Target, judged: Judged) -> Sequence[Metric]:
        """Those of a stack, or a function, that reads a configuration; errors and latency of functions are among them.

        Raises `Terminal` (JUDGED_MISSING) when there is no such thing on the target.
        """
        ...


class AlarmSource(Protocol):
    """Alarms that a team named."""

    def firing(self, target: Target, names: Sequence[str]) -> tuple[str, ...]:
        """The names that are in ALARM now. Raises `Terminal` (ALARM_MISSING) for one that does not exist."""
        ...

    def firing_like(self, target: Target, prefix: str) -> tuple[str, ...]:
        """Names that begin so and are in ALARM now. Raises `Terminal` (ALARM_MISSING) when no alarm's name does."""
        ...
