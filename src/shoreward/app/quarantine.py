"""Quarantine: a revision that harmed customers may not start again, by whatever door."""

from __future__ import annotations

from dataclasses import dataclass

from shoreward.app.ports import Journal
from shoreward.core.header import Header


@dataclass(frozen=True, slots=True)
class Quarantine:
    """What a journal knows of revisions that were rolled back because they harmed."""

    journal: Journal

    def culprit(self, application: str, *, commit: str = "", digest: str = "") -> Header | None:
        """The release that rolled this commit, or this revision, back; None when it is free to go."""
        for header in reversed(self.journal.releases(application)):
            if header.harmed and (header.commit == commit or (digest and header.digest == digest)):
                return header
        return None

    def reason(self, header: Header) -> str:
        """Why what a release carries must not be anywhere; "" when it may."""
        culprit = self.culprit(header.application, commit=header.commit, digest=header.digest)
        if culprit is None or culprit.id == header.id:
            return ""
        return f"its revision was rolled back by {culprit.id}: {culprit.reason}"
