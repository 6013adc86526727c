"""Drift stops a target: it is held until a person has changed it back, or goes on over it with a reason.

Whoever lifts the hold has been told of what is there, and of nothing else: what is changed after that holds it again.
"""

from __future__ import annotations

from dataclasses import replace

from shoreward.core import events as e
from shoreward.core.state import Phase, Release, scope_of


def drifted(state: Release, now: float) -> e.HoldPlaced | None:
    """The hold that drift asks for, once for all that was found."""
    for failure in state.failures.values():
        event = failure.event
        keys = tuple(one.key for one in event.drift)
        if not keys:
            continue
        # A finished target waits for nothing any more, so its drift holds what still moves: the release.
        finished = state.deployments[event.target].phase is Phase.FINISHED
        target = "" if finished else event.target
        held = state.hold if finished else state.holds.get(scope_of("", target))
        if held and set(keys) <= set(held.drift):
            continue
        before = f"; held before by {held.by}: {held.why}" if held else ""
        why = f"{event.what} {event.next} [{event.code}]{before}"
        placed = e.HoldPlaced(at=now, by="shoreward", why=why, target=target, drift=keys)
        return replace(placed, drift=(*held.drift, *keys)) if held else placed
    return None
