"""The outbox of notifications, in the journal's own file: what is to be told is as safe as what happened."""

from __future__ import annotations

import fcntl
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from shoreward.adapters.journal._file import FORM
from shoreward.adapters.sqlite import Store
from shoreward.app.telling.notice import Notice
from shoreward.app.telling.ports import DeadLetter, Heard, Posted, Standing
from shoreward.domain import Terminal


class SqliteOutbox(Store):
    """Implements `app.telling.ports.Outbox` on a journal's file, with a connection of its own.

    Raises what a journal raises: JOURNAL_BUSY, JOURNAL_FULL, JOURNAL_READ_ONLY, JOURNAL_UNREADABLE.

    Args:
        patience: seconds to wait for others who are writing.
    """

    def __init__(self, path: Path, *, patience: float = 30.0) -> None:
        super().__init__(FORM, path, patience=patience)
        # A power failure may cost the last places of receivers, who are told again then. Nobody who appends to the
        # journal waits for the disk because somebody was told.
        self._connection.execute("PRAGMA synchronous = NORMAL")

    def heard(self) -> Heard | None:
        """See `Outbox.heard`."""
        rows = self._rows("SELECT event, orders FROM notices_heard")
        return Heard(event=rows[0][0], orders=rows[0][1]) if rows else None

    def post(self, notices: Sequence[Notice], heard: Heard, now: float) -> None:
        """See `Outbox.post`."""
        rows = [(each.key, now, _adapter().dump_json(each)) for each in notices]
        with self._transaction() as connection:
            connection.executemany("INSERT OR IGNORE INTO notices (key, at, body) VALUES (?, ?, ?)", rows)
            connection.execute("INSERT OR REPLACE INTO notices_heard VALUES (1, ?, ?)", (heard.event, heard.orders))

    def after(self, cursor: int, *, limit: int) -> Sequence[Posted]:
        """See `Outbox.after`."""
        rows = self._rows("SELECT id, at, body FROM notices WHERE id > ? ORDER BY id LIMIT ?", cursor, limit)
        return tuple(self._posted(*row) for row in rows)

    def standing(self, receiver: str) -> Standing:
        """See `Outbox.standing`."""
        query = "SELECT cursor, attempts, next_at, error, gone FROM receivers WHERE name = ?"
        if not (rows := self._rows(query, receiver)):
            standing = Standing(cursor=self._rows("SELECT coalesce(max(id), 0) FROM notices")[0][0])
            self.stand(receiver, standing)
            return standing
        cursor, attempts, next_at, error, gone = rows[0]
        return Standing(cursor=cursor, attempts=attempts, next_at=next_at, error=error, gone=bool(gone))

    def stand(self, receiver: str, standing: Standing, dead: Sequence[DeadLetter] = ()) -> None:
        """See `Outbox.stand`."""
        rows = [(each.receiver, each.posted.id, each.at, each.error) for each in dead]
        with self._transaction() as connection:
            values = (receiver, standing.cursor, standing.attempts, standing.next_at, standing.error, standing.gone)
            connection.execute("INSERT OR REPLACE INTO receivers VALUES (?, ?, ?, ?, ?, ?)", values)
            connection.executemany("INSERT OR REPLACE INTO dead_letters VALUES (?, ?, ?, ?)", rows)

    def dead(self, receiver: str | None = None) -> Sequence[DeadLetter]:
        """See `Outbox.dead`."""
        rows = self._rows(
            """SELECT receiver, dead_letters.at, error, notices.id, notices.at, body
            FROM dead_letters JOIN notices ON notice = notices.id
            WHERE ?1 IS NULL OR receiver = ?1 ORDER BY notices.id, receiver""",
            receiver,
        )
        return tuple(
            DeadLetter(receiver=name, at=at, error=error, posted=self._posted(*rest)) for name, at, error, *rest in rows
        )

    def bury(self, letter: DeadLetter) -> None:
        """See `Outbox.bury`."""
        values = letter.receiver, letter.posted.id
        with self._transaction() as connection:
            connection.execute("DELETE FROM dead_letters WHERE receiver = ? AND notice = ?", values)

    def prune(self, before: float) -> None:
        """See `Outbox.prune`."""
        with self._transaction() as connection:
            connection.execute(
                "DELETE FROM dead_letters WHERE notice IN (SELECT id FROM notices WHERE at < ?)", (before,)
            )
            connection.execute("DELETE FROM notices WHERE at < ?", (before,))

    @contextmanager
    def lease(self) -> Generator[bool]:
        """See `Outbox.lease`; a lock on a file beside the journal."""
        with FORM.in_words(self._path):
            file = self._path.with_name(f"{self._path.name}.telling").open("a+")
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True

    def _posted(self, id: int, at: float, body: bytes) -> Posted:
        try:
            return Posted(id=id, at=at, notice=_adapter().validate_json(body))
        except ValidationError as error:
            raise Terminal(
                "JOURNAL_UNREADABLE",
                f"The outbox holds notice {id}, which this version cannot read.",
                where=str(self._path),
                next="Use the version that wrote it, or a newer one.",
            ) from error


@cache
def _adapter() -> TypeAdapter[Notice]:
    return TypeAdapter(Notice)
