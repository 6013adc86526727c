"""A journal that is gone with its process."""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import reduce
from threading import Lock

from shoreward.app.ports import NO_ADDITIONS, Addition, Conflict, Happened, Kinds, Recorded
from shoreward.core import Event
from shoreward.core.control import Order
from shoreward.core.events import ReleaseOpened
from shoreward.core.header import Header, headed, noted
from shoreward.domain import Outcome, Refused, Terminal


@dataclass(slots=True)
class MemoryJournal:
    """Implements `app.ports.Journal` in memory, for any number of threads."""

    _events: dict[str, list[Event]] = field(default_factory=dict[str, list[Event]])
    _headers: dict[str, Header] = field(default_factory=dict[str, Header])
    _happened: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])
    _orders: list[Order] = field(default_factory=list[Order])
    _blobs: dict[str, bytes] = field(default_factory=dict[str, bytes])
    _changes: int = 0
    _lock: Lock = field(default_factory=Lock)
    _lease: Lock = field(default_factory=Lock)

    def open(self, event: ReleaseOpened) -> str:
        """See `Journal.open`."""
        return self.open_all((event,))[0]

    def open_all(
        self, events: Sequence[ReleaseOpened], additions: Mapping[str, Addition] = NO_ADDITIONS
    ) -> tuple[str, ...]:
        """See `Journal.open_all`."""
        with self._lock:
            headers = self._added(additions)
            for event in events:
                self._only_one(event.pipeline.application, event.commit)
            self._add(additions, headers)
            return tuple(self._begin(event) for event in events)

    def _begin(self, event: ReleaseOpened) -> str:
        application = event.pipeline.application
        number = 1 + sum(header.application == application for header in self._headers.values())
        release = f"{application}-{number}"
        self._events[release] = [event]
        self._headers[release] = headed(release, number, event)
        self._happened.append((release, 1))
        self._changes += 1
        return release

    def _only_one(self, application: str, commit: str, but: str = "") -> None:
        for header in self._headers.values():
            if header.open and (header.application, header.commit) == (application, commit) and header.id != but:
                raise Refused("RELEASE_UNDER_WAY", f"Release {header.id} of {application} is under way.")

    def append(self, release: str, after: int, events: Sequence[Event]) -> None:
        """See `Journal.append`."""
        self.append_all({release: (after, events)})

    def append_all(self, additions: Mapping[str, Addition]) -> None:
        """See `Journal.append_all`."""
        with self._lock:
            self._add(additions, self._added(additions))

    def _added(self, additions: Mapping[str, Addition]) -> Mapping[str, Header]:
        """The headers as they would be; raises what `append` raises."""
        headers: dict[str, Header] = {}
        for release, (after, events) in additions.items():
            if len(self._known(release)) != after:
                raise Conflict(release)
            headers[release] = reduce(noted, events, self._headers[release])
            if headers[release].open:
                self._only_one(headers[release].application, headers[release].commit, release)
        return headers

    def _add(self, additions: Mapping[str, Addition], headers: Mapping[str, Header]) -> None:
        self._headers.update(headers)
        for release, (after, events) in additions.items():
            self._events[release].extend(events)
            self._happened.extend((release, seq) for seq in range(after + 1, after + 1 + len(events)))
            self._changes += 1

    def _known(self, release: str) -> list[Event]:
        if release not in self._events:
            raise Refused("RELEASE_UNKNOWN", f"There is no release {release} in this journal.")
        return self._events[release]

    def events(self, release: str, after: int = 0, *, kinds: Kinds = ()) -> Sequence[Recorded]:
        """See `Journal.events`."""
        with self._lock:
            found = self._known(release)[after:]
        numbered = enumerate(found, start=after + 1)
        return tuple(Recorded(seq=seq, event=event) for seq, event in numbered if not kinds or type(event) in kinds)

    def releases(self, application: str | None = None, *, open: bool | None = None) -> Sequence[Header]:
        """See `Journal.releases`."""
        with self._lock:
            return tuple(
                header
                for header in self._headers.values()
                if application in (None, header.application) and open in (None, header.open)
            )

    def harmed(self) -> Sequence[Header]:
        """See `Journal.harmed`."""
        return tuple(header for header in self.releases() if header.harmed)

    def live(self, application: str | None = None) -> Sequence[Header]:
        """See `Journal.live`."""
        newest = {each.application: each for each in self.releases(application) if each.outcome is Outcome.SUCCEEDED}
        places = {release: place for place, release in enumerate(self._headers)}
        return tuple(sorted(newest.values(), key=lambda each: places[each.id], reverse=True))

    def page(self, application: str | None = None, *, before: str = "", limit: int = 50) -> Sequence[Header]:
        """See `Journal.page`."""
        newest = list(reversed(self.releases(application)))
        if before:
            ids = list(self._headers)
            newest = [header for header in newest if ids.index(header.id) < ids.index(before)]
        return tuple(newest[:limit])

    def header(self, release: str) -> Header:
        """See `Journal.header`."""
        with self._lock:
            self._known(release)
            return self._headers[release]

    def steer(self, after: int, orders: Sequence[Order]) -> None:
        """See `Journal.steer`."""
        with self._lock:
            if len(self._orders) != after:
                raise Conflict("orders")
            self._orders.extend(orders)
            self._changes += 1

    def orders(self, after: int = 0) -> Sequence[Order]:
        """See `Journal.orders`."""
        with self._lock:
            return tuple(self._orders[after:])

    def happened(self, after: int = 0, *, limit: int = 1000) -> Sequence[Happened]:
        """See `Journal.happened`."""
        with self._lock:
            return tuple(
                Happened(id=number, release=release, seq=seq, event=self._events[release][seq - 1])
                for number, (release, seq) in enumerate(self._happened[after : after + limit], start=after + 1)
            )

    def newest(self) -> int:
        """See `Journal.newest`."""
        with self._lock:
            return len(self._happened)

    def changes(self) -> int:
        """See `Journal.changes`."""
        return self._changes

    @contextmanager
    def lease(self) -> Generator[None]:
        """See `Journal.lease`; among the threads of this process."""
        if not self._lease.acquire(blocking=False):
            raise Refused("CONTROLLER_RUNNING", "Another thread is carrying the releases of this journal.")
        try:
            yield
        finally:
            self._lease.release()

    def put(self, content: bytes) -> str:
        """See `Blobs.put`."""
        digest = hashlib.sha256(content).hexdigest()
        self._blobs[digest] = content
        return digest

    def get(self, digest: str) -> bytes:
        """See `Blobs.get`."""
        try:
            return self._blobs[digest]
        except KeyError:
            raise Terminal("BLOB_MISSING", f"The journal does not hold {digest}.") from None
