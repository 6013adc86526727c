"""Carrying and following releases from the command line."""

from __future__ import annotations

import time

from shoreward.app.releases import load
from shoreward.app.story import summary
from shoreward.bootstrap import Project
from shoreward.cli.live import JsonLines, LiveView
from shoreward.cli.output import console, print_json
from shoreward.controller import Controller, Observer
from shoreward.core import Release, evolve
from shoreward.domain import Outcome, Refused

EXIT = {Outcome.SUCCEEDED: 0, Outcome.ROLLED_BACK: 1, Outcome.ABORTED: 1, Outcome.ERRORED: 3}


def carry(project: Project, release: str, *, json: bool, wished: Outcome | None = None) -> int:
    """Carry open releases to their end, or follow the process that does; returns the exit code.

    Args:
        wished: the outcome that a person asked for, which is then no failure.
    """
    try:
        if json:
            Controller(project.journal, project.world()).run()
        else:
            with LiveView() as view:
                Controller(project.journal, project.world(), observe=view.observe).run()
    except Refused as refused:
        if refused.code != "CONTROLLER_RUNNING":
            raise
        _wait(project, release) if json else follow(project, release, json=False)
    return finish(project, release, json=json, wished=wished)


def finish(project: Project, release: str, *, json: bool, wished: Outcome | None = None) -> int:
    """Say how a release ended."""
    state = load(project.journal, release)
    if json:
        print_json(summary(state, project.journal.events(release)))
    else:
        _say_end(state)
    if state.outcome is None:
        return 0
    return 0 if state.outcome is wished else EXIT[state.outcome]


def _say_end(state: Release) -> None:
    if state.outcome in (Outcome.ROLLED_BACK, Outcome.ERRORED) and state.rollback:
        console.print(f"\n{state.rollback.reason}", markup=False)
        console.print(f"\n`shoreward why {state.id}` shows every decision with its evidence.")


def carry_all(project: Project, *, forever: bool, json: bool) -> None:
    """Carry whatever is open."""
    if json:
        Controller(project.journal, project.world(), observe=JsonLines().observe).run(forever=forever)
        return
    with LiveView() as view:
        Controller(project.journal, project.world(), observe=view.observe).run(forever=forever)


def follow(project: Project, release: str, *, json: bool) -> Release:
    """Show a release until it has ended, without carrying it; returns how it ended."""
    if json:
        return _follow(project, release, JsonLines().observe)
    with LiveView() as view:
        return _follow(project, release, view.observe)


def _follow(project: Project, release: str, observe: Observer) -> Release:
    state, seq = load(project.journal, release), 0
    while True:
        for each in project.journal.events(release, seq):
            seq = each.seq
            state = evolve(state, each.event)
            observe(state, each)
        if state.ended:
            return state
        time.sleep(0.2)


def _wait(project: Project, release: str) -> None:
    _follow(project, release, lambda state, recorded: None)
