"""The journal of a laptop: one SQLite file in WAL mode, nothing to install.

Several processes may read and append at the same time; one of them, the one that has the lease, carries releases.
"""

from __future__ import annotations

import fcntl
import hashlib
import sqlite3
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from shoreward.adapters.journal._file import FORM
from shoreward.adapters.journal.codec import decode, encode
from shoreward.adapters.sqlite import transaction
from shoreward.app.ports import Conflict, Recorded, ReleaseHeader
from shoreward.core import Event
from shoreward.core.events import ReleaseEnded, ReleaseOpened, RollbackBegan
from shoreward.domain import Refused, Terminal


class SqliteJournal:
    """Implements `app.ports.Journal` on a file; the folder is made when it is not there.

    One connection, guarded by a lock: every statement is short, and SQLite lets one writer in at a time anyway.
    Every method may raise `Retryable` (JOURNAL_BUSY, JOURNAL_FULL) and `Terminal` (JOURNAL_UNREADABLE,
    JOURNAL_READ_ONLY).

    Args:
        patience: seconds to wait for others who are writing.
    """

    def __init__(self, path: Path, *, patience: float = 30.0) -> None:
        # However many names a file has, there is one lease on it.
        self._path = path.resolve()
        self._lock = threading.Lock()
        self._connection = FORM.connect(self._path, patience=patience)

    @property
    def path(self) -> Path:
        """The journal's file."""
        return self._path

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    @contextmanager
    def _transaction(self) -> Generator[sqlite3.Connection]:
        with self._lock, FORM.in_words(self._path), transaction(self._connection):
            yield self._connection

    def _rows(self, query: str, *values: object) -> list[Any]:
        with self._lock, FORM.in_words(self._path):
            return self._connection.execute(query, values).fetchall()

    def open(self, event: ReleaseOpened) -> str:
        """Begin a release; see `Journal.open`."""
        application = event.pipeline.application
        with self._transaction() as connection:
            row = connection.execute(
                "SELECT coalesce(max(number), 0) + 1 FROM releases WHERE application = ?", (application,)
            ).fetchone()
            release = f"{application}-{row[0]}"
            try:
                connection.execute("INSERT INTO releases VALUES (?, ?, ?, 1)", (release, application, row[0]))
            except sqlite3.IntegrityError as error:
                raise self._under_way(connection, application) from error
            self._insert(connection, release, 0, (event,))
        return release

    def append(self, release: str, after: int, events: Sequence[Event]) -> None:
        """Append events; see `Journal.append`."""
        with self._transaction() as connection:
            last = connection.execute("SELECT max(seq) FROM events WHERE release = ?", (release,)).fetchone()[0]
            if last is None:
                raise self._unknown(release)
            if last != after:
                raise Conflict(release)
            self._insert(connection, release, after, events)
            for event in events:
                self._mark(connection, release, event)

    def _insert(self, connection: sqlite3.Connection, release: str, after: int, events: Sequence[Event]) -> None:
        rows = [(release, seq, event.at, *encode(event)) for seq, event in enumerate(events, start=after + 1)]
        connection.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?)", rows)

    def _mark(self, connection: sqlite3.Connection, release: str, event: Event) -> None:
        """Keep `open` in step: a release that went back after its end is open again until it is back."""
        if isinstance(event, ReleaseEnded):
            connection.execute("UPDATE releases SET open = 0 WHERE id = ?", (release,))
        elif isinstance(event, RollbackBegan):
            try:
                connection.execute("UPDATE releases SET open = 1 WHERE id = ?", (release,))
            except sqlite3.IntegrityError as error:
                application = release.rpartition("-")[0]
                raise self._under_way(connection, application) from error

    def _under_way(self, connection: sqlite3.Connection, application: str) -> Refused:
        row = connection.execute("SELECT id FROM releases WHERE application = ? AND open", (application,)).fetchone()
        return Refused(
            "RELEASE_UNDER_WAY",
            f"Release {row[0]} of {application} is under way.",
            next="Watch it to its end (shoreward watch), or end it (shoreward abort), and try again.",
        )

    def _unknown(self, release: str) -> Refused:
        return Refused(
            "RELEASE_UNKNOWN",
            f"There is no release {release} in this journal.",
            where=str(self._path),
            next="`shoreward status --all` lists the releases.",
        )

    def events(self, release: str, after: int = 0) -> Sequence[Recorded]:
        """The events behind `after`; see `Journal.events`."""
        rows = self._rows(
            "SELECT seq, name, body FROM events WHERE release = ? AND seq > ? ORDER BY seq", release, after
        )
        if not rows and not self._rows("SELECT 1 FROM releases WHERE id = ?", release):
            raise self._unknown(release)
        return tuple(
            Recorded(seq=seq, event=decode(name, body, where=f"{self._path}, {release}, event {seq}"))
            for seq, name, body in rows
        )

    def releases(self, application: str | None = None) -> Sequence[ReleaseHeader]:
        """All releases, oldest first."""
        rows = self._rows(
            "SELECT id, application, open FROM releases WHERE ?1 IS NULL OR application = ?1 ORDER BY rowid",
            application,
        )
        return tuple(ReleaseHeader(id=key, application=name, open=bool(is_open)) for key, name, is_open in rows)

    def changes(self) -> int:
        """SQLite counts what other connections committed, and what this one wrote; neither count ever falls."""
        others = self._rows("PRAGMA data_version")[0][0]
        return others + self._connection.total_changes

    @contextmanager
    def lease(self) -> Generator[None]:
        """An exclusive lock on a file beside the journal; the operating system frees it with the process."""
        with FORM.in_words(self._path):
            file = self._path.with_name(f"{self._path.name}.lease").open("a+")
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise Refused(
                    "CONTROLLER_RUNNING",
                    "Another process is carrying the releases of this journal.",
                    where=str(self._path),
                    next="Follow it with `shoreward watch`; when it dies, start this command again.",
                ) from error
            yield

    def put(self, content: bytes) -> str:
        """Keep a blob; returns its sha256."""
        digest = hashlib.sha256(content).hexdigest()
        with self._transaction() as connection:
            connection.execute("INSERT OR IGNORE INTO blobs VALUES (?, ?)", (digest, content))
        return digest

    def get(self, digest: str) -> bytes:
        """The content of a blob."""
        rows = self._rows("SELECT content FROM blobs WHERE digest = ?", digest)
        if not rows:
            raise Terminal(
                "BLOB_MISSING", f"The journal does not hold {digest}.", where=str(self._path), next="Restore a backup."
            )
        return rows[0][0]
