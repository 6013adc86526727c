"""A fleet on this machine: its clones, the branches that are watched, and a world for each application."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from shoreward.adapters.git import RemoteBranch, Repository
from shoreward.adapters.journal import SqliteJournal
from shoreward.app.merging.merges import Tip
from shoreward.app.merging.together import Berth, Seen, look_at, open_together
from shoreward.app.merging.webhooks import Push, tells_of
from shoreward.app.quarantine import CLEAN, Quarantine, Taint
from shoreward.app.quarantine.ancestry import Ancestry
from shoreward.app.releases import Wish
from shoreward.app.surroundings import Conditions
from shoreward.app.world import World
from shoreward.bootstrap.here import SystemClock
from shoreward.bootstrap.pipelines import with_traffic
from shoreward.bootstrap.project import Project
from shoreward.controller import Controller, Merges, Meter, Observer, WatchedBranch, WatchedGroup
from shoreward.core.header import Header
from shoreward.domain import (
    Fleet,
    Group,
    Limits,
    Pipeline,
    Refused,
    Revision,
    ShorewardError,
    SpecError,
    Watched,
    Written,
)
from shoreward.domain.notifications import Notifications
from shoreward.spec.template import did_you_mean


@dataclass(slots=True)
class Ship:
    """One pipeline of a fleet: implements `app.merging.merges.Branch`.

    Attributes:
        application: its name, once its pipeline has been read.
    """

    watched: Watched
    remote: RemoteBranch
    project: Project
    met: Callable[[str, Ship], None]
    application: str = ""

    @property
    def source(self) -> str:
        """Its branch, by name."""
        return f"{self.watched.repository}#{self.watched.branch}"

    def tip(self) -> Tip:
        """See `Branch.tip`."""
        found = self.remote.tip()
        return Tip(commit=found.id, subject=found.subject, author=found.author, time=found.time)

    def recall(self) -> None:
        """Know again which application it carries, so that what is under way is carried on, whoever is away.

        What was fetched last says it; where that is broken, the newest release that is of this pipeline does. Only of a
        branch that was never fetched the remote is asked.
        """
        if name := self._name():
            self.met(name, self)

    def _name(self) -> str:
        try:
            return self.project.pipeline_at((self.remote.known() or self.remote.tip()).id).application
        except ShorewardError:
            newest = reversed(self.project.journal.releases())
            return next((header.application for header in newest if self._carried(header)), "")

    def _carried(self, header: Header) -> bool:
        try:
            return self.project.pipeline_at(header.commit).application == header.application
        except ShorewardError:
            return False

    def pipeline(self, commit: str) -> Pipeline:
        """See `Branch.pipeline`."""
        pipeline, _ = with_traffic(self.project, self.project.pipeline_at(commit))
        self.met(pipeline.application, self)
        return pipeline

    def build(self, pipeline: Pipeline, commit: str) -> Revision:
        """See `Branch.build`."""
        return self.project.builder().build(pipeline, commit)


@dataclass(slots=True)
class Ships:
    """All pipelines of a fleet, with one journal."""

    journal: SqliteJournal
    groups: Sequence[Group] = ()
    ships: list[Ship] = field(default_factory=list["Ship"])
    _by_name: dict[str, Ship] = field(default_factory=dict[str, "Ship"])
    _worlds: dict[str, World] = field(default_factory=dict[str, World])
    _quarantines: dict[str, Quarantine] = field(default_factory=dict[str, Quarantine])

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
        """What is watched, each for itself."""
        grouped = frozenset(application for group in self.groups for application in group.applications)
        return tuple(
            WatchedBranch(
                name=ship.source,
                branch=ship,
                quarantine=ship.project.quarantine(),
                application=ship.application,
                grouped=grouped,
            )
            for ship in self.ships
        )

    def together(self) -> tuple[WatchedGroup, ...]:
        """What is watched as one."""
        return tuple(WatchedGroup(group=group, berths=partial(self.berths, group)) for group in self.groups)

    def berths(self, group: Group) -> Mapping[str, Berth]:
        """Where a group's applications come from, as far as their pipelines have been read."""
        known = ((name, self._by_name.get(name)) for name in group.applications)
        return {
            str(name): Berth(source=ship.source, branch=ship, quarantine=ship.project.quarantine())
            for name, ship in known
            if ship
        }

    def check_groups(self) -> None:
        """Look whether all applications of groups are there; raises `SpecError` (FLEET_GROUP_MEMBER).

        As long as a pipeline could not be read, it may be any of them.
        """
        if not all(ship.application for ship in self.ships):
            return
        for group in self.groups:
            for name in group.applications:
                if name not in self._by_name:
                    raise SpecError(
                        "FLEET_GROUP_MEMBER",
                        f"No pipeline of the fleet is of an application {name}.",
                        where=name.where if isinstance(name, Written) else group.where,
                        next=did_you_mean(name, self._by_name),
                    )

    def project(self, application: str) -> Project:
        """Where an application of the fleet, whose pipeline has been read, comes from."""
        return self._by_name[application].project

    def repository(self, application: str) -> Repository | None:
        """The clone of an application's repository."""
        ship = self._by_name.get(application)
        return ship.project.repository if ship else None

    def quarantine(self, application: str) -> Quarantine | None:
        """What may not be released again of an application; None for one that is not in the fleet."""
        if application not in self._quarantines and (ship := self._by_name.get(application)):
            self._quarantines[application] = ship.project.quarantine()
        return self._quarantines.get(application)

    def taint(self, header: Header) -> Taint:
        """What quarantine says of a release; nothing of one whose application is not in the fleet."""
        quarantine = self.quarantine(header.application)
        return quarantine.taint(header) if quarantine else CLEAN

    def ancestry(self, application: str) -> Ancestry | None:
        """The history of an application's commits; None for one that is not in the fleet."""
        known = self.quarantine(application)
        return known.ancestry if known else None

    def secrets(self, push: Push) -> tuple[str, ...]:
        """The secrets that webhooks about a push may be signed with."""
        told = (each.watched for each in self.ships if tells_of(push, each.watched.repository, each.watched.branch))
        return tuple(os.environ[each.secret] for each in told if each.secret and each.secret in os.environ)


@dataclass(frozen=True, slots=True, kw_only=True)
class Convoy:
    """A fleet that is ready to be carried: its pipelines, the watch over their branches, the room that there is."""

    journal: SqliteJournal
    ships: Ships
    merges: Merges
    limits: Limits
    notifications: Notifications | None = None

    def conditions(self) -> Conditions:
        """What bears on its releases beside what is in the journal."""
        return Conditions(limits=self.limits, taint=self.ships.taint)

    def controller(self, observe: Observer | None = None, meter: Meter | None = None) -> Controller:
        """Whoever carries it."""
        world = self.ships.ships[0].project.world()
        return Controller(
            self.journal,
            world,
            observe=observe,
            limits=self.limits,
            worlds=self.ships.world,
            branches=self.merges,
            meter=meter,
        )

    def group(self, name: str) -> Group:
        """A group of the fleet; raises `Refused` (GROUP_UNKNOWN)."""
        known = {group.name: group for group in self.ships.groups}
        if name not in known:
            what = f"The fleet has no group {name}."
            raise Refused("GROUP_UNKNOWN", what, next=did_you_mean(name, known))
        return known[name]

    def look_at(self, group: Group) -> Seen:
        """What a release of a group that is opened now would carry; see `app.merging.together`."""
        return look_at(self.journal, group, self.ships.berths(group))

    def open_group(self, group: Group, wish: Wish, despite: str = "") -> tuple[str, ...]:
        """Open releases of what changed of a group; see `app.merging.together`."""
        return open_together(self.journal, group, self.ships.berths(group), wish, despite=despite)

    def secrets(self, push: Push) -> tuple[str, ...]:
        """See `Ships.secrets`."""
        return self.ships.secrets(push)

    def wake(self) -> None:
        """Look at all branches now."""
        self.merges.wake()


def open_fleet(file: Path, journal: Path | None = None) -> Convoy:
    """The fleet of a file, with what it keeps beside it in `.shoreward`; raises as `load_fleet` and `launch`."""
    from shoreward.spec.fleet import load_fleet

    fleet = load_fleet(file)
    state = file.resolve().parent / ".shoreward"
    state.mkdir(exist_ok=True)
    (state / ".gitignore").write_text("*\n")
    kept = SqliteJournal(journal or state / "journal.db")
    ships = launch(fleet, state, kept)
    merges = Merges(kept, SystemClock(), (*ships.together(), *ships.branches()), fleet.poll)
    return Convoy(journal=kept, ships=ships, merges=merges, limits=fleet.limits, notifications=fleet.notifications)


def launch(fleet: Fleet, state: Path, journal: SqliteJournal) -> Ships:
    """A fleet's ships, each with its clone, and with what is known of it already.

    A remote that is away, or a pipeline that is broken now, is no reason to leave the others' releases alone: whoever
    watches the branches tells of it.

    Args:
        state: the folder of clones and artifacts.

    Raises:
        Refused: FLEET_NAME_TWICE, CLONE_FOREIGN.
        SpecError: FLEET_GROUP_MEMBER.
    """
    ships = Ships(journal, fleet.groups)
    for watched in fleet.pipelines:
        folder = state / "clones" / _folder(watched)
        remote = RemoteBranch(watched.repository, watched.branch, folder)
        project = _project(remote.clone(), watched, state, journal)
        ship = Ship(watched, remote, project, ships.meet)
        ships.ships.append(ship)
        ship.recall()
    ships.check_groups()
    return ships


def _project(repository: Repository, watched: Watched, state: Path, journal: SqliteJournal) -> Project:
    return Project(repository=repository, config=repository.root / watched.file, state=state, journal=journal)


def _folder(watched: Watched) -> str:
    """A folder's name that tells whose clone it is; the file is no part of it, since one clone serves them all."""
    return re.sub(r"[^A-Za-z0-9.-]+", "_", f"{watched.repository}-{watched.branch}").strip("_")
