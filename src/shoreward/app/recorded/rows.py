"""A file's lines as samples, in CSV or JSON Lines; every mistake with its place.

CSV begins with a line that names the columns; JSON Lines holds an object a line. Both name `time`, `target`, `arm`
and `metric`, and one of three kinds of value:

    requests, bad    counts: bad events out of requests
    histogram        requests by how long they took: seconds (the bucket's upper end) -> requests
    value            a gauge: what was measured

JSON Lines may mix the kinds, CSV holds counts and gauges.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Literal, cast, get_args

from shoreward.app.recorded.lines import Record, csv_lines, invalid, json_lines
from shoreward.domain import Place, SpecError, SpecErrors

Arm = Literal["baseline", "canary"]

_SHOWN = 20
_LARGEST = 2.0**53


@dataclass(frozen=True, slots=True)
class Counted:
    """Bad events out of requests: 0 <= bad <= requests."""

    requests: float
    bad: float


@dataclass(frozen=True, slots=True)
class Timed:
    """Requests by how long they took: seconds (a bucket's upper end) -> requests."""

    buckets: Mapping[float, float]


@dataclass(frozen=True, slots=True)
class Gauged:
    """What was measured."""

    value: float


Value = Counted | Timed | Gauged


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One sample.

    Attributes:
        time: when its interval began, with a time zone.
        target: where: a region, an account and region, whatever the file calls it.
        metric: its name.
    """

    time: datetime
    target: str
    arm: Arm
    metric: str
    value: Value
    place: Place


def read_rows(text: str, file: str) -> tuple[Row, ...]:
    """All samples of a file, in its order.

    A file whose first character is `{` is read as JSON Lines, every other as CSV.

    Args:
        file: its name, for messages.

    Raises:
        SpecErrors: SAMPLES_INVALID for every line that is wrong, the first twenty of them; SAMPLES_TWICE for a second
            value of the same time, target, arm and metric.
    """
    text = text.removeprefix("\ufeff")
    records = json_lines(text, file) if text.lstrip().startswith("{") else csv_lines(text, file)
    rows: list[Row] = []
    wrong: list[SpecError] = []
    seen: dict[tuple[datetime, str, str, str], Place] = {}
    for record in records:
        try:
            row = record if isinstance(record, SpecError) else _row(record)
        except SpecError as error:
            row = error
        if isinstance(row, SpecError):
            wrong.append(row)
            continue
        rows.append(row)
        earlier = seen.setdefault((row.time, row.target, row.arm, row.metric), row.place)
        if earlier is not row.place:
            wrong.append(_twice(row, earlier))
    if wrong:
        raise SpecErrors(tuple(islice(wrong, _SHOWN)))
    return tuple(rows)


def _row(record: Record) -> Row:
    time = _time(record)
    arm = _text(record, "arm")
    if arm not in get_args(Arm):
        raise invalid(record.at("arm"), f"The arm is {arm!r}.", "Write baseline or canary.")
    return Row(
        time=time,
        target=_text(record, "target"),
        arm="canary" if arm == "canary" else "baseline",
        metric=_text(record, "metric"),
        value=_value(record),
        place=record.place,
    )


def _text(record: Record, field: str) -> str:
    text = record.fields.get(field)
    if not isinstance(text, str) or not text:
        raise invalid(record.at(field), f"There is no {field}.", f"Give the {field} as text.")
    return text


def _time(record: Record) -> datetime:
    text = _text(record, "time")
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise invalid(
            record.at("time"), f"{text!r} is not a time.", "Write ISO 8601, such as 2026-03-01T12:00:00Z."
        ) from None
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def _value(record: Record) -> Value:
    given = sorted({"requests", "bad", "histogram", "value"} & record.fields.keys())
    match given:
        case ["bad", "requests"]:
            requests, bad = _count(record, "requests"), _count(record, "bad")
            if bad > requests:
                what = f"{bad:g} bad events of {requests:g} requests."
                raise invalid(record.at("bad"), what, "Bad events are a part of the requests.")
            return Counted(requests, bad)
        case ["value"]:
            return Gauged(_number(record.fields["value"], record.at("value"), "The value"))
        case ["histogram"]:
            return Timed(_buckets(record))
        case _:
            raise invalid(
                record.place,
                f"This line gives {', '.join(given) or 'no value'}.",
                "Give requests and bad, or a value (in JSON Lines also a histogram).",
            )


def _count(record: Record, field: str) -> float:
    number = _number(record.fields[field], record.at(field), field.capitalize())
    if number < 0 or number > _LARGEST:
        raise invalid(record.at(field), f"{field.capitalize()} is {number:g}.", "Counts go from 0 to 2**53.")
    return number


def _number(given: Any, place: Place, what: str) -> float:
    try:
        number = float(given) if isinstance(given, str | int | float) and not isinstance(given, bool) else math.nan
    except (ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise invalid(place, f"{what} is {given!r}, not a finite number.", "Write a number, such as 120 or 0.5.")
    return number


def _buckets(record: Record) -> dict[float, float]:
    given, place = record.fields["histogram"], record.at("histogram")
    if not isinstance(given, dict):
        raise invalid(place, "The histogram is not an object.", 'Write {"0.1": 12, "0.2": 3}: seconds, requests.')
    buckets: dict[float, float] = {}
    for seconds, requests in cast("dict[str, Any]", given).items():
        end = math.inf if seconds in ("inf", "+Inf") else _number(seconds, place, "A bucket's end")
        count = _number(requests, place, f"The bucket {seconds}")
        if end <= 0 or count < 0 or count > _LARGEST or end in buckets:
            raise invalid(place, f"The bucket {seconds!r}: {requests!r} is not possible.", "Ends above 0, once each.")
        buckets[end] = count
    return buckets


def _twice(row: Row, earlier: Place) -> SpecError:
    return SpecError(
        "SAMPLES_TWICE",
        f"{row.metric} of {row.target}, {row.arm}, {row.time.isoformat()} is in line {earlier.line}, too.",
        where=row.place,
        next="Leave one of them out, or add them up.",
    )
