"""What was found in files, remembered by their path and content, so that only what changed is looked at again.

A memory and no record: it may be deleted at any time, and one that cannot be read is begun anew.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from shoreward.adapters.scan.code import shown
from shoreward.app.files import Entry

_MOST = 500_000
_AT_ONCE = 500
_PATIENCE = 30.0
_SCHEMA = """CREATE TABLE IF NOT EXISTS found (
    engine TEXT NOT NULL, file TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (engine, file)) WITHOUT ROWID"""


class Remembered:
    """Findings by file, of one engine as it is now.

    Args:
        path: the memory's file.
        engine: a digest of all that decides what is found in a file, beside the file.
    """

    def __init__(self, path: Path, engine: str) -> None:
        self._path = path
        self._engine = engine

    def recall(self, entries: Iterable[Entry]) -> dict[str, Any]:
        """What was found in files, as plain JSON by path, of those that are known."""
        wanted = {_name(entry): entry.path for entry in entries}
        try:
            with closing(self._open()) as connection:
                rows = [row for names in _batches(wanted) for row in self._rows(connection, names)]
            return {wanted[name]: json.loads(body) for name, body in rows}
        except (sqlite3.DatabaseError, ValueError) as error:
            self._give_up(error)
            return {}

    def keep(self, entries: Iterable[Entry], found: Mapping[str, Any]) -> None:
        """Remember what was found in files, by path; nothing happens when that cannot be."""
        rows = [(self._engine, _name(entry), json.dumps(found[entry.path])) for entry in entries if entry.path in found]
        try:
            with closing(self._open()) as connection, connection:
                if connection.execute("SELECT count(*) FROM found").fetchone()[0] > _MOST:
                    connection.execute("DELETE FROM found")
                connection.executemany("INSERT OR REPLACE INTO found VALUES (?, ?, ?)", rows)
        except sqlite3.DatabaseError as error:
            self._give_up(error)

    def _rows(self, connection: sqlite3.Connection, names: Sequence[str]) -> list[tuple[str, str]]:
        places = ", ".join("?" * len(names))
        question = f"SELECT file, body FROM found WHERE engine = ? AND file IN ({places})"  # noqa: S608
        return connection.execute(question, (self._engine, *names)).fetchall()

    def _open(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self._path, timeout=_PATIENCE)
        connection.execute(_SCHEMA)
        return connection

    def _give_up(self, error: Exception) -> None:
        """Begin anew, unless somebody else is only busy with it."""
        if getattr(error, "sqlite_errorcode", 0) & 0xFF not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            self._path.unlink(missing_ok=True)


def _batches(names: Iterable[str]) -> Iterator[list[str]]:
    rest = list(names)
    while rest:
        yield rest[:_AT_ONCE]
        rest = rest[_AT_ONCE:]


def _name(entry: Entry) -> str:
    return f"{entry.id} {shown(entry.path)}"
