"""Events as JSON and back.

The name of the event's class is kept beside its body, so a body says only what happened. Reading is strict: a journal
that says something this version does not know is an error, never a guess.
"""

from __future__ import annotations

import typing
from functools import cache

from pydantic import TypeAdapter, ValidationError

from shoreward.core import Event
from shoreward.domain import Terminal

_CLASSES: dict[str, type[Event]] = {kind.__name__: kind for kind in typing.get_args(Event)}


@cache
def _adapter(name: str) -> TypeAdapter[Event]:
    return TypeAdapter(_CLASSES[name])


def encode(event: Event) -> tuple[str, bytes]:
    """The event's name and its body."""
    name = type(event).__name__
    return name, _adapter(name).dump_json(event)


def decode(name: str, body: bytes) -> Event:
    """The event of a name and a body; raises `Terminal` (JOURNAL_UNREADABLE) when this version does not know it."""
    try:
        return _adapter(name).validate_json(body)
    except (KeyError, ValidationError) as error:
        raise Terminal(
            "JOURNAL_UNREADABLE",
            f"The journal holds an event {name} that this version cannot read: {error}",
            next="Use the version that wrote it, or a newer one.",
        ) from error
