"""The commands about those who are told of what happens."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from shoreward.cli.options import HERE, Directory, JournalFile, Json

notify = typer.Typer(
    name="notify",
    help="Who is told of what happens: how that goes, trying it out, and telling again.",
    no_args_is_help=True,
)

Name = Annotated[str, typer.Argument(help="A receiver; all of them by default.")]
FleetFile = Annotated[Path | None, typer.Option("--fleet", help="The receivers that this file names.")]


@notify.command(
    epilog="Example: `shoreward notify status`. Exit codes: 0 everything is told, 3 somebody could not be told."
)
def status(
    fleet: FleetFile = None, directory: Directory = HERE, journal: JournalFile = None, json: Json = False
) -> None:
    """Show how each receiver stands, and what could not be told."""
    from shoreward.cli.notifying import show_status, told

    raise typer.Exit(show_status(told(directory, fleet, journal), json=json))


@notify.command(name="test", epilog="Example: `shoreward notify test team`. Exit codes: 0 it arrived, 3 it did not.")
def try_out(
    name: Name = "",
    fleet: FleetFile = None,
    directory: Directory = HERE,
    journal: JournalFile = None,
    json: Json = False,
) -> None:
    """Send a sample to a receiver, or to all."""
    from shoreward.cli.notifying import told, try_out

    raise typer.Exit(try_out(told(directory, fleet, journal), name, json=json))


@notify.command(epilog="Example: `shoreward notify resend team`. Exit codes: 0 it arrived, 3 it did not.")
def resend(
    name: Name = "",
    fleet: FleetFile = None,
    directory: Directory = HERE,
    journal: JournalFile = None,
    json: Json = False,
) -> None:
    """Tell again what was given up; who is waited for, or wanted nothing any more, is tried at once."""
    from shoreward.cli.notifying import resend, told

    raise typer.Exit(resend(told(directory, fleet, journal), name, json=json))
