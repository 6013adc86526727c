"""Who stands still: what keeps a release, or a part of it, from moving forward, although it could.

People's words, and doubt. Watching goes on meanwhile, and so does every way back: a release that stands still where an
older one goes back gives way, for its customers there are the older one's, too.
"""

from __future__ import annotations

from shoreward.core import events as e
from shoreward.core.decision import Blocker
from shoreward.core.grouping import held_through
from shoreward.core.outside import Outside
from shoreward.core.revocation import outdated
from shoreward.core.state import Deployment, Phase, Release


def stopped(state: Release, outside: Outside) -> Blocker | None:
    """Why nothing of a release moves forward: a person's word about it, its pipeline, or everything; or doubt."""
    if state.hold:
        return Blocker(what=f"held by {state.hold.by}: {state.hold.why}", person=True)
    if outside.stop and not state.returning:
        what = "this pipeline" if outside.stop.application else "everything"
        return Blocker(what=f"{what} was stopped by {outside.stop.by}: {outside.stop.why}", person=True)
    if outside.unsure and not (state.returning or state.opened.despite):
        return Blocker(what=f"nobody can tell whether it is in quarantine: {outside.unsure}", person=True)
    return held_through(state, outside)


def held(state: Release, deployment: Deployment) -> Blocker | None:
    """Why a target of a release does not move forward: a person's word about it, or about its wave."""
    hold = state.hold_on(deployment)
    if hold is None:
        return None
    what = deployment.target if hold.target else f"wave {hold.wave}"
    return Blocker(what=f"{what} is held by {hold.by}: {hold.why}", person=True)


def in_the_way(state: Release, now: float, outside: Outside) -> e.RollbackBegan | None:
    """The way back of a release that stands still on a target from which an older one goes back.

    Where all customers have the newer one already, nobody waits for it.
    """
    if not any(other.back for other in outside.ahead):
        return None
    whole = stopped(state, outside) or outdated(state, now)
    for deployment in state.deployments.values():
        why = whole or held(state, deployment)
        beneath = outside.beneath(deployment.target.key)
        if why and beneath and _part_of(deployment):
            reason = (
                f"release {beneath.id} goes back beneath it on {deployment.target}, and it stands still: {why.what}"
            )
            return e.RollbackBegan(at=now, cause="in the way", reason=reason, target=deployment.target.key)
    return None


def _part_of(deployment: Deployment) -> bool:
    """Whether a release has a target, and the one beneath it may have customers there as well."""
    if deployment.skipped or deployment.phase in (Phase.MOVED, Phase.FINISHED):
        return False
    return deployment.entered or not deployment.restored_whole
