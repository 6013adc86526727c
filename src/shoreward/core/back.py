"""The way back: what makes a release go back, and how it does.

Two speeds: traffic first, everywhere at once and most exposed first; then the stacks. A release on its way back waits
for no window, no hold and no analysis, and never gives up: what fails is tried again until it is done.
"""

from __future__ import annotations

from collections.abc import Sequence

from shoreward.core import effects as do
from shoreward.core import events as e
from shoreward.core.decision import FORWARD_ATTEMPTS, NOTHING, Blocker, Decision, attempt
from shoreward.core.grouping import relying
from shoreward.core.outside import Outside
from shoreward.core.revocation import is_review
from shoreward.core.state import Deployment, Failure, Phase, Release, Restored
from shoreward.domain import Outcome, RollbackCause, Verdict

_OUTCOMES: dict[RollbackCause, Outcome] = {
    "judged": Outcome.ROLLED_BACK,
    "alarm": Outcome.ROLLED_BACK,
    "deadline": Outcome.ROLLED_BACK,
    "error": Outcome.ERRORED,
    "person": Outcome.ABORTED,
    "advisory": Outcome.ROLLED_BACK,
    "quarantine": Outcome.ROLLED_BACK,
    "gate": Outcome.ROLLED_BACK,
    "group": Outcome.ROLLED_BACK,
    "in the way": Outcome.ROLLED_BACK,
}


def harm(state: Release, now: float) -> e.RollbackBegan | None:
    """The first reason to go back, if there is one."""
    for deployment in state.deployments.values():
        key = deployment.target.key
        if deployment.probe_failure:
            reason = f"{deployment.target}: {deployment.probe_failure}"
            return e.RollbackBegan(at=now, cause="judged", reason=reason, target=key)
        looked = deployment.judgement
        if looked is not None and looked.verdict is Verdict.FAIL:
            cause: RollbackCause = "alarm" if looked.alarms else "judged"
            return e.RollbackBegan(at=now, cause=cause, reason=f"{deployment.target}: {looked.reason}", target=key)
    for failure in state.failures.values():
        event = failure.event
        if is_review(failure) or event.drift or event.effect.startswith((do.ASKING, "restore-")):
            continue  # advisories, drift and gates have answers of their own; what is taken back, is until it is done
        if not event.retryable or (failure.attempts >= FORWARD_ATTEMPTS and not _can_wait(state, failure)):
            advice = f" {event.next}" if event.next else ""
            reason = f"{event.effect} failed: {event.what}{advice} [{event.code}]"
            return e.RollbackBegan(at=now, cause="error", reason=reason, target=event.target)
    return None


def _can_wait(state: Release, failure: Failure) -> bool:
    """What stops the release and need not end it: such a canary must.

    A finished target that nobody can see; and what somebody else is at work on, before it is touched.
    """
    event = failure.event
    if event.code in ("STACK_BUSY", "CONFIGURATION_BUSY") and event.effect.startswith("inspect/"):
        return True
    return event.effect.startswith("judge/") and state.deployments[event.target].phase is Phase.FINISHED


def go_back(state: Release, now: float, outside: Outside) -> Decision:
    """What is left to restore; on a target that a newer release is on, that one goes first."""
    assert state.rollback is not None
    for deployment in state.deployments.values():
        stayed = [other for other in outside.above(deployment.target.key) if not other.open]
        if stayed and not deployment.restored_whole:
            overtaken = e.TargetOvertaken(at=now, target=deployment.target.key, release=stayed[-1].id)
            return Decision(records=(overtaken,))
    left = [each for each in state.deployments.values() if not each.restored_whole]
    own = [each for each in left if not outside.above(each.target.key)]
    decision = _in_order(state, sorted(own, key=_exposure, reverse=True), now, outside)
    decision += Decision(blockers=tuple(_beneath(each, outside) for each in left if each not in own))
    if not left:
        return Decision(records=(e.ReleaseEnded(at=now, outcome=_OUTCOMES[state.rollback.cause]),))
    return decision


def _beneath(deployment: Deployment, outside: Outside) -> Blocker:
    newest = outside.above(deployment.target.key)[-1]
    does = "goes back" if newest.back else "ends"
    return Blocker(what=f"{deployment.target}: release {newest.id} is on top of it, and {does} first")


def _in_order(state: Release, left: Sequence[Deployment], now: float, outside: Outside) -> Decision:
    """What is left to do where no consumer of its group has anything any more; traffic does not wait for stacks."""
    waits = {each.target.key: relying(state, each, outside, traffic=_served(each)) for each in left}
    free = [each for each in left if waits[each.target.key] is None]
    bare = [each for each in free if relying(state, each, outside, traffic=False) is None]
    return restore(state, free, now, bare) + Decision(blockers=tuple(filter(None, waits.values())))


def restore(
    state: Release, left: Sequence[Deployment], now: float, stacks: Sequence[Deployment] | None = None
) -> Decision:
    """What is left to do on targets that go back, traffic first, everywhere, and then the stacks, or some of them."""
    served = [each for each in left if _served(each)]
    decision = NOTHING
    for deployment in served:
        decision += attempt(state, do.RestoreTraffic(target=deployment.target), now)
    if any(_traffic_failure(state, each) is None for each in served):
        return decision
    for deployment in left if stacks is None else stacks:
        failure = _traffic_failure(state, deployment)
        if deployment not in served or (failure is not None and not failure.event.retryable):
            decision += attempt(state, do.RestoreStack(target=deployment.target), now)
    return decision


def _served(deployment: Deployment) -> bool:
    return deployment.restored is Restored.NOTHING and deployment.may_have_traffic


def _traffic_failure(state: Release, deployment: Deployment) -> Failure | None:
    return state.failures.get(do.RestoreTraffic(target=deployment.target).key)


def _exposure(deployment: Deployment) -> tuple[float, float]:
    """Orders targets by the customers that a rollback saves: weight times traffic seen."""
    seen = deployment.judgement.evidence if deployment.judgement else ()
    traffic = max((item.canary_requests + item.baseline_requests for item in seen), default=0)
    return deployment.percent * max(1, traffic), deployment.percent
