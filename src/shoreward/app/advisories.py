"""Advisories about what is live: releases that have succeeded are over, and their revisions are not.

A release under way is reviewed by the controller, and held or sent back. What is live is only told of: to take it back
would bring the revision before it, which has the same flaw as a rule.

    shoreward advisories, shoreward run --forever ──► review_live ──► an event of the release that is live
    shoreward status ──► learned: what the journal says, at once and without asking anybody
"""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shoreward.app.interruption import Abandoned, Interruption
from shoreward.app.ports import Journal, Reader
from shoreward.app.releases import load, say
from shoreward.core import Event, Release
from shoreward.core import effects as do
from shoreward.core import events as e
from shoreward.core.revocation import PATIENCE, advisories_of, failed_review
from shoreward.domain import Finding, Outcome

if TYPE_CHECKING:
    from shoreward.app.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveReview:
    """What is known of what an application's customers are served by.

    Attributes:
        at: when advisories were last looked up, UNIX seconds.
        findings: what would have failed the checks then.
        unknown: why nobody knows what has become known since; "" while that look is recent.
    """

    release: str
    application: str
    commit: str
    at: float
    findings: tuple[Finding, ...] = ()
    unknown: str = ""


def live(journal: Reader, application: str | None = None) -> tuple[Release, ...]:
    """The release that customers are served by, of one application or of each, newest first."""
    return tuple(load(journal, header.id) for header in journal.live(application))


def learned(state: Release, now: float) -> LiveReview | None:
    """What a live release's events say of advisories; None when nobody wants to know (no checks, or left out)."""
    policy = advisories_of(state)
    if policy is None:
        return None
    failure, unknown = failed_review(state), ""
    if failure is not None:
        unknown = f"{failure.event.what} {failure.event.next}".rstrip()
    elif now - state.reviewed_at > PATIENCE * policy.poll:
        unknown = f"Nobody has looked for more than {PATIENCE} polls."
    return LiveReview(
        release=state.id,
        application=state.pipeline.application,
        commit=state.opened.commit,
        at=state.reviewed_at,
        findings=state.revoking,
        unknown=unknown,
    )


def due(state: Release) -> float | None:
    """When a live release is to be looked up again, UNIX seconds: a poll after the last look, whatever came of it."""
    policy, failure = advisories_of(state), failed_review(state)
    if policy is None:
        return None
    return max(state.reviewed_at, failure.event.at if failure else 0.0) + policy.poll


def review_live(
    journal: Journal,
    world: World,
    application: str | None = None,
    *,
    only_due: bool = False,
    interruption: Interruption | None = None,
    limit: float | None = None,
) -> tuple[LiveReview, ...]:
    """Look up the advisories about what is live, and record what came of it; nothing else is changed.

    Only releases that went through checks can be looked up.

    Args:
        application: of one application, or of all.
        only_due: whether only those are looked up whose last look is a poll old.
        interruption: ends it; then `Abandoned` is raised.
        limit: seconds after which nobody waits for an answer any more.
    """
    reviews: list[LiveReview] = []
    for state in live(journal, application):
        at = due(state)
        if at is None or (only_due and world.clock.now() < at):
            continue
        after = _look(journal, world, state, interruption or Interruption(), limit)
        if review := learned(after, world.clock.now()):
            reviews.append(review)
    return tuple(reviews)


def _look(journal: Journal, world: World, state: Release, interruption: Interruption, limit: float | None) -> Release:
    # Whoever only wants to know what is known does not pay for all that performing imports.
    from shoreward.app.perform import perform

    effect = do.ReviewAdvisories(commit=state.opened.commit)
    try:
        with _ended_after(limit, interruption):
            event = perform(world, state, effect, interruption)
    except Abandoned:
        if limit is None:
            raise
        event = e.EffectFailed(
            at=world.clock.now(),
            effect=effect.key,
            target="",
            code="ADVISORIES_LATE",
            what=f"Advisories could not be looked up within {limit:g} seconds.",
            next="",
            retryable=True,
        )
    return say(journal, state.id, lambda now: _still(now, event))


def _still(state: Release, event: Event) -> Event | None:
    """The event, unless what it is about has been taken back meanwhile."""
    return event if state.outcome is Outcome.SUCCEEDED else None


@contextmanager
def _ended_after(limit: float | None, interruption: Interruption) -> Generator[None]:
    if limit is None:
        yield
        return
    timer = threading.Timer(limit, interruption.use)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
