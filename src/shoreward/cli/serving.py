"""The server from the command line: pages and API beside a controller that carries releases."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from shoreward.adapters.journal import SqliteAccounts
from shoreward.app.releases import Wish
from shoreward.bootstrap import Project, SystemClock
from shoreward.bootstrap.fleet import open_fleet
from shoreward.cli.interrupts import interruptible
from shoreward.cli.output import console, print_json_line
from shoreward.cli.starting import open_release, prepare
from shoreward.controller import Controller
from shoreward.domain import Refused
from shoreward.web.access.signed_in import policy_for
from shoreward.web.hub import Hub
from shoreward.web.routing import Ground
from shoreward.web.server import listen, serving
from shoreward.web.views.difference import Differences
from shoreward.web.watch import Watch

_PAUSE = 2.0
"""Seconds between two tries to carry releases that another process carries."""


def serve(project: Project, host: str, port: int, *, carry: bool, json: bool) -> None:
    """Serve until interrupted; the pages stay until what had begun has ended.

    Raises:
        Refused: SIGN_IN_MISSING, ADDRESS_TAKEN.
    """
    clock, accounts = SystemClock(), SqliteAccounts(project.journal.path)
    ground = Ground(
        journal=project.journal,
        clock=clock,
        access=policy_for(host, accounts, clock),
        accounts=accounts,
        hub=Hub(Watch(project.journal)),
        differences=Differences(lambda application: project.repository),
        begin=lambda rev, ask, despite: _begin(project, rev, ask, despite),
    )
    _serve(ground, host, port, _carrier(project) if carry else None, json=json)


def serve_fleet(file: Path, host: str, port: int, *, journal: Path | None, carry: bool, json: bool) -> None:
    """Serve all pipelines of a fleet, and take webhooks; see `serve`."""
    convoy = open_fleet(file, journal)
    clock, accounts = SystemClock(), SqliteAccounts(convoy.journal.path)
    ground = Ground(
        journal=convoy.journal,
        clock=clock,
        access=policy_for(host, accounts, clock),
        accounts=accounts,
        hub=Hub(Watch(convoy.journal)),
        differences=Differences(convoy.ships.repository),
        branches=convoy,
    )
    _serve(ground, host, port, convoy.controller if carry else None, json=json)


def _serve(ground: Ground, host: str, port: int, controller: Callable[[], Controller] | None, *, json: bool) -> None:
    with serving(ground, listen(host, port)) as address:
        if json:
            print_json_line({"address": address})
        else:
            who = "carries releases" if controller else "carries none (--no-carry)"
            console.print(f"The page is at {address}, on this machine only. It {who}. Ctrl-C ends it.")
        with interruptible("what is open stays where it is. Waiting for what has begun to end"):
            _carry(controller) if controller else threading.Event().wait()


def _begin(project: Project, rev: str, ask: Callable[[str], Wish], despite: str) -> str:
    commit = project.repository.resolve(rev)
    wish = ask(project.pipeline_at(commit.id).application)
    pipeline, built = prepare(project, commit)
    return open_release(project, commit, pipeline, built, wish, despite)


def _carrier(project: Project) -> Callable[[], Controller]:
    return lambda: Controller(project.journal, project.world())


def _carry(controller: Callable[[], Controller]) -> None:
    """Carry what is open, and what is opened later, as soon as nobody else does."""
    while True:
        try:
            controller().run(forever=True)
        except Refused as refused:
            if refused.code != "CONTROLLER_RUNNING":
                raise
            threading.Event().wait(_PAUSE)
