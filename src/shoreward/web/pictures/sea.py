"""The shore: releases as waves that run over a pipeline's targets towards the beach, customers growing to the right.

A column is a wave of the pipeline; the wider it is, the more customers it has, though not in proportion: a wave of a
thousandth would not be seen. The true shares are written above.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from shoreward.web.pictures.svg import Point, element, line
from shoreward.web.views.shapes import Mood, Shore, UnderWay, WaveShown

_WIDTH, _HEIGHT = 1000.0, 240.0
_SAMPLES = 48
_BEFORE = 3
"""Breadth of what lies before production, in the units of the columns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of the sea: `breadth` is its part of the whole, in whole units; `left` and `right` are 0 to 1."""

    name: str
    breadth: int
    left: float
    right: float
    wave: WaveShown | None


def columns(waves: Sequence[WaveShown]) -> tuple[Column, ...]:
    """What lies before production, then the waves."""
    most = max((wave.share for wave in waves), default=1.0) or 1.0
    breadths = [_BEFORE, *(round(3 + 6 * math.sqrt(wave.share / most)) for wave in waves)]
    whole, left = sum(breadths), 0
    made: list[Column] = []
    for breadth, wave in zip(breadths, (None, *waves), strict=True):
        made.append(
            Column(
                name=wave.name if wave else "Checks",
                breadth=breadth,
                left=left / whole,
                right=(left + breadth) / whole,
                wave=wave,
            )
        )
        left += breadth
    return tuple(made)


def front(release: UnderWay, over: Sequence[Column]) -> float:
    """How far a release has come over the columns, 0 to 1."""
    before = over[0]
    if release.wave < 0 or len(over) < 2:
        return before.left + (before.right - before.left) * (0.85 if release.standing.startswith("waits") else 0.5)
    column = over[min(release.wave + 1, len(over) - 1)]
    if release.going_back and not release.exposure:
        return before.right * 0.6
    if not release.going_back and release.wave < release.baked:
        return column.right
    return column.left + (column.right - column.left) * max(0.1, min(1.0, release.progress))


def _beach(x: float) -> float:
    return 234 - 150 * (x / _WIDTH) ** 2.2


def _water(to: float, level: float, phase: float) -> list[Point]:
    """The surface of a wave from the open sea to where it runs out on the beach."""
    points, reach = list[Point](), min(170.0, 0.8 * to)
    for step in range(_SAMPLES + 1):
        x = to * step / _SAMPLES
        swell = 6.5 * math.sin(x / 52 + phase) + 2 * math.sin(x / 21 + 2 * phase)
        ground = _beach(x)
        height = max(ground - (level + swell), 15.0 + swell / 2)
        taper = min(1.0, max(0.0, to - x) / reach)
        points.append((x, ground - height * math.sin(taper * math.pi / 2) ** 0.9))
    return points


def _body(surface: Sequence[Point]) -> str:
    return line([*surface, *((x, _beach(x)) for x, _ in reversed(surface))], closed=True)


def sea(shore: Shore) -> Markup:
    """The picture; `role="img"` with its description is the page's to give."""
    over = columns(shore.waves)
    releases = shore.under_way[::-1]
    parts = [element("path", class_="sand", d=line([*_ground(), (_WIDTH, _HEIGHT), (0, _HEIGHT)], closed=True))]
    rest = over[0].right * _WIDTH * 0.72
    parts.append(element("path", class_="water rest", d=_body(_water(rest, 172, 0.4))))
    for place, release in enumerate(releases):
        to, level = front(release, over) * _WIDTH, 118.0 + 20 * place
        surface = _water(to, level, 1.3 * place)
        classes = f"water depth-{min(place, 3)} {_tone(release)}"
        wave = (
            element("path", class_="body", d=_body(surface)),
            element("path", class_="foam", d=line(surface), vector_effect="non-scaling-stroke"),
        )
        parts.append(element("g", *wave, class_=classes, id=f"water-{release.headline.number}"))
    return element("svg", *parts, class_="sea", viewBox="0 0 1000 240", preserveAspectRatio="none", aria_hidden="true")


def flags(shore: Shore) -> Markup:
    """What stands over the sea: borders of the waves, and the names of the releases at their fronts."""
    over = columns(shore.waves)
    lines = [
        element("line", class_="border", x1=f"{100 * each.left:.2f}%", x2=f"{100 * each.left:.2f}%", y1="0", y2="100%")
        for each in over[1:]
    ]
    named = [_flag(release, front(release, over), place) for place, release in enumerate(shore.under_way[::-1])]
    return element("svg", *lines, *named, class_="flags", aria_hidden="true")


def _flag(release: UnderWay, at: float, place: int) -> Markup:
    left = at > 0.55
    where = {"x": -8 if left else 8, "text_anchor": "end" if left else "start"}
    commit, percent = release.headline.commit[:7], share_words(release.exposure)
    words = (
        element("text", release.headline.id, class_="name", y=15, **where),
        element("text", f"{commit} · {percent} of customers", class_="small", y=30, **where),
    )
    pole = element("line", class_="pole", x1=0, x2=0, y1=2, y2="100%")
    return element(
        "svg",
        pole,
        *words,
        x=f"{100 * at:.2f}%",
        y=8 + 38 * place,
        overflow="visible",
        class_=f"flag {_tone(release)}",
        id=f"flag-{release.headline.number}",
    )


def _tone(release: UnderWay) -> str:
    if release.going_back:
        return "back"
    return "person" if release.mood is Mood.PERSON else "forth"


def _ground() -> list[Point]:
    return [(_WIDTH * step / 40, _beach(_WIDTH * step / 40)) for step in range(41)]


def share_words(share: float) -> str:
    """`0 %`, `0.4 %`, `12 %`, `100 %`: never 0 where it is more, never 100 where it is less."""
    percent = 100 * share
    if percent <= 0:
        return "0 %"
    if percent < 0.1:
        return "<0.1 %"
    if 99.5 <= percent < 99.999:
        return ">99 %"
    return f"{percent:.1f} %" if percent < 9.95 else f"{percent:.0f} %"


def words(shore: Shore) -> str:
    """The picture in words, for those who do not see it."""
    if not shore.under_way:
        return f"{shore.application}: nothing is under way."
    each = (
        f"{release.headline.id} is {release.standing}, with {share_words(release.exposure)} of customers"
        for release in shore.under_way
    )
    return f"{shore.application}: {'; '.join(each)}."
