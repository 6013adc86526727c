"""Opening releases, finding them, and saying something of them; what people pull is in `levers`.

Every wish becomes an event in the journal, with who and why; whoever carries releases finds it there. Asking for what
is so already changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from shoreward.app.ports import Conflict, Journal
from shoreward.app.quarantine import Quarantine
from shoreward.core import Event, Release, replay
from shoreward.core import events as e
from shoreward.core.header import Header
from shoreward.domain import Outcome, Pipeline, Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Who asks, when, and why."""

    by: str
    at: float
    why: str = ""


def load(journal: Journal, release: str) -> Release:
    """A release as it stands; raises `Refused` (RELEASE_UNKNOWN)."""
    return replay(release, (recorded.event for recorded in journal.events(release)))


def latest(journal: Journal, application: str | None = None, *, but: str = "") -> Release:
    """The newest release; raises `Refused` (NO_RELEASE) when there is none."""
    newest = next((header for header in journal.page(application, limit=2) if header.id != but), None)
    if newest is None:
        raise Refused("NO_RELEASE", "There has been no release yet.", next="Begin one with `shoreward release`.")
    return load(journal, newest.id)


def begin(
    journal: Journal,
    pipeline: Pipeline,
    commit: str,
    subject: str,
    wish: Wish,
    *,
    digest: str = "",
    despite: str = "",
    artifacts: Sequence[str] = (),
    committed_at: float = 0.0,
    quarantine: Quarantine | None = None,
) -> str:
    """Open a release of a commit; the id of the one under way when it is of the same commit.

    Args:
        digest, artifacts: of the commit's revision, where they are known already.
        quarantine: knows the history of commits; without it, only the same commit and revision are known again.
        committed_at: when it was committed, UNIX seconds; 0 when nobody knows.
        despite: why a quarantined commit may go all the same; "" when it may not.

    Raises:
        Refused: QUARANTINED for a commit that harmed.
    """
    assert pipeline.waves, "waves that are left to Shoreward are derived before a release is opened"
    if same := _open_already(journal, pipeline.application, commit):
        return same
    held = (quarantine or Quarantine(journal)).held(
        pipeline.application, commit=commit, digest=digest, artifacts=artifacts
    )
    if held and not despite:
        raise Refused("QUARANTINED", held.why, next=held.next)
    opened = e.ReleaseOpened(
        at=wish.at,
        pipeline=pipeline,
        commit=commit,
        subject=subject,
        by=wish.by,
        before=commit_before(journal, pipeline.application),
        despite=despite,
        committed_at=committed_at,
    )
    try:
        return journal.open(opened)
    except Refused:
        # Somebody else may have asked for the very same a moment ago.
        if same := _open_already(journal, pipeline.application, commit):
            return same
        raise


def _open_already(journal: Journal, application: str, commit: str) -> str | None:
    found = (header.id for header in journal.releases(application, open=True) if header.commit == commit)
    return next(found, None)


def live_commit(journal: Journal, application: str) -> str | None:
    """The commit of the newest release that succeeded and stayed."""
    return next((each.commit for each in reversed(journal.releases(application)) if stayed(each)), None)


def commit_before(journal: Journal, application: str) -> str | None:
    """The commit that a release opened now comes after: that of the newest one under way, or else what is live."""
    newest_first = reversed(journal.releases(application))
    return next((each.commit for each in newest_first if counts(each)), None)


def stayed(header: Header) -> bool:
    """Whether it went everywhere, and was not taken back."""
    return header.outcome is Outcome.SUCCEEDED


def counts(header: Header) -> bool:
    """Whether it is what later ones build on: it stayed, or is on its way there."""
    return stayed(header) or (header.open and not header.back_at)


def say(journal: Journal, release: str, speak: Callable[[Release], Event | None]) -> Release:
    """Append what is to be said of a release as it stands, however often it changes meanwhile; None is nothing.

    Returns the release as it is then.
    """
    while True:
        recorded = journal.events(release)
        state = replay(release, (each.event for each in recorded))
        event = speak(state)
        if event is None:
            return state
        try:
            journal.append(release, recorded[-1].seq, (event,))
        except Conflict:
            continue
        return load(journal, release)
