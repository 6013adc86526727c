"""Who stands still: what keeps a release, or a part of it, from moving forward, although it could.

People's words, doubt, hooks that say no, and a target that nobody can see. Watching goes on meanwhile, and so does
every way back: a release that stands still where an older one goes back gives way, for its customers there are the
older one's, too.
"""

from __future__ import annotations

from shoreward.core import events as e
from shoreward.core.decision import Blocker, lasts
from shoreward.core.effects import AskGate
from shoreward.core.gating import at_hooks
from shoreward.core.grouping import held_through
from shoreward.core.outside import Outside
from shoreward.core.revocation import outdated
from shoreward.core.state import Deployment, Phase, Release
from shoreward.core.watching import blind, watched


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
    whole = stopped(state, outside) or outdated(state, now) or _unseen(state, outside)
    for deployment in state.deployments.values():
        why = whole or held(state, deployment) or _shut(state, deployment, now)
        beneath = outside.beneath(deployment.target.key)
        if why and beneath and _part_of(deployment):
            reason = (
                f"release {beneath.id} goes back beneath it on {deployment.target}, and it stands still: {why.what}"
            )
            return e.RollbackBegan(at=now, cause="in the way", reason=reason, target=deployment.target.key)
    return None


def _unseen(state: Release, outside: Outside) -> Blocker | None:
    """Why nothing of a release moves forward: nobody can see how a target of it is doing, and that lasts."""
    for deployment in state.deployments.values():
        failure = blind(state, deployment)
        if failure and lasts(failure) and watched(state, deployment, outside):
            return Blocker(what=f"nobody can see {deployment.target}: {failure.event.what}")
    return None


def _shut(state: Release, deployment: Deployment, now: float) -> Blocker | None:
    """Why a target of a release has no customers yet: a hook has said no, or cannot be asked."""
    if deployment.phase is not Phase.PROBED:
        return None
    wave = state.wave_of(deployment).name
    for hook in at_hooks(state, deployment, now, "before"):
        answer = state.asked.get((hook.gate, wave, deployment.target.key))
        failure = state.failures.get(AskGate(gate=hook.gate, wave=wave, target=deployment.target).key)
        if not hook.open and ((answer and answer.answer != "open") or (failure and lasts(failure))):
            return hook.decision.blockers[0]
    return None


def _part_of(deployment: Deployment) -> bool:
    """Whether a release has a target, and the one beneath it may have customers there as well."""
    if deployment.skipped or deployment.phase in (Phase.MOVED, Phase.FINISHED):
        return False
    return deployment.entered or not deployment.restored_whole
