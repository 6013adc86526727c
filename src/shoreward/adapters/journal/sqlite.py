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

from shoreward.adapters.journal.codec import decode, encode
from shoreward.app.ports import Conflict, Recorded, ReleaseHeader
from shoreward.core import Event
from shoreward.core.events import ReleaseEnded, ReleaseOpened, RollbackBegan
from shoreward.domain import Refused, Terminal

_SCHEMA = """
CREATE TABLE IF NOT EXISTS releases (
    id TEXT PRIMARY KEY, application TEXT NOT NULL, number INTEGER NOT NULL, open INTEGER NOT NULL,
    UNIQUE (application, number));
CREATE UNIQUE INDEX IF NOT EXISTS one_open_release ON releases (application) WHERE open;
CREATE TABLE IF NOT EXISTS events (
    release TEXT NOT NULL REFERENCES releases, seq INTEGER NOT NULL, at REAL NOT NULL,
    name TEXT NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (release, seq)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS blobs (digest TEXT PRIMARY KEY, content BLOB NOT NULL) WITHOUT ROWID;
"""


class SqliteJournal:
    """Implements `app.ports.Journal` on a file; the folder is made when it is not there.

    One connection, guarded by a lock: every statement is short, and SQLite lets one writer in at a time anyway.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._lock = threading.Lock()
        try:
            self._connection = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")
            self._connection.executescript(_SCHEMA)
        except sqlite3.Error as error:
            raise Terminal(
                "JOURNAL_UNREADABLE",
                f"The journal cannot be opened: {error}.",
                where=str(path),
                next="Name another file with --journal, or restore this one from a backup.",
            ) from error

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    @contextmanager
    def _transaction(self) -> Generator[sqlite3.Connection]:
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

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

    def events(self, release: str, after: int = 0) -> Sequence[Recorded]:
        """The events behind `after`; see `Journal.events`."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT seq, name, body FROM events WHERE release = ? AND seq > ? ORDER BY seq", (release, after)
            ).fetchall()
        if not rows and after == 0:
            raise Refused(
                "RELEASE_UNKNOWN",
                f"There is no release {release} in this journal.",
                where=str(self._path),
                next="`shoreward status --all` lists the releases.",
            )
        return tuple(Recorded(seq=seq, event=decode(name, body)) for seq, name, body in rows)

    def releases(self, application: str | None = None) -> Sequence[ReleaseHeader]:
        """All releases, oldest first."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT id, application, open FROM releases WHERE ?1 IS NULL OR application = ?1 ORDER BY rowid",
                (application,),
            ).fetchall()
        return tuple(ReleaseHeader(id=key, application=name, open=bool(is_open)) for key, name, is_open in rows)

    def changes(self) -> int:
        """SQLite's own data version: it changes when another connection has committed."""
        with self._lock:
            return self._connection.execute("PRAGMA data_version").fetchone()[0]

    @contextmanager
    def lease(self) -> Generator[None]:
        """An exclusive lock on a file beside the journal; the operating system frees it with the process."""
        with self._path.with_suffix(".lock").open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
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
        with self._lock:
            row = self._connection.execute("SELECT content FROM blobs WHERE digest = ?", (digest,)).fetchone()
        if row is None:
            raise Terminal(
                "BLOB_MISSING", f"The journal does not hold {digest}.", where=str(self._path), next="Restore a backup."
            )
        return row[0]
