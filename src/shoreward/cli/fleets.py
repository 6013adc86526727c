"""Carrying a fleet from the command line."""

from __future__ import annotations

from pathlib import Path

from shoreward.adapters.journal import SqliteJournal
from shoreward.bootstrap.fleet import launch
from shoreward.bootstrap.here import SystemClock
from shoreward.cli.carry import interruptible_run, while_read
from shoreward.cli.live import JsonLines, LiveView
from shoreward.cli.output import console
from shoreward.controller import Controller, Merges
from shoreward.spec.fleet import load_fleet


def carry_fleet(file: Path, *, journal: Path | None, json: bool) -> None:
    """Watch the branches that a file names, and carry their releases, until interrupted."""
    fleet = load_fleet(file)
    state = file.resolve().parent / ".shoreward"
    state.mkdir(exist_ok=True)
    (state / ".gitignore").write_text("*\n")
    kept = SqliteJournal(journal or state / "journal.db")
    ships = launch(fleet, state, kept)
    branches = Merges(kept, SystemClock(), ships.branches(), fleet.poll)
    world = ships.ships[0].project.world()
    with interruptible_run():
        if json:
            observe = while_read(JsonLines().observe)
            carrier = Controller(
                kept, world, observe=observe, limits=fleet.limits, worlds=ships.world, branches=branches
            )
            carrier.run(forever=True)
            return
        console.print(f"Watching {len(ships.ships)} pipelines.")
        with LiveView() as view:
            observe = while_read(view.observe)
            carrier = Controller(
                kept, world, observe=observe, limits=fleet.limits, worlds=ships.world, branches=branches
            )
            carrier.run(forever=True)
