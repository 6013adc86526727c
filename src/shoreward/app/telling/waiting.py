"""What does not happen, as notices: a release that needs a person, or stands still for too long.

Nothing in the journal says so; it follows from what a release waits for, and since when. Each standstill is told once.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from shoreward.app.ports import Recorded
from shoreward.app.surroundings import Scene
from shoreward.app.telling.notice import Notice
from shoreward.core import Blocker, Release, decide
from shoreward.core import events as e
from shoreward.domain import Approval
from shoreward.domain.notifications import Kind

_LOOKS = e.TargetJudged | e.GateAsked | e.AdvisoriesReviewed | e.EffectFailed
"""What may be recorded again and again while nothing moves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """The last event with which a release moved: its number, and its time."""

    seq: int
    at: float


def moved(recorded: Iterable[Recorded], before: Moved | None = None) -> Moved | None:
    """The last movement among some events, or the one before them."""
    for each in recorded:
        if not isinstance(each.event, _LOOKS):
            before = Moved(seq=each.seq, at=each.event.at)
    return before


def waits(state: Release, last: Moved, scene: Scene, now: float, patience: float) -> Notice | None:
    """What is to be said of a release of a scene that does not move; None when nothing is, or it has been said.

    Args:
        patience: seconds for which it may stand still, beside those for which its wave bakes in any case.
    """
    if _spoken_for(state, scene):
        return None
    blockers = decide(state, now, scene.around(state)).blockers
    needs = [each for each in blockers if each.person]
    if needs:
        what = f"Release {state.id} needs a person"
        return _notice(state, _same(needs[0]), Kind.NEEDS_PERSON, now, what, needs, _advice(state, needs[0]))
    if blockers and now >= last.at + patience + _bakes(state):
        what = f"Release {state.id} has not moved for {span(now - last.at)}"
        return _notice(state, str(last.seq), Kind.BLOCKED, now, what, blockers, "")
    return None


def _spoken_for(state: Release, scene: Scene) -> bool:
    """Whether a person has stopped it, or what it waits for, which has been told of."""
    stopped = state.ended or scene.control.stop_of(state.pipeline.application)
    open_ones = (each for each in scene.releases if not each.ended)
    return bool(stopped) or any(each.hold or each.holds for each in open_ones if _bound(each, state))


def _bound(other: Release, state: Release) -> bool:
    """Whether one may have to wait for the other: releases of an application, and members of a group release."""
    group = state.opened.group
    alike = other.pipeline.application == state.pipeline.application
    return alike or (group is not None and other.opened.group is not None and other.opened.group.id == group.id)


def _bakes(state: Release) -> float:
    """Seconds for which the wave stands still as it should."""
    if state.wave < 0 or state.rollback:
        return 0.0
    wave = state.pipeline.waves[state.wave]
    return max(wave.bake.minimum, wave.soak)


def _same(blocker: Blocker) -> str:
    """What tells a blocker from others, however often what it is about has failed meanwhile."""
    return hashlib.sha256(re.sub(r"\d+", "", blocker.what).encode()).hexdigest()[:12]


def _advice(state: Release, blocker: Blocker) -> str:
    if not blocker.gate:
        return f"`shoreward status {state.id}` says more."
    wave = state.pipeline.waves[min(state.baked, len(state.pipeline.waves) - 1)]
    gates = {each.name: each for each in state.pipeline.gates_of(wave)}
    verb = "approve" if isinstance(gates.get(blocker.gate), Approval) else "override"
    return f"`shoreward {verb} {state.id} {blocker.gate}` opens it for wave {wave.name}."


def _notice(
    state: Release, same: str, kind: Kind, now: float, what: str, blockers: Sequence[Blocker], next: str
) -> Notice:
    told = list(dict.fromkeys(each.what for each in blockers))
    more = f"; and {len(told) - 1} more" if len(told) > 1 else ""
    return Notice(
        key=f"{state.id}/{kind}/{same}",
        kind=kind,
        at=now,
        application=state.pipeline.application,
        release=state.id,
        what=what,
        why=told[0] + more,
        next=next,
        path=f"/releases/{state.id}",
        commit=state.opened.commit,
        before=state.opened.before or "",
    )


def span(seconds: float) -> str:
    """A span of time in whole hours, or minutes: `3 hours`."""
    for size, noun in ((3_600, "hour"), (60, "minute"), (1, "second")):
        if (amount := int(seconds // size)) or size == 1:
            return f"{amount} {noun}{'' if amount == 1 else 's'}"
    raise AssertionError("seconds are left for all")
