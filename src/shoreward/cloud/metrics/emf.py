"""The embedded metric format: metrics that a function prints as JSON lines in its log.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from shoreward.cloud.untyped import entries


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedded:
    """One datapoint (or several values at once) found in a log line. ``at`` is in epoch seconds."""

    namespace: str
    name: str
    unit: str
    dimensions: dict[str, str]
    values: tuple[float, ...]
    at: float


def embedded_metrics(text: str) -> Iterator[Embedded]:
    """The metrics in a piece of log; lines that are not in the format are skipped, as CloudWatch does."""
    if '"_aws"' not in text or "CloudWatchMetrics" not in text:
        return
    for line in text.splitlines():
        start = line.find("{")
        if start < 0 or '"_aws"' not in line:
            continue
        try:
            record: object = json.loads(line[start:])
        except ValueError:
            continue
        if isinstance(record, dict):
            yield from _from_record(cast("dict[str, Any]", record))


def _from_record(record: dict[str, Any]) -> Iterator[Embedded]:
    envelope = record.get("_aws")
    if not isinstance(envelope, dict):
        return
    described = cast("dict[str, Any]", envelope)
    at = float(described.get("Timestamp", 0)) / 1000
    for directive in entries(described.get("CloudWatchMetrics")):
        for metric in entries(directive.get("Metrics")):
            raw: Any = record.get(metric.get("Name"))
            values = tuple(
                float(one) for one in (cast("list[Any]", raw) if isinstance(raw, list) else [raw]) if _is_number(one)
            )
            if not values:
                continue
            for names in entries(directive.get("Dimensions")) or [[]]:
                yield Embedded(
                    namespace=str(directive.get("Namespace", "")),
                    name=str(metric["Name"]),
                    unit=str(metric.get("Unit", "None")),
                    dimensions={str(name): str(record[name]) for name in names if name in record},
                    values=values,
                    at=at,
                )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
