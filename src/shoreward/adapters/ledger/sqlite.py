"""The ledger on a laptop: one SQLite file in WAL mode, and beside it a lock for each sandbox that is worked with."""

from __future__ import annotations

import fcntl
import hashlib
import time
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from pathlib import Path

from shoreward.adapters.ledger._file import FORM
from shoreward.adapters.ledger.codec import decode, encode
from shoreward.adapters.sqlite import Store
from shoreward.app.sandboxes import Lease, Thing
from shoreward.app.sandboxes.ports import Say
from shoreward.domain import Refused

_GLANCE = 0.3
"""Seconds that somebody may have a lock only to see whether it is free."""


class SqliteLedger(Store):
    """Implements `app.sandboxes.ports.Ledger` on a file, for many threads and processes.

    Every method may raise `Retryable` (LEDGER_BUSY, LEDGER_FULL) and `Terminal` (LEDGER_UNREADABLE, LEDGER_READ_ONLY).

    Args:
        path: the file; locks are in a folder beside it.
        patience: seconds to wait for others who are writing.
    """

    def __init__(self, path: Path, *, patience: float = 30.0) -> None:
        super().__init__(FORM, path, patience=patience)
        self._locks = self._path.with_suffix(".locks")

    def put(self, lease: Lease) -> None:
        """Write a lease; see `Ledger.put`."""
        with self._transaction() as connection:
            connection.execute(
                "INSERT INTO leases (key, body) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET body = ?2",
                (lease.key, encode(lease)),
            )

    def get(self, key: str) -> Lease | None:
        """The lease with a key."""
        rows = self._rows("SELECT body FROM leases WHERE key = ?", key)
        return decode(rows[0][0], where=str(self._path)) if rows else None

    def all(self) -> Sequence[Lease]:
        """All leases, oldest first."""
        rows = self._rows("SELECT body FROM leases ORDER BY number")
        return tuple(decode(body, where=str(self._path)) for (body,) in rows)

    def note(self, key: str, things: Iterable[Thing]) -> None:
        """Note things; see `Ledger.note`."""
        with self._transaction() as connection:
            rows = [(key, one.type, one.id) for one in things]
            connection.executemany("INSERT OR IGNORE INTO things VALUES (?, ?, ?)", rows)

    def things(self, key: str) -> Sequence[Thing]:
        """What was noted of a sandbox."""
        rows = self._rows("SELECT type, id FROM things WHERE key = ? ORDER BY type, id", key)
        return tuple(Thing(type=kind, id=name) for kind, name in rows)

    def forget(self, key: str) -> None:
        """Drop what was noted of a sandbox."""
        with self._transaction() as connection:
            connection.execute("DELETE FROM things WHERE key = ?", (key,))

    @contextmanager
    def hold(self, key: str, *, patience: float = 0.0, say: Say | None = None) -> Generator[None]:
        """An exclusive lock on a file of the sandbox's own; the operating system frees it with the process."""
        with FORM.in_words(self._path):
            file = self._lock_file(key).open("a+")
        with file:
            until = time.monotonic() + max(patience, _GLANCE)
            told = False
            while not _taken(file.fileno(), fcntl.LOCK_EX):
                if time.monotonic() > until:
                    raise _busy(key)
                if not told and say is not None and patience > _GLANCE:
                    say("waiting for another process that works with this sandbox")
                    told = True
                time.sleep(0.05)
            yield

    def held(self, key: str) -> bool:
        """Whether somebody has the lock."""
        with FORM.in_words(self._path):
            file = self._lock_file(key).open("a+")
        with file:
            return not _taken(file.fileno(), fcntl.LOCK_SH)

    def _lock_file(self, key: str) -> Path:
        self._locks.mkdir(exist_ok=True)
        return self._locks / hashlib.sha256(key.encode()).hexdigest()[:24]


def _taken(file: int, how: int) -> bool:
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _busy(key: str) -> Refused:
    what = f"Another process on this machine works with the sandbox {key.rpartition('/')[2]}."
    return Refused("SANDBOX_BUSY", what, where=key, next="Let it finish, or end it, and try again.")
