"""Orders over more than one release, from the command line: freezes, variables, quarantine."""

from __future__ import annotations

import time
from datetime import datetime

from rich.markup import escape

from shoreward.app.people import commands as c
from shoreward.cli.levers import application_of, ask_why
from shoreward.cli.output import console, moment, print_json
from shoreward.cli.sites import Site
from shoreward.core.control import control_of
from shoreward.domain import UserError


def freeze_until(
    site: Site, name: str, start: str, end: str, why: str, *, pipeline: bool, lift: bool, json: bool
) -> int:
    """Place a freeze, or lift it."""
    why = why or ask_why(f"freeze {name}", json=json)
    if lift:
        site.obey(c.LiftFreeze(name=name), why)
        told = f"The freeze {name} is over."
    else:
        if not end:
            raise UserError("USAGE", "A freeze needs an end.", next="Say it with --to, such as --to 2026-12-27.")
        application = application_of(site, None) if pipeline else ""
        begins, ends = _time(start, "--from") if start else time.time(), _time(end, "--to")
        site.obey(c.PlaceFreeze(name=name, start=begins, end=ends, application=application), why)
        told = f"Nothing enters a wave {f'of {application} ' if application else ''}until {moment(ends)}."
    if json:
        print_json({"freezes": sorted(control_of(site.journal.orders()).freezes)})
    else:
        console.print(told)
    return 0


def _time(text: str, option: str) -> float:
    try:
        return datetime.fromisoformat(text).astimezone().timestamp()
    except ValueError:
        what = f"{option} is {text!r}, which is no time."
        raise UserError("USAGE", what, next="Write it as 2026-12-24 or '2026-12-24 18:00'.") from None


def set_to(site: Site, name: str, value: str, why: str, *, json: bool) -> int:
    """Set a variable."""
    site.obey(c.SetVariable(name=name, value=value), why or ask_why(f"{name} = {value}", json=json))
    if json:
        print_json({"name": name, "value": value})
    else:
        console.print(f"{name} is {value}.")
    return 0


def about_quarantine(
    site: Site, release: str | None, *, culprit: str, fix: str, lift: bool, why: str, json: bool
) -> int:
    """Show what is in quarantine, or say what is to blame, what mends it, or that it may go."""
    if release is None and (culprit or fix or lift):
        raise UserError("USAGE", "No release is named.", next="`shoreward quarantine` lists those that harmed.")
    if release and not (culprit or fix or lift):
        raise UserError("USAGE", f"Nothing is said of {release}.", next="Say --culprit, --fix or --lift.")
    if release:
        why = why or ask_why(release, json=json)
        if culprit:
            site.obey(c.NameCulprit(release=release, commit=site.revision(culprit).commit), why)
        if fix or lift:
            mended = site.revision(fix).commit if fix else ""
            site.obey(c.LiftQuarantine(release=release, fix=mended), why)
    _show_quarantine(site, json=json)
    return 0


def _show_quarantine(site: Site, *, json: bool) -> None:
    control = control_of(site.journal.orders())
    harmed = site.journal.harmed()[::-1]
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
