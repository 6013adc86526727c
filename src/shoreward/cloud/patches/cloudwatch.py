"""CloudWatch's metric operations, answered from our own store: percentiles, trimmed statistics, math, any period.

The emulator matched dimensions loosely, answered the average for statistics it did not know, and had no expressions.
Seam: the operation functions of its CloudWatch module, which its dispatcher looks up by name at each call.
"""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast
from xml.sax.saxutils import escape

from shoreward.cloud import seam
from shoreward.cloud.metrics.alarms import as_mapping, as_query
from shoreward.cloud.metrics.expressions import ExpressionError
from shoreward.cloud.metrics.query import MetricQueries, Query
from shoreward.cloud.metrics.statistics import UnknownStatistic, statistic
from shoreward.cloud.metrics.store import MetricStore
from shoreward.cloud.untyped import entries

Answer = tuple[int, dict[str, str], bytes]


def apply(store: MetricStore) -> None:
    """Let CloudWatch record to and read from ``store``."""
    module = seam.service("cloudwatch")
    operations = _Operations(module, store)
    module._put_metric_data = operations.put_metric_data
    module._get_metric_data = operations.get_metric_data
    module._get_metric_statistics = operations.get_metric_statistics
    module._list_metrics = operations.list_metrics
    module._evict_old_metrics = lambda: None
    module.record_metric = operations.record_metric
    emulator_reset = module.reset

    def reset() -> None:
        emulator_reset()
        store.clear()

    module.reset = reset


class _Operations:
    def __init__(self, module: Any, store: MetricStore) -> None:
        self._module = module
        self._store = store

    def _scope(self) -> tuple[str, str]:
        return self._module.get_account_id(), self._module.get_region()

    def record_metric(
        self, namespace: str, name: str, value: float, unit: str = "None", dimensions: dict[str, str] | None = None
    ) -> None:
        series = self._store.series(*self._scope(), namespace, name, dimensions or {})
        series.unit = unit
        series.bucket(int(time.time())).add(float(value))

    def put_metric_data(self, params: Any, data: Any, is_cbor: bool, is_json: bool = False) -> Answer:
        given = data if is_cbor or is_json else structured(params)
        namespace = given.get("Namespace") or ""
        if not namespace or not given.get("MetricData"):
            return self._fail("MissingParameter", "Namespace and MetricData are required", is_json)
        for datum in given["MetricData"]:
            series = self._store.series(
                *self._scope(), namespace, datum.get("MetricName", ""), as_mapping(datum.get("Dimensions"))
            )
            series.unit = datum.get("Unit") or "None"
            bucket = series.bucket(int(self._module._parse_ts(datum.get("Timestamp")) or time.time()))
            if datum.get("Values"):
                counts = datum.get("Counts") or [1.0] * len(datum["Values"])
                for value, count in zip(datum["Values"], counts, strict=True):
                    bucket.add(float(value), float(count))
            elif datum.get("StatisticValues"):
                given_set = datum["StatisticValues"]
                bucket.add_set(*(float(given_set[key]) for key in ("SampleCount", "Sum", "Minimum", "Maximum")))
            else:
                bucket.add(float(datum.get("Value") or 0))
        return self._ok("PutMetricData", {}, is_json)

    def get_metric_data(self, params: Any, data: Any, is_cbor: bool, is_json: bool = False) -> Answer:
        given = data if is_cbor or is_json else structured(params)
        start, end = self._module._parse_ts(given.get("StartTime")), self._module._parse_ts(given.get("EndTime"))
        try:
            queries = [as_query(one) for one in given.get("MetricDataQueries") or ()]
            results = MetricQueries(self._store, *self._scope()).run(queries, start, end)
        except (ExpressionError, UnknownStatistic) as error:
            return self._fail("ValidationError", str(error), is_json)
        descending = given.get("ScanBy") != "TimestampAscending"
        shown: list[dict[str, Any]] = []
        for result in results:
            times = sorted(result.values, reverse=descending)
            shown.append(
                {
                    "Id": result.id,
                    "Label": result.label,
                    "Timestamps": times if is_json else [_iso(at) for at in times],
                    "Values": [result.values[at] for at in times],
                    "StatusCode": "Complete",
                }
            )
        return self._ok("GetMetricData", {"MetricDataResults": shown}, is_json)

    def get_metric_statistics(self, params: Any, data: Any, is_cbor: bool, is_json: bool = False) -> Answer:
        given = data if is_cbor or is_json else structured(params)
        plain, extended = entries(given.get("Statistics")), entries(given.get("ExtendedStatistics"))
        if not plain and not extended:
            return self._fail("MissingParameter", "Statistics or ExtendedStatistics is required", is_json)
        query = Query(
            id="m1",
            namespace=given.get("Namespace") or "",
            metric=given.get("MetricName") or "",
            dimensions=as_mapping(given.get("Dimensions")),
            period=int(given.get("Period") or 60),
        )
        try:
            computed = {name: statistic(name) for name in (*plain, *extended)}
        except UnknownStatistic as error:
            return self._fail("InvalidParameterValue", str(error), is_json)
        start, end = self._module._parse_ts(given.get("StartTime")), self._module._parse_ts(given.get("EndTime"))
        unit, buckets = MetricQueries(self._store, *self._scope()).buckets(query, start, end)
        datapoints: list[dict[str, Any]] = []
        for at, bucket in sorted(buckets.items()):
            point: dict[str, Any] = {"Timestamp": at if is_json else _iso(at), "Unit": unit}
            point.update({name: computed[name](bucket) for name in plain})
            if extended:
                point["ExtendedStatistics"] = {name: computed[name](bucket) for name in extended}
            datapoints.append(point)
        return self._ok("GetMetricStatistics", {"Label": query.metric, "Datapoints": datapoints}, is_json)

    def list_metrics(self, params: Any, data: Any, is_cbor: bool, is_json: bool = False) -> Answer:
        given = data if is_cbor or is_json else structured(params)
        wanted = entries(given.get("Dimensions"))
        found: list[dict[str, Any]] = []
        for series in self._store.listed(*self._scope()):
            _, _, namespace, name, dimensions = series.key
            if given.get("Namespace", namespace) != namespace or given.get("MetricName", name) != name:
                continue
            has = dict(dimensions)
            if all(one["Name"] in has and one.get("Value", has[one["Name"]]) == has[one["Name"]] for one in wanted):
                listed = [{"Name": key, "Value": value} for key, value in dimensions]
                found.append({"Namespace": namespace, "MetricName": name, "Dimensions": listed})
        return self._ok("ListMetrics", {"Metrics": found}, is_json)

    def _ok(self, operation: str, data: dict[str, Any], is_json: bool) -> Answer:
        if is_json:
            return self._module._json_ok(data)
        return self._module._xml(200, f"{operation}Response", f"<{operation}Result>{_xml(data)}</{operation}Result>")

    def _fail(self, code: str, message: str, is_json: bool) -> Answer:
        return self._module._error(code, message, 400, use_json=is_json)


def structured(params: Mapping[str, Any]) -> dict[str, Any]:
    """The Query protocol's flat ``A.member.1.B`` parameters as nested mappings and lists; values stay strings."""
    root: dict[str, Any] = {}
    for name, raw in params.items():
        value: Any = entries(raw)[0] if isinstance(raw, list) else raw
        at = root
        *path, last = name.split(".")
        for part in path:
            at = at.setdefault(part, {})
        at[last] = value
    return cast("dict[str, Any]", _listed(root))


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    mapping = cast("dict[str, Any]", value)
    if set(mapping) == {"member"} and isinstance(mapping["member"], dict):
        members = cast("dict[str, Any]", mapping["member"])
        return [_listed(members[key]) for key in sorted(members, key=int)]
    return {key: _listed(one) for key, one in mapping.items()}


def _xml(value: Any) -> str:
    if isinstance(value, dict):
        return "".join(f"<{key}>{_xml(one)}</{key}>" for key, one in cast("dict[str, Any]", value).items())
    if isinstance(value, list):
        return "".join(f"<member>{_xml(one)}</member>" for one in cast("list[Any]", value))
    return escape(str(value))


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
