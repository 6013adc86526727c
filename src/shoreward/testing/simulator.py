"""Carrying a release under simulated time: the real core, judge and performing, one effect after the other."""

from __future__ import annotations

from shoreward.app.perform import perform
from shoreward.app.ports import Journal
from shoreward.app.world import World
from shoreward.core import Event, Release, decide, evolve, replay
from shoreward.testing.simulated import SimulatedCloud


def state_of(journal: Journal, release: str) -> Release:
    """A release as its journal has it."""
    return replay(release, (recorded.event for recorded in journal.events(release)))


def step(journal: Journal, cloud: SimulatedCloud, release: str, world: World | None = None) -> float | None:
    """Decide once, record and perform what follows, in the cloud's world or in another one.

    Returns when to decide again: now, if anything happened; a deadline; or None when only a person can help, or the
    release has ended.
    """
    recorded = journal.events(release)
    state = replay(release, (each.event for each in recorded))
    return _step(journal, cloud, state, recorded[-1].seq, world or cloud.world())


def _step(journal: Journal, cloud: SimulatedCloud, state: Release, seq: int, world: World) -> float | None:
    decision = decide(state, cloud.clock.now())
    events: tuple[Event, ...] = decision.records
    if not events:
        events = tuple(perform(world, state, effect) for effect in decision.effects)
    if not events:
        return decision.wake_at
    journal.append(state.id, seq, events)
    return cloud.clock.now()


def carry(journal: Journal, cloud: SimulatedCloud, release: str, *, until: float | None = None) -> Release:
    """Carry a release until it has ended, only a person can help, or simulated time has come to `until`."""
    recorded = journal.events(release)
    state, seq = replay(release, (each.event for each in recorded)), recorded[-1].seq
    while True:
        again = _step(journal, cloud, state, seq, cloud.world())
        for each in journal.events(release, seq):
            state, seq = evolve(state, each.event), each.seq
        if again is None or (until is not None and again > until):
            return state
        cloud.clock.time = max(cloud.clock.time, again)
