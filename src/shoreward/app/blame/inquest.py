"""The inquest: once a release that harmed is back, who did it is looked into without being asked.

    controller, while it stays ──► inquests ──► an event of the release, `CommitsBlamed`
                                                └► why, status, the page, and what people are told

It takes nobody's way back any time: it begins when that is over, and changes nothing but the journal, and the branch
that the pipeline asks for. Whom it names is held by nobody's word but a person's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Protocol

from shoreward.app.interruption import Interruption
from shoreward.app.ports import Journal
from shoreward.app.releases import load, say
from shoreward.core import Release
from shoreward.core import events as e
from shoreward.core.header import Header
from shoreward.domain import Blamed, Judgement, Retryable, ShorewardError, Verdict

if TYPE_CHECKING:
    from shoreward.app.world import Worlds

RECENT = 86_400.0
"""Seconds after its end in which a release is looked into: what is older was taken care of by people."""


class Investigator(Protocol):
    """Whoever can look into an application's history."""

    def investigate(self, state: Release, looks: Sequence[Judgement], interruption: Interruption) -> Blamed:
        """Who did it, and the branch that takes it back, as the release's pipeline asks for.

        Args:
            looks: the last one at each target that found harm.

        Raises:
            ShorewardError: nothing can be told; later, perhaps, when it is `Retryable`.
            Abandoned: it was interrupted.
        """
        ...


def inquests(journal: Journal, worlds: Worlds, interruption: Interruption) -> Iterator[str]:
    """Look into each release that harmed, has ended and has not been looked into; yields what came of each, in words.

    Raises:
        Retryable: the journal cannot be read now.
        Abandoned: it was interrupted.
    """
    for header in journal.harmed():
        world = worlds(header.application)
        if world and world.investigator and _wanted(header, world.clock.now()):
            try:
                found = _look_into(journal, world.investigator, header, interruption)
            except Retryable as error:
                yield f"{header.id} cannot be looked into now: {error}"
                continue
            said = e.CommitsBlamed(at=world.clock.now(), blamed=found)
            say(journal, header.id, partial(_unless_said, said))
            yield f"{header.id} was looked into"


def _unless_said(said: e.CommitsBlamed, state: Release) -> e.CommitsBlamed | None:
    return said if state.ended else None


def _wanted(header: Header, now: float) -> bool:
    return not header.open and not header.blamed and now - header.ended_at <= RECENT


def _look_into(journal: Journal, investigator: Investigator, header: Header, interruption: Interruption) -> Blamed:
    looks = failed_looks(journal, header.id)
    if not looks:
        return Blamed(why="no look found whom it harms")
    try:
        return investigator.investigate(load(journal, header.id), looks, interruption)
    except Retryable:
        raise
    except ShorewardError as error:
        return Blamed(why=str(error))


def failed_looks(journal: Journal, release: str) -> tuple[Judgement, ...]:
    """The last look at each target of a release that found harm."""
    found: dict[str, Judgement] = {}
    for recorded in journal.events(release):
        match recorded.event:
            case e.TargetJudged(target=target, judgement=judgement) if judgement.verdict is Verdict.FAIL:
                found[target] = judgement
            case _:
                pass
    return tuple(found.values())
