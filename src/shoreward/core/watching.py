"""Watching: when to look at a target, and what a look means.

A target is watched from its first exposure until the release ends, holds included: with the judge while its traffic is
split; after that by its alarms, and by what both revisions share as long as a later wave has not begun everywhere.
"""

from __future__ import annotations

import math

from shoreward.core import effects as do
from shoreward.core.decision import NOTHING, Decision, attempt
from shoreward.core.outside import Outside
from shoreward.core.state import Deployment, Failure, Phase, Release
from shoreward.domain import Verdict

LINGERS = 900.0
"""Seconds that an alarm may go on firing about what has gone."""


def watch(state: Release, now: float, outside: Outside) -> Decision:
    """The looks that are due, and when the next one is; a target that a newer release is on is that one's to watch."""
    decision = NOTHING
    for deployment in state.deployments.values():
        if not watched(state, deployment, outside):
            continue
        due = max(next_look(state, deployment), _quiet_from(deployment, outside))
        if now < due:
            decision += Decision(wake_at=due)
        else:
            decision += attempt(state, do.JudgeTarget(target=deployment.target), now)
    return decision


def watched(state: Release, deployment: Deployment, outside: Outside) -> bool:
    """Whether a release is to look at a target; one that customers of a newer release are on is that one's to watch."""
    if deployment.phase is not Phase.BAKING:
        after = deployment.phase is Phase.MOVED or deployment.phase is Phase.FINISHED
        if not (after and (state.pipeline.alarms or _comparable(state, deployment))):
            return False
    return not (deployment.skipped or state.returning or outside.is_served(deployment.target.key))


def _comparable(state: Release, deployment: Deployment) -> bool:
    """Whether a later wave has targets without the change, which what is shared of this one is compared with."""
    policy = state.pipeline.judge
    if not policy.shared and all(metric.arms for metric in policy.metrics):
        return False
    untouched = (Phase.WAITING, Phase.INSPECTED)
    return any(each.wave > deployment.wave and each.phase in untouched for each in state.deployments.values())


def next_look(state: Release, deployment: Deployment) -> float:
    """When there is something that nobody has judged yet: metrics that have arrived, or alarms an interval later."""
    policy = state.pipeline.judge
    looked = deployment.judgement
    if deployment.phase is not Phase.BAKING:
        return deployment.shifted_at if looked is None else deployment.judged_at + _pause(state, deployment)
    if looked is None:
        first_end = (math.floor(deployment.shifted_at / policy.interval) + 1) * policy.interval
        return first_end + policy.delay
    if looked.verdict is Verdict.ERROR:
        return deployment.judged_at + policy.interval
    return max(looked.until + policy.interval + policy.delay, deployment.judged_at + min(policy.interval, 1.0))


def _quiet_from(deployment: Deployment, outside: Outside) -> float:
    """When a target's alarms say nothing any more of a newer release that has gone back from it."""
    left = outside.left.get(deployment.target.key)
    return left + LINGERS if left is not None and deployment.phase is not Phase.BAKING else 0.0


def _pause(state: Release, deployment: Deployment) -> float:
    """Seconds between looks once all traffic has moved.

    An alarm says how it is now. Evidence keeps, so the longer it has been collected the more seldom it is looked at:
    a wave may wait for days before its gates.
    """
    interval = state.pipeline.judge.interval
    if state.pipeline.alarms:
        return interval
    return max(interval, (deployment.judged_at - deployment.exposed_since) / 10)


def blind(state: Release, deployment: Deployment) -> Failure | None:
    """Why nobody can see how a target is doing, when the last look at it failed."""
    return state.failures.get(do.JudgeTarget(target=deployment.target).key) if state.failures else None


def seen_quiet(state: Release, deployment: Deployment) -> bool:
    """Whether a finished target's alarms, if the pipeline names any, were quiet after it had finished."""
    if not state.pipeline.alarms:
        return True
    looked = deployment.judgement
    return looked is not None and looked.verdict.advances and deployment.judged_at > deployment.finished_at


def deadline(state: Release, deployment: Deployment) -> float:
    """When waiting for evidence ends; a person's resume grants the time anew."""
    return max(deployment.shifted_at, state.resumed_at) + state.wave_of(deployment).bake.deadline
