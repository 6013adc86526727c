"""Decides what state an alarm is in: its own metric or math, M out of N, and what missing data counts as.

Evaluation follows
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html (evaluating an alarm).
Composite alarms are the emulator's own; it re-evaluates them when one of their children changes.
"""

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from shoreward.cloud.metrics.query import MetricQueries, Query
from shoreward.cloud.untyped import entries, mapping

State = Literal["OK", "ALARM", "INSUFFICIENT_DATA"]

_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The state an alarm should be in, and why; ``state`` None means that it stays as it is."""

    state: State | None
    reason: str


def judge(alarm: Mapping[str, Any], queries: MetricQueries, now: float) -> Judgement:
    """The state of a stored metric alarm (in PutMetricAlarm's shape) at ``now``."""
    batch = alarm_queries(alarm)
    period = max((query.period for query in batch if not query.expression), default=60)
    wanted = int(alarm.get("EvaluationPeriods") or 1)
    needed = int(alarm.get("DatapointsToAlarm") or wanted)
    # The period in progress counts: locally nobody wants to wait for it to end, and its data is there at once.
    last = int(now // period) * period
    # CloudWatch looks back a little further than N periods, so that one missing datapoint is not missing data.
    spare = 2 if needed < wanted or wanted > 1 else 1
    times = [last - index * period for index in range(wanted + spare)]
    results = queries.run(batch, times[-1], now + 1)
    values = results[0].values if results else {}
    return _judge(alarm, [values.get(at) for at in times], wanted, needed)


def alarm_queries(alarm: Mapping[str, Any]) -> list[Query]:
    """The queries behind an alarm; exactly one of them is returned, the one compared with the threshold."""
    metrics: Sequence[Mapping[str, Any]] = entries(alarm.get("Metrics"))
    if metrics:
        returned = [metric for metric in metrics if metric.get("ReturnData", True) not in (False, "false")]
        chosen = returned[0]["Id"] if returned else metrics[-1]["Id"]
        return [as_query(metric, returned=metric["Id"] == chosen) for metric in metrics]
    return [
        Query(
            id="m1",
            namespace=alarm.get("Namespace") or "",
            metric=alarm.get("MetricName") or "",
            dimensions=as_mapping(alarm.get("Dimensions")),
            period=int(alarm.get("Period") or 60),
            statistic=alarm.get("ExtendedStatistic") or alarm.get("Statistic") or "Average",
        )
    ]


def as_query(given: Mapping[str, Any], *, returned: bool | None = None) -> Query:
    """A query in the API's shape (MetricDataQuery), as a value."""
    stat: Mapping[str, Any] = mapping(given.get("MetricStat"))
    metric: Mapping[str, Any] = mapping(stat.get("Metric"))
    if returned is None:
        returned = given.get("ReturnData", True) not in (False, "false")
    return Query(
        id=given.get("Id") or "m1",
        label=given.get("Label") or "",
        expression=given.get("Expression") or "",
        namespace=metric.get("Namespace") or "",
        metric=metric.get("MetricName") or "",
        dimensions=as_mapping(metric.get("Dimensions")),
        period=int(stat.get("Period") or given.get("Period") or 60),
        statistic=stat.get("Stat") or "Average",
        returned=returned,
    )


def as_mapping(dimensions: Sequence[Mapping[str, str]] | None) -> dict[str, str]:
    """The API's list of names and values as a mapping."""
    return {one["Name"]: one.get("Value", "") for one in dimensions or ()}


def _judge(alarm: Mapping[str, Any], newest_first: list[float | None], wanted: int, needed: int) -> Judgement:
    compare = _COMPARE.get(alarm.get("ComparisonOperator") or "")
    threshold = float(alarm.get("Threshold") or 0)
    if compare is None:
        return Judgement(state=None, reason="the comparison needs an anomaly detector, which this cloud does not have")
    missing = alarm.get("TreatMissingData") or "missing"
    # The period in progress may simply have no data yet; it is skipped rather than taken as missing.
    # A count that is too low is only known once the period is over.
    unfinished = newest_first[0] is None or compare in (operator.lt, operator.le)
    window = newest_first[1:] if unfinished else newest_first
    real = [value for value in window if value is not None and not math.isnan(value)][:wanted]
    breaching = sum(compare(value, threshold) for value in real)
    gaps = max(0, wanted - len(real))
    shown = ", ".join(f"{value:g}" for value in real) or "no datapoints"
    reason = (
        f"Threshold Crossed: {breaching} out of the last {wanted} datapoints [{shown}] "
        f"compared by {alarm.get('ComparisonOperator')} with the threshold ({threshold:g}); "
        f"minimum {needed} datapoints for OK -> ALARM transition"
    )
    if breaching >= needed:
        return Judgement(state="ALARM", reason=reason)
    if not real:
        return _without_data(missing, wanted, threshold)
    if missing == "breaching" and breaching + gaps >= needed:
        return Judgement(state="ALARM", reason=f"{reason}; {gaps} missing datapoints were treated as [Breaching]")
    return Judgement(state="OK", reason=reason)


def _without_data(missing: str, wanted: int, threshold: float) -> Judgement:
    text = f"no datapoints were received for {wanted} period(s) with the threshold ({threshold:g})"
    match missing:
        case "breaching":
            return Judgement(state="ALARM", reason=f"Threshold Crossed: {text}; treated as [Breaching]")
        case "notBreaching":
            return Judgement(state="OK", reason=f"Threshold Crossed: {text}; treated as [NonBreaching]")
        case "ignore":
            return Judgement(state=None, reason=f"Insufficient Data: {text}; treated as [Ignore]")
        case _:
            return Judgement(state="INSUFFICIENT_DATA", reason=f"Insufficient Data: {text}")
