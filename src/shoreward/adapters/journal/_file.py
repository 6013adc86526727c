"""A journal's file: made, recognised, and what goes wrong with it in words.

SQLite's own header says whose file it is (`application_id`) and in which form (`user_version`), so a journal of a newer
version, and a file that is none, are refused before anything is read from them or written to them.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from shoreward.domain import OperationError, Retryable, Terminal

VERSION = 1
"""The form that this version writes; it grows when an older version could not read it any more."""

_APPLICATION = 0x53687264  # "Shrd"

_SCHEMA = (
    """CREATE TABLE releases (
        id TEXT PRIMARY KEY, application TEXT NOT NULL, number INTEGER NOT NULL, open INTEGER NOT NULL,
        UNIQUE (application, number))""",
    "CREATE UNIQUE INDEX one_open_release ON releases (application) WHERE open",
    """CREATE TABLE events (
        release TEXT NOT NULL REFERENCES releases, seq INTEGER NOT NULL, at REAL NOT NULL,
        name TEXT NOT NULL, body BLOB NOT NULL,
        PRIMARY KEY (release, seq)) WITHOUT ROWID""",
    "CREATE TABLE blobs (digest TEXT PRIMARY KEY, content BLOB NOT NULL) WITHOUT ROWID",
    f"PRAGMA application_id = {_APPLICATION}",
    f"PRAGMA user_version = {VERSION}",
)


def connect(path: Path, *, patience: float) -> sqlite3.Connection:
    """Open a journal's file, making it and its folder when they are not there.

    Args:
        patience: seconds to wait for others who are writing.

    Raises:
        Retryable: JOURNAL_BUSY, JOURNAL_FULL.
        Terminal: JOURNAL_UNREADABLE, JOURNAL_READ_ONLY.
    """
    with in_words(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, timeout=patience, isolation_level=None, check_same_thread=False)
        try:
            if not _recognised(connection, path):
                _make(connection, path, time.monotonic() + patience)
            connection.execute("PRAGMA synchronous = FULL")
        except BaseException:
            connection.close()
            raise
    return connection


def _recognised(connection: sqlite3.Connection, path: Path) -> bool:
    """Whether this is a journal; False for an empty file."""
    # In this order: a process that makes the file meanwhile writes the tables and the numbers at once.
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if application == _APPLICATION and version <= VERSION:
        return True
    if application == _APPLICATION:
        raise Terminal(
            "JOURNAL_UNREADABLE",
            f"The journal was written by a newer version of Shoreward: its form is {version}, ours is {VERSION}.",
            where=str(path),
            next="Use that version, or a newer one.",
        )
    if tables:
        raise Terminal(
            "JOURNAL_UNREADABLE",
            "The file is a database, but no journal of Shoreward.",
            where=str(path),
            next="Name another file with --journal.",
        )
    return False


def _make(connection: sqlite3.Connection, path: Path, until: float) -> None:
    """Write the tables, unless another process that found the file empty was quicker."""
    _write_ahead(connection, until)
    with transaction(connection):
        if not _recognised(connection, path):
            for statement in _SCHEMA:
                connection.execute(statement)


def _write_ahead(connection: sqlite3.Connection, until: float) -> None:
    """Switch to WAL mode, for which SQLite does not wait by itself when others are opening the file."""
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if _primary(error) != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.01)
        else:
            return


@contextmanager
def transaction(connection: sqlite3.Connection) -> Generator[None]:
    """All or nothing, alone from the first statement on."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # SQLite may have rolled back by itself, when the disk is full for instance.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def in_words(path: Path) -> Generator[None]:
    """Turn what SQLite and the operating system say into errors with a code, a place and advice."""
    try:
        yield
    except sqlite3.Error as error:
        raise _told(path, error) from error
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error)) from error


def _primary(error: sqlite3.Error) -> int:
    """SQLite's primary result code: the low byte of the extended one."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF


def _told(path: Path, error: sqlite3.Error) -> OperationError:
    match _primary(error):
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return Retryable(
                "JOURNAL_BUSY",
                "Another process has kept the journal locked for too long.",
                where=str(path),
                next="Find out who has the file open (fuser), and end it.",
            )
        case sqlite3.SQLITE_FULL:
            return Retryable(
                "JOURNAL_FULL", "There is no room left for the journal.", where=str(path), next="Make some on its disk."
            )
        case sqlite3.SQLITE_READONLY:
            return Terminal(
                "JOURNAL_READ_ONLY",
                "The journal may be read but not written.",
                where=str(path),
                next="Ask its owner for the permission to write, to the file and to its folder.",
            )
        case _:
            return _unreadable(path, str(error))


def _unreadable(path: Path, why: str) -> Terminal:
    return Terminal(
        "JOURNAL_UNREADABLE",
        f"The journal cannot be used: {why}.",
        where=str(path),
        next="Name another file with --journal, or restore this one from a backup.",
    )
