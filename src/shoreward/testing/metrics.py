"""Metric sources that know no latencies, and one of series that somebody puts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from shoreward.app.ports import Stream
from shoreward.domain import Judged, Metric, Query, Target


class Untimed:
    """The part of a `MetricSource` about latency where nobody measured any: a judge then has no evidence from it."""

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
        """Unknown, each of them."""
        nothing = np.full((len(levels), round((end - start) / period)), np.nan)
        return dict.fromkeys(streams, nothing)

    def slower(
        self, target: Target, limits: Mapping[Stream, Sequence[float]], *, start: float, end: float, period: int
    ) -> Mapping[Stream, NDArray[np.float64]]:
        """None of them."""
        intervals = round((end - start) / period)
        return {stream: np.zeros((len(ends), intervals)) for stream, ends in limits.items()}


@dataclass(slots=True)
class SimulatedSeries:
    """Implements `app.ports.SeriesSource` and `app.ports.Survey` over points that somebody puts.

    Attributes:
        found: metrics that a target's stack has, by the target's key.
        asked: the queries of every reading, and of which target.
    """

    found: dict[str, tuple[Metric, ...]] = field(default_factory=dict[str, "tuple[Metric, ...]"])
    asked: list[tuple[str, tuple[Query, ...]]] = field(default_factory=list["tuple[str, tuple[Query, ...]]"])
    _points: dict[tuple[str, Query], dict[float, float]] = field(
        default_factory=dict["tuple[str, Query]", "dict[float, float]"]
    )

    def put(self, target: Target, query: Query, at: float, value: float) -> None:
        """A point; another one at the same time takes its place."""
        self._points.setdefault((target.key, query), {})[at] = value

    def series(
        self, target: Target, queries: Sequence[Query], *, start: float, end: float, period: int
    ) -> Mapping[Query, NDArray[np.float64]]:
        """See `SeriesSource.series`; several points in an interval are averaged."""
        self.asked.append((target.key, tuple(queries)))
        return {query: self._values(target, query, start, round((end - start) / period), period) for query in queries}

    def _values(self, target: Target, query: Query, start: float, intervals: int, period: int) -> NDArray[np.float64]:
        total, number = np.zeros(intervals), np.zeros(intervals)
        for at, value in self._points.get((target.key, query), {}).items():
            place = math.floor((at - start) / period)
            if 0 <= place < intervals:
                total[place] += value
                number[place] += 1
        return np.where(number > 0, total / np.maximum(number, 1), np.nan)

    def shared(self, target: Target) -> Sequence[Metric]:
        """See `Survey.shared`."""
        return self.found.get(target.key, ())

    def judged(self, target: Target, judged: Judged) -> Sequence[Metric]:
        """See `Survey.judged`: what was found for all."""
        return self.found.get(target.key, ())
