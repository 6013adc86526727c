"""Events as JSON and back.

The name of the event's class is kept beside its body, so a body says only what happened. Reading is strict: a journal
that says something this version does not know is an error, never a guess. Writing is, too: an event that would not
read back as itself is refused before it is in the journal, where nobody could ever take it out again.
"""

from __future__ import annotations

import typing
from functools import cache, lru_cache

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from shoreward.core import Event
from shoreward.core.control import Order
from shoreward.core.header import Header
from shoreward.domain import Terminal

Said = Event | Order | Header
"""What is written as a name and a body: events, people's orders, and headers, which are made anew from the events."""

_CLASSES: dict[str, type[Said]] = {kind.__name__: kind for kind in typing.get_args(Said)}

_STRICT = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False, ser_json_inf_nan="constants")


@cache
def _adapter(name: str) -> TypeAdapter[Said | None]:
    # Pydantic takes no configuration for a dataclass itself, but hands that of a union down to all that is in it.
    return TypeAdapter(_CLASSES[name] | None, config=_STRICT)


def encode(event: Said) -> tuple[str, bytes]:
    """The event's name and its body.

    Raises:
        Terminal: EVENT_UNWRITABLE for what JSON cannot say: numbers that are not finite, text that is not Unicode.
    """
    name = type(event).__name__
    try:
        body = _adapter(name).dump_json(event, warnings="error")
        faithful = _adapter(name).validate_json(body) == event
    except (PydanticSerializationError, ValidationError) as error:
        raise _unwritable(name, _words(error)) from error
    if not faithful:
        raise _unwritable(name, "It would not be read back as it was.")
    return name, body


def _unwritable(name: str, why: str) -> Terminal:
    return Terminal(
        "EVENT_UNWRITABLE",
        f"An event {name} cannot be written to the journal. {why}",
        next="This is a mistake in Shoreward; please report it.",
    )


def decode(name: str, body: bytes, *, where: str = "") -> Event:
    """The event of a name and a body.

    Args:
        where: the event's place, for the error.

    Raises:
        Terminal: JOURNAL_UNREADABLE when this version does not know it.
    """
    said = _decoded(name, body, where)
    if not isinstance(said, Event):
        raise _unknown(name, "It is no event of a release.", where)
    return said


def decode_order(name: str, body: bytes, *, where: str = "") -> Order:
    """A person's order of a name and a body; see `decode`."""
    said = _decoded(name, body, where)
    if not isinstance(said, Order):
        raise _unknown(name, "It is no word about more than one release.", where)
    return said


@lru_cache(maxsize=32_768)  # most headers never change again, and all are asked for again and again
def decode_header(body: bytes, *, where: str = "") -> Header:
    """A release's header of its body; see `decode`."""
    said = _decoded(Header.__name__, body, where)
    assert isinstance(said, Header)
    return said


def _decoded(name: str, body: bytes, where: str) -> Said:
    try:
        event = _adapter(name).validate_json(body)
    except KeyError:
        raise _unknown(name, "There is no such event.", where) from None
    except ValidationError as error:
        raise _unknown(name, _words(error), where) from error
    if event is None:
        raise _unknown(name, "It is empty.", where)
    return event


def _unknown(name: str, why: str, where: str) -> Terminal:
    return Terminal(
        "JOURNAL_UNREADABLE",
        f"The journal holds an event {name} that this version cannot read. {why}",
        where=where or None,
        next="Use the version that wrote it, or a newer one.",
    )


def _words(error: PydanticSerializationError | ValidationError) -> str:
    """The first thing that is wrong, in plain ASCII, so that it can be written itself."""
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_input=False)[0]
        words = f"{'.'.join(map(str, first['loc']))}: {first['msg']}."
    else:
        words = f"{error}."
    return words.encode("ascii", "backslashreplace").decode()
