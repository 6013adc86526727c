"""When gates that go by the clock on the wall open: windows and freezes, to the second, whatever clocks do meanwhile.

A time of day may come twice, or not at all, on a day on which clocks are changed. So time is cut into stretches in
which the zone's offset stays the same; within one, the clock on the wall goes as time does.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, tzinfo
from itertools import takewhile

from shoreward.domain import Freeze, Hours, Window

DAY = 86_400
HORIZON = 800 * DAY
"""Seconds after which nobody looks further for an opening."""

_EPOCH = date(1970, 1, 1)


def opens_at(gate: Window | Freeze, zone: tzinfo, at: float) -> float | None:
    """The first moment from `at` on at which a gate is open, UNIX seconds; `at` itself while it is.

    None when it is not open again within `HORIZON` seconds.
    """
    if isinstance(gate, Freeze):
        begin, end = _frozen(gate, zone)
        return end if begin <= at < end else at
    for start, end, offset in _stretches(zone, at):
        walls = sorted({start + offset, *_edges(gate, start + offset, end + offset)})
        opening = next((wall for wall in walls if _open(gate, wall)), None)
        if opening is not None:
            return opening - offset
    return None


def _frozen(freeze: Freeze, zone: tzinfo) -> tuple[float, float]:
    """When a freeze begins and ends: clocks that are put back open none that has begun, and let none end twice."""
    start, end = _seconds(freeze.start), _seconds(freeze.end)
    begins = (max(begin, start - offset) for begin, until, offset in _around(zone, start) if until + offset > start)
    ends = (min(until, end - offset) for begin, until, offset in _around(zone, end) if begin + offset < end)
    return next(begins), max(ends)


def _around(zone: tzinfo, wall: float) -> Iterator[tuple[float, float, float]]:
    """The stretches in which the clock on the wall may show a time: no zone is two days from another."""
    return takewhile(lambda stretch: stretch[0] < wall + 2 * DAY, _stretches(zone, wall - 2 * DAY))


def _open(gate: Window, wall: float) -> bool:
    """Whether a window is open at a time by the clock on the wall: seconds since 1970, as if that clock showed UTC."""
    day, second = divmod(wall, DAY)
    if gate.holidays and _day(int(day)) in gate.holidays:
        return False
    return any(_within(hours, int(day), second) for hours in gate.hours)


def _within(hours: Hours, day: int, second: float) -> bool:
    today, yesterday = _weekday(day) in hours.days, _weekday(day - 1) in hours.days
    if hours.start < hours.end:
        return today and hours.start <= second < hours.end
    return (today and second >= hours.start) or (yesterday and second < hours.end)


def _edges(gate: Window, start: float, end: float) -> Iterator[float]:
    """Times by the clock on the wall, from `start` and before `end`, at which a window may open."""
    days = range(int(start // DAY), int(end // DAY) + 1)
    found = [float(day * DAY + second) for day in days for second in (0, *(each.start for each in gate.hours))]
    return (edge for edge in found if start <= edge < end)


def _stretches(zone: tzinfo, at: float) -> Iterator[tuple[float, float, float]]:
    """Time from `at` on in pieces of a day at most: begin, end, and the zone's offset in between."""
    begin = at
    while begin < at + HORIZON:
        end, offset = begin + DAY, _offset(zone, begin)
        if _offset(zone, end) != offset:
            end = _change(zone, int(begin), int(end) + 1)
        yield begin, end, offset
        begin = end


def _change(zone: tzinfo, before: int, after: int) -> float:
    """The second in which clocks are changed, after `before` and not after `after`."""
    offset = _offset(zone, before)
    while after - before > 1:
        middle = (before + after) // 2
        if _offset(zone, middle) == offset:
            before = middle
        else:
            after = middle
    return float(after)


def _offset(zone: tzinfo, at: float) -> float:
    offset = datetime.fromtimestamp(at, zone).utcoffset()
    return offset.total_seconds() if offset else 0.0


def _weekday(day: int) -> int:
    return (day + _EPOCH.weekday()) % 7


def _day(day: int) -> str:
    return date.fromordinal(_EPOCH.toordinal() + day).isoformat()


def _seconds(wall: str) -> int:
    return int(datetime.fromisoformat(wall).replace(tzinfo=UTC).timestamp())
