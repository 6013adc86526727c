"""A courier: moves one receiver through the outbox, one delivery at a time, and remembers each in it.

What is in the outbox is delivered at least once and in order, whatever dies in between: the receiver's place moves only
behind what has been delivered. Who cannot be told waits, longer each time; what was never taken becomes a dead letter.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import structlog

from shoreward.app.telling.ports import DeadLetter, Later, Messenger, Outbox, Posted, Standing
from shoreward.domain import OperationError, Terminal
from shoreward.domain.notifications import Kind, Receiver

_log = structlog.get_logger()

_BATCH = 200
_FEW = 5
"""Notices that are told one by one; more of them at once are told together."""

_LATE = 600.0
"""Seconds after which what is told is no news, and is told together with what came later."""

_FIRST, _LONGEST, _ASKED_FOR = 5.0, 900.0, 3_600.0
"""Seconds of the first pause, of the longest, and of the longest that a receiver may ask for."""


@dataclass(slots=True, kw_only=True)
class Courier:
    """Delivers to one receiver.

    Attributes:
        chance: numbers from 0 to 1, for pauses that no two couriers have in common.
        give_up_after: seconds after which what could not be delivered is a dead letter.
    """

    receiver: Receiver
    messenger: Messenger
    outbox: Outbox
    now: Callable[[], float]
    chance: Callable[[], float]
    give_up_after: float
    _alone: int = 0
    """Id up to which notices are told alone, because some of them together were refused."""

    def step(self) -> float | None:
        """Deliver what comes next, if it is time; seconds until there may be more to do, None when all is done."""
        name, now = self.receiver.name, self.now()
        standing = self.outbox.standing(name)
        if standing.gone:
            return None
        if now < standing.next_at:
            return standing.next_at - now
        posted = self.outbox.after(standing.cursor, limit=_BATCH)
        wanted = [each for each in posted if wants(self.receiver, each)]
        if not wanted:
            if posted:
                self.outbox.stand(name, Standing(cursor=posted[-1].id))
            return 0.0 if len(posted) == _BATCH else None
        parcel = self._parcel(wanted, now)
        try:
            self.messenger.deliver([each.notice for each in parcel])
        except Terminal as error:
            return self._refused(standing, parcel, error)
        except OperationError as error:
            return self._silent(standing, wanted, error)
        except Exception as error:  # noqa: BLE001 - a mistake about one notice must not keep others from being told
            _log.warning("a notification could not be made", receiver=name, error=repr(error))
            return self._refused(standing, parcel, Terminal("INTERNAL", f"Shoreward made a mistake: {error!r}."))
        self.outbox.stand(name, Standing(cursor=parcel[-1].id))
        return 0.0

    def waiting(self) -> int:
        """How many notices the receiver is still to be told of; no more than 1,000 are counted."""
        cursor = self.outbox.standing(self.receiver.name).cursor
        return sum(wants(self.receiver, each) for each in self.outbox.after(cursor, limit=1_000))

    def _parcel(self, wanted: Sequence[Posted], now: float) -> Sequence[Posted]:
        together = self.messenger.digests and wanted[0].id > self._alone
        late = now - wanted[0].notice.at > _LATE and len(wanted) > 1
        return wanted if together and (late or len(wanted) > _FEW) else wanted[:1]

    def _refused(self, standing: Standing, parcel: Sequence[Posted], error: Terminal) -> float | None:
        """The receiver wants nothing any more, or never this."""
        name = self.receiver.name
        _log.warning("a notification was refused", receiver=name, error=error.what, code=error.code)
        if error.code == "RECEIVER_GONE":
            self.outbox.stand(name, replace(standing, gone=True, error=_words(error)))
            return None
        if len(parcel) > 1:
            self._alone = parcel[-1].id
            return 0.0
        self.outbox.stand(name, Standing(cursor=parcel[-1].id), self._dead(parcel, error))
        return 0.0

    def _silent(self, standing: Standing, wanted: Sequence[Posted], error: OperationError) -> float:
        """The receiver cannot be told now; what has waited for too long is given up."""
        now = self.now()
        if not standing.attempts:
            _log.warning("a receiver cannot be told; trying again", receiver=self.receiver.name, error=error.what)
        over = [each for each in wanted if now - each.at >= self.give_up_after]
        pause = max(_pause(standing.attempts, self.chance()), min(_after(error), _ASKED_FOR))
        after = Standing(
            cursor=over[-1].id if over else standing.cursor,
            attempts=standing.attempts + 1,
            next_at=now + pause,
            error=_words(error),
        )
        self.outbox.stand(self.receiver.name, after, self._dead(over, error))
        return pause

    def _dead(self, posted: Sequence[Posted], error: OperationError) -> Sequence[DeadLetter]:
        now, name = self.now(), self.receiver.name
        return [DeadLetter(receiver=name, posted=each, at=now, error=_words(error)) for each in posted]


def wants(receiver: Receiver, posted: Posted) -> bool:
    """Whether a receiver is to be told of a notice; what is about all pipelines is for everybody."""
    notice = posted.notice
    ours = not receiver.pipelines or not notice.application or notice.application in receiver.pipelines
    return notice.kind is not Kind.TEST and notice.kind in receiver.about and ours


def _pause(attempts: int, chance: float) -> float:
    """5, 10, 20 ... 900 seconds, up to a half less by chance."""
    return min(_LONGEST, _FIRST * 2 ** min(attempts, 20)) * (1 - chance / 2)


def _after(error: OperationError) -> float:
    return error.after if isinstance(error, Later) else 0.0


def _words(error: OperationError) -> str:
    return f"{error.what} {error.next}".rstrip() + f" [{error.code}]"
