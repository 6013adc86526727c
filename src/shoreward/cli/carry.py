"""Carrying and following releases from the command line."""

from __future__ import annotations

import time

from shoreward.app.releases import load
from shoreward.app.story import summary
from shoreward.bootstrap import Project
from shoreward.cli.live import JsonLines, LiveView
from shoreward.cli.output import console, print_json
from shoreward.core import Release
from shoreward.domain import Outcome, Refused

EXIT = {Outcome.SUCCEEDED: 0, Outcome.ROLLED_BACK: 1, Outcome.ABORTED: 1, Outcome.ERRORED: 3}


def carry(project: Project, release: str, *, json: bool, wished: Outcome | None = None) -> int:
    """Carry open releases to their end, or follow the process that does; returns the exit code.

    Args:
        wished: the outcome that a person asked for, which is then no failure.
    """
    from shoreward.controller import Controller

    try:
        if json:
            Controller(project.journal, project.world()).run()
        else:
            with LiveView() as view:
                Controller(project.journal, project.world(), observe=view.observe).run()
    except Refused as refused:
        if refused.code != "CONTROLLER_RUNNING":
            raise
        follow(project, release, json=json, lines=False)
    return finish(project, release, json=json, wished=wished)


def finish(project: Project, release: str, *, json: bool, wished: Outcome | None = None) -> int:
    """Say how a release ended."""
    state = load(project.journal, release)
    if json:
        print_json(summary(state, project.journal.events(release)))
    else:
        _say_end(state)
    if state.outcome is None:
        return 4 if state.hold else 0
    return 0 if state.outcome is wished else EXIT[state.outcome]


def _say_end(state: Release) -> None:
    if state.outcome in (Outcome.ROLLED_BACK, Outcome.ERRORED) and state.rollback:
        console.print(f"\n{state.rollback.reason}", markup=False)
        console.print(f"\n`shoreward why {state.id}` shows every decision with its evidence.")


def follow(project: Project, release: str, *, json: bool, lines: bool) -> None:
    """Show a release until it has ended, without carrying it."""
    seq = 0
    with LiveView() as view:
        printer = JsonLines() if lines else view
        while True:
            recorded = project.journal.events(release, seq)
            state = load(project.journal, release)
            for each in recorded:
                seq = each.seq
                if not json or lines:
                    printer.observe(state, each)
            if state.ended:
                return
            time.sleep(0.2)
