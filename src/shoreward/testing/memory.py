"""A journal that is gone with its process."""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock

from shoreward.app.ports import Conflict, Recorded, ReleaseHeader
from shoreward.core import Event
from shoreward.core.events import ReleaseEnded, ReleaseOpened, RollbackBegan
from shoreward.domain import Refused, Terminal


@dataclass(slots=True)
class MemoryJournal:
    """Implements `app.ports.Journal` in memory, for any number of threads."""

    _events: dict[str, list[Event]] = field(default_factory=dict[str, list[Event]])
    _application: dict[str, str] = field(default_factory=dict[str, str])
    _open: set[str] = field(default_factory=set[str])
    _blobs: dict[str, bytes] = field(default_factory=dict[str, bytes])
    _changes: int = 0
    _lock: Lock = field(default_factory=Lock)
    _lease: Lock = field(default_factory=Lock)

    def open(self, event: ReleaseOpened) -> str:
        """See `Journal.open`."""
        application = event.pipeline.application
        with self._lock:
            self._only_one(application)
            release = f"{application}-{1 + list(self._application.values()).count(application)}"
            self._events[release] = [event]
            self._application[release] = application
            self._open.add(release)
            self._changes += 1
        return release

    def _only_one(self, application: str, but: str = "") -> None:
        for release in self._open:
            if self._application[release] == application and release != but:
                raise Refused("RELEASE_UNDER_WAY", f"Release {release} of {application} is under way.")

    def append(self, release: str, after: int, events: Sequence[Event]) -> None:
        """See `Journal.append`."""
        with self._lock:
            if len(self._known(release)) != after:
                raise Conflict(release)
            is_open = release in self._open
            for event in events:
                if isinstance(event, RollbackBegan):
                    self._only_one(self._application[release], release)
                    is_open = True
                if isinstance(event, ReleaseEnded):
                    is_open = False
            (self._open.add if is_open else self._open.discard)(release)
            self._events[release].extend(events)
            self._changes += 1

    def _known(self, release: str) -> list[Event]:
        if release not in self._events:
            raise Refused("RELEASE_UNKNOWN", f"There is no release {release} in this journal.")
        return self._events[release]

    def events(self, release: str, after: int = 0) -> Sequence[Recorded]:
        """See `Journal.events`."""
        with self._lock:
            found = self._known(release)[after:]
        return tuple(Recorded(seq=seq, event=event) for seq, event in enumerate(found, start=after + 1))

    def releases(self, application: str | None = None) -> Sequence[ReleaseHeader]:
        """See `Journal.releases`."""
        with self._lock:
            return tuple(
                ReleaseHeader(id=release, application=name, open=release in self._open)
                for release, name in self._application.items()
                if application in (None, name)
            )

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
