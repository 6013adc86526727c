"""The fleet under way: time jumps from one thing that happens to the next, and whoever it concerns decides again.

What a controller does for one journal is done here for all pipelines at once, with the same `decide`, `evolve` and
surroundings; only where nothing can have changed for a release, it is not asked again.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256

import numpy as np

from shoreward.app.surroundings import Glances, Scene, group_of, turn
from shoreward.core import Effect, Event, Phase, Release, decide, evolve, opened
from shoreward.core import effects as do
from shoreward.core import events as e
from shoreward.core.control import NO_CONTROL, Control, Order, steered
from shoreward.domain import After, Outcome, Pipeline
from shoreward.simulation.fleet.acting import Acting, takes
from shoreward.simulation.fleet.branches import Branches
from shoreward.simulation.fleet.cloud import Cloud
from shoreward.simulation.fleet.history import History
from shoreward.simulation.fleet.looks import measured
from shoreward.simulation.fleet.people import People
from shoreward.simulation.fleet.properties import Watchman
from shoreward.simulation.fleet.report import Report, reported
from shoreward.simulation.fleet.shape import DAY, MONDAY, Shape, pipeline_of
from shoreward.simulation.fleet.weather import Weather

_TELLING = (
    e.ReleaseOpened
    | e.RevisionBuilt
    | e.RevisionChecked
    | e.WaveEntered
    | e.WaveBaked
    | e.HoldPlaced
    | e.HoldLifted
    | e.TargetEntered
    | e.TargetSkipped
    | e.TargetOvertaken
    | e.StackRestored
    | e.RollbackBegan
    | e.ReleaseEnded
)
"""What may change what other releases of the application decide."""

_ROOM = e.TargetFinished | e.TargetSkipped | e.StackRestored | e.RollbackBegan | e.ReleaseEnded | e.TargetOvertaken
"""What may leave room for others."""


@dataclass(slots=True)
class Carried:
    """A release in the fleet: what is under way, by lane, and when it wants to decide again."""

    state: Release
    number: int
    busy: dict[str, Effect] = field(default_factory=dict[str, Effect])
    wake_at: float | None = None
    wants_room: bool = False
    waits_for: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class Fleet:
    """All pipelines, their releases, and what is to happen when."""

    shape: Shape
    pipelines: dict[str, Pipeline]
    acting: Acting
    watchman: Watchman
    chance: np.random.Generator
    control: Control = NO_CONTROL
    observe: Callable[[Event], None] = lambda event: None
    now: float = MONDAY
    carried: dict[str, Carried] = field(default_factory=dict[str, Carried])
    families: dict[str, dict[str, Carried]] = field(default_factory=lambda: defaultdict[str, dict[str, Carried]](dict))
    dependants: dict[str, list[str]] = field(default_factory=lambda: defaultdict[str, list[str]](list))
    ended: dict[str, list[Release]] = field(default_factory=lambda: defaultdict[str, list[Release]](list))
    numbers: dict[str, int] = field(default_factory=lambda: defaultdict[str, int](int))
    events: int = 0
    decisions: int = 0
    _told: bytes = b""
    _queue: list[tuple[float, int, Callable[[], None]]] = field(
        default_factory=list[tuple[float, int, Callable[[], None]]]
    )
    _count: int = 0
    _dirty: set[str] = field(default_factory=set[str])
    _glances: Glances = field(default_factory=Glances)
    _members: dict[str, dict[str, Release]] = field(default_factory=lambda: defaultdict[str, dict[str, Release]](dict))
    branches: Branches = field(init=False)
    people: People = field(init=False)
    weather: Weather = field(init=False)

    def __post_init__(self) -> None:
        for name, pipeline in self.pipelines.items():
            for gate in pipeline.gates:
                if isinstance(gate, After):
                    self.dependants[gate.application].append(name)
        self.branches = Branches(self)
        self.people = People(self)
        self.weather = Weather(self)

    def at(self, when: float, what: Callable[[], None]) -> None:
        """Let something happen at a time."""
        self._count += 1
        heapq.heappush(self._queue, (when, self._count, what))

    def run(self, until: float) -> None:
        """Let everything happen until a time."""
        self._settle()
        while self._queue and self._queue[0][0] <= until:
            self.now = self._queue[0][0]
            while self._queue and self._queue[0][0] <= self.now:
                heapq.heappop(self._queue)[2]()
            self._settle()
        self.now = until

    def open(self, event: e.ReleaseOpened) -> str:
        """A release more."""
        application = event.pipeline.application
        self.numbers[application] += 1
        number = self.numbers[application]
        release = f"{application}#{number}"
        self.carried[release] = self.families[application][release] = Carried(opened(release, event), number)
        self._dirty.add(release)
        self._keep(self.carried[release].state)
        return release

    def fellows(self, state: Release) -> list[Release]:
        """The other members of a release's group release, those that have ended as well."""
        return [each for each in self._members.get(group_of(state), {}).values() if each.id != state.id]

    def _keep(self, state: Release) -> None:
        """Let its fellows see how a member is now; a group that is over is forgotten."""
        group = group_of(state)
        if not group:
            return
        self._members[group][state.id] = state
        self._dirty.update(each.id for each in self.fellows(state))
        if all(each.ended for each in self._members[group].values()):
            del self._members[group]

    def family(self, application: str) -> list[Carried]:
        """The open releases of an application, oldest first."""
        return list(self.families[application].values())

    def say(self, release: str, event: Event) -> None:
        """Append an event, and look whether it may be."""
        carried = self.carried[release]
        state, application = carried.state, carried.state.pipeline.application
        related = (each.state for each in self.family(application)) if isinstance(event, e.WaveEntered) else ()
        self.watchman.recorded(state, event, related, self.fellows(state), self.control.freezes)
        carried.state = evolve(state, event)
        self._keep(carried.state)
        self.observe(event)
        self.events += 1
        told = f"{event.at} {release} {type(event).__name__} {getattr(event, 'target', '')}"
        self._told = sha256(self._told + told.encode()).digest()
        self._dirty.add(release)
        if isinstance(event, _TELLING):
            for name in (application, *self.dependants[application]):
                self._dirty.update(self.families[name])
        if isinstance(event, _ROOM):
            self._dirty.update(key for key, each in self.carried.items() if each.wants_room)
        self.branches.heard(carried.state, event)
        if isinstance(event, e.ReleaseEnded):
            self._leave(carried)

    def order(self, order: Order) -> None:
        """What people say of more than one release."""
        self.control = steered(self.control, order)
        self.recheck()

    def recheck(self, application: str = "") -> None:
        """Let the releases of an application decide again, or all of them."""
        self._dirty.update(self.families[application] if application else self.carried)

    def _leave(self, carried: Carried) -> None:
        release = carried.state.id
        if not carried.busy:
            self._drop(release)
        self.ended[carried.state.pipeline.application].append(carried.state)

    def _drop(self, release: str) -> None:
        carried = self.carried.pop(release, None)
        if carried is not None:
            del self.families[carried.state.pipeline.application][release]

    def _settle(self) -> None:
        while self._dirty:
            turns = sorted(
                (self.carried[key] for key in self._dirty if key in self.carried), key=lambda it: turn(it.state)
            )
            self._dirty.clear()
            for carried in turns:
                self._tick(carried)

    def _tick(self, carried: Carried) -> None:
        while not carried.state.ended:
            self.decisions += 1
            decision = decide(carried.state, self.now, self._scene(carried.state).around(carried.state))
            if not decision.records:
                break
            self.say(carried.state.id, decision.records[0])
        else:
            return
        self._dirty.discard(carried.state.id)
        wake_at = decision.wake_at
        for effect in decision.effects:
            when = self._begin(carried, effect)
            wake_at = when if wake_at is None else min(wake_at, when)
        carried.wants_room = any("waits for room" in blocker.what for blocker in decision.blockers)
        carried.waits_for = tuple(blocker.what for blocker in decision.blockers)
        self.watchman.decided(carried.state, decision, carried.busy)
        if wake_at is not None and wake_at < float("inf") and wake_at != carried.wake_at:
            carried.wake_at = wake_at
            self.at(max(wake_at, self.now), lambda: self._wake(carried.state.id, wake_at))

    def _wake(self, release: str, when: float) -> None:
        carried = self.carried.get(release)
        if carried is not None and carried.wake_at == when:
            carried.wake_at = None
            self._dirty.add(release)

    def _begin(self, carried: Carried, effect: Effect) -> float:
        """Begin an effect, unless its lane is busy or it is a look that says nothing new; when to come again."""
        if effect.lane in carried.busy:
            return float("inf")
        state = carried.state
        if isinstance(effect, do.JudgeTarget):
            tells = self.acting.tells_at(state, state.deployments[effect.target.key])
            if tells > self.now:
                return tells
        self.watchman.begun(state, effect, self.control, self.branches.taints, self.fellows(state))
        carried.busy[effect.lane] = effect
        self.at(self.now + takes(effect), lambda: self._end(carried, state, effect))
        return float("inf")

    def _end(self, carried: Carried, state: Release, effect: Effect) -> None:
        del carried.busy[effect.lane]
        self.watchman.over(effect)
        if isinstance(effect, do.JudgeTarget) and carried.state.deployments[effect.target.key].phase is not (
            state.deployments[effect.target.key].phase
        ):
            self._dirty.add(state.id)
            return
        if carried.state.ended:
            if not carried.busy:
                self._drop(state.id)
            return
        self.say(state.id, self.acting.end(state, effect, self.now))

    def _scene(self, state: Release) -> Scene:
        """All that bears on a release; those of other applications only where it may ask for them."""
        application = state.pipeline.application
        asked = [gate.application for gate in state.pipeline.gates if isinstance(gate, After)]
        fellows = self.fellows(state)
        with_us = [*asked, *(each.pipeline.application for each in fellows)]
        names = self.families if self._enters(state) else with_us
        others = [
            each.state
            for name in names
            if name != application
            for each in self.families[name].values()
            if not each.state.ended
        ]
        own = [(each.number, each.state) for each in self.families[application].values() if not each.state.ended]
        stayed = [
            (_number(each), each)
            for each in self.ended[application][-20:]
            if each.outcome is Outcome.SUCCEEDED and _number(each) > own[0][0]
        ]
        line = [each for _, each in sorted((*own, *stayed), key=lambda it: it[0])]
        known = {each.id: each for each in (*line, *others, *fellows)}
        return Scene(
            releases=tuple(sorted(known.values(), key=_number)) if fellows else (*line, *others),
            control=self.control,
            limits=self.shape.limits,
            taints=self.branches.taints,
            glances=self._glances,
        )

    @staticmethod
    def _enters(state: Release) -> bool:
        """Whether it may enter targets, so that room matters."""
        if state.waiting or state.rollback:
            return False
        return any(each.phase is Phase.WAITING and not each.entered for each in state.in_wave(state.wave))

    @property
    def digest(self) -> str:
        """Of all that has happened, in order: the same wherever, and however often, a shape is simulated."""
        return self._told.hex()[:16]

    def forget(self) -> None:
        """Glances at releases that are over."""
        self._glances.keep(self.carried)


def _number(state: Release) -> int:
    return int(state.id.rpartition("#")[2])


def simulate(shape: Shape, told: Callable[[Fleet], None] | None = None) -> Report:
    """Carry all merges of a shape; the same shape gives the same report.

    Args:
        told: called after each simulated hour.

    Raises:
        Broken: a property does not hold.
    """
    fleet = fleet_of(shape)
    end = MONDAY + (shape.days + shape.settle) * DAY
    hours = int((end - MONDAY) // 3_600)
    for hour in range(1, hours + 1):
        fleet.run(MONDAY + hour * 3_600)
        fleet.forget()
        if told:
            told(fleet)
        if fleet.now > MONDAY + shape.days * DAY and not fleet.carried:
            break
    return reported(fleet)


def fleet_of(shape: Shape) -> Fleet:
    """A fleet in which nothing has happened yet, and all merges and people's deeds are drawn."""
    pipelines = {each.application: each for each in (pipeline_of(shape, number) for number in range(shape.pipelines))}
    looks = measured(next(iter(pipelines.values())), shape.traffic, range(shape.samples))
    histories = {name: History(name) for name in pipelines}
    cloud = Cloud(histories=histories, traffic=shape.traffic)
    for name, pipeline in pipelines.items():
        first = histories[name].add(MONDAY)
        for target in pipeline.targets:
            cloud.add(target, first.id, MONDAY)
    acting = Acting(cloud=cloud, histories=histories, looks=looks, chance=np.random.default_rng((shape.seed, 1)))
    fleet = Fleet(
        shape=shape,
        pipelines=pipelines,
        acting=acting,
        watchman=Watchman(shape.limits),
        chance=np.random.default_rng((shape.seed, 2)),
    )
    fleet.branches.begin()
    fleet.people.begin()
    fleet.weather.begin()
    return fleet
