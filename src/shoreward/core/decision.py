"""What `decide` answers: what to record, what to do, when to look again, and what is being waited for."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass

from shoreward.core.effects import Effect
from shoreward.core.events import Event
from shoreward.core.state import Failure, Release


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocker:
    """Why something does not move.

    Attributes:
        what: in words.
        until: when it opens by itself, UNIX seconds; None when it takes evidence or a person.
        person: whether somebody has to do something.
        gate: the name of the gate that is closed, "" when it is none.
        zone: the time zone that the gate goes by, "" when it goes by none.
    """

    what: str
    until: float | None = None
    person: bool = False
    gate: str = ""
    zone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The answer of `decide`.

    Attributes:
        records: events that follow from the state alone; append them, and decide again before any effect.
        effects: what to do now, most urgent first.
        wake_at: when to decide again if nothing happens before, UNIX seconds.
        blockers: what the release waits for.
    """

    records: tuple[Event, ...] = ()
    effects: tuple[Effect, ...] = ()
    wake_at: float | None = None
    blockers: tuple[Blocker, ...] = ()

    @property
    def first_record(self) -> Decision:
        """What is to be recorded before anything else, if there is something to record; all of it if not."""
        return Decision(records=self.records[:1]) if self.records else self

    def __add__(self, other: Decision) -> Decision:
        return Decision(
            records=self.records + other.records,
            effects=self.effects + other.effects,
            wake_at=earliest((self.wake_at, other.wake_at)),
            blockers=self.blockers + other.blockers,
        )


NOTHING = Decision()

FORWARD_ATTEMPTS = 8
"""How often a forward effect is tried before the release goes back as errored."""


def earliest(times: Iterable[float | None]) -> float | None:
    """The earliest of the times that are given."""
    return min((time for time in times if time is not None), default=None)


def lasts(failure: Failure) -> bool:
    """Whether a failure is not likely to pass by itself."""
    return not failure.event.retryable or failure.attempts >= FORWARD_ATTEMPTS


def retry_at(failure: Failure) -> float:
    """When a failed effect is tried again: 1, 2, 4 ... 60 s after the failure, up to a quarter less by jitter.

    The jitter comes from the effect's key, so that the answer is the same whenever it is asked.
    """
    delay = min(60.0, 2.0 ** min(failure.attempts - 1, 6))  # a region may be dark for days, and powers overflow
    if not failure.event.retryable:
        delay = 60.0
    jitter = zlib.crc32(f"{failure.event.effect}#{failure.attempts}".encode()) / 2**32
    return failure.event.at + delay * (1 - jitter / 4)


def attempt(state: Release, effect: Effect, now: float) -> Decision:
    """Do it now, or, after a failure, when its time has come again."""
    failure = state.failures.get(effect.key) if state.failures else None
    if failure is None or now >= retry_at(failure):
        return Decision(effects=(effect,))
    why = f"{effect.key} failed {failure.attempts} times, last with: {failure.event.what}"
    advice = f" {failure.event.next}" if failure.event.next else ""
    until = retry_at(failure)
    blocker = Blocker(what=f"{why}{advice}", until=until, person=not failure.event.retryable)
    return Decision(wake_at=until, blockers=(blocker,))
