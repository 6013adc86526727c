"""The commands with which people step in."""

from __future__ import annotations

from typing import Annotated

import typer

from shoreward.cli.options import (
    HERE,
    Directory,
    Everything,
    GateName,
    GateWave,
    HeldPipeline,
    HeldTarget,
    HeldWave,
    JournalFile,
    Json,
    NamedRelease,
    OfRelease,
    ReleaseId,
    TargetName,
    Why,
)

people = typer.Typer()

PANEL = "People's levers"


@people.command(
    rich_help_panel=PANEL,
    epilog="Examples: `shoreward hold --why 'the database is being moved'`, "
    "`shoreward hold --everything --why 'we do not know yet'`",
)
def hold(
    release: ReleaseId = None,
    wave: HeldWave = "",
    target: HeldTarget = "",
    pipeline: HeldPipeline = False,
    everything: Everything = False,
    why: Why = "",
    directory: Directory = HERE,
    journal: JournalFile = None,
    json: Json = False,
) -> None:
    """Stop a release in place, or a part of it, its pipeline, or everything.

    What is stopped is still watched, and still goes back when it harms.
    """
    from shoreward.cli.levers import Scope, hold
    from shoreward.cli.sites import open_site

    scope = Scope(wave=wave, target=target, pipeline=pipeline, everything=everything)
    raise typer.Exit(hold(open_site(directory, journal=journal), release, scope, why, json=json))


@people.command(rich_help_panel=PANEL, epilog="Example: `shoreward resume --why 'the database has been moved'`")
def resume(
    release: ReleaseId = None,
    wave: HeldWave = "",
    target: HeldTarget = "",
    pipeline: HeldPipeline = False,
    everything: Everything = False,
    why: Why = "",
    directory: Directory = HERE,
    journal: JournalFile = None,
    json: Json = False,
) -> None:
    """Let what was held move again: the same that was named to hold it."""
    from shoreward.cli.levers import Scope, resume
    from shoreward.cli.sites import open_site

    scope = Scope(wave=wave, target=target, pipeline=pipeline, everything=everything)
    raise typer.Exit(resume(open_site(directory, journal=journal), release, scope, why, json=json))


@people.command(rich_help_panel=PANEL, epilog="Example: `shoreward abort --why 'wrong prices'`")
def abort(
    release: ReleaseId = None,
    why: Why = "",
    directory: Directory = HERE,
    journal: JournalFile = None,
    json: Json = False,
) -> None:
    """Send a release that is under way back everywhere, at once."""
    from shoreward.app.people.commands import Abort
    from shoreward.cli.levers import send_back
    from shoreward.cli.sites import open_site

    raise typer.Exit(send_back(open_site(directory, journal=journal), Abort, release, why, json=json))


@people.command(
    rich_help_panel=PANEL,
    epilog="Examples: `shoreward rollback sandcastles-12 --why 'wrong prices'`, "
    "`shoreward rollback --to sandcastles-9 --why 'prices of last week'`",
)
def rollback(
    release: ReleaseId = None,
    to: Annotated[
        str, typer.Option(help="Bring this earlier release, or commit, back everywhere, and stop the pipeline.")
    ] = "",
    why: Why = "",
    directory: Directory = HERE,
    journal: JournalFile = None,
    json: Json = False,
) -> None:
    """Take a release back, under way or finished, everywhere and at once; no analysis runs on the way.

    With --to, whatever is under way goes back, and an earlier revision is brought back in its place.
    """
    from shoreward.app.people.commands import RollBack
    from shoreward.cli.levers import bring_back, send_back
    from shoreward.cli.sites import open_site

    site = open_site(directory, journal=journal)
    if to:
        raise typer.Exit(bring_back(site, to, why, json=json))
    raise typer.Exit(send_back(site, RollBack, release, why, json=json))


@people.command(rich_help_panel=PANEL, epilog="Example: `shoreward retry us-east-1 --why 'the role is back'`")
def retry(
    target: TargetName,
    release: OfRelease = None,
    why: Why = "",
    directory: Directory = HERE,
    journal: JournalFile = None,
    json: Json = False,
) -> None:
    """Try what failed on a target again at once, with all its attempts anew."""
    from shoreward.app.people.commands import Retry
    from shoreward.cli.levers import on_target
    from shoreward.cli.sites import open_site

    raise typer.Exit(on_target(open_site(directory, journal=journal), Retry, release, target, why, json=json))


@people.command(rich_help_panel=PANEL, epilog="Example: `shoreward skip us-east-1 --why 'the region is away'`")
def skip(
    target: TargetName,
    release: OfRelease = None,
    why: Why = "",
    directory: Directory = HERE,
    journal: JournalFile = None,
    json: Json = False,
) -> None:
    """Leave a target out of a release that serves nobody there yet; what was begun is taken back."""
    from shoreward.app.people.commands import Skip
    from shoreward.cli.levers import on_target
    from shoreward.cli.sites import open_site

    raise typer.Exit(on_target(open_site(directory, journal=journal), Skip, release, target, why, json=json))


@people.command(
    rich_help_panel=PANEL,
    epilog="Examples: `shoreward freeze feast --from 2026-12-24 --to '2026-12-27 08:00' --why 'nobody is here'`, "
    "`shoreward freeze feast --lift --why 'somebody is'`",
)
def freeze(
    name: Annotated[str, typer.Argument(help="What it is called.")],
    start: Annotated[str, typer.Option("--from", help="ISO 8601, local time where no zone is given; else now.")] = "",
    end: Annotated[str, typer.Option("--to", help="Its end, likewise.")] = "",
    pipeline: Annotated[bool, typer.Option("--pipeline", help="This repository's pipeline alone.")] = False,
    lift: Annotated[bool, typer.Option("--lift", help="End it.")] = False,
    why: Why = "",
    directory: Directory = HERE,
    journal: JournalFile = None,
    json: Json = False,
) -> None:
    """Let nothing enter a wave or a target for a time, in any pipeline; what is there bakes on."""
    from shoreward.cli.ordering import freeze_until
    from shoreward.cli.sites import open_site

    site = open_site(directory, journal=journal)
    raise typer.Exit(freeze_until(site, name, start, end, why, pipeline=pipeline, lift=lift, json=json))


@people.command(
    rich_help_panel=PANEL, name="set", epilog="Example: `shoreward set deployments open --why 'the stall is up'`"
)
def set_(
    name: Annotated[str, typer.Argument(help="The variable.")],
    value: Annotated[str, typer.Argument(help="Its value.")],
    why: Why = "",
    directory: Directory = HERE,
    journal: JournalFile = None,
    json: Json = False,
) -> None:
    """Set a variable that gates ask for."""
    from shoreward.cli.ordering import set_to
    from shoreward.cli.sites import open_site

    raise typer.Exit(set_to(open_site(directory, journal=journal), name, value, why, json=json))


@people.command(
    rich_help_panel=PANEL,
    epilog="Examples: `shoreward quarantine`, `shoreward quarantine sandcastles-12 --lift --why 'it was the network'`, "
    "`shoreward quarantine sandcastles-12 --culprit 4f2c1a9 --why 'blame names it'`",
)
def quarantine(
    release: Annotated[str | None, typer.Argument(help="A release that harmed; all of them by default.")] = None,
    culprit: Annotated[str, typer.Option(help="The commit of it that is to blame: a revert of it is the fix.")] = "",
    fix: Annotated[str, typer.Option(help="The commit that mends it: what contains it may go.")] = "",
    lift: Annotated[bool, typer.Option("--lift", help="Let it go again.")] = False,
    why: Why = "",
    directory: Directory = HERE,
    journal: JournalFile = None,
    json: Json = False,
) -> None:
    """Show what may not be released again, and say what mends it."""
    from shoreward.cli.ordering import about_quarantine
    from shoreward.cli.sites import open_site

    site = open_site(directory, journal=journal)
    raise typer.Exit(about_quarantine(site, release, culprit=culprit, fix=fix, lift=lift, why=why, json=json))


@people.command(
    rich_help_panel=PANEL,
    epilog="Example: `shoreward approve sandcastles-12 release-manager --why 'the figures are good'`",
)
def approve(
    release: NamedRelease,
    gate: GateName,
    wave: GateWave = "",
    why: Why = "",
    directory: Directory = HERE,
    journal: JournalFile = None,
    json: Json = False,
) -> None:
    """Open a gate that waits for a person's approval, for one wave."""
    from shoreward.app.people.commands import Approve
    from shoreward.cli.gating import unlock
    from shoreward.cli.sites import open_site

    site = open_site(directory, journal=journal)
    raise typer.Exit(unlock(site, Approve, release, gate, wave, why, json=json))


@people.command(
    rich_help_panel=PANEL,
    epilog="Example: `shoreward override sandcastles-12 office-hours --why 'it mends an outage'`",
)
def override(
    release: NamedRelease,
    gate: GateName,
    wave: GateWave = "",
    why: Why = "",
    directory: Directory = HERE,
    journal: JournalFile = None,
    json: Json = False,
) -> None:
    """Open a gate for one wave, whatever keeps it closed. Who did it, and why, is kept."""
    from shoreward.app.people.commands import Override
    from shoreward.cli.gating import unlock
    from shoreward.cli.sites import open_site

    site = open_site(directory, journal=journal)
    raise typer.Exit(unlock(site, Override, release, gate, wave, why, json=json))


@people.command(rich_help_panel=PANEL, epilog="Example: `shoreward gates sandcastles-12`")
def gates(
    release: ReleaseId = None, directory: Directory = HERE, journal: JournalFile = None, json: Json = False
) -> None:
    """Show the gates of the wave that a release is in, or comes to next: open or closed, why, and when they open."""
    from shoreward.cli.gating import show_gates
    from shoreward.cli.sites import open_site

    show_gates(open_site(directory, journal=journal), release, json=json)
