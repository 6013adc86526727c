"""Notices: things that matter, in words that are made once, for whoever is told of them in whatever form."""

from __future__ import annotations

from dataclasses import dataclass

from shoreward.domain import Outcome, RollbackCause
from shoreward.domain.notifications import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Harm:
    """Requests that the new revision answered, of those the judge had seen, and how many failed."""

    failed: int
    requests: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something that matters. Texts are plain, and hold what strangers wrote (commit messages): escape them.

    Attributes:
        key: unique in a journal, and the same whenever it is made of the same event; made of letters, digits, `-`, `/`.
        at: when it happened, UNIX seconds.
        application, release: which, "" for all and for none.
        what, why, next: what happened, why, and what somebody can do about it.
        path: of the page that says more.
        commit, before: the release's, and the one that was live when it was opened; "" for none.
        target, wave: of what is about one of them.
        first: of a target, whether nothing was deployed there before the release.
        outcome: of one that has ended; `cause`: of one that went back.
    """

    key: str
    kind: Kind
    at: float
    application: str
    release: str = ""
    what: str
    why: str = ""
    next: str = ""
    path: str
    commit: str = ""
    before: str = ""
    target: str = ""
    wave: str = ""
    first: bool = False
    outcome: Outcome | None = None
    cause: RollbackCause | None = None
    harm: Harm | None = None

    @property
    def harmed(self) -> str:
        """How many customers it cost, in words; "" when nobody could tell of any."""
        if self.harm is None or not self.harm.requests:
            return ""
        return f"{self.harm.failed:,} of {self.harm.requests:,} requests to the new revision failed"
