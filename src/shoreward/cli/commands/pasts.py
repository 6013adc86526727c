"""The commands that tell of the past."""

from __future__ import annotations

from typing import Annotated

import typer

from shoreward.cli.options import HERE, Directory, JournalFile, Json

pasts = typer.Typer()

PANEL = "History"


@pasts.command(rich_help_panel=PANEL, epilog="Examples: `shoreward history`, `shoreward history us-east-1`")
def history(
    target: Annotated[str | None, typer.Argument(help="A target, by its region or key; all by default.")] = None,
    limit: Annotated[int, typer.Option(help="How many releases back.", min=1)] = 50,
    directory: Directory = HERE,
    journal: JournalFile = None,
    json: Json = False,
) -> None:
    """Show what was live on each target, since when, by which release, and until when."""
    from shoreward.cli.histories import show_history
    from shoreward.cli.sites import open_site

    show_history(open_site(directory, journal=journal), target, limit=limit, json=json)


@pasts.command(rich_help_panel=PANEL, epilog="Example: `shoreward where 4f2c1a9`")
def where(
    rev: Annotated[str, typer.Argument(help="A branch, tag or commit.")],
    directory: Directory = HERE,
    journal: JournalFile = None,
    json: Json = False,
) -> None:
    """Show where a commit is: on which targets what is live contains it, and which releases carry it."""
    from shoreward.cli.histories import show_where
    from shoreward.cli.sites import open_site

    show_where(open_site(directory, journal=journal), rev, json=json)


@pasts.command(rich_help_panel=PANEL, epilog="Example: `shoreward dora --days 90 --json`")
def dora(
    days: Annotated[int, typer.Option(help="How far back.", min=1)] = 90,
    directory: Directory = HERE,
    journal: JournalFile = None,
    json: Json = False,
) -> None:
    """Show lead time, deployment frequency, time between failures and to recover, per pipeline, with their trend."""
    from shoreward.cli.histories import show_figures
    from shoreward.cli.sites import open_site

    show_figures(open_site(directory, journal=journal), days=days, json=json)
