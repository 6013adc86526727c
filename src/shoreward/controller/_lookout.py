"""The lookout: what of releases that are over is looked at, since nobody carries those. It changes only the journal."""

from __future__ import annotations

import structlog

from shoreward.app.advisories import review_live
from shoreward.app.blame.inquest import inquests
from shoreward.app.interruption import Interruption
from shoreward.app.ports import Journal
from shoreward.app.world import Worlds
from shoreward.controller._watch import Watch

_log = structlog.get_logger()


def advisories(journal: Journal, worlds: Worlds, pause: float) -> Watch:
    """Looks whether what is live is to be looked up again, and records what came of it."""

    def look(interruption: Interruption) -> None:
        for application in {header.application for header in journal.live()}:
            if world := worlds(application):
                review_live(journal, world, application, only_due=True, interruption=interruption)

    return Watch("advisories", look, pause)


def inquiries(journal: Journal, worlds: Worlds, pause: float) -> Watch:
    """Looks into who did it, once releases that harmed are back."""

    def look(interruption: Interruption) -> None:
        for words in inquests(journal, worlds, interruption):
            _log.info(words)

    return Watch("inquests", look, pause)
