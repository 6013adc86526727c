"""Several releases of one application, in sequence: a wave holds one at a time, and they never pass each other.

A release enters a wave when every older one has baked it, or has nothing left there to take back. Of those that wait
before the same wave the newest goes on: it is what was wished for last. As a rule it contains the others; where it is
not known to, that is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

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
    """Why a wave cannot be entered yet: an older release has one of its targets, or comes there before."""
    keys = {target.key for target in state.pipeline.waves[wave].targets}
    name = state.pipeline.waves[wave].name
    for other in outside.ahead:
        if other.back:
            if keys & outside.left_by(other):
                return Blocker(what=f"release {other.id} is on its way back from wave {name}")
        elif keys & other.ahead:
            where = "waits" if other.waiting else f"is in its wave {other.wave + 1}"
            held = ", held" if other.held else ""
            return Blocker(what=f"release {other.id} comes before in wave {name}; it {where}{held}", person=other.held)
    return None


def superseded(state: Release, now: float, outside: Outside) -> e.ReleaseEnded | None:
    """The end of a release that waits where a newer one waits as well, and could go on in its place.

    One of which a person holds anything waits all the same: the newer one would know nothing of that. Members of a
    group release are superseded by one and the same, all of them or none.
    """
    units = heirs(state, outside.behind).intersection(*(fellow.heirs for fellow in outside.fellows))
    if not units:
        return None
    return e.ReleaseEnded(at=now, outcome=replaced(state, [other for other in outside.behind if other.unit in units]))


def replaced(state: Release, others: Sequence[Other]) -> Outcome:
    """How a release ends that newer ones, oldest first, go on in place of: the newest of them carries it, or does not.

    Who was opened when nobody asked for that is taken to carry what came before it.
    """
    carried = others and (others[-1].carries is None or state.id in others[-1].carries)
    return Outcome.SUPERSEDED if carried else Outcome.DISPLACED


def heirs(state: Release, behind: Iterable[Other]) -> frozenset[str]:
    """The units, one of whose releases could go on in place of one that waits, and that nobody holds."""
    if not state.waiting or state.hold or state.holds:
        return frozenset()
    return frozenset(other.unit for other in behind if _could_go_on(other, state))


def _could_go_on(other: Other, state: Release) -> bool:
    going = other.open and not other.back and not other.held
    return going and other.ready and other.waiting and _stand_equally(other, state)


def _stand_equally(other: Other, state: Release) -> bool:
    """Before their first waves, or with the same targets to come; their pipelines may differ."""
    return other.baked == state.baked == 0 or other.ahead == to_come(state)


def to_come(state: Release) -> frozenset[str]:
    """Keys of the targets that a release has not baked on yet."""
    return frozenset(target.key for wave in state.pipeline.waves[state.baked :] for target in wave.targets)


def tainted(state: Release, now: float, outside: Outside) -> e.RollbackBegan | None:
    """The way back of a release whose revision is in quarantine, unless somebody said that it may go all the same."""
    if not condemned(state, outside.quarantine):
        return None
    return e.RollbackBegan(at=now, cause="quarantine", reason=outside.quarantine)


def condemned(state: Release, quarantine: str) -> bool:
    """Whether a release must go back because of a reason for quarantine, "" for none."""
    return bool(quarantine) and not state.opened.despite and not state.returning
