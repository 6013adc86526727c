"""Recorded metrics as customers: what a policy would have done with the traffic that there was.

A CSV file with the columns `time,target,metric,requests,bad`, a row for each target and interval. The recording has
no canary in it, so its requests and failures are split between the arms at random, at the share that the canary would
have had; what a fault adds comes on top. A release that lasts longer than the recording meets its beginning again.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import NoReturn

import numpy as np

from shoreward.domain import Place, Target, UserError
from shoreward.simulation.customers import Chance, Floats, Intervals, Served

COLUMNS = ("time", "target", "metric", "requests", "bad")
METRIC = "errors"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Recording:
    """What was recorded of the targets.

    Attributes:
        start: when it begins, UNIX seconds; `step` is how many seconds a row covers.
        requests, bad: by target key: arrays of (steps,), zero where there was no row.
    """

    start: float
    step: float
    requests: dict[str, Floats]
    bad: dict[str, Floats]

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.step * next(iter(self.requests.values())).size


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    time: float
    target: str
    requests: float
    bad: float


def read_history(path: Path, targets: Sequence[Target]) -> Recording:
    """Read a recording of the targets, each named by its key, by account/region or by its region.

    Raises:
        UserError: HISTORY_UNREADABLE, HISTORY_COLUMNS, HISTORY_VALUE or HISTORY_TARGET, with file and line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        what = f"The recording cannot be read: {getattr(error, 'strerror', None) or 'it is not UTF-8'}."
        raise UserError("HISTORY_UNREADABLE", what, where=Place(file=str(path))) from error
    rows = list(_rows(text, str(path)))
    by_name = _by_name(targets)
    found: dict[str, list[_Row]] = {target.key: [] for target in targets}
    for row in rows:
        if row.target in by_name:
            found[by_name[row.target]].append(row)
    for target in targets:
        if not found[target.key]:
            raise UserError(
                "HISTORY_TARGET",
                f"Nothing was recorded of {target.key}.",
                where=Place(file=str(path)),
                next=f"Name it {target.key} or {target} in its rows, or by its region where that is only one target's.",
            )
    return _aligned(found, str(path))


def _by_name(targets: Sequence[Target]) -> dict[str, str]:
    """Keys by the names that are only one target's."""
    names: dict[str, set[str]] = {}
    for target in targets:
        for name in (target.key, str(target), target.region):
            names.setdefault(name, set()).add(target.key)
    return {name: next(iter(keys)) for name, keys in names.items() if len(keys) == 1}


def _rows(text: str, file: str) -> Iterable[_Row]:
    reader = csv.DictReader(text.splitlines())
    missing = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
    if missing:
        raise UserError(
            "HISTORY_COLUMNS",
            f"The recording has no column {', '.join(missing)}.",
            where=Place(file=file, line=1),
            next=f"Its first line must be {','.join(COLUMNS)}.",
        )
    for number, row in enumerate(reader, start=2):
        yield _row(row, number, file)


def _row(row: dict[str, str | None], line: int, file: str) -> _Row:
    def refuse(what: str, next: str) -> NoReturn:
        raise UserError("HISTORY_VALUE", what, where=Place(file=file, line=line), next=next)

    time, target, metric, requests, bad = ((row[column] or "").strip() for column in COLUMNS)
    if metric != METRIC:
        refuse(f"The metric '{metric}' cannot be replayed.", f"Only '{METRIC}' can; leave the other rows out.")
    try:
        at = datetime.fromisoformat(time)
    except ValueError:
        refuse(f"'{time}' is not a time.", "Write ISO 8601: 2026-01-31T12:00:00Z.")
    if at.tzinfo is None:
        refuse(f"'{time}' does not say in which zone.", "Write 2026-01-31T12:00:00Z for UTC.")
    try:
        count, failed = float(requests), float(bad)
    except ValueError:
        refuse(f"'{requests}' and '{bad}' are not both numbers.", "Write counts, such as 1200 and 3.")
    if not 0 <= failed <= count < 2**53:
        refuse(f"{bad} of {requests} is not a part of the requests.", "Failures are a part of the requests.")
    return _Row(line, at.timestamp(), target, round(count), round(failed))


def _aligned(found: dict[str, list[_Row]], file: str) -> Recording:
    times = sorted({row.time for rows in found.values() for row in rows})
    step = min((after - before for before, after in pairwise(times)), default=0.0)
    if step <= 0:
        what = "A recording of one moment cannot be replayed."
        raise UserError("HISTORY_VALUE", what, where=Place(file=file), next="Record an hour at least.")
    size = round((times[-1] - times[0]) / step) + 1
    requests = {key: np.zeros(size) for key in found}
    bad = {key: np.zeros(size) for key in found}
    for key, rows in found.items():
        for row in rows:
            at = (row.time - times[0]) / step
            if at != round(at):
                what = f"The rows are {step:g} s apart, and this one is not."
                raise UserError("HISTORY_VALUE", what, where=Place(file=file, line=row.line), next="Space them evenly.")
            requests[key][round(at)] += row.requests
            bad[key][round(at)] += row.bad
    return Recording(start=times[0], step=step, requests=requests, bad=bad)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedCustomers:
    """Customers as they were recorded. Implements `simulation.customers.Customers`."""

    recording: Recording
    chance: Chance

    def requests(self, target: Target, start: float, end: float) -> float:
        """See `Customers.requests`."""
        return self._until(target, end) - self._until(target, start)

    def _until(self, target: Target, at: float) -> float:
        """Requests from the recording's start on, the recording repeated."""
        summed = np.concatenate(([0.0], np.cumsum(self.recording.requests[target.key])))
        rounds, rest = divmod(at - self.recording.start, self.recording.seconds)
        return float(rounds * summed[-1] + np.interp(rest / self.recording.step, np.arange(summed.size), summed))

    def serve(self, target: Target, intervals: Intervals) -> Served:
        """See `Customers.serve`; an interval is made of the rows that begin in it."""
        recording = self.recording
        each = round(intervals.period / recording.step)
        first = np.round((intervals.starts - recording.start) / recording.step).astype(int)
        rows = (first[:, None] + np.arange(each)) % recording.requests[target.key].size
        requests = recording.requests[target.key][rows].sum(axis=1).astype(np.int64)
        bad = recording.bad[target.key][rows].sum(axis=1).astype(np.int64)
        canary = self.chance.of(target, "canary").binomial(requests, np.clip(intervals.shares, 0.0, 1.0))
        canary_bad = self.chance.of(target, "canary fails").hypergeometric(bad, requests - bad, canary)
        added = self.chance.of(target, "fault").binomial(canary - canary_bad, intervals.excess)
        return Served(
            canary_requests=canary.astype(float),
            canary_bad=(canary_bad + added).astype(float),
            baseline_requests=(requests - canary).astype(float),
            baseline_bad=(bad - canary_bad).astype(float),
        )
