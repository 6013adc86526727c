"""Answers metric queries from the store: one series and statistic, or a batch with metric math."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shoreward.cloud.metrics.expressions import TimeSeries, evaluate
from shoreward.cloud.metrics.statistics import statistic
from shoreward.cloud.metrics.store import Bucket, MetricStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One MetricDataQuery: either a metric with a statistic, or an expression over the ids of others."""

    id: str
    label: str = ""
    expression: str = ""
    namespace: str = ""
    metric: str = ""
    dimensions: Mapping[str, str] | None = None
    period: int = 60
    statistic: str = "Average"
    returned: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The datapoints of one query, by the beginning of their period (epoch seconds)."""

    id: str
    label: str
    values: TimeSeries


class MetricQueries:
    """Metric queries of one account and region."""

    def __init__(self, store: MetricStore, account: str, region: str) -> None:
        self._store = store
        self._account = account
        self._region = region

    def series(self, query: Query, start: float, end: float) -> TimeSeries:
        """One statistic of one metric in ``[start, end)``, period by period; empty periods are absent."""
        compute = statistic(query.statistic)
        return {at: compute(bucket) for at, bucket in self._periods(query, start, end).items() if bucket.count}

    def buckets(self, query: Query, start: float, end: float) -> tuple[str, dict[int, Bucket]]:
        """The unit of a metric and its merged buckets, for several statistics at once."""
        found = self._store.find(self._account, self._region, query.namespace, query.metric, query.dimensions or {})
        return (found.unit if found else "None"), self._periods(query, start, end)

    def run(self, queries: Sequence[Query], start: float, end: float) -> list[Result]:
        """All queries of a batch, expressions included, in the order asked."""
        done: dict[str, TimeSeries] = {}
        for query in queries:
            if not query.expression:
                done[query.id] = self.series(query, start, end)
        pending = [query for query in queries if query.expression]
        period = max((query.period for query in queries if not query.expression), default=60)
        first = math.floor(start / period) * period
        times = range(first if first >= start else first + period, math.ceil(end), period)
        while pending:
            ready = [
                query for query in pending if not any(_names(query, other) for other in pending if other is not query)
            ]
            for query in ready or pending:
                value = evaluate(
                    query.expression, done, period=query.period if query.period != 60 else period, times=times
                )
                if isinstance(value, list):
                    value = value[0] if value else {}
                done[query.id] = dict.fromkeys(times, value) if isinstance(value, int | float) else value
            pending = [query for query in pending if query not in (ready or pending)]
        return [
            Result(id=query.id, label=query.label or query.metric or query.id, values=done[query.id])
            for query in queries
            if query.returned
        ]

    def _periods(self, query: Query, start: float, end: float) -> dict[int, Bucket]:
        found = self._store.find(self._account, self._region, query.namespace, query.metric, query.dimensions or {})
        if found is None:
            return {}
        period = max(1, query.period)
        # CloudWatch answers whole periods: the first one is rounded down to its beginning.
        return found.periods(start - start % period, end, period)


def _names(query: Query, other: Query) -> bool:
    return re.search(rf"\b{re.escape(other.id)}\b", query.expression) is not None
