"""The journal of a laptop: one SQLite file in WAL mode, nothing to install.

Several processes may read and append at the same time; one of them, the one that has the lease, carries releases.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import sqlite3
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from functools import reduce
from pathlib import Path

from shoreward.adapters.journal._file import FORM
from shoreward.adapters.journal.codec import decode, decode_header, decode_order, encode
from shoreward.adapters.sqlite import Store
from shoreward.app.ports import NO_ADDITIONS, Addition, Conflict, Happened, Kinds, Recorded
from shoreward.core import Event
from shoreward.core.control import Order
from shoreward.core.events import ReleaseOpened
from shoreward.core.header import Header, headed, noted
from shoreward.domain import Refused, Terminal

# Each in words that let SQLite use an index: what is open, and an application's, is asked for again and again.
_ALL = {
    None: "SELECT header FROM releases ORDER BY rowid",
    True: "SELECT header FROM releases WHERE open ORDER BY rowid",
    False: "SELECT header FROM releases WHERE NOT open ORDER BY rowid",
}
_OF_APPLICATION = {
    None: "SELECT header FROM releases WHERE application = ? ORDER BY number",
    True: "SELECT header FROM releases WHERE open AND application = ? ORDER BY number",
    False: "SELECT header FROM releases WHERE NOT open AND application = ? ORDER BY number",
}

_EVENTS = """SELECT seq, name, body FROM events
    WHERE release = ?1 AND seq > ?2 AND (?3 = '[]' OR name IN (SELECT value FROM json_each(?3))) ORDER BY seq"""
_PAGE = """SELECT header FROM releases
    WHERE ?1 = '' OR rowid < (SELECT rowid FROM releases WHERE id = ?1) ORDER BY rowid DESC LIMIT ?2"""
_PAGE_OF_APPLICATION = """SELECT header FROM releases
    WHERE application = ?1 AND (?2 = '' OR rowid < (SELECT rowid FROM releases WHERE id = ?2))
    ORDER BY number DESC LIMIT ?3"""


class SqliteJournal(Store):
    """Implements `app.ports.Journal` on a file; the folder is made when it is not there.

    One connection, guarded by a lock: every statement is short, and SQLite lets one writer in at a time anyway.
    Every method may raise `Retryable` (JOURNAL_BUSY, JOURNAL_FULL) and `Terminal` (JOURNAL_UNREADABLE,
    JOURNAL_READ_ONLY).

    Args:
        patience: seconds to wait for others who are writing.
    """

    def __init__(self, path: Path, *, patience: float = 30.0) -> None:
        super().__init__(FORM, path, patience=patience)

    @property
    def path(self) -> Path:
        """The journal's file."""
        return self._path

    def open(self, event: ReleaseOpened) -> str:
        """Begin a release; see `Journal.open`."""
        return self.open_all((event,))[0]

    def open_all(
        self, events: Sequence[ReleaseOpened], additions: Mapping[str, Addition] = NO_ADDITIONS
    ) -> tuple[str, ...]:
        """Begin several releases, and append to others; see `Journal.open_all`."""
        with self._transaction() as connection:
            for release, (after, added) in additions.items():
                self._append(connection, release, after, added)
            return tuple(self._begin(connection, event) for event in events)

    def _begin(self, connection: sqlite3.Connection, event: ReleaseOpened) -> str:
        application = event.pipeline.application
        row = connection.execute(
            "SELECT coalesce(max(number), 0) + 1 FROM releases WHERE application = ?", (application,)
        ).fetchone()
        release = f"{application}-{row[0]}"
        header = headed(release, row[0], event)
        values = (release, application, row[0], event.commit, encode(header)[1])
        try:
            connection.execute("INSERT INTO releases VALUES (?, ?, ?, 1, ?, ?)", values)
        except sqlite3.IntegrityError as error:
            raise self._under_way(connection, application, event.commit) from error
        self._insert(connection, release, 0, (event,))
        return release

    def append(self, release: str, after: int, events: Sequence[Event]) -> None:
        """Append events; see `Journal.append`."""
        self.append_all({release: (after, events)})

    def append_all(self, additions: Mapping[str, Addition]) -> None:
        """Append to several releases; see `Journal.append_all`."""
        with self._transaction() as connection:
            for release, (after, added) in additions.items():
                self._append(connection, release, after, added)

    def _append(self, connection: sqlite3.Connection, release: str, after: int, events: Sequence[Event]) -> None:
        last = connection.execute("SELECT max(seq) FROM events WHERE release = ?", (release,)).fetchone()[0]
        if last is None:
            raise self._unknown(release)
        if last != after:
            raise Conflict(release)
        self._insert(connection, release, after, events)
        self._note(connection, release, events)

    def _insert(self, connection: sqlite3.Connection, release: str, after: int, events: Sequence[Event]) -> None:
        rows = [(release, seq, event.at, *encode(event)) for seq, event in enumerate(events, start=after + 1)]
        connection.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?)", rows)
        connection.executemany("INSERT INTO happened (release, seq) VALUES (?, ?)", [row[:2] for row in rows])

    def _note(self, connection: sqlite3.Connection, release: str, events: Sequence[Event]) -> None:
        """Keep the header in step."""
        row = connection.execute("SELECT header FROM releases WHERE id = ?", (release,)).fetchone()
        before = decode_header(row[0], where=f"{self._path}, {release}")
        header = reduce(noted, events, before)
        if header == before:
            return
        try:
            values = (header.open, encode(header)[1], release)
            connection.execute("UPDATE releases SET open = ?, header = ? WHERE id = ?", values)
        except sqlite3.IntegrityError as error:
            raise self._under_way(connection, header.application, header.commit) from error

    def _under_way(self, connection: sqlite3.Connection, application: str, commit: str) -> Refused:
        query = "SELECT id FROM releases WHERE application = ? AND commit_id = ? AND open"
        row = connection.execute(query, (application, commit)).fetchone()
        return Refused(
            "RELEASE_UNDER_WAY",
            f"Release {row[0]} of {application} is under way with the same commit.",
            next="Watch it to its end (shoreward watch), or end it (shoreward abort), and try again.",
        )

    def _unknown(self, release: str) -> Refused:
        return Refused(
            "RELEASE_UNKNOWN",
            f"There is no release {release} in this journal.",
            where=str(self._path),
            next="`shoreward status --all` lists the releases.",
        )

    def events(self, release: str, after: int = 0, *, kinds: Kinds = ()) -> Sequence[Recorded]:
        """The events behind `after`; see `Journal.events`."""
        names = json.dumps([kind.__name__ for kind in kinds])
        rows = self._rows(_EVENTS, release, after, names)
        if not rows and not self._rows("SELECT 1 FROM releases WHERE id = ?", release):
            raise self._unknown(release)
        return tuple(
            Recorded(seq=seq, event=decode(name, body, where=f"{self._path}, {release}, event {seq}"))
            for seq, name, body in rows
        )

    def releases(self, application: str | None = None, *, open: bool | None = None) -> Sequence[Header]:
        """Releases, oldest first; see `Journal.releases`."""
        if application is None:
            return self._headers(_ALL[open])
        return self._headers(_OF_APPLICATION[open], application)

    def harmed(self) -> Sequence[Header]:
        """Releases that harmed; see `Journal.harmed`."""
        query = """SELECT header FROM releases INDEXED BY went_back
            WHERE json_extract(CAST(header AS TEXT), '$.back_at') > 0 ORDER BY rowid"""
        return tuple(header for header in self._headers(query) if header.harmed)

    def live(self, application: str | None = None) -> Sequence[Header]:
        """The newest release of each application that stayed; see `Journal.live`."""
        query = """SELECT header FROM releases JOIN (
                SELECT application, max(number) AS number FROM releases
                WHERE json_extract(CAST(header AS TEXT), '$.outcome') = 'succeeded'
                  AND (?1 IS NULL OR application = ?1) GROUP BY application
            ) USING (application, number) ORDER BY releases.rowid DESC"""
        return self._headers(query, application)

    def page(self, application: str | None = None, *, before: str = "", limit: int = 50) -> Sequence[Header]:
        """Releases, newest first; see `Journal.page`."""
        if application is None:
            return self._headers(_PAGE, before, limit)
        return self._headers(_PAGE_OF_APPLICATION, application, before, limit)

    def header(self, release: str) -> Header:
        """One release's header; see `Journal.header`."""
        found = self._headers("SELECT header FROM releases WHERE id = ?", release)
        if not found:
            raise self._unknown(release)
        return found[0]

    def _headers(self, query: str, *values: object) -> tuple[Header, ...]:
        where = str(self._path)
        return tuple(decode_header(row[0], where=where) for row in self._rows(query, *values))

    def steer(self, after: int, orders: Sequence[Order]) -> None:
        """Append what people say; see `Journal.steer`."""
        with self._transaction() as connection:
            last = connection.execute("SELECT coalesce(max(seq), 0) FROM orders").fetchone()[0]
            if last != after:
                raise Conflict("orders")
            rows = [(seq, order.at, *encode(order)) for seq, order in enumerate(orders, start=after + 1)]
            connection.executemany("INSERT INTO orders VALUES (?, ?, ?, ?)", rows)

    def orders(self, after: int = 0) -> Sequence[Order]:
        """What people said; see `Journal.orders`."""
        rows = self._rows("SELECT seq, name, body FROM orders WHERE seq > ? ORDER BY seq", after)
        return tuple(decode_order(name, body, where=f"{self._path}, order {seq}") for seq, name, body in rows)

    def happened(self, after: int = 0, *, limit: int = 1000) -> Sequence[Happened]:
        """Events of all releases; see `Journal.happened`."""
        rows = self._rows(
            """SELECT happened.id, release, seq, name, body FROM happened JOIN events USING (release, seq)
            WHERE happened.id > ? ORDER BY happened.id LIMIT ?""",
            after,
            limit,
        )
        return tuple(
            Happened(id=key, release=release, seq=seq, event=decode(name, body, where=f"{self._path}, {release}"))
            for key, release, seq, name, body in rows
        )

    def newest(self) -> int:
        """The newest event's id; see `Journal.newest`."""
        return self._rows("SELECT coalesce(max(id), 0) FROM happened")[0][0]

    def changes(self) -> int:
        """SQLite counts what other connections committed, and what this one wrote; neither count ever falls.

        Whoever follows a file that was moved away, or that a newer version has taken over, is told so.
        """
        self.still()
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
