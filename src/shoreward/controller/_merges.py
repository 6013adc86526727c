"""The watch over branches: while a controller stays, what is merged becomes releases."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

import structlog

from shoreward.app.interruption import Interruption
from shoreward.app.merging.merges import Branch, Considered, consider
from shoreward.app.merging.together import Berth, consider_together
from shoreward.app.ports import Clock, Journal
from shoreward.app.quarantine import Quarantine
from shoreward.controller._watch import Watch
from shoreward.domain import Group, ShorewardError

_log = structlog.get_logger()


@dataclass(slots=True, kw_only=True)
class WatchedBranch:
    """A branch, what knows its history, and what is known of it.

    Attributes:
        name: for people.
        application: "" while nobody has read its pipeline.
        grouped: applications that are released together with others, and not as one of them is merged.
        waits: why its newest commit is not released, as it was told last.
    """

    name: str
    branch: Branch
    quarantine: Quarantine
    application: str = ""
    grouped: Collection[str] = ()
    waits: str = ""

    def consider(self, journal: Journal, now: float) -> Considered:
        """Open a release of its newest commit, unless there is a reason not to."""
        return consider(journal, self.branch, self.quarantine, self.application, now, grouped=self.grouped)


@dataclass(slots=True, kw_only=True)
class WatchedGroup:
    """A group, and where its applications come from.

    Attributes:
        berths: those whose pipeline somebody has read, by application.
        waits: as of a branch.
    """

    group: Group
    berths: Callable[[], Mapping[str, Berth]]
    waits: str = ""

    @property
    def name(self) -> str:
        """For people."""
        return f"group {self.group.name}"

    def consider(self, journal: Journal, now: float) -> Considered:
        """Open a group release of the newest commits, unless there is a reason not to."""
        return consider_together(journal, self.group, self.berths(), now)


Watched = WatchedBranch | WatchedGroup


@dataclass(slots=True)
class Merges:
    """Looks at branches every `poll` seconds, or when somebody wakes it."""

    journal: Journal
    clock: Clock
    branches: Sequence[Watched]
    poll: float
    watch: Watch = field(init=False)

    def __post_init__(self) -> None:
        self.watch = Watch("merges", self._look_at_all, self.poll)

    def wake(self) -> None:
        """Look at all branches now; safe from any thread."""
        self.watch.wake()

    def look(self) -> None:
        """Look at each branch once; what goes wrong with one is logged, and is no trouble for the others."""
        self._look_at_all(Interruption())

    def _look_at_all(self, interruption: Interruption) -> None:
        for one in self.branches:
            if interruption.used:
                return
            try:
                self._look(one)
            except ShorewardError as error:
                self._tell(one, f"{error.what} {error.next}".rstrip(), "a branch cannot be looked at; trying again")

    def _look(self, one: Watched) -> None:
        came = one.consider(self.journal, self.clock.now())
        about = {"commit": came.tip.commit[:10], "subject": came.tip.subject} if came.tip else {}
        if came.opened:
            one.waits = ""
            _log.info("a merge became a release", branch=one.name, release=came.opened, **about)
        else:
            self._tell(one, came.why, "a merge is not released" if came.passed_over else "a merge waits", **about)

    def _tell(self, one: Watched, why: str, what: str, **about: str) -> None:
        if why and why != one.waits:
            _log.info(what, **{"branch": one.name, **about, "why": why})
        one.waits = why
