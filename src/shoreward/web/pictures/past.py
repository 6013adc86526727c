"""What was: bands of what was live on each target, and small bars of how a figure went."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from markupsafe import Markup

from shoreward.web.pictures.svg import element
from shoreward.web.views.record_shapes import Figure, Lane, StayShown

_NAMES = 150.0
_WIDTH, _ROW, _GAP = 1000.0, 26.0, 8.0


def lanes_chart(lanes: Sequence[Lane], now: float) -> Markup:
    """A band for each revision that was all there was on a target, over the time that they tell of."""
    start = min((stay.since for lane in lanes for stay in lane.stays), default=now)
    height = len(lanes) * (_ROW + _GAP) + 22

    def x(at: float) -> float:
        return _NAMES + (_WIDTH - _NAMES) * (at - start) / max(now - start, 1.0)

    rows: list[Markup] = []
    for place, lane in enumerate(lanes):
        top = place * (_ROW + _GAP)
        rows.append(element("text", lane.place, class_="lane", x=0, y=top + 17))
        rows += [_band(stay, x(stay.since), x(stay.until or now), top) for stay in lane.stays]
    rows.append(element("text", _day(start), class_="tick", x=_NAMES, y=height - 4))
    rows.append(element("text", "now", class_="tick", x=_WIDTH, y=height - 4, text_anchor="end"))
    title = "; ".join(_words(lane) for lane in lanes)
    return element(
        "svg",
        element("title", f"What was live where: {title}"),
        *rows,
        class_="chart lanes",
        viewBox=f"0 0 {_WIDTH:g} {height:g}",
        role="img",
    )


def _band(stay: StayShown, left: float, right: float, top: float) -> Markup:
    width = max(2.0, right - left - 1.5)
    parts = [element("rect", class_="band", x=left, y=top, width=width, height=_ROW, rx=4)]
    if width > 62:
        parts.append(element("text", stay.commit[:7], x=left + 8, y=top + 17))
    title = element("title", f"{stay.release}: {stay.subject}")
    return element("g", title, *parts, class_="stay" if stay.until else "stay live")


def _words(lane: Lane) -> str:
    last = lane.stays[-1]
    return f"{lane.place} {'serves' if last.until is None else 'served'} {last.commit[:7]} of {last.release}"


def _day(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%d %b %Y %H:%M} UTC"


def spark(figure: Figure) -> Markup:
    """A figure's trend as bars from its oldest part to its newest, each with its value in words."""
    values, most = figure.trend, max((each for each in figure.trend if each is not None), default=0.0)
    words = f"{figure.name} over time, oldest first: {', '.join(figure.marks)}"
    return _bars(values, most, figure.marks, words, (300.0, 56.0))


def ticks(values: Sequence[float | None], name: str) -> Markup:
    """The same, small enough for a line of a table."""
    known = [each or 0.0 for each in values]
    words = f"Deliveries of {name} over time: {', '.join(f'{each:g}' for each in known)}"
    return _bars(values, max(known, default=0.0), (), words, (84.0, 18.0))


def _bars(
    values: Sequence[float | None], most: float, marks: Sequence[str], words: str, size: tuple[float, float]
) -> Markup:
    width, height = size
    each = width / max(1, len(values))
    made: list[Markup] = []
    for place, value in enumerate(values):
        tall = 0.0 if not value or not most else max(2.0, (height - 3) * value / most)
        x, gap = place * each, min(4.0, each / 4)
        kind = "unknown" if value is None else "last" if place == len(values) - 1 else "part"
        inside = (element("title", marks[place]),) if marks else ()
        shown = max(tall, 1.5)
        made.append(element("rect", *inside, class_=kind, x=x, y=height - shown, width=each - gap, height=shown, rx=1))
    return element(
        "svg",
        element("title", words),
        *made,
        class_="spark",
        viewBox=f"0 0 {width:g} {height:g}",
        role="img",
    )
