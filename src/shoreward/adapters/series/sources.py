"""One source of several: each query goes to whom it is for, all queries of one source at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from shoreward.domain import CloudWatchQuery, FileQuery, PrometheusQuery, Query, Target

Q = TypeVar("Q", CloudWatchQuery, PrometheusQuery, FileQuery)


class Source(Protocol[Q]):
    """A part of `app.ports.SeriesSource`, about one kind of queries."""

    def series(
        self, target: Target, queries: Sequence[Q], *, start: float, end: float, period: int
    ) -> Mapping[Q, NDArray[np.float64]]:
        """See `SeriesSource.series`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Implements `app.ports.SeriesSource`; a source that nothing is wanted of is not asked."""

    cloudwatch: Source[CloudWatchQuery]
    prometheus: Source[PrometheusQuery]
    files: Source[FileQuery]

    def series(
        self, target: Target, queries: Sequence[Query], *, start: float, end: float, period: int
    ) -> Mapping[Query, NDArray[np.float64]]:
        """See `SeriesSource.series`."""
        found: dict[Query, NDArray[np.float64]] = {}
        if of_cloudwatch := [each for each in queries if isinstance(each, CloudWatchQuery)]:
            found.update(self.cloudwatch.series(target, of_cloudwatch, start=start, end=end, period=period).items())
        if of_prometheus := [each for each in queries if isinstance(each, PrometheusQuery)]:
            found.update(self.prometheus.series(target, of_prometheus, start=start, end=end, period=period).items())
        if of_files := [each for each in queries if isinstance(each, FileQuery)]:
            found.update(self.files.series(target, of_files, start=start, end=end, period=period).items())
        return found
