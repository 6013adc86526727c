"""The controller: carries every open release of a journal, and nothing else knows how.

One thread decides; a pool of threads performs. Level-triggered: whatever wakes it (a result, a deadline, an event that
somebody else appended), it loads what is new, asks `decide`, records, and starts the effects whose lanes are free. It
keeps nothing that a crash could lose: what was under way is decided again, and its adapter finds what was done.
"""

from __future__ import annotations

import queue
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import structlog

from shoreward.app.perform import perform
from shoreward.app.ports import Conflict, Journal, Recorded
from shoreward.app.world import World
from shoreward.core import Decision, Effect, Event, Release, decide, evolve, replay
from shoreward.core.decision import earliest

_log = structlog.get_logger()

Observer = Callable[[Release, Recorded], None]


@dataclass(slots=True)
class _Carried:
    """A release in the controller's hands: its state as far as it is known, and the lanes that are busy."""

    state: Release
    seq: int
    busy: set[str] = field(default_factory=set[str])
    wake_at: float | None = None


class Controller:
    """Carries releases until they end.

    Args:
        observe: told of every event of a carried release, in order, from the controller's thread.
        poll: seconds after which the journal is looked at for what others appended.
        workers: how many effects may be under way at a time.
    """

    def __init__(
        self,
        journal: Journal,
        world: World,
        *,
        observe: Observer | None = None,
        poll: float = 0.1,
        workers: int = 32,
    ) -> None:
        self._journal = journal
        self._world = world
        self._observe = observe
        self._poll = poll
        self._results: queue.SimpleQueue[tuple[str, Effect, Event]] = queue.SimpleQueue()
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="effect")
        self._carried: dict[str, _Carried] = {}

    def run(self, *, forever: bool = False) -> None:
        """Carry all open releases until they have ended; with `forever`, wait for new ones then."""
        with self._journal.lease():
            try:
                self._run(forever)
            finally:
                self._pool.shutdown(wait=True, cancel_futures=True)

    def _run(self, forever: bool) -> None:
        changes = -1
        while True:
            seen = self._journal.changes()
            if seen != changes:
                changes = seen
                self._adopt()
            for release in list(self._carried):
                self._tick(release)
            if not self._carried and not forever:
                return
            self._wait()

    def _adopt(self) -> None:
        """Load what others appended, releases that they opened included."""
        for header in self._journal.releases():
            if header.id in self._carried:
                self._load(self._carried[header.id])
            elif header.open:
                recorded = self._journal.events(header.id)
                state = replay(header.id, (each.event for each in recorded))
                self._carried[header.id] = _Carried(state=state, seq=recorded[-1].seq)

    def _load(self, carried: _Carried) -> None:
        for recorded in self._journal.events(carried.state.id, carried.seq):
            self._apply(carried, recorded)

    def _apply(self, carried: _Carried, recorded: Recorded) -> None:
        carried.state = evolve(carried.state, recorded.event)
        carried.seq = recorded.seq
        if self._observe:
            self._observe(carried.state, recorded)

    def _tick(self, release: str) -> None:
        carried = self._carried[release]
        decision = self._decide(carried)
        for effect in decision.effects:
            if effect.lane not in carried.busy:
                self._start(carried, effect)
        carried.wake_at = decision.wake_at
        if carried.state.ended and not carried.busy:
            del self._carried[release]

    def _decide(self, carried: _Carried) -> Decision:
        """Decide, and record, until nothing more follows from the state alone."""
        while True:
            decision = decide(carried.state, self._world.clock.now())
            if not decision.records:
                return decision
            self._append(carried, decision.records, fact=False)

    def _append(self, carried: _Carried, events: tuple[Event, ...], *, fact: bool) -> None:
        """Append events; a decision that somebody else's event overtook is dropped, a fact is not."""
        while True:
            try:
                self._journal.append(carried.state.id, carried.seq, events)
            except Conflict:
                self._load(carried)
                if fact:
                    continue
                return
            for seq, event in enumerate(events, start=carried.seq + 1):
                self._apply(carried, Recorded(seq=seq, event=event))
            return

    def _start(self, carried: _Carried, effect: Effect) -> None:
        carried.busy.add(effect.lane)
        release, state = carried.state.id, carried.state
        self._pool.submit(lambda: self._results.put((release, effect, perform(self._world, state, effect))))

    def _wait(self) -> None:
        """Until a result comes, a deadline passes, or it is time to look at the journal."""
        wake_at = earliest(carried.wake_at for carried in self._carried.values())
        timeout = self._poll if wake_at is None else min(self._poll, max(0.0, wake_at - self._world.clock.now()))
        try:
            result = self._results.get(timeout=timeout)
        except queue.Empty:
            return
        while True:
            self._record(*result)
            try:
                result = self._results.get_nowait()
            except queue.Empty:
                return

    def _record(self, release: str, effect: Effect, event: Event) -> None:
        carried = self._carried[release]
        carried.busy.discard(effect.lane)
        self._append(carried, (event,), fact=True)
