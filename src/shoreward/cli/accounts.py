"""Tokens and the audit, from the command line."""

from __future__ import annotations

import json as codec
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.markup import escape
from rich.table import Table

from shoreward.adapters.journal import SqliteAccounts
from shoreward.app.access import tokens
from shoreward.app.access.accounts import Audited, Token
from shoreward.app.access.audit import audited
from shoreward.app.releases import Wish
from shoreward.bootstrap import open_project, wish
from shoreward.cli.output import console, moment, print_json
from shoreward.domain import Refused, UserError
from shoreward.domain.access import Grant, Rights, Role
from shoreward.spec.server import is_pipeline

_DAY = 86_400.0


def opened(directory: Path, journal: Path | None) -> SqliteAccounts:
    """The accounts of a journal; raises `Refused` (JOURNAL_MISSING) for one that is named and not there."""
    if journal is None:
        return SqliteAccounts(open_project(directory).journal.path)
    if not journal.exists():
        raise Refused(
            "JOURNAL_MISSING", "There is no such journal.", where=str(journal), next="Name it with --journal."
        )
    return SqliteAccounts(journal)


def create(accounts: SqliteAccounts, name: str, role: str, pipelines: Sequence[str], days: int, *, json: bool) -> None:
    """Make a token and show it."""
    for each in pipelines:
        if not is_pipeline(each):
            what = f"{each!r} is neither a pipeline's name nor the beginning of one with a star behind it."
            raise UserError("USAGE", what, next="Write --pipeline sandcastles, or --pipeline 'beach-*'.")
    rights = Rights(grants=(Grant(role=Role(role), pipelines=tuple(pipelines)),))
    said = wish()
    secret, token = tokens.create(accounts, name, rights, days * _DAY, said)
    _note(accounts, "token_create", said, token)
    if json:
        print_json({**_plain(token), "token": secret})
        return
    console.print(secret, markup=False)
    console.print(f"It is shown this once. It holds until {moment(token.expires_at)}.", style="dim")


def revoke(accounts: SqliteAccounts, name: str, *, json: bool) -> None:
    """Take a token back."""
    said = wish()
    token = tokens.revoke(accounts, name, said)
    _note(accounts, "token_revoke", said, token)
    if json:
        print_json(_plain(accounts.token(token.digest) or token))
    else:
        console.print(f"Token {token.name} opens nothing any more.")


def _note(accounts: SqliteAccounts, what: str, said: Wish, token: Token) -> None:
    """Keep it in the audit: whoever makes keys is asked about them one day."""
    details = {"name": token.name, "id": token.id, **_rights(token)}
    entry = Audited(
        at=said.at,
        who=said.by,
        role=Role.ADMIN,
        via="machine",
        origin="",
        what=what,
        details=codec.dumps(details),
        allowed=True,
        status=200,
    )
    accounts.note(entry)


def _rights(token: Token) -> dict[str, object]:
    return {"grants": [{"role": each.role, "pipelines": list(each.pipelines)} for each in token.rights.grants]}


def _plain(token: Token) -> dict[str, object]:
    return {
        "id": token.id,
        "name": token.name,
        **_rights(token),
        "by": token.by,
        "made_at": token.made_at,
        "expires_at": token.expires_at,
        "revoked_at": token.revoked_at or None,
        "revoked_by": token.revoked_by or None,
        "used_at": token.used_at or None,
    }


def show_tokens(accounts: SqliteAccounts, *, json: bool) -> None:
    """All tokens."""
    found = accounts.tokens()
    if json:
        print_json([_plain(token) for token in found])
        return
    table = Table(box=None)
    for heading in ("id", "name", "may", "made by", "holds", "used"):
        table.add_column(heading)
    now = time.time()
    for token in found:
        may = "; ".join(f"{each.role} of {', '.join(each.pipelines)}" for each in token.rights.grants)
        used = moment(token.used_at) if token.used_at else "never"
        style = "" if token.holds(now) else "dim"
        table.add_row(token.id, token.name, escape(may), escape(token.by), _holds(token, now), used, style=style)
    console.print(table if found else "There are no tokens.")


def _holds(token: Token, now: float) -> str:
    if token.revoked_at:
        return f"revoked {moment(token.revoked_at)} by {escape(token.revoked_by)}"
    return f"{'until' if token.holds(now) else 'expired'} {moment(token.expires_at)}"


def show_audit(accounts: SqliteAccounts, pipeline: str, who: str, *, refused: bool, limit: int, json: bool) -> None:
    """What was asked for, newest first."""
    found = audited(accounts, application=pipeline, who=who, refused=refused, limit=limit)
    if json:
        print_json([asdict(entry) for entry in found])
        return
    for entry in found:
        origin = f" from {entry.origin}" if entry.origin else ""
        about = entry.release or entry.application
        console.print(
            f"[dim]{moment(entry.at)}[/] [bold]{_safe(entry.who or 'somebody')}[/]"
            f"{f' ({entry.role})' if entry.role else ''}{origin}: {entry.what} {_safe(about)} {_came(entry)}"
        )
        if entry.why:
            console.print(f"  {_safe(entry.why)}")
    if not found:
        console.print("Nothing was asked for.")


def _came(entry: Audited) -> str:
    """What came of it, in a word."""
    if not entry.allowed:
        return f"[red]refused[/] [dim]{_safe(f'[{entry.code}]')}[/]"
    if entry.code:
        return f"[yellow]not done[/] [dim]{_safe(f'[{entry.code}]')}[/]"
    return "[green]done[/]" if entry.status else "[yellow]nobody knows what came of it[/]"


def _safe(text: str) -> str:
    """Somebody else's text on a terminal: no markup, and nothing that a terminal would obey."""
    return escape("".join(letter if letter.isprintable() else "�" for letter in text))
