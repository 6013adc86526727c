"""Opening releases, finding them, and saying something of them; what people pull is in `levers`.

Every wish becomes an event in the journal, with who and why; whoever carries releases finds it there. Asking for what
is so already changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from shoreward.app.ports import Addition, Conflict, Journal, Reader
from shoreward.app.quarantine import Quarantine
from shoreward.core import Event, Release, replay
from shoreward.core import events as e
from shoreward.core.header import Header
from shoreward.core.watching import LINGERS
from shoreward.domain import Outcome, Pipeline, Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Who asks, when, and why."""

    by: str
    at: float
    why: str = ""


def load(journal: Reader, release: str) -> Release:
    """A release as it stands; raises `Refused` (RELEASE_UNKNOWN)."""
    return replay(release, (recorded.event for recorded in journal.events(release)))


def latest(journal: Reader, application: str | None = None, *, but: str = "") -> Release:
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
    if same := _open_already(journal, pipeline.application, commit):
        return same
    free_to_go(
        journal,
        pipeline.application,
        commit,
        digest=digest,
        despite=despite,
        artifacts=artifacts,
        quarantine=quarantine,
    )
    opened = opening(
        journal, pipeline, commit, subject, wish, despite=despite, committed_at=committed_at, quarantine=quarantine
    )
    try:
        return journal.open(opened)
    except Refused:
        # Somebody else may have asked for the very same a moment ago.
        if same := _open_already(journal, pipeline.application, commit):
            return same
        raise


def free_to_go(
    journal: Journal,
    application: str,
    commit: str,
    *,
    digest: str = "",
    despite: str = "",
    artifacts: Sequence[str] = (),
    quarantine: Quarantine | None = None,
) -> None:
    """Look whether a commit may go, as far as quarantine knows; raises as `begin`."""
    held = (quarantine or Quarantine(journal)).held(application, commit=commit, digest=digest, artifacts=artifacts)
    if held and not despite:
        raise Refused("QUARANTINED", held.why, next=held.next)


def opening(
    journal: Journal,
    pipeline: Pipeline,
    commit: str,
    subject: str,
    wish: Wish,
    *,
    despite: str = "",
    committed_at: float = 0.0,
    quarantine: Quarantine | None = None,
) -> e.ReleaseOpened:
    """The event that opens a release of a commit, after what was before it."""
    assert pipeline.waves, "waves that are left to Shoreward are derived before a release is opened"
    return e.ReleaseOpened(
        at=wish.at,
        pipeline=pipeline,
        commit=commit,
        subject=subject,
        by=wish.by,
        before=commit_before(journal, pipeline.application),
        despite=despite,
        committed_at=committed_at,
        carries=_carries(journal, pipeline.application, commit, quarantine) if quarantine else None,
    )


def _carries(journal: Journal, application: str, commit: str, quarantine: Quarantine) -> tuple[str, ...]:
    """The open releases whose commits a commit is known to contain."""
    return tuple(
        each.id for each in journal.releases(application, open=True) if quarantine.contains(commit, each.commit)
    )


def _open_already(journal: Journal, application: str, commit: str) -> str | None:
    found = (header.id for header in journal.releases(application, open=True) if header.commit == commit)
    return next(found, None)


def live_commit(journal: Reader, application: str) -> str | None:
    """The commit of the newest release that succeeded and stayed."""
    return next((each.commit for each in reversed(journal.releases(application)) if stayed(each)), None)


def commit_before(journal: Reader, application: str) -> str | None:
    """The commit that a release opened now comes after: that of the newest one under way, or else what is live."""
    newest_first = reversed(journal.releases(application))
    return next((each.commit for each in newest_first if counts(each)), None)


def fellows(journal: Journal, header: Header) -> tuple[Header, ...]:
    """The other members of a release's group release, providers before their consumers."""
    if not header.group:
        return ()
    group = load(journal, header.id).opened.group
    members = group.members if group else ()
    found = (each for member in members for each in journal.releases(member.application))
    return tuple(each for each in found if each.group == header.group and each.id != header.id)


def bears(over: Header, on: Header, now: float) -> bool:
    """Whether a release that is over matters to one that is under way.

    A later one of its application that stayed does, or that left its targets lately; and a member of its group.
    """
    if over.open or over.id == on.id:
        return False
    lately = over.back_at > 0 and now - over.ended_at < LINGERS
    if over.application == on.application and over.number > on.number and (stayed(over) or lately):
        return True
    return bool(on.group) and over.group == on.group


def beside(journal: Journal, header: Header, now: float) -> tuple[Header, ...]:
    """The releases that are over and bear on one that is under way."""
    own = journal.releases(header.application, open=False)
    known = {each.id: each for each in (*own, *fellows(journal, header))}
    return tuple(each for each in known.values() if bears(each, header, now))


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

    def alone(states: Sequence[Release]) -> Mapping[str, Event]:
        event = speak(states[0])
        return {release: event} if event else {}

    return _say(journal, (release,), alone)


def say_together(journal: Journal, release: str, speak: Callable[[Sequence[Release]], Mapping[str, Event]]) -> Release:
    """Append what is to be said of a release, the first that is given, and its fellows; of all of them or of none."""
    members = (release, *(header.id for header in fellows(journal, journal.header(release))))
    return _say(journal, members, speak)


def additions_of(
    journal: Journal, releases: Sequence[str], speak: Callable[[Sequence[Release]], Mapping[str, Event]]
) -> Mapping[str, Addition]:
    """What is to be appended, by release, when `speak` is asked about these as they stand."""
    recorded = {each: journal.events(each) for each in releases}
    said = speak([replay(each, (one.event for one in events)) for each, events in recorded.items()])
    return {each: (recorded[each][-1].seq, (event,)) for each, event in said.items()}


def _say(
    journal: Journal, releases: Sequence[str], speak: Callable[[Sequence[Release]], Mapping[str, Event]]
) -> Release:
    while True:
        additions = additions_of(journal, releases, speak)
        try:
            if additions:
                journal.append_all(additions)
            return load(journal, releases[0])
        except Conflict:
            continue
