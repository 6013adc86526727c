"""The ledger's file: made, recognised, and what goes wrong with it in words.

SQLite's own header says whose file it is (`application_id`) and in which form (`user_version`).
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from shoreward.domain import OperationError, Retryable, Terminal

VERSION = 1
_APPLICATION = 0x53686C67  # "Shlg"

_SCHEMA = (
    """CREATE TABLE leases (
        number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, body TEXT NOT NULL)""",
    """CREATE TABLE things (
        key TEXT NOT NULL, type TEXT NOT NULL, id TEXT NOT NULL,
        PRIMARY KEY (key, type, id)) WITHOUT ROWID""",
    f"PRAGMA application_id = {_APPLICATION}",
    f"PRAGMA user_version = {VERSION}",
)


def connect(path: Path, *, patience: float) -> sqlite3.Connection:
    """Open a ledger's file, making it and its folder when they are not there.

    Args:
        patience: seconds to wait for others who are writing.

    Raises:
        Retryable: LEDGER_BUSY, LEDGER_FULL.
        Terminal: LEDGER_UNREADABLE, LEDGER_READ_ONLY.
    """
    with in_words(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, timeout=patience, isolation_level=None, check_same_thread=False)
        try:
            if not _recognised(connection, path):
                _write_ahead(connection, time.monotonic() + patience)
                with transaction(connection):
                    if not _recognised(connection, path):
                        for statement in _SCHEMA:
                            connection.execute(statement)
            # Nothing is asked of the cloud before its intent is on the disk, should the power fail as well.
            connection.execute("PRAGMA synchronous = FULL")
        except BaseException:
            connection.close()
            raise
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Generator[None]:
    """All or nothing, alone from the first statement on."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # SQLite may have rolled back by itself
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


def _recognised(connection: sqlite3.Connection, path: Path) -> bool:
    """Whether this is a ledger; False for an empty file."""
    # In this order: a process that makes the file meanwhile writes the tables and the numbers at once.
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if application == _APPLICATION and version <= VERSION:
        return True
    if application == _APPLICATION:
        raise _unreadable(path, f"a newer version of Shoreward wrote it (form {version}, ours is {VERSION})")
    if tables:
        raise _unreadable(path, "it is another database")
    return False


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


def _primary(error: sqlite3.Error) -> int:
    """SQLite's primary result code: the low byte of the extended one."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF


def _told(path: Path, error: sqlite3.Error) -> OperationError:
    match _primary(error):
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            what = "Another process has kept the ledger of sandboxes locked for too long."
            return Retryable("LEDGER_BUSY", what, where=str(path), next="Find out who has it open (fuser).")
        case sqlite3.SQLITE_FULL:
            what = "There is no room left for the ledger of sandboxes."
            return Retryable("LEDGER_FULL", what, where=str(path), next="Make some on its disk.")
        case sqlite3.SQLITE_READONLY:
            what = "The ledger of sandboxes may not be written, and nothing is created without it."
            advice = "Get permission to write to the file and to its folder."
            return Terminal("LEDGER_READ_ONLY", what, where=str(path), next=advice)
        case _:
            return _unreadable(path, str(error))


def _unreadable(path: Path, why: str) -> Terminal:
    return Terminal(
        "LEDGER_UNREADABLE",
        f"The ledger of sandboxes cannot be used: {why}.",
        where=str(path),
        next="Move it away; `shoreward sandbox reap` finds by their tags what it knew of.",
    )
