"""The controller: carries every open release of a journal, and nothing else knows how.

One thread decides; pools of threads perform. Level-triggered: whatever wakes it (a result, a deadline, an event that
somebody else appended), it loads what is new, asks `decide`, records, and starts the effects whose lanes are free. It
keeps nothing that a crash could lose: what was under way is decided again, and its adapter finds what was done.
"""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import reduce

import structlog

from shoreward.app.interruption import Abandoned, Interruption
from shoreward.app.perform import perform
from shoreward.app.ports import Conflict, Journal, Recorded
from shoreward.app.surroundings import UNLIMITED, Limits, turn
from shoreward.app.world import World, Worlds
from shoreward.controller._around import Around, Numbered
from shoreward.controller._hands import Hands
from shoreward.controller._lookout import advisories, inquiries
from shoreward.controller._merges import Merges
from shoreward.controller.meter import Meter, Unmeasured
from shoreward.core import Decision, Effect, Event, Release, decide, evolve, opened, unwanted
from shoreward.core.decision import earliest
from shoreward.core.effects import BuildRevision
from shoreward.core.events import EffectFailed, ReleaseOpened, RevisionBuilt, RollbackBegan
from shoreward.core.header import Header
from shoreward.domain import OperationError, Retryable, Terminal

_log = structlog.get_logger()

Observer = Callable[[Release, Recorded], None]


@dataclass(frozen=True, slots=True)
class _UnderWay:
    """An effect that has been started, and what ends it before its time."""

    effect: Effect
    interruption: Interruption = field(default_factory=Interruption)


@dataclass(slots=True)
class _Carried:
    """A release in the controller's hands: its state as far as it is known, and what each busy lane is at.

    `number` is its place among those of its application.

    `turn` is taken by whoever appends, and by an effect for the moment in which it begins: of a rollback and a step
    forward it is always settled which was first.
    """

    state: Release
    number: int
    seq: int
    busy: dict[str, _UnderWay] = field(default_factory=dict[str, _UnderWay])
    wake_at: float | None = None
    turn: threading.Lock = field(default_factory=threading.Lock)


@dataclass(frozen=True, slots=True)
class _Result:
    """What came of an effect of a release; None when it was overtaken before it had begun, or stopped."""

    release: str
    effect: Effect
    event: Event | None


class Controller:
    """Carries releases until they end.

    Args:
        observe: told of every event of every release that is carried, from its first one on, once and in order, from
            the controller's thread. A mistake that it makes is logged, and stops nothing.
        poll: seconds after which the journal is looked at for what others appended.
        workers: how many effects of one aspect (traffic, stacks, judging) may be under way at a time.
        glance: seconds after which a controller that stays looks whether anything live is to be looked up again.
        limits: how many targets may be under way at once, over all pipelines.
        worlds: the world of an application's releases, where each has its own; None: its releases are left alone.
        branches: what becomes releases while the controller stays.
        meter: measures its work.
    """

    def __init__(
        self,
        journal: Journal,
        world: World,
        *,
        observe: Observer | None = None,
        poll: float = 0.1,
        workers: int = 32,
        glance: float = 5.0,
        limits: Limits = UNLIMITED,
        worlds: Worlds | None = None,
        branches: Merges | None = None,
        meter: Meter | None = None,
    ) -> None:
        self._journal = journal
        self._world = world
        self._observe = observe
        self._poll = poll
        self._workers = workers
        self._glance = glance
        self._worlds: Worlds = worlds or (lambda application: world)
        self._branches = branches
        self._meter = meter or Unmeasured()
        self._around = Around(journal, self._worlds, world.clock, limits)
        self._carried: dict[str, _Carried] = {}
        self._told: dict[str, int] = {}
        self._arriving: queue.SimpleQueue[_Result] = queue.SimpleQueue()
        self._arrived: deque[_Result] = deque()

    def run(self, *, forever: bool = False) -> None:
        """Carry all open releases until they have ended; with `forever`, wait for new ones then.

        Whoever stays looks out for advisories about what is live, too.

        A KeyboardInterrupt lets what is under way come to its end, and records it; the next controller goes on. What
        changes nothing (a build, checks) is stopped, and begun anew by that one.

        Raises:
            Refused: CONTROLLER_RUNNING while another process carries the releases of this journal.
            Terminal: the journal can no longer be read or written.
        """
        with self._journal.lease(), self._watchers(forever):
            try:
                with Hands(self._workers) as hands:
                    try:
                        self._carry(hands, forever)
                    except BaseException:
                        self._stop_looking(lambda state, effect: effect.stoppable)
                        raise
            except KeyboardInterrupt:
                self._record_the_rest()
                raise

    @contextmanager
    def _watchers(self, forever: bool) -> Generator[None]:
        """What whoever stays does beside carrying."""
        with ExitStack() as stack:
            if forever:
                stack.enter_context(advisories(self._journal, self._worlds, self._glance))
                stack.enter_context(inquiries(self._journal, self._worlds, self._glance))
                if self._branches:
                    stack.enter_context(self._branches.watch)
            yield

    def _stop_looking(self, idle: Callable[[Release, Effect], bool]) -> None:
        """End what is under way and idle."""
        for carried in self._carried.values():
            for one in carried.busy.values():
                if idle(carried.state, one.effect):
                    one.interruption.use()

    def _carry(self, hands: Hands, forever: bool) -> None:
        changes = -1
        while True:
            try:
                seen = self._journal.changes()
                began = time.perf_counter()
                self._round(hands, adopt=seen != changes)
                self._meter.turned(time.perf_counter() - began)
                changes = seen
                if not forever and self._nothing_left():
                    return
                wake_at = earliest(carried.wake_at for carried in self._carried.values())
            except Retryable as error:
                # A journal that is locked, or a full disk: that passes, and nobody else would watch meanwhile.
                _log.warning("the journal is not to be had; trying again", error=str(error))
                wake_at = None
            self._wait(wake_at)

    def _record_the_rest(self) -> None:
        # Of what had arrived before, one may be recorded already; the next controller looks at all of it again.
        self._arrived.clear()
        while not self._arriving.empty():
            self._record(self._arriving.get())

    def _nothing_left(self) -> bool:
        """Whether all releases have ended, those included that were opened a moment ago."""
        if not self._carried:
            self._adopt()
        return not self._carried

    def _round(self, hands: Hands, *, adopt: bool) -> None:
        if adopt:
            self._adopt()
        while self._arrived:
            self._record(self._arrived[0])
            self._arrived.popleft()
        for carried in sorted(self._carried.values(), key=lambda each: turn(each.state)):
            self._tick(hands, carried)
        self._stop_looking(unwanted)

    def _adopt(self) -> None:
        """Load what others appended, releases that they opened and orders that they gave included."""
        for carried in self._carried.values():
            self._load(carried)
        for header in self._journal.releases(open=True):
            if header.id not in self._carried and self._worlds(header.application):
                self._take_up(header)
        self._around.hear()

    def _take_up(self, header: Header) -> None:
        first, *others = self._journal.events(header.id)
        assert isinstance(first.event, ReleaseOpened)
        carried = _Carried(state=opened(header.id, first.event), number=header.number, seq=first.seq)
        self._carried[header.id] = carried
        self._tell(carried, first)
        for recorded in others:
            self._apply(carried, recorded)
        self._around.take_up(header)

    def _load(self, carried: _Carried) -> None:
        for recorded in self._journal.events(carried.state.id, carried.seq):
            self._apply(carried, recorded)

    def _apply(self, carried: _Carried, recorded: Recorded) -> None:
        carried.state = evolve(carried.state, recorded.event)
        carried.seq = recorded.seq
        if isinstance(recorded.event, RollbackBegan | RevisionBuilt):
            self._around.ask_again()
        self._tell(carried, recorded)

    def _tell(self, carried: _Carried, recorded: Recorded) -> None:
        release = carried.state.id
        if self._observe is None or recorded.seq <= self._told.get(release, 0):
            return
        self._told[release] = recorded.seq
        try:
            self._observe(carried.state, recorded)
        except Exception as error:  # noqa: BLE001 - whoever looks on must not keep a release from going back
            _log.warning("an observer made a mistake", release=release, seq=recorded.seq, error=repr(error))

    def _tick(self, hands: Hands, carried: _Carried) -> None:
        decision = self._decide(carried)
        for effect in decision.effects:
            if effect.lane not in carried.busy:
                self._start(hands, carried, effect)
        carried.wake_at = decision.wake_at
        if carried.state.ended and not carried.busy:
            del self._carried[carried.state.id]
            self._around.leave((carried.number, carried.state), self._all())

    def _all(self) -> tuple[Numbered, ...]:
        return tuple((each.number, each.state) for each in self._carried.values())

    def _decide(self, carried: _Carried) -> Decision:
        """Decide, and record, until nothing more follows from the state alone."""
        while True:
            decision = decide(carried.state, self._world.clock.now(), self._around.outside(carried.state, self._all()))
            if not decision.records:
                return decision
            self._append(carried, decision.records, fact=False)

    def _append(self, carried: _Carried, events: tuple[Event, ...], *, fact: bool) -> None:
        """Append events; a decision that somebody else's event overtook is dropped, a fact is not."""
        while True:
            try:
                with carried.turn:
                    began = time.perf_counter()
                    self._journal.append(carried.state.id, carried.seq, events)
                    self._meter.appended(time.perf_counter() - began)
                    for seq, event in enumerate(events, start=carried.seq + 1):
                        self._apply(carried, Recorded(seq=seq, event=event))
                return
            except Conflict:
                self._load(carried)
                if not fact:
                    return

    def _start(self, hands: Hands, carried: _Carried, effect: Effect) -> None:
        begun = carried.busy[effect.lane] = _UnderWay(effect)
        state = carried.state

        def work() -> None:
            with carried.turn:
                begins = self._begins(carried, effect)
            self._arriving.put(_Result(state.id, effect, self._perform(state, begun) if begins else None))

        hands.submit(effect.lane, work)

    def _begins(self, carried: _Carried, effect: Effect) -> bool:
        """Whether an effect that has a thread may begin: while it waited somebody may have stopped it, or sent the
        release back. Others say so in the journal alone, so that is asked.
        """
        if not effect.forward:
            return True
        try:
            said = [recorded.event for recorded in self._journal.events(carried.state.id, carried.seq)]
            stopped = self._around.stopped(carried.state.pipeline.application)
        except OperationError:
            return False  # it is decided again when the journal is to be had
        state = reduce(evolve, said, carried.state)
        deployment = state.deployments.get(effect.target.key)
        held = state.hold or (deployment and (state.hold_on(deployment) or deployment.skipped))
        return not (state.rollback or held or (stopped and not state.returning))

    def _perform(self, state: Release, begun: _UnderWay) -> Event | None:
        try:
            world = self._worlds(state.pipeline.application) or self._world
            began = time.perf_counter()
            event = perform(world, state, begun.effect, begun.interruption)
            took, failed = time.perf_counter() - began, isinstance(event, EffectFailed)
            self._meter.performed(begun.effect.verb, took, failed=failed)
        except Abandoned:
            return None
        if begun.interruption.used and isinstance(event, EffectFailed):
            # What was stopped has not failed, and says nothing of the change; but somebody should know of it.
            _log.warning("what was stopped left something behind", release=state.id, error=f"{event.what} {event.next}")
            return None
        return event

    def _wait(self, wake_at: float | None) -> None:
        """Until a result comes, a deadline passes, or it is time to look at the journal."""
        timeout = self._poll if wake_at is None else min(self._poll, max(0.0, wake_at - self._world.clock.now()))
        try:
            self._arrived.append(self._arriving.get(timeout=timeout))
            while True:
                self._arrived.append(self._arriving.get_nowait())
        except queue.Empty:
            return

    def _record(self, result: _Result) -> None:
        carried = self._carried[result.release]
        if result.event is not None:
            try:
                self._append(carried, (result.event,), fact=True)
            except Terminal as error:
                self._append(carried, (self._unwritable(result.effect, error),), fact=True)
        carried.busy.pop(result.effect.lane, None)

    def _unwritable(self, effect: Effect, error: Terminal) -> Event:
        """What is recorded of a result that the journal does not take: the release must not wait for it for ever."""
        return EffectFailed(
            at=self._world.clock.now(),
            effect=effect.key,
            target="" if isinstance(effect, BuildRevision) else effect.target.key,
            code=error.code,
            what=error.what,
            next=error.next,
            retryable=False,
        )
