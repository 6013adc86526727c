"""The server from the command line: pages and API beside a controller that carries releases."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from shoreward.adapters.journal import SqliteAccounts, SqliteAnswers, SqliteJournal
from shoreward.app.ports import Clock
from shoreward.app.releases import Wish
from shoreward.app.surroundings import Conditions
from shoreward.bootstrap import Project, SystemClock
from shoreward.bootstrap.fleet import open_fleet
from shoreward.bootstrap.leases import leases
from shoreward.bootstrap.telling import telling
from shoreward.cli import logs
from shoreward.cli.interrupts import interruptible
from shoreward.cli.output import console, print_json_line
from shoreward.cli.starting import open_release, prepare
from shoreward.cli.tracing import traced
from shoreward.controller import Controller, Meter, Observer
from shoreward.domain import Refused
from shoreward.spec.server import load_settings
from shoreward.web.access.signed_in import policy_for, signing_in
from shoreward.web.hub import Hub
from shoreward.web.measures import Measures
from shoreward.web.routing import Ground
from shoreward.web.server import listen, serving
from shoreward.web.views.difference import Differences
from shoreward.web.watch import Watch

_PAUSE = 2.0
"""Seconds between two tries to carry releases that another process carries."""


@dataclass(frozen=True, slots=True)
class Listening:
    """Where a server listens, and the file that says who may come; None where nobody signs in."""

    host: str
    port: int
    settings: Path | None = None

    def guarded(self, journal: SqliteJournal, clock: Clock) -> dict[str, Any]:
        """Who may do what, as a `Ground` takes it; raises `Refused` (SIGN_IN_MISSING), and as `load_settings` does."""
        accounts = SqliteAccounts(journal.path)
        if self.settings is None:
            return {"accounts": accounts, "access": policy_for(self.host, accounts, clock)}
        signing = signing_in(load_settings(self.settings), accounts, clock, os.environ)
        return {"accounts": accounts, "access": signing.policy, "signing_in": signing}


def serve(project: Project, listening: Listening, *, carry: bool, json: bool) -> None:
    """Serve until interrupted; the pages stay until what had begun has ended.

    Raises:
        Refused: SIGN_IN_MISSING, ADDRESS_TAKEN.
    """
    logs.configure()
    clock, quarantine = SystemClock(), project.quarantine()
    conditions = Conditions(taint=quarantine.taint)
    ground = Ground(
        journal=project.journal,
        clock=clock,
        **listening.guarded(project.journal, clock),
        answers=SqliteAnswers(project.journal.path, clock.now),
        quarantine=lambda application: quarantine,
        ancestry=lambda application: quarantine.ancestry,
        sandboxes=lambda: leases(project.state),
        measures=Measures(project.journal.path),
        hub=Hub(Watch(project.journal, conditions)),
        differences=Differences(lambda application: project.repository),
        begin=lambda rev, ask, despite: _begin(project, rev, ask, despite),
    )
    told = telling(project.journal.path, project.notifications(), conditions=conditions)
    with told, traced(project.journal, logs.log_event) as observe:
        carrier = _carrier(project, observe, ground.measures.metrics)
        _serve(ground, listening, carrier if carry else None, json=json)


def serve_fleet(file: Path, listening: Listening, *, journal: Path | None, carry: bool, json: bool) -> None:
    """Serve all pipelines of a fleet, and take webhooks; see `serve`."""
    logs.configure()
    convoy = open_fleet(file, journal)
    clock, conditions = SystemClock(), convoy.conditions()
    ground = Ground(
        journal=convoy.journal,
        clock=clock,
        **listening.guarded(convoy.journal, clock),
        answers=SqliteAnswers(convoy.journal.path, clock.now),
        quarantine=convoy.ships.quarantine,
        ancestry=convoy.ships.ancestry,
        sandboxes=lambda: leases(convoy.ships.ships[0].project.state),
        measures=Measures(convoy.journal.path),
        hub=Hub(Watch(convoy.journal, conditions)),
        differences=Differences(convoy.ships.repository),
        branches=convoy,
    )
    told = telling(convoy.journal.path, convoy.notifications, conditions=conditions)
    with told, traced(convoy.journal, logs.log_event) as observe:
        carrier = partial(convoy.controller, observe, meter=ground.measures.metrics)
        _serve(ground, listening, carrier if carry else None, json=json)


def _serve(ground: Ground, listening: Listening, controller: Callable[[], Controller] | None, *, json: bool) -> None:
    # All that the journal holds is in memory by now, and stays: looking through it for what nobody needs any more,
    # again and again, would hold up every answer.
    gc.collect()
    gc.freeze()
    with serving(ground, listen(listening.host, listening.port)) as address:
        if json:
            print_json_line({"address": address})
        else:
            who = "carries releases" if controller else "carries none (--no-carry)"
            signing = ground.signing_in
            where = f"{signing.settings.address} (here {address})" if signing else f"{address}, on this machine only"
            console.print(f"The page is at {where}. It {who}. Ctrl-C ends it.")
        with interruptible("what is open stays where it is. Waiting for what has begun to end"):
            _carry(controller) if controller else threading.Event().wait()


def _begin(project: Project, rev: str, ask: Callable[[str], Wish], despite: str) -> str:
    commit = project.repository.resolve(rev)
    wish = ask(project.pipeline_at(commit.id).application)
    pipeline, built = prepare(project, commit)
    return open_release(project, commit, pipeline, built, wish, despite)


def _carrier(project: Project, observe: Observer, meter: Meter) -> Callable[[], Controller]:
    return lambda: Controller(project.journal, project.world(), observe=observe, meter=meter)


def _carry(controller: Callable[[], Controller]) -> None:
    """Carry what is open, and what is opened later, as soon as nobody else does."""
    while True:
        try:
            controller().run(forever=True)
        except Refused as refused:
            if refused.code != "CONTROLLER_RUNNING":
                raise
            threading.Event().wait(_PAUSE)
