"""A fleet on this machine: its clones, the branches that are watched, and a world for each application."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from shoreward.adapters.build import ArtifactFiles, LocalBuilder
from shoreward.adapters.git import RemoteBranch, Repository
from shoreward.adapters.journal import SqliteJournal
from shoreward.app.merges import Tip
from shoreward.app.webhooks import Push, tells_of
from shoreward.app.world import World
from shoreward.bootstrap.project import Project
from shoreward.controller import WatchedBranch
from shoreward.domain import Fleet, Pipeline, Refused, Revision, Watched


@dataclass(slots=True)
class Ship:
    """One pipeline of a fleet: implements `app.merges.Branch`.

    Attributes:
        application: its name, once its pipeline has been read.
    """

    watched: Watched
    remote: RemoteBranch
    project: Project
    met: Callable[[str, Ship], None]
    application: str = ""

    def tip(self) -> Tip:
        """See `Branch.tip`."""
        found = self.remote.tip()
        return Tip(commit=found.id, subject=found.subject, author=found.author, time=found.time)

    def pipeline(self, commit: str) -> Pipeline:
        """See `Branch.pipeline`."""
        pipeline = self.project.pipeline_at(commit)
        self.met(pipeline.application, self)
        return pipeline

    def build(self, pipeline: Pipeline, commit: str) -> Revision:
        """See `Branch.build`."""
        builder = LocalBuilder(self.project.repository, self.project.journal, ArtifactFiles(self.project.artifacts))
        return builder.build(pipeline, commit)


@dataclass(slots=True)
class Ships:
    """All pipelines of a fleet, with one journal."""

    journal: SqliteJournal
    ships: list[Ship] = field(default_factory=list["Ship"])
    _by_name: dict[str, Ship] = field(default_factory=dict[str, "Ship"])
    _worlds: dict[str, World] = field(default_factory=dict[str, World])

    def meet(self, application: str, ship: Ship) -> None:
        """An application's pipeline was read; raises `Refused` (FLEET_NAME_TWICE) when two have its name."""
        other = self._by_name.setdefault(application, ship)
        if other is not ship:
            raise Refused(
                "FLEET_NAME_TWICE",
                f"{ship.watched.repository} and {other.watched.repository} both have an application {application}.",
                next="Give one of them another name in its shoreward.yaml.",
            )
        ship.application = application

    def world(self, application: str) -> World | None:
        """The world of an application's releases; None for one that is not in the fleet."""
        if application not in self._worlds and (ship := self._by_name.get(application)):
            self._worlds[application] = ship.project.world()
        return self._worlds.get(application)

    def branches(self) -> tuple[WatchedBranch, ...]:
        """What is watched."""
        return tuple(
            WatchedBranch(
                name=f"{ship.watched.repository}#{ship.watched.branch}",
                branch=ship,
                quarantine=ship.project.quarantine(),
                application=ship.application,
            )
            for ship in self.ships
        )

    def secrets(self, push: Push) -> tuple[str, ...]:
        """The secrets that webhooks about a push may be signed with."""
        told = (each.watched for each in self.ships if tells_of(push, each.watched.repository, each.watched.branch))
        return tuple(os.environ[each.secret] for each in told if each.secret and each.secret in os.environ)


def launch(fleet: Fleet, state: Path, journal: SqliteJournal) -> Ships:
    """Clone what is not cloned yet, and read each pipeline once.

    Args:
        state: the folder of clones and artifacts.

    Raises:
        UserError: what is wrong with a pipeline, or with the fleet as a whole.
        Retryable: GIT_UNREACHABLE.
    """
    ships = Ships(journal)
    for watched in fleet.pipelines:
        folder = state / "clones" / _folder(watched)
        remote = RemoteBranch(watched.repository, watched.branch, folder)
        project = _project(remote.clone(), watched, state, journal)
        ship = Ship(watched, remote, project, ships.meet)
        ships.ships.append(ship)
        ship.pipeline(ship.tip().commit)
    return ships


def _project(repository: Repository, watched: Watched, state: Path, journal: SqliteJournal) -> Project:
    return Project(repository=repository, config=repository.root / watched.file, state=state, journal=journal)


def _folder(watched: Watched) -> str:
    """A folder's name that tells whose clone it is; the file is no part of it, since one clone serves them all."""
    return re.sub(r"[^A-Za-z0-9.-]+", "_", f"{watched.repository}-{watched.branch}").strip("_")
