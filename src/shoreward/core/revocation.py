"""Revocation: a verdict does not outlive the advisories that it knew of.

While a release is under way, advisories are looked up again and again, holds included. One that would fail the checks
now stops the release, or sends it back, as the pipeline says. Not being able to look is neither: it is shown and tried
again, and when the last look is too old, nothing moves forward until there is another one.
"""

from __future__ import annotations

from collections.abc import Sequence

from shoreward.core import effects as do
from shoreward.core import events as e
from shoreward.core.decision import NOTHING, Blocker, Decision, retry_at
from shoreward.core.gate import is_open
from shoreward.core.state import Failure, Release
from shoreward.domain import VULNERABILITIES, Advisories, Finding, advisory

PATIENCE = 2
"""Polls after which a look at advisories is too old to move on."""

NAMED = 3
"""How many advisories a reason spells out."""


def review(state: Release, now: float) -> Decision:
    """The look at advisories that is due, or when the next one is."""
    policy = advisories_of(state)
    if policy is None:
        return NOTHING
    effect = do.ReviewAdvisories(commit=state.opened.commit)
    failure = state.failures.get(effect.key)
    due = state.reviewed_at + policy.poll
    if failure is not None:
        # A poll may be shorter than what is waited for after many failures.
        due = min(retry_at(failure), failure.event.at + policy.poll)
    return Decision(effects=(effect,)) if now >= due else Decision(wake_at=due)


def is_review(failure: Failure) -> bool:
    """Whether it is a look at advisories that failed, which sends nothing back."""
    return failure.event.effect.startswith(f"{do.ReviewAdvisories.verb}/")


def failed_review(state: Release) -> Failure | None:
    """The last look at advisories, when it failed."""
    return next(filter(is_review, state.failures.values()), None)


def outdated(state: Release, now: float) -> Blocker | None:
    """Why nothing moves forward: nobody knows of the latest advisories."""
    policy = advisories_of(state)
    if policy is None or now - state.reviewed_at <= PATIENCE * policy.poll:
        return None
    failure = failed_review(state)
    why = f": {failure.event.what} {failure.event.next}".rstrip() if failure else ""
    return Blocker(what=f"advisories have not been looked up for more than {PATIENCE} polls{why}")


def revoked(state: Release, now: float) -> e.HoldPlaced | e.RollbackBegan | None:
    """What new advisories mean for the release, once for each of them."""
    policy = advisories_of(state)
    news = [finding for finding in state.revoking if advisory(finding) not in state.answered]
    if policy is None or not news:
        return None
    why = _words(news)
    if policy.on_new == "rollback":
        return e.RollbackBegan(at=now, cause="advisory", reason=why)
    if state.hold:
        why = f"{why}; held before by {state.hold.by}: {state.hold.why}"
    return e.HoldPlaced(at=now, by="shoreward", why=why, advisories=tuple(advisory(finding) for finding in news))


def advisories_of(state: Release) -> Advisories | None:
    """How advisories are looked up; None while there is no pass to revoke, or when nobody wants to know."""
    checks = state.pipeline.checks
    if checks is None or not is_open(state) or VULNERABILITIES in checks.skip:
        return None
    return checks.advisories


def _words(news: Sequence[Finding]) -> str:
    told = [f"{advisory(finding)}: {finding.what}" + (f" {finding.fix}" if finding.fix else "") for finding in news]
    more = f"; and {len(told) - NAMED} more" if len(told) > NAMED else ""
    return f"new advisory {'; '.join(told[:NAMED])}{more}"
