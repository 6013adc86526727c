"""Bringing back the revision of an earlier release: another release, at once and everywhere, without analysis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from shoreward.app.merging.groups import together
from shoreward.app.people.levers import sent_back
from shoreward.app.people.orders import stop
from shoreward.app.ports import Addition, Conflict, Journal
from shoreward.app.quarantine import Quarantine
from shoreward.app.releases import Wish, additions_of, counts, fellows, load
from shoreward.core import events as e
from shoreward.core.header import Header
from shoreward.domain import Bake, Outcome, Refused, Wave


def bring_back(journal: Journal, release: str, wish: Wish, quarantine: Quarantine | None = None) -> str:
    """Bring the revision of an earlier release back to all targets at once, without analysis; returns the new release.

    What is under way is sent back in the same breath, and the pipeline is stopped until somebody lifts that: the next
    merge would bring again what was to go. What was released together with it comes back together with it, consumers
    first.

    Args:
        quarantine: knows the history of commits; without it, only the same commit and revision are known again.

    Raises:
        Refused: RELEASE_UNKNOWN, NOT_BROUGHT_BACK for a release that did not succeed, QUARANTINED for a revision that
            has harmed since.
    """
    wanted = (journal.header(release), *fellows(journal, journal.header(release)))
    for each in wanted:
        _may_come_back(journal, each, quarantine or Quarantine(journal))
    for each in wanted:
        stop(journal, each.application, replace(wish, why=f"{each.commit[:10]} is brought back: {wish.why}"))
    for header in journal.releases(wanted[0].application, open=True):
        if header.back_to == release and not header.back_at:
            return header.id
    while True:
        try:
            returns = _returns(journal, wanted, wish)
            opened = journal.open_all(returns, _ways_back(journal, wanted, wish))
            return next(new for new, each in zip(opened, returns, strict=True) if each.back_to == release)
        except Conflict:
            continue


def _ways_back(journal: Journal, wanted: Sequence[Header], wish: Wish) -> Mapping[str, Addition]:
    """What sends back everything of these applications that is under way."""
    additions: dict[str, Addition] = {}
    for application in (each.application for each in wanted):
        for header in journal.releases(application, open=True):
            if not header.back_at and header.id not in additions:
                members = (header.id, *(each.id for each in fellows(journal, header)))
                additions |= additions_of(journal, members, partial(sent_back, wish=wish))
    return additions


def _returns(journal: Journal, wanted: Sequence[Header], wish: Wish) -> Sequence[e.ReleaseOpened]:
    returns = [_returning(journal, each, wish) for each in wanted]
    group = load(journal, wanted[0].id).opened.group
    return together(group.name, returns, group.turned) if group and len(returns) > 1 else returns


def _may_come_back(journal: Journal, wanted: Header, quarantine: Quarantine) -> None:
    if not _had_stayed(journal, wanted):
        raise Refused(
            "NOT_BROUGHT_BACK",
            f"Release {wanted.id} did not reach all of its targets and stay, so it cannot be brought back.",
            next="`shoreward history` lists those that did.",
        )
    held = quarantine.held(wanted.application, commit=wanted.commit, digest=wanted.digest, artifacts=wanted.artifacts)
    if held:
        raise Refused("QUARANTINED", held.why, next="Bring back what was before it: `shoreward history` lists it.")


def _returning(journal: Journal, wanted: Header, wish: Wish) -> e.ReleaseOpened:
    """The opening of a release that brings the revision of an earlier one back, to all of today's targets."""
    headers = journal.releases(wanted.application)
    newest = load(journal, [header for header in headers if counts(header) or header.back_at][-1].id)
    at_once = Wave(name="back", targets=newest.pipeline.targets, steps=(), bake=Bake(minimum=0.0, requests=0))
    pipeline = load(journal, wanted.id).pipeline
    return e.ReleaseOpened(
        at=wish.at,
        pipeline=replace(pipeline, waves=(at_once,), auto=None, alarms=(), probes=(), checks=None),
        commit=wanted.commit,
        subject=wanted.subject,
        by=wish.by,
        before=newest.opened.commit,
        back_to=wanted.id,
        committed_at=wanted.committed_at,
    )


def _had_stayed(journal: Journal, header: Header) -> bool:
    """Whether a release once succeeded, even if it was taken back later."""
    events = (recorded.event for recorded in journal.events(header.id))
    return any(isinstance(event, e.ReleaseEnded) and event.outcome is Outcome.SUCCEEDED for event in events)
