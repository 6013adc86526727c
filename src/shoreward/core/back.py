"""The way back: what makes a release go back, and how it does.

Two speeds: traffic first, everywhere at once and most exposed first; then the stacks. A release on its way back waits
for no window, no hold and no analysis, and never gives up: what fails is tried again until it is done.
"""

from __future__ import annotations

from shoreward.core import effects as do
from shoreward.core import events as e
from shoreward.core.decision import FORWARD_ATTEMPTS, NOTHING, Decision, attempt
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
        if is_review(failure):
            continue
        if not event.retryable or (failure.attempts >= FORWARD_ATTEMPTS and not _can_wait(state, failure)):
            advice = f" {event.next}" if event.next else ""
            reason = f"{event.effect} failed: {event.what}{advice} [{event.code}]"
            return e.RollbackBegan(at=now, cause="error", reason=reason, target=event.target)
    return None


def _can_wait(state: Release, failure: Failure) -> bool:
    """A finished target that nobody can see stops the release and need not end it; such a canary must."""
    event = failure.event
    return event.effect.startswith("judge/") and state.deployments[event.target].phase is Phase.FINISHED


def go_back(state: Release, now: float) -> Decision:
    """What is left to restore."""
    assert state.rollback is not None
    touched = sorted((each for each in state.deployments.values() if each.touched), key=_exposure, reverse=True)
    served = [each for each in touched if each.restored is Restored.NOTHING and _may_have_traffic(each)]
    decision = NOTHING
    for deployment in served:
        decision += attempt(state, do.RestoreTraffic(target=deployment.target), now)
    if any(_traffic_failure(state, each) is None for each in served):
        return decision
    for deployment in touched:
        failure = _traffic_failure(state, deployment)
        ready = deployment not in served or (failure is not None and not failure.event.retryable)
        if ready and deployment.restored is not Restored.STACK:
            decision += attempt(state, do.RestoreStack(target=deployment.target), now)
    if decision == NOTHING:
        return Decision(records=(e.ReleaseEnded(at=now, outcome=_OUTCOMES[state.rollback.cause]),))
    return decision


def _may_have_traffic(deployment: Deployment) -> bool:
    """A shift that nobody recorded may have happened as soon as the target was probed."""
    return deployment.splits and deployment.phase not in (Phase.WAITING, Phase.INSPECTED, Phase.STAGED)


def _traffic_failure(state: Release, deployment: Deployment) -> Failure | None:
    return state.failures.get(do.RestoreTraffic(target=deployment.target).key)


def _exposure(deployment: Deployment) -> tuple[float, float]:
    """Orders targets by the customers that a rollback saves: weight times traffic seen."""
    seen = deployment.judgement.evidence if deployment.judgement else ()
    traffic = max((item.canary_requests + item.baseline_requests for item in seen), default=0)
    return deployment.percent * max(1, traffic), deployment.percent
