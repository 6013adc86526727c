"""From values to pages: the templates, and the words that only pages need. All text is escaped."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from typing import Any, cast

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from shoreward.web.pictures import charts, past, sea
from shoreward.web.pictures.svg import element
from shoreward.web.views.shapes import Mood
from shoreward.web.watch import Sight

DIFF_SHOWN = 60_000
"""Characters of a diff that a page holds; the API has more."""


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("shoreward.web"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    cast("dict[str, Any]", made.filters).update(_FILTERS)
    cast("dict[str, Any]", made.globals).update(
        sea=sea,
        charts=charts,
        past=past,
        icon=icon,
        asset=asset,
        version=version("shoreward"),
        Mood=Mood,
        diff_lines=diff_lines,
    )
    return made


def prepare() -> None:
    """Read all templates, so that nobody who looks has to wait for it."""
    environment = _environment()
    for template in environment.list_templates():
        environment.get_template(template)


def render(
    template: str, *, part: bool = False, live: bool = False, sight: Sight | None, now: float, path: str, **values: Any
) -> str:
    """A page, or with `part` what of it moves; one that is not `live` stays as it is."""
    stopped = sight.control.stops.get("") if sight else None
    return (
        _environment()
        .get_template(template)
        .render(
            frame="part.html" if part else "page.html",
            now=now,
            path=path,
            live=live,
            trouble=sight.trouble if sight else "",
            everything_stopped=stopped,
            **values,
        )
    )


def moment(at: float) -> str:
    """A date and a time, in UTC; the script shows it in the reader's zone."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S} UTC"


def span(seconds: float) -> str:
    """A span of time in its largest two units: `3 h 20 min`."""
    whole = max(0, round(seconds))
    if whole < 120:
        return f"{whole} s"
    parts = [(whole // 86_400, "d"), (whole // 3_600 % 24, "h"), (whole // 60 % 60, "min"), (whole % 60, "s")]
    first = next(index for index, (amount, _) in enumerate(parts) if amount)
    return " ".join(f"{amount} {unit}" for amount, unit in parts[first : first + 2] if amount)


def _short(commit: str) -> str:
    return commit[:7]


def _whole(number: float) -> str:
    return f"{number:,}"


def _outcome(outcome: str) -> str:
    return outcome.replace("_", " ")


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")


def _dollars(amount: float | None) -> str:
    if amount is None:
        return "nobody knows"
    return f"US$ {amount:.4f}" if 0 < amount < 0.1 else f"US$ {amount:,.2f}"


def _milliseconds(number: float) -> str:
    return f"{number / 1_000:.3g} s" if number >= 1_000 else f"{number:.3g} ms"


def _plain(values: Iterable[Any]) -> list[dict[str, Any]]:
    """Values as JSON has them."""
    return [asdict(each) for each in values]


def _percent(number: float) -> str:
    return f"{number:.3g} %"


_FILTERS = {
    "short": _short,
    "share": sea.share_words,
    "whole": _whole,
    "outcome": _outcome,
    "moment": moment,
    "iso": _iso,
    "span": span,
    "percent": _percent,
    "dollars": _dollars,
    "milliseconds": _milliseconds,
    "pairs": dict,
    "plain": _plain,
}


@cache
def asset(name: str) -> str:
    """The address of a static file, which changes with its content, so that browsers may keep it."""
    digest = hashlib.sha256((files("shoreward.web") / "static" / name).read_bytes()).hexdigest()
    return f"/static/{name}?{digest[:10]}"


_ICONS = {
    Mood.PERSON: "M8 1.5 15 14H1ZM8 6v4M8 11.7v.6",
    Mood.BACK: "M6.5 3.5 2.5 7.5l4 4M2.5 7.5h7a4 4 0 0 1 0 8",
    Mood.MOVING: "M2 8h11M9 4l4 4-4 4",
    Mood.BAKING: "M8 1.8a6.2 6.2 0 1 0 .01 0M8 4.5V8l2.4 1.6",
    Mood.WAITING: "M5.5 3v10M10.5 3v10",
    Mood.HARMED: "M3.5 3.5l9 9M12.5 3.5l-9 9",
    Mood.CALM: "M1.5 9c2.2-2 4.3-2 6.5 0s4.300 2 6.500 0",
    Mood.DONE: "M2.500 8.500 6.300 12.300 13.500 4",
}

_MEANINGS = {
    Mood.PERSON: "needs a person",
    Mood.BACK: "going back",
    Mood.MOVING: "moving",
    Mood.BAKING: "baking",
    Mood.WAITING: "waiting",
    Mood.HARMED: "came back, or failed",
    Mood.CALM: "calm",
    Mood.DONE: "done",
}


@cache
def icon(mood: Mood) -> Markup:
    """A mood as a sign, with its meaning for those who do not see it; never colour alone."""
    path = element("path", d=_ICONS[mood])
    title = element("title", _MEANINGS[mood])
    return element("svg", title, path, class_=f"icon {mood.value}", viewBox="0 0 16 16", role="img")


def diff_lines(diff: str) -> list[tuple[str, str]]:
    """The lines of a diff, each with its kind: file, place, added, removed, or same."""
    made: list[tuple[str, str]] = []
    for text in diff.split("\n"):
        if text.startswith("diff --git "):
            made.append(("file", text.removeprefix("diff --git ")))
        elif text.startswith(("index ", "--- ", "+++ ")) and made and made[-1][0] in ("file", "head"):
            made.append(("head", text))
        else:
            kind = {"+": "added", "-": "removed", "@": "place"}.get(text[:1], "same")
            made.append((kind, text))
    return made
