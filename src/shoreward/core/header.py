"""A release in one line: what lists, histories and quarantines need to know of it, without its events.

A fold like `evolve`, and as pure; a journal keeps it in step with the events it appends.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from shoreward.core import events as e
from shoreward.domain import Outcome, RollbackCause


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What is known of a release at a glance.

    Attributes:
        number: of the release within its application, from 1.
        open: whether something is left to do; a release that goes back after its end is open again.
        before: the commit that was live when it was opened.
        committed_at: the time of its commit, 0 when nobody said.
        back_to: the release whose revision it brings back, "" for one that goes forward.
        wave: index of the wave that it is in or was in last, -1 before the first; `baked` and `waves` are numbers.
        exposed_at: when the first customer was served by it; 0 for nobody.
        back_at: when it began to go back; 0 for never.
        artifacts: digests of all that it carries, sorted.
        blamed: whether somebody has looked into who did it.
        group: the id of its group release, "" for one that goes alone.
    """

    id: str
    application: str
    number: int
    open: bool
    commit: str
    subject: str
    by: str
    opened_at: float
    before: str | None = None
    despite: str = ""
    committed_at: float = 0.0
    back_to: str = ""
    digest: str = ""
    artifacts: tuple[str, ...] = ()
    wave: int = -1
    baked: int = 0
    waves: int = 0
    held: bool = False
    exposed_at: float = 0.0
    back_at: float = 0.0
    cause: RollbackCause | None = None
    reason: str = ""
    ended_at: float = 0.0
    outcome: Outcome | None = None
    blamed: bool = False
    group: str = ""

    @property
    def harmed(self) -> bool:
        """Whether the release was sent back because customers were, or would have been, harmed."""
        return self.back_at > 0 and self.cause in HARM


HARM: frozenset[RollbackCause] = frozenset(("judged", "alarm", "gate"))
"""Causes that say of a revision that it harms; others say that nobody could tell, or that somebody thought better."""


def headed(id: str, number: int, event: e.ReleaseOpened) -> Header:
    """The header of a release whose only event is its opening."""
    return Header(
        id=id,
        application=event.pipeline.application,
        number=number,
        open=True,
        commit=event.commit,
        subject=event.subject,
        by=event.by,
        opened_at=event.at,
        before=event.before,
        despite=event.despite,
        back_to=event.back_to,
        committed_at=event.committed_at,
        waves=len(event.pipeline.waves),
        group=event.group.id if event.group else "",
    )


def noted(header: Header, event: e.Event) -> Header:
    """The header after one more event."""
    match event:
        case e.RevisionBuilt(revision=revision):
            carried = tuple(sorted(artifact.digest for artifact in revision.artifacts))
            return replace(header, digest=revision.digest, artifacts=carried)
        case e.WaveEntered(wave=wave):
            return replace(header, wave=wave)
        case e.WaveBaked(wave=wave):
            return replace(header, baked=wave + 1)
        case e.TrafficShifted(since=since):
            return replace(header, exposed_at=header.exposed_at or since)
        case e.HoldPlaced(wave="", target=""):
            return replace(header, held=True)
        case e.HoldLifted(wave="", target=""):
            return replace(header, held=False)
        case e.RollbackBegan():
            return replace(
                header, open=True, held=False, back_at=event.at, cause=event.cause, reason=event.reason, outcome=None
            )
        case e.ReleaseEnded():
            return replace(header, open=False, ended_at=event.at, outcome=event.outcome)
        case e.CommitsBlamed():
            return replace(header, blamed=True)
        case _:
            return header
