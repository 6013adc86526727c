"""Kinds of values that say when: days of the week, times of day, time zones, moments and holidays.

Beside `spec._kinds`, for `spec._gates`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import available_timezones

from shoreward.domain import Hours
from shoreward.domain.zones import REGION, zone_named
from shoreward.spec._kinds import Date, Text
from shoreward.spec._shapes import At, ListOf, Schema
from shoreward.spec._words import did_you_mean

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_PATH = r"(?![/~])[^\\\n]{1,400}"


@dataclass(frozen=True, slots=True)
class Days:
    """Days of the week, `mon-thu,sat`; read as numbers, 0 for Monday."""

    def read(self, value: Any, at: At) -> tuple[int, ...] | None:
        if not isinstance(value, str):
            return at.mistyped(value, "days of the week, such as mon-fri")
        found: set[int] = set()
        for part in re.split(r"\s*,\s*", value.strip()):
            first, _, last = part.partition("-")
            for day in {first, last or first}.difference(_DAYS):
                advice = did_you_mean(day, _DAYS)
                return at.complain("SPEC_DAYS", f"'{day[:40]}' is not a day of the week.", advice)
            begin, length = _DAYS.index(first), (_DAYS.index(last or first) - _DAYS.index(first)) % 7
            found |= {(begin + day) % 7 for day in range(length + 1)}
        return tuple(sorted(found))

    def schema(self) -> Schema:
        day = f"({'|'.join(_DAYS)})"
        return {"type": "string", "pattern": rf"^\s*{day}(-{day})?(\s*,\s*{day}(-{day})?)*\s*$"}


@dataclass(frozen=True, slots=True)
class Time:
    """A time of day, `09:30`; read as seconds since midnight, up to 24:00."""

    def read(self, value: Any, at: At) -> int | None:
        if isinstance(value, str) and re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]|24:00", value):
            hour, minute = value.split(":")
            return int(hour) * 3600 + int(minute) * 60
        return at.complain("SPEC_TIME", f"'{at.text[:40]}' is not a time of day.", "Write it as 09:30, up to 24:00.")

    def schema(self) -> Schema:
        return {"type": "string", "pattern": "^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"}


@dataclass(frozen=True, slots=True)
class Zone:
    """A time zone by its IANA name, or `region`."""

    def read(self, value: Any, at: At) -> str | None:
        if not isinstance(value, str):
            return at.mistyped(value, "a time zone, such as Europe/Stockholm, or region")
        if value == REGION or zone_named(value):
            return value
        advice = did_you_mean(value, {REGION, *available_timezones()})
        return at.complain(
            "SPEC_ZONE", f"'{value[:60]}' is not a time zone.", advice or "Write it as Europe/Stockholm."
        )

    def schema(self) -> Schema:
        return {"type": "string"}


@dataclass(frozen=True, slots=True)
class Moment:
    """A day, or a day and a time of it: `2027-12-20`, `2027-12-20T18:00`."""

    def read(self, value: Any, at: At) -> str | None:
        if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2})?", value):
            try:
                datetime.fromisoformat(value)
                return value
            except ValueError:
                pass
        what = f"'{at.text[:40]}' is neither a day nor a time of one."
        return at.complain("SPEC_DATE", what, "Write 2027-12-20, or 2027-12-20T18:00.")

    def schema(self) -> Schema:
        return {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2})?$"}


@dataclass(frozen=True, slots=True)
class Holidays:
    """A list of days, or the path of a calendar."""

    def read(self, value: Any, at: At) -> list[Any] | str | None:
        if isinstance(value, str):
            return Text(_PATH, "a path relative to this file, with slashes", "SPEC_PATH").read(value, at)
        return ListOf(Date(), distinct=True).read(value, at)

    def schema(self) -> Schema:
        return {"anyOf": [{"type": "string", "pattern": f"^(?:{_PATH})$"}, ListOf(Date(), distinct=True).schema()]}


def days_text(hours: Hours) -> str:
    return ",".join(_DAYS[day] for day in hours.days)


def time_text(second: int) -> str:
    return f"{second // 3600:02}:{second // 60 % 60:02}"
