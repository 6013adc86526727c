"""Samples as arrays: a stream for each target and metric in the order of their names, intervals in order of time.

Place in the flow: between a file's rows and the judge. All streams share the file's times; an arm without a sample at
a time had no requests then, or no value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

import numpy as np

from shoreward.app.recorded.rows import Counted, Gauged, Row, Timed, Value
from shoreward.domain import SpecError
from shoreward.judge import Counts, Gauges, Grid, Histograms

GRID = Grid()
"""Latencies in milliseconds; a file's histograms are put on it by their buckets' upper ends."""

Name = tuple[str, str]
"""A stream's target and metric."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """What a file holds, by kind; names in the order of the arrays' streams.

    Attributes:
        times: when each interval began.
    """

    times: tuple[datetime, ...]
    counted: tuple[Name, ...]
    counts: Counts
    timed: tuple[Name, ...]
    histograms: Histograms
    gauged: tuple[Name, ...]
    gauges: Gauges


def arranged(rows: Sequence[Row]) -> Samples:
    """The samples of a file as arrays.

    Raises:
        SpecError: SAMPLES_MIXED for a metric of a target that is counted here and measured there.
    """
    times = sorted({row.time for row in rows})
    column = {time: index for index, time in enumerate(times)}
    kinds = _kinds(rows)
    rank: dict[Name, int] = {}
    names: dict[type[Value], list[Name]] = {Counted: [], Timed: [], Gauged: []}
    for name in sorted(kinds):
        rank[name] = len(names[kinds[name]])
        names[kinds[name]].append(name)
    intervals = len(times)
    counts = np.zeros((4, len(names[Counted]), intervals))
    histograms = np.zeros((2, len(names[Timed]), intervals, GRID.buckets))
    gauges = np.full((2, len(names[Gauged]), intervals), np.nan)
    for row in rows:
        arm, at = (0 if row.arm == "canary" else 1), (rank[row.target, row.metric], column[row.time])
        match row.value:
            case Counted(requests, bad):
                counts[2 * arm, *at], counts[2 * arm + 1, *at] = requests, bad
            case Timed(buckets):
                histograms[arm, *at] = _on_grid(buckets)
            case Gauged(value):
                gauges[arm, *at] = value
            case _:
                assert_never(row.value)
    return Samples(
        times=tuple(times),
        counted=tuple(names[Counted]),
        counts=Counts(*counts),
        timed=tuple(names[Timed]),
        histograms=Histograms(histograms[0], histograms[1], GRID),
        gauged=tuple(names[Gauged]),
        gauges=Gauges(gauges[0], gauges[1]),
    )


def _kinds(rows: Sequence[Row]) -> Mapping[Name, type[Value]]:
    """Which kind of value each stream has."""
    first: dict[Name, Row] = {}
    for row in rows:
        begun = first.setdefault((row.target, row.metric), row)
        if type(row.value) is not type(begun.value):
            raise SpecError(
                "SAMPLES_MIXED",
                f"{row.metric} of {row.target} has another kind of value than in line {begun.place.line}.",
                where=row.place,
                next="Give a metric either counts, or histograms, or values.",
            )
    return {name: type(row.value) for name, row in first.items()}


def _on_grid(buckets: Mapping[float, float]) -> np.ndarray:
    """Requests by seconds as counts on the grid; what took longer than any bucket is in its last."""
    longest = 2.0**GRID.high * 2
    ends = np.array([min(seconds * 1000, longest) for seconds in buckets])
    counts = np.array(list(buckets.values()))
    return np.bincount(GRID.place(ends), weights=counts, minlength=GRID.buckets).astype(np.float64)
