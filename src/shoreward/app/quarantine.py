"""Quarantine: a revision that harmed customers may not start again, by whatever door."""

from __future__ import annotations

from dataclasses import dataclass

from shoreward.app.ports import Journal
from shoreward.core import Release, replay
from shoreward.domain import Outcome


@dataclass(frozen=True, slots=True)
class Quarantine:
    """What a journal knows of revisions that were rolled back because they harmed."""

    journal: Journal

    def culprit(self, application: str, *, commit: str = "", digest: str = "") -> Release | None:
        """The release that rolled this commit, or this revision, back; None when it is free to go."""
        for header in reversed(self.journal.releases(application)):
            if header.open:
                continue
            state = replay(header.id, (recorded.event for recorded in self.journal.events(header.id)))
            if not _harmed(state):
                continue
            same_revision = state.revision is not None and state.revision.digest == digest
            if same_revision or state.opened.commit == commit:
                return state
        return None


def _harmed(state: Release) -> bool:
    if state.outcome is not Outcome.ROLLED_BACK or state.rollback is None:
        return False
    return state.rollback.cause in ("judged", "alarm")
