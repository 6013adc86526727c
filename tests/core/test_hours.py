"""Windows and freezes open exactly when the clock on the wall says so, whatever clocks do meanwhile."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shoreward.core.hours import HORIZON, opens_at
from shoreward.domain import Freeze, Hours, Window
from shoreward.domain.zones import ZONE_OF, zone_name, zone_named
from shoreward.spec._regions import PARTITION_OF

QUARTER = 900
MORNING = Hours(days=(0, 1, 2, 3, 4), start=9 * 3600, end=12 * 3600)

zones = st.sampled_from(
    [
        "Europe/Stockholm",
        "America/New_York",
        "Australia/Lord_Howe",  # its clocks change by half an hour
        "Africa/Cairo",  # and these at midnight
        "America/Santiago",
        "Pacific/Chatham",
        "Asia/Kathmandu",
        "UTC",
    ]
).map(ZoneInfo)
quarters = st.integers(0, 95).map(lambda quarter: quarter * QUARTER)
hours = st.builds(
    Hours,
    days=st.sets(st.integers(0, 6), min_size=1).map(lambda days: tuple(sorted(days))),
    start=quarters,
    end=quarters.map(lambda second: second + QUARTER),
)
days = st.dates(datetime(2026, 1, 1).date(), datetime(2027, 12, 31).date()).map(str)
windows = st.builds(
    Window,
    name=st.just("hours"),
    hours=st.lists(hours, min_size=1, max_size=2).map(tuple),
    holidays=st.lists(days, max_size=5).map(lambda found: tuple(sorted(found))),
)
times = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)).map(lambda at: at.replace(tzinfo=UTC).timestamp())
changes = st.sampled_from(
    [
        datetime(2026, 3, 29, 1, tzinfo=UTC),  # Stockholm
        datetime(2026, 10, 25, 1, tzinfo=UTC),
        datetime(2026, 3, 8, 7, tzinfo=UTC),  # New York
        datetime(2026, 11, 1, 6, tzinfo=UTC),
        datetime(2026, 4, 4, 15, tzinfo=UTC),  # Lord Howe
        datetime(2026, 10, 3, 15, 30, tzinfo=UTC),
        datetime(2026, 4, 23, 22, tzinfo=UTC),  # Cairo
        datetime(2026, 10, 29, 21, tzinfo=UTC),
        datetime(2026, 4, 5, 3, tzinfo=UTC),  # Santiago
        datetime(2026, 9, 6, 4, tzinfo=UTC),
    ]
)
around_changes = st.builds(lambda at, off: at.timestamp() + off, changes, st.integers(-90_000, 30_000))


def is_open(window: Window, zone: ZoneInfo, at: float) -> bool:
    """What somebody would say who looks at the clock on the wall and at the calendar."""
    wall = datetime.fromtimestamp(at, zone)
    if wall.date().isoformat() in window.holidays:
        return False
    second = wall.hour * 3600 + wall.minute * 60 + wall.second
    today, yesterday = wall.weekday(), (wall - timedelta(days=1)).weekday()
    for each in window.hours:
        if each.start < each.end:
            if today in each.days and each.start <= second < each.end:
                return True
        elif (today in each.days and second >= each.start) or (yesterday in each.days and second < each.end):
            return True
    return False


@given(windows, zones, times | around_changes)
def test_a_window_opens_at_the_first_moment_at_which_it_is_open(window: Window, zone: ZoneInfo, at: float):
    opening = opens_at(window, zone, at)
    assert opening is not None
    assert opening >= at
    assert is_open(window, zone, opening), "open outside of its hours"
    if opening == at:
        return
    first = (at // QUARTER + 1) * QUARTER
    assert opening % QUARTER == 0
    assert not any(is_open(window, zone, moment) for moment in [at, *range(int(first), int(opening), QUARTER)]), (
        "it had opened before"
    )


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31)),
    st.integers(1, 3_000),
    zones,
    st.integers(-100, 400),
)
@example(datetime(2026, 4, 5, 3), 36, ZoneInfo("Pacific/Chatham"), 0)  # the hour that comes twice
@example(datetime(2026, 3, 28, 2), 24, ZoneInfo("Europe/Stockholm"), 5)  # the hour that does not come
def test_a_freeze_lasts_until_the_clock_on_the_wall_shows_its_end_for_the_last_time(
    start: datetime, length: int, zone: ZoneInfo, later: int
):
    start = start.replace(minute=0, second=0, microsecond=0)
    end = start + timedelta(hours=length)
    freeze = Freeze(name="year end", start=start.isoformat(), end=end.isoformat())
    at = start.replace(tzinfo=zone).timestamp() + later * 3600

    opening = opens_at(freeze, zone, at)

    def wall(moment: float) -> datetime:
        return datetime.fromtimestamp(moment, zone).replace(tzinfo=None)

    night = 24 * 3600
    begun = any(wall(moment) >= start for moment in range(int(at) - night, int(at) + 1, QUARTER))
    left = max((moment for moment in about(end, zone) if wall(moment) < end), default=-math.inf)
    assert opening == (left + QUARTER if begun and at <= left else at)


def about(wall: datetime, zone: ZoneInfo) -> range:
    """Quarters of an hour, from a day before a time by the clock on the wall to a day after it."""
    middle = int(wall.replace(tzinfo=zone).timestamp())
    return range(middle - 24 * 3600, middle + 24 * 3600, QUARTER)


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2026-03-27T11:59:59+01:00", "2026-03-27T11:59:59+01:00"),
        ("2026-03-27T12:00:00+01:00", "2026-03-30T09:00:00+02:00"),  # over the weekend in which clocks go forward
        ("2026-10-23T12:00:00+02:00", "2026-10-26T09:00:00+01:00"),
        ("2026-12-24T09:30:00+01:00", "2026-12-28T09:00:00+01:00"),  # two holidays and a weekend
    ],
)
def test_a_morning_in_stockholm(now: str, opens: str):
    window = Window(name="mornings", hours=(MORNING,), holidays=("2026-12-24", "2026-12-25"))
    at, opening = (datetime.fromisoformat(each).timestamp() for each in (now, opens))
    assert opens_at(window, ZoneInfo("Europe/Stockholm"), at) == opening


def test_hours_that_a_day_does_not_have_are_left_out():
    """Given half past two, which there is none of on the day on which clocks go forward."""
    window = Window(name="night", hours=(Hours(days=(6,), start=9_000, end=9_900),))
    before = datetime.fromisoformat("2026-03-29T00:00:00+01:00").timestamp()
    opening = opens_at(window, ZoneInfo("Europe/Stockholm"), before)
    assert opening == datetime.fromisoformat("2026-04-05T02:30:00+02:00").timestamp()


def test_hours_that_come_twice_are_open_twice():
    window = Window(name="night", hours=(Hours(days=(6,), start=9_000, end=9_900),))
    between = datetime.fromisoformat("2026-10-25T02:50:00+02:00").timestamp()
    opening = opens_at(window, ZoneInfo("Europe/Stockholm"), between)
    assert opening == datetime.fromisoformat("2026-10-25T02:30:00+01:00").timestamp()


def test_what_never_opens_says_so():
    every_day = tuple((datetime(2026, 1, 1) + timedelta(days=day)).date().isoformat() for day in range(900))
    at = datetime(2026, 1, 2, tzinfo=UTC).timestamp()
    assert opens_at(Window(name="never", hours=(Hours(),), holidays=every_day), UTC_ZONE, at) is None
    assert HORIZON > 365 * 86_400


UTC_ZONE = ZoneInfo("UTC")


@pytest.mark.parametrize("region", PARTITION_OF)
def test_every_region_has_a_zone_that_is_known(region: str):
    assert zone_named(zone_name("region", region)) is not None


def test_there_is_no_zone_of_a_region_that_is_none():
    assert set(ZONE_OF) == set(PARTITION_OF)
    assert zone_named(zone_name("region", "mars-1")) is None
    assert zone_named("Europe/Atlantis") is None
    assert zone_named("../etc/passwd") is None
