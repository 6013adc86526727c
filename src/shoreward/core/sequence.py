"""Several releases of one application, in sequence: a wave holds one at a time, and they never pass each other.

A release enters a wave when every older one has baked it, or has nothing left there to take back. Of those that wait
before the same wave the newest goes on, and carries the others.
"""

from __future__ import annotations

from shoreward.core import events as e
from shoreward.core.decision import Blocker
from shoreward.core.gate import is_open
from shoreward.core.outside import Other, Outside
from shoreward.core.state import Release
from shoreward.domain import Outcome


def ready(state: Release) -> bool:
    """Whether the release may enter waves, as far as it alone is concerned."""
    return state.revision is not None and is_open(state)


def occupied(state: Release, wave: int, outside: Outside) -> Blocker | None:
    """Why a wave cannot be entered yet: an older release has it, or comes before."""
    keys = {target.key for target in state.pipeline.waves[wave].targets}
    name = state.pipeline.waves[wave].name
    for other in outside.ahead:
        if other.back:
            if keys & other.on:
                return Blocker(what=f"release {other.id} is on its way back from wave {name}")
        elif other.baked <= wave:
            where = "waits before" if other.waiting else "is in"
            which = state.pipeline.waves[min(other.baked, len(state.pipeline.waves) - 1)].name
            held = ", held" if other.held else ""
            return Blocker(what=f"release {other.id} comes first; it {where} wave {which}{held}", person=other.held)
    return None


def superseded(state: Release, now: float, outside: Outside) -> e.ReleaseEnded | None:
    """The end of a release that waits where a newer one waits as well, and could go on."""
    if not state.waiting or state.hold or not any(_could_go_on(other, state) for other in outside.behind):
        return None
    return e.ReleaseEnded(at=now, outcome=Outcome.SUPERSEDED)


def _could_go_on(other: Other, state: Release) -> bool:
    going = other.open and not other.back and not other.held
    return going and other.ready and other.waiting and other.baked == state.baked


def tainted(state: Release, now: float, outside: Outside) -> e.RollbackBegan | None:
    """The way back of a release whose revision is in quarantine, unless somebody said that it may go all the same."""
    if not outside.quarantine or state.opened.despite or state.opened.back_to:
        return None
    return e.RollbackBegan(at=now, cause="quarantine", reason=outside.quarantine)
