"""MetricSource on CloudWatch: what Lambda counted of each version behind an alias.

`Invocations` and `Errors` are told apart by version: their dimensions are FunctionName, Resource (function:alias) and
ExecutedVersion. `Throttles` are not: a throttled request was turned away before a version ran it, so it is counted for
the alias as a whole. It is divided between the versions by their share of the interval's invocations, so that it adds
up and never speaks for or against either version. What a canary does to the function's concurrency shows on both
arms alike; an alarm on the function's throttles is the way to roll back on it (docs/aws.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from shoreward.adapters.aws.calls import Aws, pages
from shoreward.app.ports import Samples, Stream
from shoreward.domain import CloudWatchQuery, Retryable, Target

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.type_defs import DimensionTypeDef, MetricDataQueryTypeDef, MetricDataResultTypeDef

_QUERIES = 500
_DATAPOINTS = 100_800


@dataclass(frozen=True, slots=True)
class _Series:
    """One statistic of a metric of an alias, or of one version behind it."""

    metric: str
    function: str
    alias: str
    version: str = ""
    statistic: str = "Sum"

    @property
    def query(self) -> CloudWatchQuery:
        """As CloudWatch knows it."""
        dimensions = [("FunctionName", self.function), ("Resource", f"{self.function}:{self.alias}")]
        if self.version:
            dimensions.append(("ExecutedVersion", self.version))
        return CloudWatchQuery(
            namespace="AWS/Lambda", metric=self.metric, dimensions=tuple(dimensions), statistic=self.statistic
        )


class Metrics:
    """Counts of requests and failures, and durations (`app.ports.MetricSource`)."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    def counts(
        self, target: Target, streams: Sequence[Stream], *, start: float, end: float, period: int
    ) -> Mapping[Stream, Samples]:
        """Counts for [start, end) in intervals of `period` seconds; both ends are multiples of it.

        Raises `Retryable` (METRICS_INCOMPLETE) when CloudWatch could not read all of it: a hole is not a zero.
        """
        asked = [one for stream in streams for one in _series(stream)]
        read = self._all(target, asked, start, end, period)
        return {
            stream: _samples(stream, streams, {one: np.nan_to_num(values) for one, values in read.items()})
            for stream in streams
        }

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
        """Quantiles of `Duration`, which is the handler's time without its start.

        Raises `Retryable` (METRICS_INCOMPLETE) as `counts` does.
        """
        asked = {stream: [_duration(stream, f"p{100 * level:.10g}") for level in levels] for stream in streams}
        read = self._all(target, [one for each in asked.values() for one in each], start, end, period)
        return {stream: np.stack([read[one] for one in each]) for stream, each in asked.items()}

    def slower(
        self, target: Target, limits: Mapping[Stream, Sequence[float]], *, start: float, end: float, period: int
    ) -> Mapping[Stream, NDArray[np.float64]]:
        """Counts of `Duration` above each limit: the statistic TC, whose lower bound is exclusive.

        Raises `Retryable` (METRICS_INCOMPLETE) as `counts` does.
        """
        asked = {stream: [_duration(stream, f"TC({limit:.3f}:)") for limit in ends] for stream, ends in limits.items()}
        read = self._all(target, [one for each in asked.values() for one in each], start, end, period)
        return {stream: np.nan_to_num(np.stack([read[one] for one in each])) for stream, each in asked.items()}

    def _all(
        self, target: Target, asked: Sequence[_Series], start: float, end: float, period: int
    ) -> dict[_Series, NDArray[np.float64]]:
        """Each series' values for [start, end), NaN where there is no datapoint."""
        found = self.series(target, [one.query for one in asked], start=start, end=end, period=period)
        return {one: found[one.query] for one in asked}

    def series(
        self, target: Target, queries: Sequence[CloudWatchQuery], *, start: float, end: float, period: int
    ) -> dict[CloudWatchQuery, NDArray[np.float64]]:
        """See `SeriesSource.series`; as many in a request as it takes."""
        intervals = max(0, round((end - start) / period))
        series = tuple(dict.fromkeys(queries))
        if not intervals:
            return {one: np.zeros(0) for one in series}
        read: dict[CloudWatchQuery, NDArray[np.float64]] = {}
        size = max(1, min(_QUERIES, _DATAPOINTS // intervals))
        for first in range(0, len(series), size):
            read |= self._read(target, series[first : first + size], start, intervals, period)
        return read

    def _read(
        self, target: Target, series: Sequence[CloudWatchQuery], start: float, intervals: int, period: int
    ) -> dict[CloudWatchQuery, NDArray[np.float64]]:
        found = {one: np.full(intervals, np.nan) for one in series}
        unfinished: dict[int, str] = {}
        for result in self._results(target, series, start, start + intervals * period, period):
            number = int(result.get("Id", "q0")[1:])
            unfinished[number] = result.get("StatusCode", "Complete")
            for at, value in zip(result.get("Timestamps", []), result.get("Values", []), strict=True):
                place = int((at.timestamp() - start) // period)
                if 0 <= place < intervals:
                    found[series[number]][place] = value
        if holes := {status for status in unfinished.values() if status != "Complete"}:
            raise Retryable(
                "METRICS_INCOMPLETE", f"CloudWatch read only a part: {', '.join(sorted(holes))}.", where=target.key
            )
        return found

    def _results(
        self, target: Target, series: Sequence[CloudWatchQuery], start: float, end: float, period: int
    ) -> Iterator[MetricDataResultTypeDef]:
        client = self._aws.cloudwatch(target)
        asked: dict[str, Any] = {
            "MetricDataQueries": [_query(number, one, period) for number, one in enumerate(series)],
            "StartTime": datetime.fromtimestamp(start, UTC),
            "EndTime": datetime.fromtimestamp(end, UTC),
            "ScanBy": "TimestampAscending",
        }
        for page in pages(lambda more: self._aws.call(target, client.get_metric_data, **asked, **more)):
            yield from page.get("MetricDataResults", [])


def _series(stream: Stream) -> tuple[_Series, _Series, _Series]:
    return (
        _Series("Invocations", stream.function, stream.alias, stream.version),
        _Series("Errors", stream.function, stream.alias, stream.version),
        _Series("Throttles", stream.function, stream.alias),
    )


def _duration(stream: Stream, statistic: str) -> _Series:
    return _Series("Duration", stream.function, stream.alias, stream.version, statistic)


def _query(number: int, series: CloudWatchQuery, period: int) -> MetricDataQueryTypeDef:
    dimensions: list[DimensionTypeDef] = [{"Name": name, "Value": value} for name, value in series.dimensions]
    return {
        "Id": f"q{number}",
        "MetricStat": {
            "Metric": {"Namespace": series.namespace, "MetricName": series.metric, "Dimensions": dimensions},
            "Period": period,
            "Stat": series.statistic,
        },
        "ReturnData": True,
    }


def _samples(stream: Stream, streams: Sequence[Stream], read: Mapping[_Series, NDArray[np.float64]]) -> Samples:
    requests, errors, throttles = (read[one] for one in _series(stream))
    peers = {one for one in streams if (one.function, one.alias) == (stream.function, stream.alias)}
    total = sum((read[_series(one)[0]] for one in peers), np.zeros_like(requests))
    share = np.divide(requests, total, out=np.full_like(requests, 1.0 / len(peers)), where=total > 0)
    return Samples(requests=requests, errors=errors, throttles=throttles * share)
