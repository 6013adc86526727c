"""All pipelines at a glance, those that need a person first."""

from __future__ import annotations

from collections.abc import Sequence

from shoreward.core.header import Header
from shoreward.domain import Outcome, UserError
from shoreward.web.views.shapes import Glance, Mood, Row, UnderWay
from shoreward.web.views.shore import stop_of
from shoreward.web.views.under_way import headline, under_way
from shoreward.web.watch import Sight

_ORDER = {mood: place for place, mood in enumerate(Mood)}

_CAME_BACK = (Outcome.ROLLED_BACK, Outcome.FAILED, Outcome.ERRORED)


def board(sight: Sight, now: float) -> tuple[Row, ...]:
    """A row for each pipeline, the most urgent first, then by name."""
    rows = [_row(sight, headers, now) for headers in sight.headers.values()]
    return tuple(sorted(rows, key=_urgency))


def place_of(row: Row) -> str:
    """Where a row is on the board, whatever comes and goes around it: `person/ferry`."""
    return f"{row.mood.value}/{row.application}"


def some_of(rows: Sequence[Row], *, find: str = "", after: str = "") -> Sequence[Row]:
    """Those whose name has a word in it, and that stand behind a place (`place_of`).

    Raises:
        UserError: REQUEST_INVALID for what is no place.
    """
    wanted, behind = find.strip().lower(), _parsed(after)
    return [row for row in rows if wanted in row.application.lower() and (not behind or _urgency(row) > behind)]


def _urgency(row: Row) -> tuple[int, str]:
    return _ORDER[row.mood], row.application


def _parsed(place: str) -> tuple[int, str] | None:
    mood, _, application = place.partition("/")
    if place and mood not in _ORDER:
        raise UserError("REQUEST_INVALID", "`after` is no place on the board.", next="Follow `next` as it came.")
    return (_ORDER[Mood(mood)], application) if place else None


def _row(sight: Sight, headers: Sequence[Header], now: float) -> Row:
    newest = headers[-1]
    going = [
        under_way(sight, sight.under_way[header.id], header, now)
        for header in reversed(headers)
        if header.id in sight.under_way
    ]
    live = next((header for header in reversed(headers) if header.outcome is Outcome.SUCCEEDED), None)
    stop = stop_of(sight, newest.application)
    worst = min(going, key=lambda each: _ORDER[each.mood], default=None)
    return Row(
        application=newest.application,
        mood=Mood.PERSON if stop else worst.mood if worst else _settled(newest),
        standing=f"stopped by {stop.by}: {stop.why}" if stop else _words(worst, newest),
        advice="" if stop else _advice(worst),
        until=_until(worst),
        stop=stop,
        live=headline(live) if live else None,
        newest=headline(newest),
        under_way=tuple(_glance(each) for each in going),
    )


def _settled(newest: Header) -> Mood:
    return Mood.HARMED if newest.outcome in _CAME_BACK else Mood.DONE if newest.outcome else Mood.CALM


def _words(worst: UnderWay | None, newest: Header) -> str:
    if worst is None:
        outcome = newest.outcome.value.replace("_", " ") if newest.outcome else "unknown"
        return f"{newest.id} {outcome}" + (f": {newest.reason}" if newest.reason else "")
    persons = [each.what for each in worst.blockers if each.person]
    return f"{worst.headline.id}: {persons[0] if persons else worst.why_back or worst.standing}"


def _advice(worst: UnderWay | None) -> str:
    """What a person is to do."""
    return next((each.advice for each in worst.blockers if each.person), "") if worst else ""


def _until(worst: UnderWay | None) -> float | None:
    times = [each.until for each in worst.blockers if each.until is not None] if worst else []
    return min(times, default=None)


def _glance(release: UnderWay) -> Glance:
    return Glance(
        id=release.headline.id,
        commit=release.headline.commit,
        subject=release.headline.subject,
        mood=release.mood,
        baked=release.baked,
        wave=release.wave,
        waves=release.headline.waves,
        progress=release.progress,
    )
