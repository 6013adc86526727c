"""CloudWatch statistics over a bucket: sums, percentiles, and the trimmed family (TM, TC, TS, PR, WM, IQM).

Definitions: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html
"""

import math
import re
from collections.abc import Callable

from shoreward.cloud.metrics.store import Bucket

Statistic = Callable[[Bucket], float]

_SIMPLE: dict[str, Statistic] = {
    "SampleCount": lambda bucket: bucket.count,
    "Sum": lambda bucket: bucket.total,
    "Average": lambda bucket: bucket.total / bucket.count,
    "Minimum": lambda bucket: bucket.minimum,
    "Maximum": lambda bucket: bucket.maximum,
}
_PERCENTILE = re.compile(r"^p(\d{1,2}(?:\.\d+)?|100)$")
_SHORT = re.compile(r"^(tm|wm|tc|ts)(\d{1,2}(?:\.\d+)?|100)$")
_RANGE = re.compile(r"^(TM|WM|TC|TS|PR)\(\s*([\d.]*)\s*(%?)\s*:\s*([\d.]*)\s*(%?)\s*\)$")


class UnknownStatistic(ValueError):
    """A statistic CloudWatch does not have."""


def statistic(name: str) -> Statistic:
    """The function that computes a statistic from a non-empty bucket; raises :class:`UnknownStatistic`."""
    if name in _SIMPLE:
        return _SIMPLE[name]
    if match := _PERCENTILE.match(name):
        share = float(match[1]) / 100
        return lambda bucket: percentile(bucket, share)
    if name == "IQM":
        return _trimmed("TM", 0.25, 0.75)
    if match := _SHORT.match(name):
        return _trimmed(match[1].upper(), 0.0, float(match[2]) / 100)
    if match := _RANGE.match(name):
        kind, low, low_percent, high, high_percent = match.groups()
        if kind == "PR":
            return _percentile_rank(_bound(low, -math.inf), _bound(high, math.inf))
        if low_percent or high_percent:
            return _trimmed(kind, _bound(low, 0.0) / 100, _bound(high, 100.0) / 100)
        return _within(kind, _bound(low, -math.inf), _bound(high, math.inf))
    raise UnknownStatistic(f"The value {name} for parameter Stat is not supported.")


def percentile(bucket: Bucket, share: float) -> float:
    """The value below which ``share`` (0 to 1) of the samples lie, interpolated between neighbours."""
    pairs = sorted(bucket.histogram())
    rank = share * (bucket.count - 1)
    seen = 0.0
    for index, (value, count) in enumerate(pairs):
        if rank <= seen + count - 1:
            return value
        if rank < seen + count and index + 1 < len(pairs):
            return value + (pairs[index + 1][0] - value) * (rank - (seen + count - 1))
        seen += count
    return pairs[-1][0]


def _bound(text: str, missing: float) -> float:
    return float(text) if text else missing


def _trimmed(kind: str, low: float, high: float) -> Statistic:
    """A statistic of the samples between two percentiles."""

    def compute(bucket: Bucket) -> float:
        lower, upper = low * bucket.count, high * bucket.count
        seen = weight = total = 0.0
        edge_low = edge_high = None
        for value, count in sorted(bucket.histogram()):
            inside = min(seen + count, upper) - max(seen, lower)
            seen += count
            if inside > 0:
                weight += inside
                total += inside * value
                edge_low = value if edge_low is None else edge_low
                edge_high = value
        if kind == "WM" and edge_low is not None and edge_high is not None:
            return (total + edge_low * lower + edge_high * (bucket.count - upper)) / bucket.count
        return _of(kind, weight, total)

    return compute


def _within(kind: str, low: float, high: float) -> Statistic:
    """A statistic of the samples whose values lie in ``(low, high]``."""

    def compute(bucket: Bucket) -> float:
        if kind == "WM":
            clamped = [(min(max(value, low), high), count) for value, count in bucket.histogram()]
            return sum(value * count for value, count in clamped) / bucket.count
        inside = [(value, count) for value, count in bucket.histogram() if low < value <= high]
        return _of(kind, sum(count for _, count in inside), sum(value * count for value, count in inside))

    return compute


def _percentile_rank(low: float, high: float) -> Statistic:
    def compute(bucket: Bucket) -> float:
        inside = sum(count for value, count in bucket.histogram() if low < value <= high)
        return 100 * inside / bucket.count

    return compute


def _of(kind: str, weight: float, total: float) -> float:
    if kind == "TC":
        return weight
    if kind == "TS":
        return total
    return total / weight if weight else math.nan
