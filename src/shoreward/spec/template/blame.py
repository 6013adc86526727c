"""Which line of a template a sentence of the SAM translator is about.

The translator names resources, some of them only it knows: those that it makes of a function's events begin with the
function's logical id. Properties it puts in quotes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import cast

from shoreward.domain import Place, SpecError
from shoreward.spec.template.document import Template
from shoreward.spec.template.plain import Json, mapping

_RESOURCE = re.compile(r"id \[([A-Za-z0-9]+)\]")
_EVENT = re.compile(r"[Ee]vent with id \[([A-Za-z0-9]+)\]")
_INDEX = re.compile(r"at index (?P<index>\d+) in the '(?P<key>\w+)' property")
_QUOTED = re.compile(r"(?:^|(?<=[^A-Za-z]))['`]([A-Za-z][A-Za-z0-9.]*)['`]")

Path = tuple[str | int, ...]


def refused(template: Template, message: str) -> SpecError:
    """SpecError TEMPLATE_REFUSED: the translator's message, at the place that it is about."""
    found = _RESOURCE.search(message)
    made = found[1] if found else ""
    name = max((one for one in template.resources if made.startswith(one)), key=len, default="")
    if not name:
        return SpecError("TEMPLATE_REFUSED", message, where=_elsewhere(template, message))
    words = message.split("is invalid. ", 1)[-1]
    rest = made.removeprefix(name)
    about = f"{name} ({rest})" if rest else name
    return SpecError("TEMPLATE_REFUSED", f"{about}: {words}", where=_in_resource(template, name, rest, words))


def _in_resource(template: Template, name: str, rest: str, words: str) -> Place:
    """`rest` is what a made resource has in its id beyond the written one's: an event's or a connector's name."""
    found = _EVENT.search(words)
    event = found[1] if found else rest
    for around in (("Properties", "Events"), ("Connectors",)):
        path = ("Resources", name, *around, event)
        if template.document.has(path):
            return _named(template, path, words) or template.place(*path)
    if found := _INDEX.search(words):
        return template.place_of(name, found["key"], int(found["index"]))
    for quoted in _quoted(words):
        parts = tuple(quoted.removeprefix(f"{name}.").split("."))
        if template.property(name, parts[0]) is not None:
            return template.place_of(name, *parts, key=True)
    path = ("Resources", name)
    return _named(template, path, words) or template.place(*path)


def _elsewhere(template: Template, message: str) -> Place:
    if message.startswith("'Globals'"):
        return _named(template, ("Globals",), message) or template.place("Globals")
    return template.place("Resources")


def _named(template: Template, path: Path, words: str) -> Place | None:
    """The first key below a path that the words have in quotes."""
    value: Json = template.value
    for step in path:
        value = value[step]
    for quoted in _quoted(words):
        for below in _keys(value, quoted):
            return template.place(*path, *below)
    return None


def _quoted(words: str) -> list[str]:
    return [str(quoted) for quoted in _QUOTED.findall(words)]


def _keys(value: Json, wanted: str) -> Iterator[Path]:
    """Paths of the keys of a name, the outermost first."""
    inner: list[tuple[str | int, Json]] = list(mapping(value).items())
    yield from ((key,) for key, _ in inner if key == wanted)
    inner += list(enumerate(cast("list[Json]", value))) if isinstance(value, list) else []
    for key, held in inner:
        yield from ((key, *below) for below in _keys(held, wanted))
