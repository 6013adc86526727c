"""Keeps datapoints in one-second buckets, per account, region, namespace, name and exact set of dimensions.

Recording must cost microseconds, since every customer request of a demonstration records a dozen datapoints. A bucket
keeps a histogram for percentiles; beyond some distinct values it is binned to one per cent, much as CloudWatch does.
"""

import math
import time
from collections.abc import Iterator, Mapping

SECONDS_KEPT = 1800
"""How long one-second buckets are kept before they are merged into minutes."""

_EXACT_VALUES = 64
_COMPACT_ABOVE = SECONDS_KEPT + 600
_DAYS_KEPT = 15 * 86400
_BIN = math.log(1.01)
_SPANS = (60, 10)
_ROLLUPS_KEPT = 2000
_MERGED_VALUES = 4096

Dimensions = tuple[tuple[str, str], ...]
SeriesKey = tuple[str, str, str, str, Dimensions]


class Bucket:
    """The datapoints of one second (or period): count, sum, extremes, and a histogram once values differ.

    Beyond ``limit`` distinct values, further ones are binned.
    """

    __slots__ = ("count", "limit", "maximum", "minimum", "total", "values")

    def __init__(self, limit: int = _EXACT_VALUES) -> None:
        self.limit = limit
        self.count = 0.0
        self.total = 0.0
        self.minimum: float = math.inf
        self.maximum: float = -math.inf
        self.values: dict[float, float] | None = None

    def add(self, value: float, count: float = 1.0) -> None:
        """Add ``count`` datapoints of the same value."""
        if value != self.minimum or value != self.maximum:
            self._spread(value, count)
        elif self.values is not None:
            self.values[value] = self.values.get(value, 0.0) + count
        self.count += count
        self.total += value * count
        if value < self.minimum:
            self.minimum = value
        if value > self.maximum:
            self.maximum = value

    def add_set(self, count: float, total: float, minimum: float, maximum: float) -> None:
        """Add a statistic set; its values count as evenly spread around their mean, as nothing more is known."""
        if count <= 0:
            return
        self.add(total / count, count)
        self.minimum = min(self.minimum, minimum)
        self.maximum = max(self.maximum, maximum)

    def merge(self, other: "Bucket") -> None:
        """Add everything another bucket holds."""
        if not other.count:
            return
        if other.values is None and (self.count == 0 or (self.values is None and self.minimum == other.minimum)):
            pass  # still one value, or none: no histogram needed
        else:
            mine = self.values
            if mine is None:
                mine = self.values = {self.minimum: self.count} if self.count else {}
            for value, count in other.histogram():
                mine[value] = mine.get(value, 0.0) + count
            if len(mine) > self.limit:
                self.values = _binned(mine)
        self.count += other.count
        self.total += other.total
        self.minimum = min(self.minimum, other.minimum)
        self.maximum = max(self.maximum, other.maximum)

    def histogram(self) -> Iterator[tuple[float, float]]:
        """Pairs of value and count, in no particular order."""
        if self.values is not None:
            yield from self.values.items()
        elif self.count:
            yield (self.minimum, self.count)

    def _spread(self, value: float, count: float) -> None:
        if self.values is None:
            if not self.count:
                return
            self.values = {self.minimum: self.count}
        if len(self.values) >= self.limit and value not in self.values:
            value = binned(value)
        self.values[value] = self.values.get(value, 0.0) + count


def _binned(values: dict[float, float]) -> dict[float, float]:
    merged: dict[float, float] = {}
    for value, count in values.items():
        at = binned(value)
        merged[at] = merged.get(at, 0.0) + count
    return merged


def binned(value: float) -> float:
    """The value rounded to a logarithmic bin one per cent wide."""
    if value == 0 or not math.isfinite(value):
        return value
    return math.copysign(math.exp(round(math.log(abs(value)) / _BIN) * _BIN), value)


class Series:
    """The datapoints of one metric: buckets by the second at which they begin."""

    __slots__ = ("_rollups", "buckets", "key", "unit")

    def __init__(self, key: SeriesKey) -> None:
        self.key = key
        self.unit = "None"
        self.buckets: dict[int, Bucket] = {}
        # Whole spans that were asked for, until something is written into them: a judge asks for the same minutes
        # again and again.
        self._rollups: dict[tuple[int, int], Bucket | None] = {}

    def bucket(self, second: int) -> Bucket:
        """The bucket of that second, to write to; made when it is new."""
        if self._rollups:
            for span in _SPANS:
                self._rollups.pop((span, second - second % span), None)
        found = self.buckets.get(second)
        if found is None:
            if len(self.buckets) > _COMPACT_ABOVE:
                self._compact()
            found = self.buckets[second] = Bucket()
        return found

    def periods(self, start: float, end: float, period: int) -> dict[int, Bucket]:
        """What was recorded in ``[start, end)`` by periods of so many seconds; periods without data are absent."""
        first, last = math.ceil(start), math.ceil(end)
        if period == 1:
            return dict(self._seconds(first, last))
        span = next((span for span in _SPANS if period % span == 0), 0)
        parts = self._spans(first, last, span) if span and (last - first) // span < 5000 else self._seconds(first, last)
        merged: dict[int, Bucket] = {}
        for at, bucket in parts:
            begin = at - at % period
            if period == span and at == begin:
                merged[begin] = bucket
                continue
            into = merged.get(begin)
            if into is None:
                into = merged[begin] = Bucket(_MERGED_VALUES)
            into.merge(bucket)
        return merged

    def _seconds(self, first: int, last: int) -> Iterator[tuple[int, Bucket]]:
        if last - first < len(self.buckets):
            for second in range(first, last):
                if (found := self.buckets.get(second)) is not None:
                    yield second, found
        else:
            for second, found in list(self.buckets.items()):
                if first <= second < last:
                    yield second, found

    def _spans(self, first: int, last: int, span: int) -> Iterator[tuple[int, Bucket]]:
        """Whole spans from what is known of them already; the ragged ends second by second."""
        whole, until = first + -first % span, last - last % span
        if whole >= until:
            yield from self._seconds(first, last)
            return
        yield from self._seconds(first, whole)
        for at in range(whole, until, span):
            key = (span, at)
            if key not in self._rollups:
                self._rollups[key] = self._rolled(at, span)
            if (bucket := self._rollups[key]) is not None:
                yield at, bucket
        yield from self._seconds(until, last)

    def _rolled(self, at: int, span: int) -> Bucket | None:
        if len(self._rollups) > _ROLLUPS_KEPT:
            self._rollups.clear()
        rolled = Bucket(_MERGED_VALUES)
        for _, bucket in self._seconds(at, at + span):
            rolled.merge(bucket)
        return rolled if rolled.count else None

    def clear(self) -> None:
        """Forget all datapoints."""
        self.buckets.clear()
        self._rollups.clear()

    def _compact(self) -> None:
        now = int(time.time())
        kept: dict[int, Bucket] = {}
        for second, bucket in self.buckets.items():
            if second >= now - SECONDS_KEPT:
                kept[second] = bucket
            elif second >= now - _DAYS_KEPT:
                minute = kept.setdefault(second - second % 60, Bucket())
                minute.merge(bucket)
        self.buckets = kept
        self._rollups.clear()


class MetricStore:
    """Every series of every account and region of this cloud."""

    def __init__(self) -> None:
        self._series: dict[SeriesKey, Series] = {}
        self._names: dict[tuple[str, str], dict[SeriesKey, Series]] = {}

    def series(self, account: str, region: str, namespace: str, name: str, dimensions: Mapping[str, str]) -> Series:
        """The series of exactly these dimensions, made when it is new."""
        key = (account, region, namespace, name, as_dimensions(dimensions))
        found = self._series.get(key)
        if found is None:
            found = self._series[key] = Series(key)
            self._names.setdefault((account, region), {})[key] = found
        return found

    def find(
        self, account: str, region: str, namespace: str, name: str, dimensions: Mapping[str, str]
    ) -> Series | None:
        """The series of exactly these dimensions, if anything was ever recorded in it."""
        return self._series.get((account, region, namespace, name, as_dimensions(dimensions)))

    def listed(self, account: str, region: str) -> list[Series]:
        """All series of one account and region."""
        return list(self._names.get((account, region), {}).values())

    def clear(self) -> None:
        """Forget everything. Series that callers still hold are empty afterwards."""
        for series in self._series.values():
            series.clear()
        self._series.clear()
        self._names.clear()


def as_dimensions(dimensions: Mapping[str, str]) -> Dimensions:
    """Dimensions as a key: sorted pairs."""
    if len(dimensions) < 2:
        return tuple(dimensions.items())
    return tuple(sorted(dimensions.items()))
