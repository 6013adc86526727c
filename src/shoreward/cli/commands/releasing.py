"""The commands that carry releases."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from shoreward.cli.options import HERE, Config, Directory, FleetFile, GroupName, JournalFile, Json, Rev
from shoreward.cli.output import console, print_json

releasing = typer.Typer()


@releasing.command(
    epilog="Examples: `shoreward release` releases the last commit; `shoreward release v1.4.0` a tag; "
    "`shoreward release --fleet fleet.yaml --group shop` a group of applications together."
)
def release(
    rev: Rev = "HEAD",
    allow_dirty: Annotated[
        bool, typer.Option("--allow-dirty", help="Release the commit although the work tree has other changes.")
    ] = False,
    despite_quarantine: Annotated[
        str, typer.Option(help="Why a commit that was rolled back may go all the same.", metavar="REASON")
    ] = "",
    detach: Annotated[bool, typer.Option("--detach", help="Only open it; `shoreward run` carries it.")] = False,
    fleet: FleetFile = None,
    group: GroupName = "",
    directory: Directory = HERE,
    config: Config = None,
    journal: JournalFile = None,
    json: Json = False,
) -> None:
    """Carry a commit to production, wave by wave, and back by itself when it harms.

    Interrupted or killed, it stays where it is; the same command (or `shoreward run`) goes on with it.
    """
    if fleet or group:
        from shoreward.cli.grouping import named, release_group

        file, name = named(fleet, group)
        asked = release_group(file, name, journal=journal, despite=despite_quarantine, detach=detach, json=json)
        raise typer.Exit(asked)
    from shoreward.cli.sites import open_site

    site = open_site(directory, config=config, journal=journal)
    opened = site.begin(rev, allow_dirty=allow_dirty, despite=despite_quarantine, detached=detach)
    if detach:
        if json:
            print_json({"id": opened})
        else:
            console.print(f"{opened} is open; `shoreward run` carries it.")
        return
    raise typer.Exit(site.carry(opened, json=json))


@releasing.command(
    epilog="Examples: `shoreward run --forever` carries what `shoreward release --detach` opens, until interrupted; "
    "`shoreward run --fleet fleet.yaml` releases what is merged, too."
)
def run(
    forever: Annotated[bool, typer.Option("--forever", help="Wait for further releases.")] = False,
    fleet: Annotated[
        Path | None, typer.Option(help="Watch the branches that this file names, and release what is merged.")
    ] = None,
    directory: Directory = HERE,
    journal: JournalFile = None,
    json: Json = False,
) -> None:
    """Carry every open release of the journal: after a crash, or for those that were opened with --detach.

    With --fleet, merges become releases by themselves, in any number of repositories.
    """
    if fleet:
        from shoreward.cli.fleets import carry_fleet

        carry_fleet(fleet, journal=journal, json=json)
    else:
        from shoreward.bootstrap import open_project
        from shoreward.cli.carry import carry_all

        carry_all(open_project(directory, journal=journal), forever=forever, json=json)


@releasing.command(
    epilog="Examples: `shoreward serve`, then open http://127.0.0.1:8080 in a browser; "
    "`shoreward serve --fleet fleet.yaml` for many pipelines, from the merge on; "
    "`shoreward serve --settings server.yaml --host 0.0.0.0` for a team that signs in."
)
def serve(
    port: Annotated[int, typer.Option(help="Where it listens; 0 takes a free port.", min=0, max=65_535)] = 8080,
    host: Annotated[str, typer.Option(help="The address; only this machine's own goes without sign-in.")] = "127.0.0.1",
    no_carry: Annotated[bool, typer.Option("--no-carry", help="Only show; another process carries releases.")] = False,
    fleet: Annotated[
        Path | None, typer.Option(help="Watch the branches that this file names, and release what is merged.")
    ] = None,
    settings: Annotated[
        Path | None, typer.Option(help="A file that says who may sign in, and what they may do: server.yaml.")
    ] = None,
    directory: Directory = HERE,
    journal: JournalFile = None,
    json: Json = False,
) -> None:
    """Serve the page and the API, and carry every open release meanwhile, until interrupted."""
    if fleet:
        from shoreward.cli.serving import Listening, serve_fleet

        serve_fleet(fleet, Listening(host, port, settings), journal=journal, carry=not no_carry, json=json)
    else:
        from shoreward.bootstrap import open_project
        from shoreward.cli.serving import Listening
        from shoreward.cli.serving import serve as serve_it

        project = open_project(directory, journal=journal)
        serve_it(project, Listening(host, port, settings), carry=not no_carry, json=json)
