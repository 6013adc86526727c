"""Calendars beside a pipeline: their days, as the commit has them, and mistakes in them with their places."""

from __future__ import annotations

from pathlib import Path

import pytest

from shoreward.domain import Place, SpecError, Window
from shoreward.spec.calendars import Beside
from shoreward.spec.load import load, parse

from .samples import MINIMAL

GATED = MINIMAL + "gates: {office: {window: {open: [{}], holidays: PATH}}}\n"

EVENTS = """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//harbour//holidays//EN
BEGIN:VEVENT
UID:1@harbour
DTSTAMP:20200101T000000Z
DTSTART;VALUE=DATE:20151224
DTEND;VALUE=DATE:20151227
RRULE:FREQ=YEARLY
SUMMARY:Christmas
END:VEVENT
BEGIN:VEVENT
UID:2@harbour
DTSTAMP:20200101T000000Z
DTSTART;VALUE=DATE:20260406
SUMMARY:Easter Monday
END:VEVENT
BEGIN:VEVENT
UID:3@harbour
DTSTAMP:20200101T000000Z
DTSTART;TZID=Europe/Stockholm:20260605T120000
DTEND;TZID=Europe/Stockholm:20260607T000000
SUMMARY:The pier is mended
END:VEVENT
BEGIN:VEVENT
UID:4@harbour
DTSTAMP:20200101T000000Z
DTSTART;VALUE=DATE:20260810
STATUS:CANCELLED
SUMMARY:Nothing after all
END:VEVENT
BEGIN:VEVENT
UID:5@harbour
DTSTAMP:20200101T000000Z
DTSTART;VALUE=DATE:20250101
RRULE:FREQ=YEARLY
EXDATE;VALUE=DATE:20270101
SUMMARY:New Year
END:VEVENT
END:VCALENDAR
"""


def days(path: str, content: bytes | str | None, *, folder: str = "") -> tuple[str, ...]:
    """The days of a calendar, read in 2026 as the only file beside a pipeline."""
    files = {path: content.encode() if isinstance(content, str) else content}
    beside = Beside(read=files.get, year=2026)
    [gate] = parse(GATED.replace("PATH", path.removeprefix(f"{folder}/")), folder=folder, beside=beside).gates
    assert isinstance(gate, Window)
    return gate.holidays


def complaint(path: str, content: bytes | str | None) -> SpecError:
    with pytest.raises(SpecError) as caught:
        days(path, content)
    assert caught.value.code == "SPEC_CALENDAR"
    return caught.value


def test_events_that_recur_and_last_become_days():
    found = days("holidays.ics", EVENTS)
    assert [day for day in found if day.startswith("2026")] == [
        "2026-01-01",
        "2026-04-06",
        "2026-06-05",
        "2026-06-06",
        "2026-12-24",
        "2026-12-25",
        "2026-12-26",
    ]
    assert "2027-01-01" not in found
    assert {"2025-12-24", "2028-12-26", "2028-01-01"} <= set(found)
    assert list(found) == sorted(set(found))


def test_a_text_file_has_a_day_in_each_line():
    text = "# what the harbour keeps\n2026-12-24 Christmas Eve\n\n2026-05-01  # may\n2026-05-01\n"
    assert days("days.txt", text) == ("2026-05-01", "2026-12-24")


@pytest.mark.parametrize("text", ["- 2026-12-24\n- 2026-05-01\n", "2026-12-24: Christmas Eve\n2026-05-01: May\n"])
def test_a_yaml_file_lists_days_or_names_them(text: str):
    assert days("days.yaml", text) == ("2026-05-01", "2026-12-24")


def test_its_path_starts_at_the_folder_of_the_pipeline():
    assert days("services/days.txt", "2026-12-24", folder="services") == ("2026-12-24",)


def test_a_file_in_a_folder_is_read_from_it(tmp_path: Path):
    (tmp_path / "shoreward.yaml").write_text(GATED.replace("PATH", "days.txt"))
    (tmp_path / "template.yaml").write_text("Resources: {}\n")
    (tmp_path / "days.txt").write_text("2026-12-24\n")
    [gate] = load(tmp_path).gates
    assert isinstance(gate, Window)
    assert gate.holidays == ("2026-12-24",)


@pytest.mark.parametrize(
    ("path", "content", "line", "says"),
    [
        ("days.txt", "2026-12-24\n24.12.2026\n", 2, "'24.12.2026' is not a day"),
        ("days.txt", "2026-02-30\n", 1, "is not a day"),
        ("days.yaml", "- 2026-12-24\n- soon\n", 2, "'soon' is not a day"),
        ("days.yaml", "2026-12-24: Eve\nsoon: never\n", 2, "'soon' is not a day"),
        ("days.txt", b"\xff", None, "not UTF-8"),
        ("days.yaml", "never\n", None, "neither a list"),
        ("days.ics", "2026-12-24\n", None, "not an iCalendar"),
        ("days.ics", EVENTS.replace("FREQ=YEARLY\nSUMMARY", "FREQ=SECONDLY\nSUMMARY"), 9, "within the day"),
    ],
)
def test_a_mistake_in_a_calendar_is_told_at_its_place(path: str, content: bytes | str, line: int | None, says: str):
    error = complaint(path, content)
    assert isinstance(error.where, Place)
    assert (error.where.file, error.where.line) == (path, line)
    assert says in error.what


@pytest.mark.parametrize(("path", "says"), [("days.txt", "There is no calendar"), ("days.xls", "no calendar that is")])
def test_a_calendar_that_is_none_is_told_where_it_is_named(path: str, says: str):
    error = complaint(path, None if path == "days.txt" else "x")
    assert isinstance(error.where, Place)
    assert (error.where.file, error.where.line) == ("shoreward.yaml", 7)
    assert says in error.what
