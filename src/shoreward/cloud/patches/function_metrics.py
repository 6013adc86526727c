"""The AWS/Lambda metrics of an invocation, in every set of dimensions in which AWS publishes them.

https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html: by function; by function and ``Resource``
(the function, or its alias or version); for aliases also by ``ExecutedVersion``; and over all functions.
"""

import time

from shoreward.cloud.functions.model import Outcome
from shoreward.cloud.metrics.emf import embedded_metrics
from shoreward.cloud.metrics.store import MetricStore, Series

_NAMES = (("Invocations", "Count"), ("Errors", "Count"), ("Throttles", "Count"), ("Duration", "Milliseconds"))
_Group = tuple[Series, Series, Series, Series]


class FunctionMetrics:
    """Records what invocations did. The series of each function version are looked up once."""

    def __init__(self, store: MetricStore) -> None:
        self._store = store
        self._groups: dict[tuple[str, str, str, str, str], list[_Group]] = {}

    def completed(self, account: str, region: str, name: str, qualifier: str, version: str, outcome: Outcome) -> None:
        """Count one invocation, its failure if it failed, its duration, and the metrics it printed."""
        now = int(time.time())
        failed = 1.0 if outcome.failed else 0.0
        for invocations, errors, throttles, duration in self._of(account, region, name, qualifier, version):
            invocations.bucket(now).add(1.0)
            errors.bucket(now).add(failed)
            throttles.bucket(now).add(0.0)
            duration.bucket(now).add(outcome.duration_ms)
        if outcome.log:
            self.embedded(account, region, outcome.log)

    def throttled(self, account: str, region: str, name: str, qualifier: str, version: str) -> None:
        """Count one invocation that was refused; AWS does not count it as an invocation."""
        now = int(time.time())
        for _, _, throttles, _ in self._of(account, region, name, qualifier, version):
            throttles.bucket(now).add(1.0)

    def embedded(self, account: str, region: str, text: str) -> None:
        """Record the metrics that a log carries in the embedded metric format."""
        for metric in embedded_metrics(text):
            series = self._store.series(account, region, metric.namespace, metric.name, metric.dimensions)
            series.unit = metric.unit
            bucket = series.bucket(int(metric.at or time.time()))
            for value in metric.values:
                bucket.add(value)

    def clear(self) -> None:
        """Forget the looked-up series, after the store was cleared."""
        self._groups.clear()

    def _of(self, account: str, region: str, name: str, qualifier: str, version: str) -> list[_Group]:
        key = (account, region, name, qualifier, version)
        found = self._groups.get(key)
        if found is None:
            resource = f"{name}:{qualifier}" if qualifier else name
            sets = [{}, {"FunctionName": name}, {"FunctionName": name, "Resource": resource}]
            if qualifier and qualifier != version:
                sets.append({"FunctionName": name, "Resource": resource, "ExecutedVersion": version})
            found = self._groups[key] = [self._group(account, region, dimensions) for dimensions in sets]
        return found

    def _group(self, account: str, region: str, dimensions: dict[str, str]) -> _Group:
        series: list[Series] = []
        for name, unit in _NAMES:
            one = self._store.series(account, region, "AWS/Lambda", name, dimensions)
            one.unit = unit
            series.append(one)
        return series[0], series[1], series[2], series[3]
