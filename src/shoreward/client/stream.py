"""The stream of events: all that happens, once and in order, however often the connection is cut."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
from pydantic import TypeAdapter, ValidationError

from shoreward.client.connection import PATIENCE, Connection, unreachable


@dataclass(frozen=True, slots=True, kw_only=True)
class Streamed:
    """Something that happened.

    Attributes:
        id: where the stream goes on behind it, for `Client.stream(after=...)`.
        kind: `open` when the stream is connected, or again; `happened` for an event of a release, `order` for what
            somebody said of more than one, `control` when the server cannot read its journal, or can again.
        event: the name of the event or of the order; "" for the others.
        release: "" for what is about more than one.
        seq: its number among the events of the release, or among the orders.
    """

    id: str
    kind: str
    event: str = ""
    release: str = ""
    seq: int = 0
    at: float = 0.0


_DATA = TypeAdapter(dict[str, Any])


def follow(
    connection: Connection, *, after: str = "", application: str = "", pause: Callable[[float], None] = time.sleep
) -> Iterator[Streamed]:
    """What happens from now on, or behind an id; ends when whoever reads it has enough.

    Raises:
        Retryable: SERVER_UNREACHABLE when nobody answers for some seconds.
        ShorewardError: what the server refuses with.
    """
    last, failed = after, 0
    while True:
        try:
            headers = {"Last-Event-ID": last} if last else {}
            with connection.streaming("/events", headers, application=application or None) as answer:
                for each in _events(connection, answer.iter_lines()):
                    failed = 0
                    last = each.id or last
                    yield each
        except httpx.TransportError as error:
            failed += 1
            if failed > len(PATIENCE):
                raise unreachable(connection.address, error) from error
        pause(PATIENCE[max(0, failed - 1)])


def _events(connection: Connection, lines: Iterable[str]) -> Iterator[Streamed]:
    """Events as they come."""
    said: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        if name:
            said[name] = value.removeprefix(" ")
        elif not value and said:
            yield _event(connection, said)
            said = {}


def _event(connection: Connection, said: dict[str, str]) -> Streamed:
    if "data" not in said:
        return Streamed(id=said.get("id", ""), kind="open")
    try:
        data = _DATA.validate_json(said["data"])
        return Streamed(
            id=said.get("id", ""),
            kind=said["event"],
            event=data.get("event", ""),
            release=data.get("release", ""),
            seq=data.get("seq", 0),
            at=data.get("at", 0.0),
        )
    except (ValidationError, KeyError) as error:
        raise connection.mismatch() from error
