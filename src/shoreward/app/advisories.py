"""Advisories about what is live: releases that have succeeded are over, and their revisions are not.

A release under way is reviewed by the controller, and held or sent back. What is live is only told of: to take it back
would bring the revision before it, which has the same flaw as a rule.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from shoreward.app.interruption import Interruption
from shoreward.app.ports import Advisor, Journal
from shoreward.app.releases import load
from shoreward.app.wording import counted, finding_words
from shoreward.core import Release
from shoreward.domain import Finding, OperationError, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveReview:
    """What is known today of what an application's customers are served by.

    Attributes:
        findings: what would fail the checks now.
        unknown: why nobody can tell; then there are no findings.
    """

    release: str
    application: str
    commit: str
    findings: tuple[Finding, ...] = ()
    unknown: str = ""

    @property
    def lines(self) -> tuple[str, ...]:
        """It in words, one line for each thing; none when there is nothing to say."""
        if self.unknown:
            return (f"{self.release}, which is live: advisories could not be looked up: {self.unknown}",)
        if not self.findings:
            return ()
        about = f"{self.release}, which is live, would fail its checks now: {counted(len(self.findings), 'finding')}"
        return (about, *(f"  {finding_words(each)}" for each in self.findings))


def review_live(journal: Journal, advisor: Advisor, application: str | None = None) -> tuple[LiveReview, ...]:
    """Look up the advisories about what is live, of one application or of all; changes nothing.

    Only releases that went through checks can be looked up.
    """
    live: dict[str, Release] = {}
    for header in reversed(journal.releases(application)):
        if header.application not in live and not header.open:
            state = load(journal, header.id)
            if state.outcome is Outcome.SUCCEEDED:
                live[header.application] = state
    return tuple(review for state in live.values() if (review := _review(advisor, state)))


def _review(advisor: Advisor, state: Release) -> LiveReview | None:
    if state.revision is None or state.checked is None:
        return None
    about = LiveReview(release=state.id, application=state.pipeline.application, commit=state.opened.commit)
    try:
        return replace(about, findings=advisor.revoked(state.pipeline, state.revision, state.checked, Interruption()))
    except OperationError as error:
        return replace(about, unknown=str(error))
