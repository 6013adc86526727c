"""Orders over more than one release, from the command line: freezes, variables, quarantine."""

from __future__ import annotations

from datetime import datetime

from rich.markup import escape

from shoreward.app import orders
from shoreward.bootstrap import Project, wish
from shoreward.cli.levers import application_of, ask_why
from shoreward.cli.output import console, moment, print_json
from shoreward.core.control import control_of
from shoreward.domain import UserError


def freeze_until(
    project: Project, name: str, start: str, end: str, why: str, *, pipeline: bool, lift: bool, json: bool
) -> int:
    """Place a freeze, or lift it."""
    said = wish(why or ask_why(f"freeze {name}", json=json))
    if lift:
        orders.lift_freeze(project.journal, name, said)
        told = f"The freeze {name} is over."
    else:
        if not end:
            raise UserError("USAGE", "A freeze needs an end.", next="Say it with --to, such as --to 2026-12-27.")
        application = application_of(project, None) if pipeline else ""
        times = (_time(start, "--from") if start else said.at, _time(end, "--to"))
        orders.freeze(project.journal, name, *times, said, application=application)
        told = f"Nothing enters a wave {f'of {application} ' if application else ''}until {moment(times[1])}."
    if json:
        print_json({"freezes": sorted(control_of(project.journal.orders()).freezes)})
    else:
        console.print(told)
    return 0


def _time(text: str, option: str) -> float:
    try:
        return datetime.fromisoformat(text).astimezone().timestamp()
    except ValueError:
        what = f"{option} is {text!r}, which is no time."
        raise UserError("USAGE", what, next="Write it as 2026-12-24 or '2026-12-24 18:00'.") from None


def set_to(project: Project, name: str, value: str, why: str, *, json: bool) -> int:
    """Set a variable."""
    orders.set_variable(project.journal, name, value, wish(why or ask_why(f"{name} = {value}", json=json)))
    if json:
        print_json({"name": name, "value": value})
    else:
        console.print(f"{name} is {value}.")
    return 0


def about_quarantine(
    project: Project, release: str | None, *, culprit: str, fix: str, lift: bool, why: str, json: bool
) -> int:
    """Show what is in quarantine, or say what is to blame, what mends it, or that it may go."""
    if release is None and (culprit or fix or lift):
        raise UserError("USAGE", "No release is named.", next="`shoreward quarantine` lists those that harmed.")
    if release and not (culprit or fix or lift):
        raise UserError("USAGE", f"Nothing is said of {release}.", next="Say --culprit, --fix or --lift.")
    if release:
        said = wish(why or ask_why(release, json=json))
        if culprit:
            orders.name_culprit(project.journal, release, project.repository.resolve(culprit).id, said)
        if fix or lift:
            mended = project.repository.resolve(fix).id if fix else ""
            orders.lift_quarantine(project.journal, release, said, fix=mended)
    _show_quarantine(project, json=json)
    return 0


def _show_quarantine(project: Project, *, json: bool) -> None:
    control = control_of(project.journal.orders())
    harmed = [header for header in reversed(project.journal.releases()) if header.harmed]
    if json:
        print_json(
            [
                {
                    "release": header.id,
                    "commit": header.commit,
                    "before": header.before,
                    "at": header.back_at,
                    "reason": header.reason,
                    "culprit": control.named[header.id].commit if header.id in control.named else None,
                    "lifted": [each.commit or None for each in control.lifted.get(header.id, ())],
                }
                for header in harmed
            ]
        )
        return
    for header in harmed:
        console.print(f"[bold]{header.id}[/] {header.commit[:10]} {escape(header.subject)}, {moment(header.back_at)}")
        console.print(f"  {escape(header.reason)}")
        if named := control.named.get(header.id):
            console.print(f"  to blame: {named.commit[:10]}, says {named.by}: {escape(named.why)}")
        for word in control.lifted.get(header.id, ()):
            what = f"what contains {word.commit[:10]} may go" if word.commit else "it may go again"
            console.print(f"  {what}, says {word.by}: {escape(word.why)}", style="green")
    if not harmed:
        console.print("Nothing is in quarantine.")
