"""Answers to commands, by idempotency key, in the journal's own file: a server that was started again knows them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from shoreward.adapters.journal._file import FORM
from shoreward.adapters.sqlite import Store
from shoreward.app.people.answers import Answer
from shoreward.domain import Refused, Retryable

_KEPT = 86_400.0
"""Seconds for which an answer is kept."""


class SqliteAnswers(Store):
    """Implements `app.people.answers.Answers` on a journal's file, with a connection of its own.

    What is being done is known to this process alone: after a crash in the middle the command is done again, which
    changes nothing where it was done already.
    """

    def __init__(self, path: Path, now: Callable[[], float], *, patience: float = 30.0) -> None:
        super().__init__(FORM, path, patience=patience)
        self._now = now
        self._lock = threading.Lock()
        self._under_way: set[str] = set()

    def once(self, key: str, command: str, act: Callable[[], Answer]) -> Answer:
        """See `Answers.once`."""
        with self._lock:
            if known := self._known(key, command):
                return known
            if key in self._under_way:
                raise Retryable(
                    "KEY_UNDER_WAY",
                    "The command with this Idempotency-Key is being done.",
                    next="Ask again in a moment.",
                )
            self._under_way.add(key)
        try:
            answer = act()
            # A command that was done is answered, even if its answer cannot be kept: saying it again does nothing.
            with self._lock, suppress(Retryable):
                self._keep(key, command, answer)
            return answer
        finally:
            with self._lock:
                self._under_way.discard(key)

    def _known(self, key: str, command: str) -> Answer | None:
        query = "SELECT command, status, body FROM answers WHERE key = ? AND at > ?"
        rows = self._rows(query, key, self._now() - _KEPT)
        if rows and rows[0][0] != command:
            raise Refused(
                "KEY_REUSED",
                "Another command came with this Idempotency-Key before.",
                next="Take a new key for every command.",
            )
        return Answer(status=rows[0][1], body=rows[0][2]) if rows else None

    def _keep(self, key: str, command: str, answer: Answer) -> None:
        now = self._now()
        with self._transaction() as connection:
            connection.execute("DELETE FROM answers WHERE at <= ?", (now - _KEPT,))
            values = (key, command, now, answer.status, answer.body)
            connection.execute("INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?)", values)
