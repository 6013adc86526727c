"""The commands that tell how a release goes, and why."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from shoreward.cli.options import HERE, Directory, JournalFile, Json, ReleaseId

looking = typer.Typer()


@looking.command(epilog="Example: `shoreward status`, or `shoreward status --all` for every release so far.")
def status(
    release: ReleaseId = None,
    every: Annotated[bool, typer.Option("--all", help="All releases, newest first.")] = False,
    directory: Directory = HERE,
    journal: JournalFile = None,
    json: Json = False,
) -> None:
    """Show where a release is, what it waits for, and what its targets serve."""
    from shoreward.cli.show import show_all, show_status
    from shoreward.cli.sites import open_site

    site = open_site(directory, journal=journal)
    if every:
        show_all(site, json=json)
    else:
        show_status(site, release, json=json)


@looking.command(
    epilog="Example: `shoreward advisories`, once a day. Exit codes: 0 nothing, 1 there are some, 3 nobody can tell."
)
def advisories(
    limit: Annotated[float, typer.Option(help="Seconds to wait for an answer.", min=1)] = 60,
    directory: Directory = HERE,
    journal: JournalFile = None,
    json: Json = False,
) -> None:
    """Look up whether what is live would still pass its checks, with the advisories of the day.

    The answer is kept in the journal, and `status` shows it. Nothing else is changed.
    """
    from shoreward.bootstrap import open_project
    from shoreward.cli.advising import look_up

    raise typer.Exit(look_up(open_project(directory, journal=journal), limit=limit, json=json))


@looking.command(epilog="Example: `shoreward watch --json | jq .text`")
def watch(
    release: ReleaseId = None, directory: Directory = HERE, journal: JournalFile = None, json: Json = False
) -> None:
    """Follow a release live until it ends; with --json, one line for each event."""
    from shoreward.cli.carry import EXIT, follow
    from shoreward.cli.show import chosen
    from shoreward.cli.sites import open_site

    site = open_site(directory, journal=journal)
    outcome = follow(site, chosen(site, release).id, json=json).outcome
    raise typer.Exit(EXIT[outcome] if outcome else 0)


@looking.command(epilog="Example: `shoreward why sandcastles-12`")
def why(
    release: ReleaseId = None,
    full: Annotated[
        bool, typer.Option("--full", help="Every look of the judge, not only those that said more.")
    ] = False,
    directory: Directory = HERE,
    journal: JournalFile = None,
    json: Json = False,
) -> None:
    """Explain a release: every decision with its counts, evidence, alarms and times."""
    from shoreward.cli.show import show_why
    from shoreward.cli.sites import open_site

    show_why(open_site(directory, journal=journal), release, full=full, json=json)


@looking.command(
    epilog="Examples: `shoreward blame sandcastles-12`, `shoreward blame sandcastles-12 --revert`. "
    "Exit codes: 0 told, 1 the revert has conflicts, 2 the request is wrong, 3 the history cannot be read."
)
def blame(
    release: ReleaseId = None,
    bisect: Annotated[
        list[str] | None,
        typer.Option(
            help="Find the culprit by running this check on some of the commits; may be given again.", metavar="CHECK"
        ),
    ] = None,
    test: Annotated[
        list[Path] | None,
        typer.Option(help="A file, such as a test that shows the harm, to put into each of them; may be given again."),
    ] = None,
    revert: Annotated[
        bool, typer.Option("--revert", help="Make a branch that takes the likeliest commit back; nothing is pushed.")
    ] = False,
    commit: Annotated[
        list[str] | None, typer.Option(help="Revert this commit instead; may be given again.", metavar="REV")
    ] = None,
    onto: Annotated[
        str, typer.Option(help="Where the branch begins; the main branch's last commit by default.", metavar="REV")
    ] = "",
    directory: Directory = HERE,
    journal: JournalFile = None,
    json: Json = False,
) -> None:
    """Tell which commit of a release that harmed is the likely culprit, with reasons."""
    from shoreward.bootstrap import open_project
    from shoreward.cli.blaming import Asked, show_blame

    asked = Asked(
        checks=tuple(bisect or ()),
        tests=tuple(test or ()),
        revert=revert,
        commits=tuple(commit or ()),
        onto=onto,
        json=json,
    )
    raise typer.Exit(show_blame(open_project(directory, journal=journal), release, asked))
