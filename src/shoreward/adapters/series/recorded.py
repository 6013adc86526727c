"""Recorded samples as a source: for tests and drills, which need no cloud and no server (docs/recorded.md)."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from shoreward.app.recorded.rows import Counted, Gauged, Row, Timed, read_rows
from shoreward.domain import FileQuery, Retryable, SpecError, Target, Terminal

Floats = NDArray[np.float64]
Stamp = tuple[int, int]


@dataclass(slots=True)
class RecordedSamples:
    """The part of `app.ports.SeriesSource` about `FileQuery`; paths lead from `root`. Safe between threads.

    A target's samples are those whose `target` is its key (account/region/stack), account/region, or its region.
    Several in an interval are added up, values averaged.
    """

    root: Path
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _read: dict[Path, tuple[Stamp, tuple[Row, ...]]] = field(default_factory=dict[Path, tuple[Stamp, tuple[Row, ...]]])

    def series(
        self, target: Target, queries: Sequence[FileQuery], *, start: float, end: float, period: int
    ) -> Mapping[FileQuery, Floats]:
        """See `SeriesSource.series`.

        Raises `Retryable` (SAMPLES_UNREADABLE) when the file cannot be read, `Terminal` (SAMPLES_INVALID) for what is
        no sample.
        """
        intervals = max(0, round((end - start) / period))
        return {query: self._values(target, query, start, intervals, period) for query in dict.fromkeys(queries)}

    def _values(self, target: Target, query: FileQuery, start: float, intervals: int, period: int) -> Floats:
        total, number = np.zeros(intervals), np.zeros(intervals)
        names = {target.key, str(target), target.region}
        for row in self._rows(query.path):
            if row.target not in names or (row.metric, row.arm) != (query.sample, query.arm):
                continue
            place = int((row.time.timestamp() - start) // period)
            if 0 <= place < intervals:
                total[place] += _part(row, query)
                number[place] += 1
        if query.column == "value":
            total = total / np.maximum(number, 1)
        return np.where(number > 0, total, np.nan)

    def _rows(self, path: str) -> tuple[Row, ...]:
        """The file's samples, read again when it has changed."""
        file = self.root / path
        try:
            about = file.stat()
            stamp = (about.st_mtime_ns, about.st_size)
            with self._lock:
                found = self._read.get(file)
            if found and found[0] == stamp:
                return found[1]
            rows = read_rows(file.read_text(encoding="utf-8"), path)
        except (OSError, UnicodeDecodeError) as error:
            raise Retryable("SAMPLES_UNREADABLE", f"The samples cannot be read: {error}.", where=path) from error
        except SpecError as error:
            what = f"This is no file of samples: {error}"
            raise Terminal("SAMPLES_INVALID", what, where=path, next="Write it as docs/recorded.md says.") from error
        with self._lock:
            self._read[file] = stamp, rows
        return rows


def _part(row: Row, query: FileQuery) -> float:
    match row.value, query.column:
        case Counted(requests, _), "requests":
            return requests
        case Counted(_, bad), "bad":
            return bad
        case Gauged(value), "value":
            return value
        case ((Counted() | Gauged() | Timed()), _):
            what = f"{row.metric} has no {query.column} in line {row.place.line}."
            raise Terminal(
                "SAMPLES_INVALID", what, where=query.path, next="Give the metric the kind that the file has."
            )
