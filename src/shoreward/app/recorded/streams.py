"""Samples as arrays: a stream for each target and metric, in the order of their names; intervals in order of time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from shoreward.app.recorded.rows import Counted, Row
from shoreward.domain import SpecError
from shoreward.judge import Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class CountStream:
    """Bad events out of requests of one target and metric: counts of one row, an interval for each of `times`."""

    target: str
    metric: str
    times: tuple[datetime, ...]
    counts: Counts


def count_streams(rows: Iterable[Row]) -> tuple[CountStream, ...]:
    """The streams of counts among the samples; an arm without a sample at a time had no requests then.

    Raises:
        SpecError: SAMPLES_MIXED for a metric of a target that is counted here and measured there.
    """
    grouped: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        grouped.setdefault((row.target, row.metric), []).append(row)
    return tuple(
        _counts(target, metric, of_one_kind(grouped[target, metric]))
        for target, metric in sorted(grouped)
        if isinstance(grouped[target, metric][0].value, Counted)
    )


def of_one_kind(rows: Sequence[Row]) -> Sequence[Row]:
    """The same rows, once all hold the same kind of value."""
    kind = type(rows[0].value)
    for row in rows:
        if type(row.value) is not kind:
            raise SpecError(
                "SAMPLES_MIXED",
                f"{row.metric} of {row.target} has another kind of value than in line {rows[0].place.line}.",
                where=row.place,
                next="Give a metric either counts, or histograms, or values.",
            )
    return rows


def _counts(target: str, metric: str, rows: Sequence[Row]) -> CountStream:
    times = sorted({row.time for row in rows})
    position = {time: index for index, time in enumerate(times)}
    arrays = np.zeros((4, 1, len(times)))
    for row in rows:
        assert isinstance(row.value, Counted)
        first = 0 if row.arm == "canary" else 2
        arrays[first, 0, position[row.time]] = row.value.requests
        arrays[first + 1, 0, position[row.time]] = row.value.bad
    return CountStream(target=target, metric=metric, times=tuple(times), counts=Counts(*arrays))
