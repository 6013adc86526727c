"""Carrying a fleet from the command line."""

from __future__ import annotations

from pathlib import Path

from shoreward.bootstrap.fleet import Convoy, open_fleet
from shoreward.bootstrap.telling import telling
from shoreward.cli.carry import interruptible_run, while_read
from shoreward.cli.live import JsonLines, LiveView
from shoreward.cli.output import console
from shoreward.cli.tracing import traced
from shoreward.controller import Observer


def carry_fleet(file: Path, *, journal: Path | None, json: bool) -> None:
    """Watch the branches that a file names, and carry their releases, until interrupted."""
    convoy = open_fleet(file, journal)
    with telling(convoy.journal.path, convoy.notifications, conditions=convoy.conditions()), interruptible_run():
        if json:
            _carry(convoy, JsonLines().observe)
            return
        console.print(f"Watching {len(convoy.ships.ships)} pipelines.")
        with LiveView() as view:
            _carry(convoy, view.observe)


def _carry(convoy: Convoy, observe: Observer) -> None:
    with traced(convoy.journal, while_read(observe)) as watched:
        convoy.controller(watched).run(forever=True)
