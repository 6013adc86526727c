"""One release, from its opening to its end, in simulated time.

The core decides, `app.perform` performs; here are only the clock, and how long effects take. Time jumps from one thing
that happens to the next.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from shoreward.app.judging import tests_for
from shoreward.app.perform import perform
from shoreward.app.ports import AlarmSource
from shoreward.app.world import World
from shoreward.core import Deployment, Effect, Event, Phase, Release, decide, evolve, opened
from shoreward.core import effects as do
from shoreward.core import events as e
from shoreward.core.decision import earliest
from shoreward.domain import Outcome, Pipeline, Target
from shoreward.domain.ramp import affordable
from shoreward.simulation.customers import Customers
from shoreward.simulation.faults import Affliction
from shoreward.simulation.metrics import NEW, SimulatedMetrics, shares
from shoreward.simulation.quiet import may_certify, may_fail, may_pass
from shoreward.testing.simulated import SimulatedClock, SimulatedCloud, SimulatedTarget

OLD = "old"

_AHEAD = 60
"""Intervals by which a search for the next telling look goes further."""

_NEAR = 6
"""Intervals within which a ramp mostly goes up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Seconds that effects take; looks and shifts take none."""

    stage: float = 60.0
    finish: float = 60.0
    rollback: float = 10.0

    def of(self, effect: Effect) -> float:
        """How long one takes."""
        match effect:
            case do.StageTarget():
                return self.stage
            case do.FinishTarget():
                return self.finish
            case do.RestoreTraffic():
                return self.rollback
            case _:
                return 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What came of one release.

    Attributes:
        fault: the kind's name.
        outcome: None for a release that waits for a person.
        seconds: from its opening to its end; to the moment at which nothing but a person helps.
        harm: requests that failed because of it, as far as is to be expected of those who were served by it.
        detected: seconds from the first customer who was served by a harmful revision until it began to go back; None
            where it did not.
        targets: how many had customers on it; `customers` is their share, each target at its highest exposure.
        reason: why it went back, or what it waits for.
    """

    fault: str
    seed: int
    outcome: Outcome | None
    seconds: float
    harm: float
    detected: float | None
    targets: int
    customers: float
    reason: str = ""
    shifts: tuple[tuple[float, float], ...] = ()

    @property
    def came_back(self) -> bool:
        """Whether it was sent back."""
        return self.outcome not in (None, Outcome.SUCCEEDED)


@dataclass(slots=True, kw_only=True)
class Simulation:
    """A release under way.

    Args of `run`: see there. `skip` leaves out the looks that cannot matter (`simulation.quiet`), which nobody knows of
    looks at durations.
    """

    state: Release
    cloud: SimulatedCloud
    world: World
    metrics: SimulatedMetrics
    times: Times
    skip: bool
    events: list[Event] = field(default_factory=list[Event])
    _under_way: list[tuple[float, int, Effect, Release]] = field(
        default_factory=list[tuple[float, int, Effect, Release]]
    )
    _begun: int = 0
    _quiet: dict[str, tuple[int, float]] = field(default_factory=dict[str, tuple[int, float]])

    def carry(self, until: float) -> Release:
        """Carry the release until it has ended, only a person can help, or the time has come."""
        while not self.state.ended:
            decision = decide(self.state, self.now)
            if decision.records:
                self._append(decision.records)
                continue
            if self._begin(decision.effects):
                continue
            again = earliest((decision.wake_at, *(when for when, *_ in self._under_way[:1]), self._next_look()))
            if again is None or again > until:
                break
            self.cloud.clock.time = max(self.now, again)
            self._end_what_is_due()
        return self.state

    @property
    def now(self) -> float:
        """The simulated time, UNIX seconds."""
        return self.cloud.clock.time

    def _append(self, events: tuple[Event, ...]) -> None:
        for event in events:
            self.events.append(event)
            self.state = evolve(self.state, event)

    def _begin(self, effects: tuple[Effect, ...]) -> bool:
        """Begin what can be begun; whether anything has come to its end at once."""
        busy = {effect.lane for _, _, effect, _ in self._under_way}
        results: list[Event] = []
        for effect in effects:
            if effect.lane in busy or (isinstance(effect, do.JudgeTarget) and self._is_quiet(effect.target)):
                continue
            busy.add(effect.lane)
            if lasting := self.times.of(effect):
                self._begun += 1
                heapq.heappush(self._under_way, (self.now + lasting, self._begun, effect, self.state))
            else:
                results.append(perform(self.world, self.state, effect))
        self._append(tuple(results))
        return bool(results)

    def _end_what_is_due(self) -> None:
        while self._under_way and self._under_way[0][0] <= self.now:
            _, _, effect, state = heapq.heappop(self._under_way)
            self._append((perform(self.world, state, effect),))

    def _next_look(self) -> float | None:
        """When the next look is taken that was left out until then."""
        return earliest(
            when
            for key, (step, when) in self._quiet.items()
            if when > self.now and self._bakes_at(self.state.deployments[key], step)
        )

    @staticmethod
    def _bakes_at(deployment: Deployment, step: int) -> bool:
        return deployment.phase is Phase.BAKING and deployment.step == step

    def _is_quiet(self, target: Target) -> bool:
        """Whether a look that is due cannot matter yet."""
        deployment = self.state.deployments[target.key]
        if deployment.phase is not Phase.BAKING:
            # What both revisions share is not simulated: when all traffic has moved, only alarms can tell anything.
            return not self.state.pipeline.alarms
        if not self.skip or not deployment.splits:
            return False
        step, when = self._quiet.get(target.key, (-1, 0.0))
        if step != deployment.step or when <= self.now:
            when = self._next_telling(deployment)
            self._quiet[target.key] = deployment.step, when
        return when > self.now

    def _next_telling(self, deployment: Deployment) -> float:
        """When the next look is due that might say more than that the bake goes on; the deadline when none is."""
        policy, bake = self.state.pipeline.judge, self.state.wave_of(deployment).bake
        period = policy.interval
        start = deployment.exposed_since // period * period
        arrived = int((self.now - policy.delay - start) // period)
        last = math.ceil((deployment.shifted_at + bake.deadline - start) / period)
        over = math.ceil((deployment.shifted_at + bake.minimum - start) / period)
        ahead = max(arrived, over if self.state.wave_of(deployment).ramp is None else arrived + _NEAR)
        while True:
            telling = self._telling(deployment, start, ahead, over)[max(0, arrived - 1) :]
            if telling.any():
                index = max(0, arrived - 1) + int(np.argmax(telling))
                return max(self.now, start + (index + 1) * period + policy.delay)
            if ahead >= last:
                return start + last * period + policy.delay
            ahead = min(last, ahead + _AHEAD)

    def _telling(self, deployment: Deployment, start: float, intervals: int, over: int) -> np.ndarray:
        """Which of so many intervals a look might say something after; `over` of them are the minimum."""
        policy, bake = self.state.pipeline.judge, self.state.wave_of(deployment).bake
        end = start + intervals * policy.interval
        served, _ = self.metrics.between(deployment.target, start, end, policy.interval)
        rollback, promotion = tests_for(self.state, deployment, 2)
        step = int(-(-deployment.shifted_at // policy.interval) - start // policy.interval)
        counts = served.counts
        passing = may_pass(counts, promotion, bake.requests, step) & (np.arange(intervals) >= over - 1)
        wave = self.state.wave_of(deployment)
        if wave.ramp:
            above = (*wave.steps, 100.0)[deployment.step + 1]
            margin = affordable(wave, deployment.target, policy, above)
            climbing = may_certify(counts, policy, margin, step)
            passing = climbing & passing if above >= 100 else climbing
        return may_fail(counts, deployment.percent / 100, rollback, step) | passing


def run(
    pipeline: Pipeline,
    metrics: SimulatedMetrics,
    *,
    seed: int = 0,
    times: Times | None = None,
    longest: float = 90 * 86_400.0,
    skip: bool = True,
    alarms: AlarmSource | None = None,
) -> tuple[Ran, Simulation]:
    """Carry one release of a pipeline through what `metrics` says of its customers and its fault.

    Checks and probes are taken to be quiet: what they find, customers never meet. So are named alarms without `alarms`.

    Args:
        longest: simulated seconds after which it is left where it is.
    """
    cloud = metrics.cloud
    bare = replace(pipeline, checks=None, probes=(), alarms=pipeline.alarms if alarms else ())
    event = e.ReleaseOpened(at=cloud.clock.now(), pipeline=bare, commit=NEW, subject="simulated", by="simulation")
    simulation = Simulation(
        state=opened("simulated-1", event),
        cloud=cloud,
        world=replace(cloud.world(), metrics=metrics, **({"alarms": alarms} if alarms else {})),
        metrics=metrics,
        times=times or Times(),
        skip=skip
        and alarms is None
        and metrics.arrival.punctual(pipeline.judge.delay)
        and not metrics.affliction.fault.slow,
        events=[event],
    )
    state = simulation.carry(event.at + longest)
    return _told(state, simulation, metrics.affliction, metrics.customers, seed), simulation


def a_cloud(pipeline: Pipeline, at: float) -> SimulatedCloud:
    """A cloud on which an earlier revision serves all targets."""
    cloud = SimulatedCloud(clock=SimulatedClock(at))
    for target in pipeline.targets:
        cloud.targets[target.key] = SimulatedTarget(
            applied=OLD, versions=[OLD], alias=1, shares=[(at - 86_400, {OLD: 1.0})]
        )
    return cloud


def _told(state: Release, simulation: Simulation, affliction: Affliction, customers: Customers, seed: int) -> Ran:
    began = state.opened.at
    ended = state.ended_at if state.ended else simulation.now
    peaks: Mapping[str, float] = {
        target.key: max((share for _, share in shares(simulation.cloud, target)), default=0.0)
        for target in state.pipeline.targets
    }
    everybody = sum(target.weight for target in state.pipeline.targets) or 1.0
    met = sum(target.weight * peaks[target.key] for target in state.pipeline.targets)
    spans = [_harm(simulation, affliction, customers, target, ended) for target in state.pipeline.targets]
    first = min((since for _, since in spans if since is not None), default=None)
    back = state.rollback.at if state.rollback else None
    return Ran(
        fault=affliction.fault.name,
        seed=seed,
        outcome=state.outcome,
        seconds=ended - began,
        harm=sum(harm for harm, _ in spans),
        detected=back - first if back is not None and first is not None and back >= first else None,
        targets=sum(peak > 0 for peak in peaks.values()),
        customers=met / everybody,
        reason=state.rollback.reason if state.rollback else state.hold.why if state.hold else "",
        shifts=_shifts(simulation, everybody),
    )


def _harm(
    simulation: Simulation, affliction: Affliction, customers: Customers, target: Target, ended: float
) -> tuple[float, float | None]:
    """Requests that fail because of the revision, and when the first of them could."""
    if not affliction.fault.harmful or target.key not in affliction.targets:
        return 0.0, None
    changes = [*shares(simulation.cloud, target), (ended, 0.0)]
    harm, first = 0.0, None
    for (start, share), (end, _) in pairwise(changes):
        since = max(start, affliction.since)
        if share and end > since:
            first = since if first is None else first
            harm += affliction.excess * share * customers.requests(target, since, end)
    return harm, first


def _shifts(simulation: Simulation, everybody: float) -> tuple[tuple[float, float], ...]:
    """The share of all customers whom the revision serves, whenever it changes: seconds since the opening, share."""
    began = simulation.state.opened.at
    changes = [
        (at - began, target.weight / everybody * change)
        for target in simulation.state.pipeline.targets
        for at, change in _steps(shares(simulation.cloud, target))
    ]
    total, result = 0.0, [(0.0, 0.0)]
    for at, change in sorted(changes):
        total += change
        if at >= 0:
            result.append((at, min(1.0, max(0.0, total))))
    return tuple(result)


def _steps(found: list[tuple[float, float]]) -> list[tuple[float, float]]:
    return [
        (at, share - before)
        for (at, share), before in zip(found, (0.0, *(share for _, share in found)), strict=False)
        if share != before
    ]
