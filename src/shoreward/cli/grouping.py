"""Groups of a fleet from the command line: what would be released together, and releasing it."""

from __future__ import annotations

from collections.abc import Iterable
from operator import itemgetter
from pathlib import Path
from typing import Any

from rich.markup import escape
from rich.table import Table

from shoreward.app.merging.groups import members_of
from shoreward.app.releases import load
from shoreward.app.words.story import summary
from shoreward.bootstrap import wish
from shoreward.bootstrap.fleet import Convoy, open_fleet
from shoreward.bootstrap.telling import telling
from shoreward.cli.carry import EXIT, interruptible_run, while_read
from shoreward.cli.live import LiveView
from shoreward.cli.output import console, print_json
from shoreward.cli.planning import make_plan, show_plan
from shoreward.cli.tracing import traced
from shoreward.controller import Observer
from shoreward.domain import Refused, UserError


def named(fleet: Path | None, group: str) -> tuple[Path, str]:
    """The file and the group that a person named; raises `UserError` (USAGE) when one of them is missing."""
    if fleet is None or not group:
        raise UserError("USAGE", "A group is one of a fleet.", next="Say both --fleet FILE and --group NAME.")
    return fleet, group


def release_group(file: Path, name: str, *, journal: Path | None, despite: str, detach: bool, json: bool) -> int:
    """Open releases of what changed of a group, and carry them to their end; the worst of their exit codes."""
    convoy = open_fleet(file, journal)
    opened = convoy.open_group(convoy.group(name), wish(), despite)
    if not json:
        console.print(f"{', '.join(opened)} {'are' if len(opened) > 1 else 'is'} open.")
    if not detach:
        _carry(convoy, json=json)
    states = [load(convoy.journal, release) for release in opened]
    if json:
        print_json([summary(state, convoy.journal.events(state.id)) for state in states])
    return max(EXIT[state.outcome] if state.outcome else 0 for state in states)


def _carry(convoy: Convoy, *, json: bool) -> None:
    """Carry what is open, unless another process does."""
    with telling(convoy.journal.path, convoy.notifications, conditions=convoy.conditions()), interruptible_run():
        try:
            if json:
                _watched(convoy, None)
                return
            with LiveView() as view:
                _watched(convoy, while_read(view.observe))
        except Refused as refused:
            if refused.code != "CONTROLLER_RUNNING":
                raise
            console.print("Another process carries the releases of this journal, these included.")


def _watched(convoy: Convoy, observe: Observer | None) -> None:
    with traced(convoy.journal, observe) as watched:
        convoy.controller(watched).run()


def plan_group(file: Path, name: str, *, journal: Path | None, diff: bool, json: bool) -> None:
    """What of a group would be released now, in order, and the plan of each that would be; nothing is changed."""
    convoy = open_fleet(file, journal)
    group = convoy.group(name)
    seen = convoy.look_at(group)
    told: list[dict[str, Any]] = [
        {
            "application": member.application,
            "commit": seen.tips[member.application].commit,
            "subject": seen.tips[member.application].subject,
            "changed": member.application in seen.changed,
            "after": list(member.after),
        }
        for member in members_of(group, seen.parts, convoy.journal, seen.parts)
    ]
    for each in filter(itemgetter("changed"), told):
        each["plan"] = make_plan(convoy.ships.project(each["application"]), each["commit"])
    if json:
        print_json({"group": name, "applications": told})
        return
    _show_order(told)
    for each in filter(itemgetter("changed"), told):
        console.print()
        show_plan(each["plan"], diff=diff)


def _show_order(told: Iterable[dict[str, Any]]) -> None:
    table = Table(box=None)
    for column in ("application", "commit", "subject", "", "after"):
        table.add_column(column, no_wrap=column != "subject")
    for each in told:
        state = "would be released" if each["changed"] else "has not changed"
        after = ", ".join(each["after"]) or "nobody"
        table.add_row(each["application"], each["commit"][:10], escape(each["subject"]), state, after)
    console.print(table)
