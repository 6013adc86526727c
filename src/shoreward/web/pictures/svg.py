"""SVG as text: elements with escaped attributes, and paths from points."""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup

Point = tuple[float, float]


def element(name: str, *inside: Markup | str, **attributes: object) -> Markup:
    """An element; `_` in a name is `-`, a trailing one is dropped (`class_`); attributes that are None are left out."""
    said = Markup().join(
        Markup(' {}="{}"').format(key.rstrip("_").replace("_", "-"), _short(value))
        for key, value in attributes.items()
        if value is not None
    )
    if not inside:
        return Markup("<{}{}/>").format(name, said)
    return Markup("<{}{}>{}</{}>").format(name, said, Markup().join(inside), name)


def _short(value: object) -> object:
    """A number with no more digits than can be seen."""
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else value


def line(points: Iterable[Point], *, closed: bool = False) -> str:
    """A path through points."""
    words = [f"{'L' if place else 'M'}{x:.1f} {y:.1f}" for place, (x, y) in enumerate(points)]
    return "".join(words) + ("Z" if closed and words else "")


def stairs(points: Iterable[Point]) -> list[Point]:
    """The points of a value that stays until it changes."""
    made: list[Point] = []
    for x, y in points:
        if made:
            made.append((x, made[-1][1]))
        made.append((x, y))
    return made
