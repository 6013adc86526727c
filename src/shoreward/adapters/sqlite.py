"""SQLite files that hold what must not be lost: made, recognised, written all or nothing, with their errors in words.

No adapter of its own, but what all share that keep something in the journal's file or in the ledger of sandboxes.
SQLite's own header says whose file it is (`application_id`) and in which form (`user_version`), so a file of a newer
version, and one that is something else, are refused before anything is read from them or written to them.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import Any

from shoreward.domain import OperationError


class Trouble(Enum):
    """What goes wrong with a file."""

    BUSY = auto()
    FULL = auto()
    READ_ONLY = auto()
    NEWER = auto()
    FOREIGN = auto()
    UNREADABLE = auto()


Tell = Callable[[Path, Trouble, str], OperationError]
"""The error for a trouble with a file, given SQLite's or the operating system's words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What a kind of file is.

    Attributes:
        application: its number in SQLite's header.
        version: the form that this version writes; it grows when an older version could not read it any more.
        tables: statements that make it.
        tell: its errors.
        upgrade: makes this version's form of an older one, whose number it is told; None while there is none.
    """

    application: int
    version: int
    tables: tuple[str, ...]
    tell: Tell
    upgrade: Callable[[sqlite3.Connection, int], None] | None = None

    def connect(self, path: Path, *, patience: float) -> sqlite3.Connection:
        """Open a file, making it and its folder when they are not there.

        What is written is on the disk before anybody acts on it, should the power fail as well.

        Args:
            patience: seconds to wait for others who are writing.

        Raises:
            OperationError: what `tell` makes of it.
        """
        with self.in_words(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(path, timeout=patience, isolation_level=None, check_same_thread=False)
            try:
                if not self.recognised(connection, path):
                    self._make(connection, path, time.monotonic() + patience)
                elif _version(connection) < self.version:
                    self._bring_up(connection)
                connection.execute("PRAGMA synchronous = FULL")
            except BaseException:
                connection.close()
                raise
        return connection

    @contextmanager
    def in_words(self, path: Path) -> Generator[None]:
        """Turn what SQLite and the operating system say into errors with a code, a place and advice."""
        try:
            yield
        except sqlite3.Error as error:
            raise self.tell(path, _TROUBLES.get(_primary(error), Trouble.UNREADABLE), str(error)) from error
        except OSError as error:
            raise self.tell(path, Trouble.UNREADABLE, error.strerror or str(error)) from error

    def recognised(self, connection: sqlite3.Connection, path: Path) -> bool:
        """Whether this is such a file; False for an empty one."""
        # In this order: a process that makes the file meanwhile writes the tables and the numbers at once.
        tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        application = connection.execute("PRAGMA application_id").fetchone()[0]
        version = _version(connection)
        if application == self.application and version > self.version:
            raise self.tell(path, Trouble.NEWER, f"its form is {version}, ours is {self.version}")
        if application != self.application and tables:
            raise self.tell(path, Trouble.FOREIGN, "it is another database")
        return application == self.application

    def _make(self, connection: sqlite3.Connection, path: Path, until: float) -> None:
        """Write the tables, unless another process that found the file empty was quicker."""
        _write_ahead(connection, until)
        with transaction(connection):
            if not self.recognised(connection, path):
                for statement in self.tables:
                    connection.execute(statement)
                connection.execute(f"PRAGMA application_id = {self.application}")
                connection.execute(f"PRAGMA user_version = {self.version}")

    def _bring_up(self, connection: sqlite3.Connection) -> None:
        """Make a file of an older version one of this, unless another process was quicker."""
        with transaction(connection):
            version = _version(connection)
            if version < self.version:
                assert self.upgrade is not None
                self.upgrade(connection, version)
                connection.execute(f"PRAGMA user_version = {self.version}")


def _version(connection: sqlite3.Connection) -> int:
    return connection.execute("PRAGMA user_version").fetchone()[0]


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


class Store:
    """What keeps something in a file: a connection of its own, which threads take in turns.

    Args:
        patience: seconds to wait for others who are writing.
    """

    def __init__(self, form: Form, path: Path, *, patience: float = 30.0) -> None:
        # However many names a file has, it is one.
        self._path = path.resolve()
        self._form = form
        self._turn = threading.Lock()
        self._connection = form.connect(self._path, patience=patience)
        self._opened = self._named()

    def close(self) -> None:
        """Close the file; whoever is at it is waited for, and nobody is told anything of it any more."""
        with self._turn:  # SQLite does not survive that its connection goes while a thread reads from it
            self._connection.close()

    @contextmanager
    def _transaction(self) -> Generator[sqlite3.Connection]:
        with self._turn, self._form.in_words(self._path), transaction(self._connection):
            yield self._connection

    def still(self) -> None:
        """Raise what `Form.tell` makes of it when the file's name leads elsewhere by now, or to a newer form."""
        with self._turn, self._form.in_words(self._path):
            if self._named() != self._opened:
                raise self._form.tell(self._path, Trouble.UNREADABLE, "another file has taken its place")
            self._form.recognised(self._connection, self._path)

    def _named(self) -> tuple[int, int]:
        """What the file's name leads to."""
        found = self._path.stat()
        return found.st_dev, found.st_ino

    def _rows(self, query: str, *values: object) -> list[Any]:
        with self._turn, self._form.in_words(self._path):
            return self._connection.execute(query, values).fetchall()


def _write_ahead(connection: sqlite3.Connection, until: float) -> None:
    """Switch to WAL mode, for which SQLite does not wait by itself when others are opening the file."""
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if _TROUBLES.get(_primary(error)) is not Trouble.BUSY or time.monotonic() > until:
                raise
            time.sleep(0.01)
        else:
            return


_TROUBLES = {
    sqlite3.SQLITE_BUSY: Trouble.BUSY,
    sqlite3.SQLITE_LOCKED: Trouble.BUSY,
    sqlite3.SQLITE_FULL: Trouble.FULL,
    sqlite3.SQLITE_READONLY: Trouble.READ_ONLY,
}


def _primary(error: sqlite3.Error) -> int:
    """SQLite's primary result code: the low byte of the extended one."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
