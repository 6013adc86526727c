"""The journal: the truth about releases, and contents by their digest."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

from shoreward.core import Event
from shoreward.core.control import Order
from shoreward.core.events import ReleaseOpened
from shoreward.core.header import Header


class Blobs(Protocol):
    """Content-addressed bytes that must outlive a crash: templates, reports, manifests."""

    def put(self, content: bytes) -> str:
        """Keep the content; returns its sha256, hexadecimal."""
        ...

    def get(self, digest: str) -> bytes:
        """The content; raises `Terminal` when it is not there."""
        ...


class Conflict(Exception):
    """Somebody else appended to the release in between: load again and think again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """An event in its place: `seq` counts from 1 within its release."""

    seq: int
    event: Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """An event of any release, in the order in which a journal got to know of all of them.

    Attributes:
        id: grows from event to event, with gaps.
    """

    id: int
    release: str
    seq: int
    event: Event


Kinds = Collection[type[Event]]
"""Kinds of events; empty for all of them."""

Addition = tuple[int, Sequence[Event]]
"""Events to append, and the number of the one that they are to follow."""

NO_ADDITIONS: Mapping[str, Addition] = MappingProxyType({})


class Reader(Protocol):
    """What is in a journal, wherever it is."""

    def events(self, release: str, after: int = 0, *, kinds: Kinds = ()) -> Sequence[Recorded]:
        """The events behind number `after`, in order; only those of some kinds, when there are any.

        Raises:
            Refused: RELEASE_UNKNOWN for a release it never saw.
        """
        ...

    def releases(self, application: str | None = None, *, open: bool | None = None) -> Sequence[Header]:
        """Releases, oldest first; only those that are open, or that are not, when `open` says so."""
        ...

    def harmed(self) -> Sequence[Header]:
        """Releases that were sent back because they harmed, oldest first: few of many, whoever asks often asks this."""
        ...

    def live(self, application: str | None = None) -> Sequence[Header]:
        """Of each application, or of one, the newest release that succeeded and stayed; newest first."""
        ...

    def page(self, application: str | None = None, *, before: str = "", limit: int = 50) -> Sequence[Header]:
        """Releases, newest first, behind the one with the id `before` when there is one; at most `limit`."""
        ...

    def header(self, release: str) -> Header:
        """One release's header; raises `Refused` (RELEASE_UNKNOWN)."""
        ...

    def orders(self, after: int = 0) -> Sequence[Order]:
        """What people said, behind the first `after` words."""
        ...


class Journal(Reader, Blobs, Protocol):
    """Append-only events of releases, and of what people say of more than one; the truth."""

    def open(self, event: ReleaseOpened) -> str:
        """Begin a release; returns its id.

        Raises `Refused` (RELEASE_UNDER_WAY) while another release of the same commit of the application is open.
        """
        ...

    def open_all(
        self, events: Sequence[ReleaseOpened], additions: Mapping[str, Addition] = NO_ADDITIONS
    ) -> tuple[str, ...]:
        """Append to releases, as `append_all` does, and begin others, as `open` does: all of it or nothing."""
        ...

    def append(self, release: str, after: int, events: Sequence[Event]) -> None:
        """Append events behind the one with number `after`, all or none.

        Raises `Conflict` when that is no longer the last one.
        """
        ...

    def append_all(self, additions: Mapping[str, Addition]) -> None:
        """Append to several releases, by id, all or none; see `append`."""
        ...

    def steer(self, after: int, orders: Sequence[Order]) -> None:
        """Append what people say of more than one release, as `append` does."""
        ...

    def happened(self, after: int = 0, *, limit: int = 1000) -> Sequence[Happened]:
        """Events of all releases behind the one with the id `after`, in the order of their coming; at most `limit`."""
        ...

    def newest(self) -> int:
        """The id of the newest event of all releases; 0 before there was any."""
        ...

    def changes(self) -> int:
        """A number that is another one after anybody appended: cheap enough to ask many times a second."""
        ...

    def lease(self) -> AbstractContextManager[None]:
        """The right to carry releases; one process at a time, given back by the operating system when it dies.

        Raises `Refused` (CONTROLLER_RUNNING) while another process has it.
        """
        ...
