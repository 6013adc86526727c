"""Tokens, sessions and the audit, in the journal's own file: whoever keeps the one keeps the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, fields
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from shoreward.adapters.journal._file import FORM
from shoreward.adapters.sqlite import Store
from shoreward.app.access.accounts import Audited, Person, Session, Token
from shoreward.domain import Refused, Terminal
from shoreward.domain.access import Rights

_RIGHTS = TypeAdapter(Rights)
_PERSON = TypeAdapter(Person)
_COLUMNS = ", ".join(field.name for field in fields(Audited))


class SqliteAccounts(Store):
    """Implements `app.access.accounts.Accounts` on a journal's file, with a connection of its own.

    Every method may raise what `SqliteJournal`'s may.
    """

    def __init__(self, path: Path, *, patience: float = 30.0) -> None:
        super().__init__(FORM, path, patience=patience)

    def _write(self, query: str, *values: object) -> None:
        with self._transaction() as connection:
            connection.execute(query, values)

    def add_token(self, token: Token) -> None:
        """Keep a token; see `Accounts.add_token`."""
        values = [getattr(token, field.name) for field in fields(Token)]
        values[2] = _RIGHTS.dump_json(token.rights).decode()
        taken = "SELECT 1 FROM tokens WHERE name = ? AND revoked_at = 0 AND expires_at > ?"
        with self._transaction() as connection:
            if connection.execute(taken, (token.name, token.made_at)).fetchone():
                raise Refused(
                    "TOKEN_NAME_TAKEN",
                    f"There is a token {token.name} already.",
                    next="Take another name, or revoke it first.",
                )
            connection.execute("INSERT INTO tokens VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", values)

    def token(self, digest: str) -> Token | None:
        """The token with a digest."""
        rows = self._rows("SELECT * FROM tokens WHERE digest = ?", digest)
        return self._token(rows[0]) if rows else None

    def tokens(self) -> Sequence[Token]:
        """All tokens, oldest first."""
        return tuple(self._token(row) for row in self._rows("SELECT * FROM tokens ORDER BY rowid"))

    def _token(self, row: Sequence[Any]) -> Token:
        values: dict[str, Any] = {field.name: value for field, value in zip(fields(Token), row, strict=True)}
        values["rights"] = self._read(_RIGHTS, values["rights"])
        return Token(**values)

    def _read(self, adapter: TypeAdapter[Any], text: str) -> Any:
        try:
            return adapter.validate_json(text)
        except ValidationError as error:
            raise Terminal(
                "JOURNAL_UNREADABLE",
                "The journal holds a token or a session that this version cannot read.",
                where=str(self._path),
                next="Use the version that wrote it, or a newer one.",
            ) from error

    def revoke(self, digest: str, by: str, at: float) -> None:
        """See `Accounts.revoke`."""
        self._write(
            "UPDATE tokens SET revoked_at = ?, revoked_by = ? WHERE digest = ? AND revoked_at = 0", at, by, digest
        )

    def used(self, digest: str, at: float) -> None:
        """Note when a token was used."""
        self._write("UPDATE tokens SET used_at = ? WHERE digest = ?", at, digest)

    def add_session(self, session: Session) -> None:
        """Keep a session, and forget those that are over."""
        person = _PERSON.dump_json(session.person).decode()
        with self._transaction() as connection:
            connection.execute("DELETE FROM sessions WHERE expires_at <= ?", (session.made_at,))
            values = (session.digest, person, session.made_at, session.expires_at)
            connection.execute("INSERT INTO sessions VALUES (?, ?, ?, ?)", values)

    def session(self, digest: str) -> Session | None:
        """The session with a digest."""
        rows = self._rows("SELECT person, made_at, expires_at FROM sessions WHERE digest = ?", digest)
        if not rows:
            return None
        person, made_at, expires_at = rows[0]
        return Session(digest=digest, person=self._read(_PERSON, person), made_at=made_at, expires_at=expires_at)

    def end_session(self, digest: str) -> None:
        """Forget a session."""
        self._write("DELETE FROM sessions WHERE digest = ?", digest)

    def sessions(self, now: float) -> Sequence[Session]:
        """All that hold, oldest first."""
        query = "SELECT digest, person, made_at, expires_at FROM sessions WHERE expires_at > ? ORDER BY made_at, digest"
        return tuple(
            Session(digest=digest, person=self._read(_PERSON, person), made_at=made_at, expires_at=expires_at)
            for digest, person, made_at, expires_at in self._rows(query, now)
        )

    def end_sessions(self, name: str) -> int:
        """See `Accounts.end_sessions`."""
        with self._transaction() as connection:
            query = "DELETE FROM sessions WHERE json_extract(person, '$.name') = ?"
            return connection.execute(query, (name,)).rowcount

    def note(self, entry: Audited) -> int:
        """See `Accounts.note`."""
        values = (None, *astuple(entry)[1:])
        with self._transaction() as connection:
            query = f"INSERT INTO audit ({_COLUMNS}) VALUES ({', '.join('?' * len(values))})"  # noqa: S608 - our own names
            return connection.execute(query, values).lastrowid or 0

    def conclude(self, id: int, status: int, code: str, *, allowed: bool = True) -> None:
        """See `Accounts.conclude`."""
        self._write("UPDATE audit SET status = ?, code = ?, allowed = ? WHERE id = ?", status, code, allowed, id)

    def audited(self, *, before: int = 0, limit: int = 100) -> Sequence[Audited]:
        """See `Accounts.audited`."""
        query = f"SELECT {_COLUMNS} FROM audit WHERE ?1 = 0 OR id < ?1 ORDER BY id DESC LIMIT ?2"  # noqa: S608 - as above
        return tuple(_audited(row) for row in self._rows(query, before, limit))


def _audited(row: Sequence[Any]) -> Audited:
    values: dict[str, Any] = {field.name: value for field, value in zip(fields(Audited), row, strict=True)}
    values["allowed"] = bool(values["allowed"])
    return Audited(**values)
