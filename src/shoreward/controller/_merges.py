"""The watch over branches: while a controller stays, what is merged becomes releases. A thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import structlog

from shoreward.app.merges import Branch, consider
from shoreward.app.ports import Clock, Journal
from shoreward.app.quarantine import Quarantine
from shoreward.domain import ShorewardError

_log = structlog.get_logger()


@dataclass(slots=True, kw_only=True)
class WatchedBranch:
    """A branch, what knows its history, and what is known of it.

    Attributes:
        name: for people.
        application: "" while nobody has read its pipeline.
        waits: why its newest commit is not released, as it was told last.
    """

    name: str
    branch: Branch
    quarantine: Quarantine
    application: str = ""
    waits: str = ""


@dataclass(slots=True)
class Merges:
    """Looks at branches every `poll` seconds, or when somebody wakes it, as a context."""

    journal: Journal
    clock: Clock
    branches: Sequence[WatchedBranch]
    poll: float
    _over: bool = False
    _bell: threading.Condition = field(default_factory=threading.Condition)
    _rung: bool = False
    _thread: threading.Thread | None = None

    def wake(self) -> None:
        """Look at all branches now; safe from any thread."""
        with self._bell:
            self._rung = True
            self._bell.notify_all()

    def look(self) -> None:
        """Look at each branch once; what goes wrong with one is logged, and is no trouble for the others."""
        for one in self.branches:
            if self._over:
                return
            try:
                self._look(one)
            except ShorewardError as error:
                self._tell(one, f"{error.what} {error.next}".rstrip(), "a branch cannot be looked at; trying again")

    def _look(self, one: WatchedBranch) -> None:
        came = consider(self.journal, one.branch, one.quarantine, one.application, self.clock.now())
        about = {"branch": one.name, "commit": came.tip.commit[:10], "subject": came.tip.subject}
        if came.opened:
            one.waits = ""
            _log.info("a merge became a release", release=came.opened, **about)
        else:
            self._tell(one, came.why, "a merge is not released" if came.passed_over else "a merge waits", **about)

    def _tell(self, one: WatchedBranch, why: str, what: str, **about: str) -> None:
        if why and why != one.waits:
            _log.info(what, **{"branch": one.name, **about, "why": why})
        one.waits = why

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._watch, name="merges")
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over = True
        self.wake()
        if self._thread:
            self._thread.join()

    def _watch(self) -> None:
        while not self._over:
            self.look()
            with self._bell:
                if not self._rung:
                    self._bell.wait(self.poll)
                self._rung = False
