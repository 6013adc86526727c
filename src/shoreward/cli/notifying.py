"""`shoreward notify`: how receivers stand, trying them out, and telling again what could not be told."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.markup import escape
from rich.table import Table
from rich.text import Text

from shoreward.adapters.journal.outbox import SqliteOutbox
from shoreward.app.telling.courier import Courier
from shoreward.app.telling.notice import Notice
from shoreward.app.telling.ports import DeadLetter
from shoreward.app.words.wording import counted
from shoreward.bootstrap import open_project
from shoreward.bootstrap.telling import couriers
from shoreward.cli.output import console, moment, print_json
from shoreward.domain import OperationError, Refused
from shoreward.domain.notifications import Chat, Kind, Mail, Notifications, Statuses, Webhook

_MEANS = {Webhook: "cdevents", Chat: "slack", Mail: "mail", Statuses: "statuses"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Receivers, and the outbox that they are told from."""

    outbox: SqliteOutbox
    couriers: Sequence[Courier]

    def named(self, name: str) -> Sequence[Courier]:
        """The receiver of a name, or all for ""; raises `Refused` (NOTIFY_UNKNOWN)."""
        found = [each for each in self.couriers if name in ("", each.receiver.name)]
        if not found:
            known = ", ".join(each.receiver.name for each in self.couriers)
            raise Refused("NOTIFY_UNKNOWN", f"There is no receiver {name}.", next=f"There is {known}.")
        return found


def told(directory: Path, fleet: Path | None, journal: Path | None) -> Told:
    """The receivers of a repository, or of a fleet.

    Raises:
        SpecError: what is wrong with their configuration.
        Refused: NOTIFY_NOWHERE when there is none.
    """
    notifications, file = _configured(directory, fleet, journal)
    if notifications is None:
        raise Refused(
            "NOTIFY_NOWHERE",
            "Nobody is to be told of anything.",
            next="Write notifications.yaml beside shoreward.yaml, or `notifications:` into fleet.yaml.",
        )
    outbox = SqliteOutbox(file)
    return Told(outbox=outbox, couriers=couriers(outbox, notifications))


def _configured(directory: Path, fleet: Path | None, journal: Path | None) -> tuple[Notifications | None, Path]:
    if fleet:
        from shoreward.spec.fleet import load_fleet

        return load_fleet(fleet).notifications, journal or fleet.resolve().parent / ".shoreward" / "journal.db"
    project = open_project(directory, journal=journal)
    with closing(project.journal):
        return project.notifications(), project.journal.path


def show_status(told: Told, *, json: bool) -> int:
    """How each receiver stands, and what could not be told; 3 when there is any of that."""
    rows = [_standing(told.outbox, each) for each in told.couriers]
    dead = told.outbox.dead()
    if json:
        print_json({"receivers": rows, "dead_letters": [_letter(each) for each in dead]})
    else:
        _show(rows, dead)
    return 3 if dead or any(row["error"] for row in rows) else 0


def _standing(outbox: SqliteOutbox, courier: Courier) -> dict[str, Any]:
    receiver = courier.receiver
    standing = outbox.standing(receiver.name)
    return {
        "name": receiver.name,
        "means": _MEANS[type(receiver.means)],
        "waiting": courier.waiting(),
        "attempts": standing.attempts,
        "next_at": standing.next_at or None,
        "error": standing.error,
        "gone": standing.gone,
    }


def _letter(letter: DeadLetter) -> dict[str, Any]:
    notice = letter.posted.notice
    return {
        "receiver": letter.receiver,
        "key": notice.key,
        "what": notice.what,
        "at": letter.at,
        "error": letter.error,
    }


def _show(rows: Sequence[dict[str, Any]], dead: Sequence[DeadLetter]) -> None:
    table = Table(box=None, padding=(0, 2), show_header=False)
    for row in rows:
        waiting = f"{counted(row['waiting'], 'notification')} to tell" if row["waiting"] else "told everything"
        table.add_row(Text(row["name"], "bold"), row["means"], waiting, Text(_trouble(row), "red"))
    console.print(table)
    for letter in dead:
        notice = letter.posted.notice
        console.print(f"[red]not told[/] {letter.receiver}: {escape(notice.what)} [dim]{escape(letter.error)}[/]")
    if dead:
        console.print("`shoreward notify resend` tries again.")


def _trouble(row: dict[str, Any]) -> str:
    if row["gone"]:
        return f"wants nothing any more: {row['error']}"
    return f"tried {row['attempts']} times, again {moment(row['next_at'])}: {row['error']}" if row["error"] else ""


def try_out(told: Told, name: str, *, json: bool) -> int:
    """Send a sample; 3 when somebody could not be told."""
    now = time.time()
    sample = Notice(
        key=f"test/{int(now)}",
        kind=Kind.TEST,
        at=now,
        application="",
        what="This is what a notification looks like",
        why="Somebody tries out whether it arrives.",
        next="Nothing is to be done.",
        path="/pipelines",
    )
    return _tell([(each, sample) for each in told.named(name)], json=json)


def resend(told: Told, name: str, *, json: bool) -> int:
    """Tell what could not be told, and let who waits be tried at once; 3 when somebody could still not be told."""
    chosen = {each.receiver.name: each for each in told.named(name)}
    for each in chosen:
        standing = told.outbox.standing(each)
        if standing.attempts or standing.gone:
            told.outbox.stand(each, replace(standing, attempts=0, next_at=0.0, error="", gone=False))
    letters = [each for each in told.outbox.dead() if each.receiver in chosen]
    return _tell([(chosen[each.receiver], each.posted.notice) for each in letters], told.outbox, letters, json=json)


def _tell(
    parcels: Sequence[tuple[Courier, Notice]],
    outbox: SqliteOutbox | None = None,
    letters: Sequence[DeadLetter] = (),
    *,
    json: bool,
) -> int:
    """Deliver now, one by one; of dead letters, those that arrived are dead no more."""
    rows: list[dict[str, Any]] = []
    for index, (courier, notice) in enumerate(parcels):
        error = _error(courier, notice)
        if not error and outbox:
            outbox.bury(letters[index])
        rows.append({"name": courier.receiver.name, "what": notice.what, "error": error})
    if json:
        print_json(rows)
    else:
        for row in rows:
            how = f"[red]not told[/]: {escape(row['error'])}" if row["error"] else "[green]told[/]"
            console.print(f"{row['name']}: {escape(row['what'])}: {how}")
        if not rows:
            console.print("There is nothing that was not told.")
    return 3 if any(row["error"] for row in rows) else 0


def _error(courier: Courier, notice: Notice) -> str:
    try:
        courier.messenger.deliver([notice])
    except OperationError as error:
        return str(error)
    return ""
