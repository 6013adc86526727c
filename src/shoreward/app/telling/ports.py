"""What telling people asks of the outside: an outbox that outlives a crash, and somebody who carries a notice."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from shoreward.app.telling.notice import Notice
from shoreward.domain import Retryable


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """A notice in the outbox.

    Attributes:
        id: grows from notice to notice.
        at: when it came there, UNIX seconds.
    """

    id: int
    at: float
    notice: Notice


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """How far a journal has been listened to: the id of an event, and a number of people's words."""

    event: int
    orders: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a receiver stands.

    Attributes:
        cursor: id of the last notice in the outbox that is done with, in whatever way.
        attempts: how often in a row it could not be told what comes next; `error`: why not, the last time.
        next_at: when it is tried again, UNIX seconds.
        gone: whether it said that nothing is to be sent to it any more.
    """

    cursor: int
    attempts: int = 0
    next_at: float = 0.0
    error: str = ""
    gone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A notice that a receiver was not told; `at` is when that was given up, `error` why."""

    receiver: str
    posted: Posted
    at: float
    error: str


class Outbox(Protocol):
    """Notices, and how far each receiver has been told of them. May raise `Retryable` and `Terminal`."""

    def heard(self) -> Heard | None:
        """How far the journal was listened to; None before the first time."""
        ...

    def post(self, notices: Sequence[Notice], heard: Heard, now: float) -> None:
        """Add notices, and remember how far the journal was listened to, both or neither.

        A notice whose key is known already is left out.
        """
        ...

    def after(self, cursor: int, *, limit: int) -> Sequence[Posted]:
        """Notices behind the one with the id `cursor`, in order."""
        ...

    def standing(self, receiver: str) -> Standing:
        """How a receiver stands; who was never told anything is told what comes from now on."""
        ...

    def stand(self, receiver: str, standing: Standing, dead: Sequence[DeadLetter] = ()) -> None:
        """Remember how a receiver stands, and what it will not be told, both or neither."""
        ...

    def dead(self, receiver: str | None = None) -> Sequence[DeadLetter]:
        """What a receiver, or any, was not told, oldest first."""
        ...

    def bury(self, letter: DeadLetter) -> None:
        """Forget a dead letter: it has been delivered after all."""
        ...

    def prune(self, before: float) -> None:
        """Forget notices and dead letters that came before a time."""
        ...

    def lease(self) -> AbstractContextManager[bool]:
        """The right to tell; one process at a time, given back by the operating system when it dies.

        Enters with False while another process has it.
        """
        ...


class Later(Retryable):
    """A receiver cannot be told now; it asks for a pause of `after` seconds."""

    def __init__(self, code: str, what: str, *, after: float = 0.0, next: str = "") -> None:
        super().__init__(code, what, next=next)
        self.after = after

    def __reduce__(self) -> tuple[object, ...]:
        return _again, (self.code, self.what, self.after, self.next)


def _again(code: str, what: str, after: float, next: str) -> Later:
    return Later(code, what, after=after, next=next)


class Messenger(Protocol):
    """Carries notices to one receiver."""

    @property
    def digests(self) -> bool:
        """Whether many notices at once are better told in one message."""
        ...

    def deliver(self, notices: Sequence[Notice]) -> None:
        """Tell of some notices, of one application or several, oldest first; one alone unless it `digests`.

        Raises:
            Retryable: it may be told later (RECEIVER_SILENT, NOTIFY_SECRET_MISSING and their like); `Later` when it
                says when.
            Terminal: RECEIVER_REFUSED, it will never take this; RECEIVER_GONE, it wants nothing any more.
        """
        ...
