"""An OSV archive as a table that is asked by package: made once for each archive, and made anew when it is not sound.

    osv-<ecosystem>-<sha256 of the archive>.db       what each package's advisories say
    osv-<ecosystem>-<sha256 of the archive>.sha256   what the table was when it was written

A table is only asked when it is, byte for byte, what was written. All of it may be deleted at any time.
"""

from __future__ import annotations

import json
import sqlite3
import struct
import threading
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from shoreward.adapters.scan.component import normalised
from shoreward.adapters.scan.errors import damaged, stopped
from shoreward.adapters.scan.files import digest_of_file, sha256_of, written
from shoreward.adapters.scan.osv import Advisory, moment, read_advisory
from shoreward.adapters.scan.shapes import Json, Malformed, mapping, objects, text
from shoreward.adapters.scan.versions import Ecosystem

_FORM = 1
_KEPT = ("id", "aliases", "summary", "modified", "severity", "database_specific")
_AT_ONCE = 1000
_TABLES = (
    "PRAGMA journal_mode = OFF",
    "PRAGMA synchronous = OFF",
    "CREATE TABLE advisories (id TEXT PRIMARY KEY, modified REAL) WITHOUT ROWID",
    "CREATE TABLE affects (name TEXT NOT NULL, body TEXT NOT NULL)",
)
_INDEXES = ("CREATE INDEX by_name ON affects (name)", "CREATE INDEX by_time ON advisories (modified)")


_ENTRY = b"PK\x01\x02"
_DAMAGED = (zipfile.BadZipFile, zlib.error, struct.error, OSError, EOFError, RuntimeError, ValueError, Malformed)
"""What reading a zip raises when it is not sound."""


class Index:
    """The advisories of one archive.

    Args:
        archive: OSV's zip of an ecosystem.
        memory: a folder for what is made of it.
        stop: set when nobody waits any more.
        told: what people call the archive, its path when "".

    Raises:
        OSError: the archive cannot be read.
        Terminal: ADVISORIES_DAMAGED.
    """

    def __init__(
        self, ecosystem: Ecosystem, archive: Path, memory: Path, stop: threading.Event, told: str = ""
    ) -> None:
        self._told = told or str(archive)
        self._ecosystem: Ecosystem = ecosystem
        self._archive = archive
        self._stop = stop
        self._memory = memory
        self.digest = digest_of_file(archive, memory)
        self._path = memory / f"osv-{ecosystem}-{self.digest}-{_FORM}.db"
        self._sum = self._path.with_suffix(".sha256")
        if not self._sound():
            self._make()

    def newest(self, before: float) -> float | None:
        """When the newest advisory was modified, UNIX seconds; times after `before` are not believed."""
        rows = self._ask("SELECT max(modified) FROM advisories WHERE modified <= ?", before)
        return rows[0][0]

    def about(self, name: str) -> tuple[Advisory, ...]:
        """The advisories that speak of a package, by its normalised name."""
        bodies = self._ask("SELECT body FROM affects WHERE name = ?", name)
        try:
            return tuple(read_advisory(json.loads(body)) for (body,) in bodies)
        except (Malformed, ValueError) as error:
            raise damaged(self._told, f"what it says about {name} cannot be read: {error}") from error

    def _sound(self) -> bool:
        try:
            return self._sum.read_text() == digest_of_file(self._path, self._memory)
        except OSError:
            return False

    def _ask(self, question: str, *values: Any) -> list[Any]:
        try:
            return self._read(question, *values)
        except sqlite3.DatabaseError:
            self._make()
        try:
            return self._read(question, *values)
        except sqlite3.DatabaseError as error:
            raise damaged(str(self._path), f"the table that was made of the archive cannot be read: {error}") from error

    def _read(self, question: str, *values: Any) -> list[Any]:
        with closing(sqlite3.connect(f"{self._path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
            return connection.execute(question, values).fetchall()

    def _make(self) -> None:
        self._sum.unlink(missing_ok=True)
        with written(self._path) as made:
            with closing(sqlite3.connect(made, isolation_level=None)) as connection:
                self._fill(connection)
            if digest_of_file(self._archive, self._memory) != self.digest:
                raise damaged(self._told, "it was changed while it was read")
            digest = sha256_of(made)
        with written(self._sum) as made:
            made.write_text(digest)
        self._forget()

    def _fill(self, connection: sqlite3.Connection) -> None:
        for statement in (*_TABLES, "BEGIN"):
            connection.execute(statement)
        for count, document in enumerate(self._documents(), start=1):
            row = (document["id"], moment(document.get("modified")))
            connection.execute("INSERT OR REPLACE INTO advisories VALUES (?, ?)", row)
            if not document.get("withdrawn"):
                connection.executemany("INSERT INTO affects VALUES (?, ?)", self._rows(document))
            if count % _AT_ONCE == 0 and self._stop.is_set():
                raise stopped()
        if connection.execute("SELECT count(*) FROM affects").fetchone()[0] == 0:
            raise damaged(self._told, f"it has no advisory on any package of {self._ecosystem}")
        for statement in ("COMMIT", *_INDEXES):
            connection.execute(statement)

    def _documents(self) -> Iterator[Json]:
        name = ""
        try:
            with zipfile.ZipFile(self._archive) as archive:
                for member in archive.infolist():
                    name = member.filename
                    # A wrong length in the table of contents hides the entries behind it in the one before them.
                    if _ENTRY in member.extra + member.comment or not name.endswith((".json", "/")):
                        raise Malformed("it is no advisory")
                    if not member.is_dir():
                        yield _document(archive.read(member))
        except _DAMAGED as error:
            within = f"{name}: " if name else ""
            raise damaged(self._told, f"{within}{error}") from error

    def _rows(self, document: Json) -> Iterator[tuple[str, str]]:
        """What an advisory says about each package of the ecosystem."""
        packages: dict[str, list[Json]] = {}
        for ecosystem, name, affected in _packages(document):
            if ecosystem == self._ecosystem:
                packages.setdefault(normalised(ecosystem, name), []).append(affected)
        kept = {key: document[key] for key in _KEPT if key in document}
        if not kept.get("summary"):
            kept["summary"] = str(document.get("details") or "")[:1000]
        for name, affected in packages.items():
            yield name, json.dumps(kept | {"affected": affected}, ensure_ascii=False, separators=(",", ":"))

    def _forget(self) -> None:
        """Remove what was made of older archives of the ecosystem, but the one before."""
        others = [path for path in self._memory.glob(f"osv-{self._ecosystem}-*.db") if path != self._path]
        for path in sorted(others, key=lambda path: path.stat().st_mtime, reverse=True)[1:]:
            path.unlink(missing_ok=True)
            path.with_suffix(".sha256").unlink(missing_ok=True)


def _document(content: bytes) -> Json:
    """An advisory, sound as far as the table needs it to be; raises Malformed, ValueError."""
    document = mapping(json.loads(content), "the advisory")
    text(document.get("id"), "its id")
    for _ in _packages(document):
        pass
    return document


def _packages(document: Json) -> Iterator[tuple[str, str, Json]]:
    """Ecosystem and name of each package that an advisory affects, and what it says of it."""
    for affected in objects(document.get("affected")):
        if (package := affected.get("package")) is not None:  # else it is about commits of some repository
            about = mapping(package, "a package")
            yield text(about.get("ecosystem"), "an ecosystem"), text(about.get("name"), "a name"), affected
