"""Files of holidays, which lie beside `shoreward.yaml` in the repository, to the days that they name.

Read at the very commit that is released, and only the days go on: what is inside needs no file any more.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, cast

from shoreward.domain import Place, SpecError
from shoreward.spec.yaml import read_yaml

_OFTEN = re.compile(rb"FREQ=(SECONDLY|MINUTELY|HOURLY)", re.IGNORECASE)
_ADVICE = "Write year-month-day, such as 2027-01-31."


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What lies beside a pipeline.

    Attributes:
        read: the content of a file by its path in the repository, None when there is no such file.
        year: the one that it is: what recurs is told from the year before to the second one after.
    """

    read: Callable[[str], bytes | None]
    year: int


def holidays(path: str, beside: Beside) -> tuple[str, ...]:
    """The days that a calendar names, `2027-01-31`, in order, each once.

    Text has a day in each line, and after it what anybody likes; YAML a list of days, or a mapping of them to names;
    an iCalendar events, of which each makes all days that it touches a holiday.

    Raises:
        SpecError: SPEC_CALENDAR, with the place in the calendar.
    """
    content = beside.read(path)
    if content is None:
        raise SpecError("SPEC_CALENDAR", f"There is no calendar '{path}'.", next="Its path is from this file.")
    suffix = path.rpartition(".")[2].lower()
    if suffix == "ics":
        return tuple(sorted(set(_of_events(content, path, beside.year))))
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise SpecError("SPEC_CALENDAR", "The file is not UTF-8.", where=Place(file=path)) from None
    if suffix == "txt":
        return tuple(sorted(set(_of_lines(text, path))))
    if suffix in ("yaml", "yml"):
        return tuple(sorted(set(_of_yaml(text, path))))
    what = f"'{path}' is no calendar that is known."
    raise SpecError("SPEC_CALENDAR", what, next="Name a file that ends in .ics, .txt or .yaml.")


def _of_lines(text: str, path: str) -> Iterator[str]:
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.partition("#")[0].split(maxsplit=1)
        if words:
            yield _day(words[0], Place(file=path, line=number))


def _of_yaml(text: str, path: str) -> Iterator[str]:
    document = read_yaml(f"holidays:{_indented(text)}", path, intrinsics=False)
    found: object = document.value["holidays"]
    if isinstance(found, dict):
        steps: list[tuple[object, str | int]] = [(day, day) for day in cast("dict[str, object]", found)]
    elif isinstance(found, list):
        steps = [(day, index) for index, day in enumerate(cast("list[object]", found))]
    else:
        what = "This is neither a list of days nor a mapping of them."
        raise SpecError("SPEC_CALENDAR", what, where=Place(file=path))
    for day, step in steps:
        spot = document.place(("holidays", step), key=isinstance(found, dict))
        yield _day(str(day), Place(file=path, line=(spot.line or 2) - 1))


def _indented(text: str) -> str:
    """The text one level in, from the second line on: a file's top level may be a list here."""
    return "\n" + "\n".join(f" {line}" for line in text.splitlines()) + "\n"


def _day(text: str, place: Place) -> str:
    try:
        if date.fromisoformat(text).isoformat() == text:
            return text
    except ValueError:
        pass
    raise SpecError("SPEC_CALENDAR", f"'{text[:60]}' is not a day.", where=place, next=_ADVICE)


def _of_events(content: bytes, path: str, year: int) -> Iterator[str]:
    import icalendar
    import recurring_ical_events  # pyright: ignore[reportMissingTypeStubs]

    place = Place(file=path)
    if often := _OFTEN.search(content):
        line = content.count(b"\n", 0, often.start()) + 1
        what = "An event recurs within the day, and would be no holiday."
        raise SpecError("SPEC_CALENDAR", what, where=Place(file=path, line=line))
    try:
        calendar = icalendar.Calendar.from_ical(content)
        found: list[Any] = list(recurring_ical_events.of(calendar).between(date(year - 1, 1, 1), date(year + 3, 1, 1)))
    except Exception as error:  # a parser of other people's files fails in many ways
        what = f"This is not an iCalendar that can be read: {error}."
        raise SpecError("SPEC_CALENDAR", what[:300], where=place) from error
    for event in found:
        if str(event.get("STATUS", "")).upper() != "CANCELLED":
            yield from _touched(event.start, event.end)


def _touched(start: date, end: date) -> Iterator[str]:
    """All days that an event touches, by its own clock; a day's end is the day after."""
    first = start.date() if isinstance(start, datetime) else start
    last = (end - timedelta(microseconds=1)).date() if isinstance(end, datetime) else end - timedelta(days=1)
    for day in range(max(0, (last - first).days) + 1):
        yield (first + timedelta(days=day)).isoformat()
