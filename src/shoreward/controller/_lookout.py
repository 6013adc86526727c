"""The lookout: while a controller stays, what is live is looked up again every poll, and what came of it recorded.

A thread of its own, because a release that is over is carried by nobody. It changes nothing but the journal.
"""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Self

import structlog

from shoreward.app.advisories import review_live
from shoreward.app.interruption import Abandoned, Interruption
from shoreward.app.ports import Journal
from shoreward.app.world import Worlds
from shoreward.domain import ShorewardError

_log = structlog.get_logger()


class Lookout:
    """Looks out for advisories about what is live, as a context; leaving it ends a look that is under way.

    Args:
        worlds: the world of an application; None for one that is somebody else's.
        pause: seconds between two glances at the journal, whether a look is due.
    """

    def __init__(self, journal: Journal, worlds: Worlds, *, pause: float) -> None:
        self._journal = journal
        self._worlds = worlds
        self._pause = pause
        self._over = threading.Event()
        self._interruption = Interruption()
        self._thread = threading.Thread(target=self._watch, name="lookout")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._interruption.use()
        self._thread.join()

    def _review(self) -> None:
        for application in {header.application for header in self._journal.releases(open=False)}:
            if world := self._worlds(application):
                review_live(self._journal, world, application, only_due=True, interruption=self._interruption)

    def _watch(self) -> None:
        while True:
            try:
                self._review()
            except Abandoned:
                return
            except ShorewardError as error:
                # The journal may be locked for a moment; releases are carried by somebody else.
                _log.warning("what is live could not be looked up; trying again", error=str(error))
            if self._over.wait(self._pause):
                return
