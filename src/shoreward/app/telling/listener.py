"""The listener: follows a journal, and puts into the outbox what matters of it.

What it has heard is remembered with what it has posted, so a crash between two events tells neither twice nor never.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce

import structlog

from shoreward.app.ports import Happened, Journal, Recorded
from shoreward.app.releases import beside, load
from shoreward.app.surroundings import UNCONDITIONAL, Conditions, Scene
from shoreward.app.telling.notice import Notice
from shoreward.app.telling.noticing import noticed, said
from shoreward.app.telling.ports import Heard, Outbox
from shoreward.app.telling.waiting import Moved, moved, waits
from shoreward.core import Release, evolve, replay
from shoreward.core.control import NO_CONTROL, Control, steered
from shoreward.core.header import Header

_log = structlog.get_logger()

_BATCH = 500
_GLANCE = 15.0
"""Seconds between two looks at what does not move."""

KEPT = 30 * 86_400.0
"""Seconds for which notices stay in the outbox."""

_PRUNE = 3_600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Followed:
    """A release as far as it was heard of."""

    state: Release
    seq: int
    moved: Moved | None


@dataclass(slots=True, kw_only=True)
class Listener:
    """Follows a journal.

    Attributes:
        patience: seconds for which a release may stand still without being told of.
        conditions: what bears on releases beside what is in the journal.
    """

    journal: Journal
    outbox: Outbox
    now: Callable[[], float]
    patience: float
    conditions: Conditions = UNCONDITIONAL
    _heard: Heard | None = None
    _changes: int = -1
    _glance_at: float = 0.0
    _prune_at: float = 0.0
    _waited: set[str] = field(default_factory=set[str])
    _open: dict[str, _Followed] = field(default_factory=dict[str, "_Followed"])
    _control: Control = NO_CONTROL
    _ordered: int = 0

    def step(self) -> bool:
        """Post what has happened since; whether there was anything."""
        if self._heard is None:
            self.begin()
        changes = self.journal.changes()
        found = changes != self._changes and self._listen()
        if not found:
            self._changes = changes
        return self._glance() or found

    def begin(self) -> None:
        """Go on where the last one was. What a journal held before anybody listened is the past, and is not told."""
        self._heard = self.outbox.heard()
        if self._heard is None:
            self._heard = Heard(event=self.journal.newest(), orders=len(self.journal.orders()))
            self.outbox.post((), self._heard, self.now())

    def _listen(self) -> bool:
        assert self._heard
        news = self.journal.happened(self._heard.event, limit=_BATCH)
        orders = self.journal.orders(self._heard.orders)
        if not news and not orders:
            return False
        notices = [notice for each in news if (notice := self._notice(each))]
        notices += [
            notice for seq, order in enumerate(orders, start=self._heard.orders + 1) if (notice := said(order, seq))
        ]
        heard = Heard(event=news[-1].id if news else self._heard.event, orders=self._heard.orders + len(orders))
        self.outbox.post(notices, heard, self.now())
        self._heard = heard
        return True

    def _notice(self, happened: Happened) -> Notice | None:
        try:
            followed = self._follow(happened)
            notice = noticed(followed.state, happened)
        except Exception as error:  # noqa: BLE001 - one event that nobody can word must not silence all others
            _log.warning("an event could not be told", release=happened.release, seq=happened.seq, error=repr(error))
            self._open.pop(happened.release, None)
            return None
        if followed.state.ended:
            self._open.pop(happened.release, None)
        return notice

    def _follow(self, happened: Happened) -> _Followed:
        """The release as it was right after an event."""
        known = self._open.get(happened.release)
        if known and known.seq >= happened.seq:
            known = None  # it was read from the journal when more had happened already
        since = known.seq if known else 0
        between = () if since == happened.seq - 1 else self.journal.events(happened.release, since)
        this = Recorded(seq=happened.seq, event=happened.event)
        followed = _further(known, happened.release, (*between[: happened.seq - 1 - since], this))
        self._open[happened.release] = followed
        return followed

    def _glance(self) -> bool:
        """Look for what does not move, and let go of what nobody needs any more; whether anything is to be told."""
        now = self.now()
        if now >= self._prune_at:
            self._prune_at = now + _PRUNE
            self.outbox.prune(now - KEPT)
        if now < self._glance_at:
            return False
        self._glance_at = now + _GLANCE
        headers = self.journal.releases(open=True)
        if not headers:
            return False
        found = {header.id: self._current(header.id) for header in headers}
        orders = self.journal.orders(self._ordered)
        self._control, self._ordered = reduce(steered, orders, self._control), self._ordered + len(orders)
        scene = self._scene(headers, found, now)
        waiting = [notice for each in found.values() if (notice := self._waits(each, scene, now))]
        notices = [notice for notice in waiting if notice.key not in self._waited]
        self._waited = {notice.key for notice in waiting}
        if notices:
            assert self._heard
            self.outbox.post(notices, self._heard, now)
        return bool(notices)

    def _scene(self, opened: Sequence[Header], found: Mapping[str, _Followed], now: float) -> Scene:
        """What a controller decides in."""
        return Scene.of(
            opened,
            (each for header in opened for each in beside(self.journal, header, now)),
            lambda release: found[release].state if release in found else load(self.journal, release),
            control=self._control,
            limits=self.conditions.limits,
            taints={header.id: self.conditions.taint(header) for header in opened},
        )

    def _waits(self, followed: _Followed, scene: Scene, now: float) -> Notice | None:
        return waits(followed.state, followed.moved, scene, now, self.patience) if followed.moved else None

    def _current(self, release: str) -> _Followed:
        """The release as it is now."""
        known = self._open.get(release)
        news = self.journal.events(release, known.seq if known else 0)
        if not news:
            assert known
            return known
        followed = _further(known, release, news)
        if known is None:
            self._open[release] = followed
        return followed


def _further(known: _Followed | None, release: str, recorded: Sequence[Recorded]) -> _Followed:
    events = [each.event for each in recorded]
    state = reduce(evolve, events, known.state) if known else replay(release, events)
    return _Followed(state=state, seq=recorded[-1].seq, moved=moved(recorded, known.moved if known else None))
