"""The pure centre: `decide(state, now)` says what follows from a release as it stands.

It is level-triggered: it looks at the state alone, so it does not matter what woke it, how often, or how late.
"""

from __future__ import annotations

from shoreward.core.back import go_back, harm
from shoreward.core.decision import NOTHING, Decision
from shoreward.core.drifting import drifted
from shoreward.core.effects import Effect
from shoreward.core.events import RollbackBegan
from shoreward.core.forward import advance
from shoreward.core.gate import turned_away
from shoreward.core.gating import turned_down
from shoreward.core.grouping import deserted, settled, turned_round
from shoreward.core.outside import ALONE, Outside
from shoreward.core.revocation import revoked
from shoreward.core.sequence import condemned, superseded, tainted
from shoreward.core.standstill import in_the_way
from shoreward.core.state import Release


def decide(state: Release, now: float, outside: Outside = ALONE) -> Decision:
    """What to record, what to do and when to look again; nothing for a release that has ended."""
    if state.ended:
        return NOTHING
    if state.rollback:
        return go_back(state, now, outside)
    if end := settled(state, now, outside):
        return Decision(records=(end,))
    if state.returning:
        gone = deserted(state, now, outside)
        return Decision(records=(gone,)) if gone else advance(state, now, outside).first_record
    stop = (
        harm(state, now)
        or tainted(state, now, outside)
        or turned_away(state, now)
        or turned_down(state, now)
        or revoked(state, now)
        or drifted(state, now)
        or deserted(state, now, outside)
        or turned_round(state, now, outside)
        or in_the_way(state, now, outside)
        or superseded(state, now, outside)
    )
    if stop:
        return Decision(records=(stop,))
    return advance(state, now, outside).first_record


def leaves(state: Release, quarantine: str) -> str:
    """Why a release goes back, or ends without staying, as soon as somebody looks: what its fellows need to know.

    Args:
        quarantine: why its revision must not be anywhere; "" when it may.
    """
    if state.rollback:
        return state.rollback.reason
    found = harm(state, 0.0) or turned_down(state, 0.0) or revoked(state, 0.0)
    if isinstance(found, RollbackBegan):
        return found.reason
    if turned_away(state, 0.0):
        return "its checks failed"
    return quarantine if condemned(state, quarantine) else ""


def unwanted(state: Release, effect: Effect) -> bool:
    """Whether nobody waits any more for what an effect that is under way would find, so that it may be ended.

    A hold is no reason: what is found under it counts when it is lifted.
    """
    return effect.stoppable and (state.ended or state.rollback is not None)
