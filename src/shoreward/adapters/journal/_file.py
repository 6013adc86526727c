"""A journal's file: its tables, and what goes wrong with it in words."""

from __future__ import annotations

import sqlite3
from functools import reduce
from pathlib import Path

from shoreward.adapters.journal.codec import decode, encode
from shoreward.adapters.sqlite import Form, Trouble
from shoreward.core.events import ReleaseOpened
from shoreward.core.header import headed, noted
from shoreward.domain import OperationError, Retryable, Terminal

_TABLES = (
    """CREATE TABLE releases (
        id TEXT PRIMARY KEY, application TEXT NOT NULL, number INTEGER NOT NULL, open INTEGER NOT NULL,
        commit_id TEXT NOT NULL DEFAULT '', header BLOB NOT NULL DEFAULT '',
        UNIQUE (application, number))""",
    *(
        _SECOND := (
            "CREATE UNIQUE INDEX one_open_release_of_a_commit ON releases (application, commit_id) WHERE open",
            "CREATE INDEX open_releases ON releases (open) WHERE open",
            """CREATE TABLE happened (
        id INTEGER PRIMARY KEY AUTOINCREMENT, release TEXT NOT NULL REFERENCES releases, seq INTEGER NOT NULL)""",
            "CREATE TABLE orders (seq INTEGER PRIMARY KEY, at REAL NOT NULL, name TEXT NOT NULL, body BLOB NOT NULL)",
        )
    ),
    """CREATE TABLE events (
        release TEXT NOT NULL REFERENCES releases, seq INTEGER NOT NULL, at REAL NOT NULL,
        name TEXT NOT NULL, body BLOB NOT NULL,
        PRIMARY KEY (release, seq)) WITHOUT ROWID""",
    "CREATE TABLE blobs (digest TEXT PRIMARY KEY, content BLOB NOT NULL) WITHOUT ROWID",
    *(
        _THIRD := (
            """CREATE TABLE tokens (
        digest TEXT PRIMARY KEY, name TEXT NOT NULL, rights TEXT NOT NULL, by TEXT NOT NULL, made_at REAL NOT NULL,
        expires_at REAL NOT NULL, revoked_at REAL NOT NULL, revoked_by TEXT NOT NULL, used_at REAL NOT NULL)""",
            """CREATE TABLE sessions (
        digest TEXT PRIMARY KEY, person TEXT NOT NULL, made_at REAL NOT NULL, expires_at REAL NOT NULL)""",
            """CREATE TABLE audit (
        id INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, who TEXT NOT NULL, role TEXT NOT NULL,
        via TEXT NOT NULL, origin TEXT NOT NULL, what TEXT NOT NULL, application TEXT NOT NULL, release TEXT NOT NULL,
        why TEXT NOT NULL, details TEXT NOT NULL, allowed INTEGER NOT NULL, status INTEGER NOT NULL,
        code TEXT NOT NULL)""",
            """CREATE TABLE answers (
        key TEXT PRIMARY KEY, command TEXT NOT NULL, at REAL NOT NULL, status INTEGER NOT NULL, body BLOB NOT NULL)""",
            """CREATE TABLE notices (
        id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, at REAL NOT NULL, body BLOB NOT NULL)""",
            """CREATE TABLE notices_heard (
        one INTEGER PRIMARY KEY CHECK (one = 1), event INTEGER NOT NULL, orders INTEGER NOT NULL)""",
            """CREATE TABLE receivers (
        name TEXT PRIMARY KEY, cursor INTEGER NOT NULL, attempts INTEGER NOT NULL, next_at REAL NOT NULL,
        error TEXT NOT NULL, gone INTEGER NOT NULL) WITHOUT ROWID""",
            """CREATE TABLE dead_letters (
        receiver TEXT NOT NULL, notice INTEGER NOT NULL REFERENCES notices, at REAL NOT NULL, error TEXT NOT NULL,
        PRIMARY KEY (receiver, notice)) WITHOUT ROWID""",
            # Of many releases few are asked for again and again, in the very words of these conditions.
            """CREATE INDEX stayed ON releases (application, number)
        WHERE json_extract(CAST(header AS TEXT), '$.outcome') = 'succeeded'""",
            """CREATE INDEX went_back ON releases (application)
        WHERE json_extract(CAST(header AS TEXT), '$.back_at') > 0""",
        )
    ),
)


def _tell(path: Path, trouble: Trouble, words: str) -> OperationError:
    """JOURNAL_BUSY, JOURNAL_FULL (Retryable); JOURNAL_READ_ONLY, JOURNAL_UNREADABLE (Terminal)."""
    where = str(path)
    match trouble:
        case Trouble.BUSY:
            what = "Another process has kept the journal locked for too long."
            advice = "Find out who has the file open (fuser), and end it."
            return Retryable("JOURNAL_BUSY", what, where=where, next=advice)
        case Trouble.FULL:
            what = "There is no room left for the journal."
            return Retryable("JOURNAL_FULL", what, where=where, next="Make some on its disk.")
        case Trouble.READ_ONLY:
            what = "The journal may be read but not written."
            advice = "Ask its owner for the permission to write, to the file and to its folder."
            return Terminal("JOURNAL_READ_ONLY", what, where=where, next=advice)
        case Trouble.NEWER:
            what = f"The journal was written by a newer version of Shoreward: {words}."
            return Terminal("JOURNAL_UNREADABLE", what, where=where, next="Use that version, or a newer one.")
        case Trouble.FOREIGN:
            what = "The file is a database, but no journal of Shoreward."
            return Terminal("JOURNAL_UNREADABLE", what, where=where, next="Name another file with --journal.")
        case Trouble.UNREADABLE:
            what = f"The journal cannot be used: {words}."
            advice = "Name another file with --journal, or restore this one from a backup."
            return Terminal("JOURNAL_UNREADABLE", what, where=where, next=advice)


def _upgrade(connection: sqlite3.Connection, version: int) -> None:
    """From the second form, which knew nobody's tokens and sessions and kept neither audit nor outbox, or the first."""
    if version == 1:
        _upgrade_first(connection)
    for statement in _THIRD:
        connection.execute(statement)


def _upgrade_first(connection: sqlite3.Connection) -> None:
    """From the first form, which had neither headers, nor an order of all events, nor people's orders."""
    connection.execute("DROP INDEX one_open_release")
    connection.execute("ALTER TABLE releases ADD COLUMN commit_id TEXT NOT NULL DEFAULT ''")
    connection.execute("ALTER TABLE releases ADD COLUMN header BLOB NOT NULL DEFAULT ''")
    for release, number in connection.execute("SELECT id, number FROM releases").fetchall():
        query = "SELECT name, body FROM events WHERE release = ? ORDER BY seq"
        first, *others = (decode(*row) for row in connection.execute(query, (release,)))
        assert isinstance(first, ReleaseOpened)
        header = reduce(noted, others, headed(release, number, first))
        connection.execute(
            "UPDATE releases SET commit_id = ?, header = ? WHERE id = ?", (first.commit, encode(header)[1], release)
        )
    for statement in _SECOND:
        connection.execute(statement)
    connection.execute("INSERT INTO happened (release, seq) SELECT release, seq FROM events ORDER BY at, release, seq")


FORM = Form(application=0x53687264, version=3, tables=_TABLES, tell=_tell, upgrade=_upgrade)  # "Shrd"
