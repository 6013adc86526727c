"""The way forward: checks, then waves, one-box first, each step baked, and nothing without a pass."""

from __future__ import annotations

from collections.abc import Iterable

from shoreward.core import effects as do
from shoreward.core import events as e
from shoreward.core.back import restore
from shoreward.core.decision import NOTHING, Blocker, Decision, attempt
from shoreward.core.gate import is_open, pass_gate
from shoreward.core.gating import finished_gates, target_gates, traffic_gates, wave_gates
from shoreward.core.grouping import incomplete
from shoreward.core.outside import Outside
from shoreward.core.ramp import first_step, next_step
from shoreward.core.revocation import outdated, review
from shoreward.core.sequence import occupied
from shoreward.core.standstill import held, stopped
from shoreward.core.state import Deployment, Phase, Release
from shoreward.core.watching import blind, deadline, seen_quiet, watch, watched
from shoreward.domain import Outcome, RollbackCause


def advance(state: Release, now: float, outside: Outside) -> Decision:
    """The next steps forward of a release that nothing speaks against."""
    watching = watch(state, now, outside) + review(state, now) + _take_back_skipped(state, now)
    if still := stopped(state, outside):
        return watching + Decision(blockers=(still,))
    unseen = [each for each in state.deployments.values() if blind(state, each) and watched(state, each, outside)]
    if unseen:
        # The looks that failed are in `watching`, with what is known of the failure and when they are tried again.
        return watching + _overdue(state, state.deployments.values(), now)
    if state.revision is None:
        return watching + attempt(state, do.BuildRevision(commit=state.opened.commit), now)
    if not is_open(state):
        return watching + pass_gate(state, now)
    if old := outdated(state, now):
        # A target that has its evidence waits for the advisories, and not for evidence: no deadline ends that.
        unproved = [each for each in state.deployments.values() if next_step(state, each) is None]
        return watching + _overdue(state, unproved, now) + Decision(blockers=(old,))
    if state.baked == len(state.pipeline.waves):
        if away := incomplete(outside, now):
            return watching + Decision(blockers=away)
        return Decision(records=(e.ReleaseEnded(at=now, outcome=Outcome.SUCCEEDED),))
    if state.waiting:
        return watching + _enter_wave(state, now, outside)
    return watching + _wave(state, now, outside)


def _take_back_skipped(state: Release, now: float) -> Decision:
    """What was begun on targets that a person left out; that waits for nothing, as every way back."""
    return restore(state, [each for each in state.deployments.values() if each.skipped and not each.done], now)


def _enter_wave(state: Release, now: float, outside: Outside) -> Decision:
    """The wave, once no older release has it and its gates are open."""
    if blocker := occupied(state, state.baked, outside):
        return Decision(blockers=(blocker,))
    gates = wave_gates(state, state.baked, now, outside)
    if gates == NOTHING:
        return Decision(records=(e.WaveEntered(at=now, wave=state.baked),))
    return gates


def _wave(state: Release, now: float, outside: Outside) -> Decision:
    deployments = state.in_wave(state.wave)
    if all(deployment.done for deployment in deployments):
        return _soak(state, deployments, now)
    going = [deployment for deployment in deployments if not deployment.skipped]
    if not going:
        left = ", ".join(str(each.target) for each in deployments if not each.done)
        return Decision(blockers=(Blocker(what=f"what was begun on {left} is taken back"),))
    one_box, *others = going
    decision = _deployment(state, one_box, now, outside)
    if _proved(state, one_box):
        for deployment in others:
            decision += _deployment(state, deployment, now, outside)
    return decision


def _proved(state: Release, one_box: Deployment) -> bool:
    """Whether the one-box passed its first step, so that the rest of the wave may follow."""
    return (
        state.returning
        or one_box.phase is Phase.FINISHED
        or (one_box.splits and one_box.step > first_step(state, one_box))
    )


def _soak(state: Release, deployments: tuple[Deployment, ...], now: float) -> Decision:
    wave = state.pipeline.waves[state.wave]
    gates = sum((_finished(state, each, now) for each in deployments), NOTHING)
    if gates != NOTHING:
        return gates
    until = max(deployment.finished_at for deployment in deployments) + wave.soak
    if now >= until and all(seen_quiet(state, deployment) or deployment.skipped for deployment in deployments):
        return Decision(records=(e.WaveBaked(at=now, wave=state.wave),))
    if now >= until:
        return Decision(blockers=(Blocker(what=f"wave {wave.name} waits for a look at its alarms"),))
    return Decision(wake_at=until, blockers=(Blocker(what=f"wave {wave.name} soaks", until=until),))


def _deployment(state: Release, deployment: Deployment, now: float, outside: Outside) -> Decision:
    target = deployment.target
    hold = _held(state, deployment)
    if hold != NOTHING and deployment.phase is not Phase.FINISHED:
        return hold
    match deployment.phase:
        case Phase.WAITING if not deployment.entered:
            return _enter_target(state, deployment, now, outside)
        case Phase.WAITING:
            return attempt(state, do.InspectTarget(target=target), now)
        case Phase.INSPECTED:
            return attempt(state, do.StageTarget(target=target), now)
        case Phase.STAGED:
            return attempt(state, do.ProbeTarget(target=target), now)
        case Phase.PROBED:
            gates = traffic_gates(state, deployment, now)
            return _shift(state, deployment, first_step(state, deployment), now) if gates == NOTHING else gates
        case Phase.BAKING if state.returning:
            return attempt(state, do.FinishTarget(target=target), now)
        case Phase.BAKING:
            return _bake(state, deployment, now)
        case Phase.MOVED:
            return attempt(state, do.FinishTarget(target=target), now)
        case Phase.FINISHED:
            return _finished(state, deployment, now)


def _held(state: Release, deployment: Deployment) -> Decision:
    hold = held(state, deployment)
    return Decision(blockers=(hold,)) if hold else NOTHING


def _finished(state: Release, deployment: Deployment, now: float) -> Decision:
    """What is left to ask of a target that is finished; a hold keeps that waiting, too."""
    gates = NOTHING if deployment.skipped else finished_gates(state, deployment, now)
    hold = _held(state, deployment)
    return hold if NOTHING not in (gates, hold) else gates


def _enter_target(state: Release, deployment: Deployment, now: float, outside: Outside) -> Decision:
    """The target, once no older release goes back from it, its gates are open and there is room."""
    if other := outside.beneath(deployment.target.key):
        return Decision(blockers=(Blocker(what=f"{deployment.target}: release {other.id} is on its way back from it"),))
    gates = target_gates(state, deployment, now, outside)
    if gates != NOTHING:
        return gates
    if crowd := outside.crowded.get(deployment.target.key):
        return Decision(blockers=(Blocker(what=f"{deployment.target} waits for room: {crowd}"),))
    return Decision(records=(e.TargetEntered(at=now, target=deployment.target.key),))


def _shift(state: Release, deployment: Deployment, step: int, now: float) -> Decision:
    steps = state.wave_of(deployment).steps
    percent = steps[step] if step < len(steps) else 100.0
    effect = do.ShiftTraffic(target=deployment.target, step=step, percent=percent, expected=deployment.percent)
    return attempt(state, effect, now)


def _bake(state: Release, deployment: Deployment, now: float) -> Decision:
    step = next_step(state, deployment)
    if step is not None:
        if deployment.splits:
            return _shift(state, deployment, step, now)
        return attempt(state, do.FinishTarget(target=deployment.target), now)
    bake = state.wave_of(deployment).bake
    limit = deadline(state, deployment)
    if now >= limit:
        return _out_of_time(state, deployment, now)
    looked = deployment.judgement
    seen = looked.reason if looked else "no metrics have arrived yet"
    what = f"{deployment.target} bakes at {deployment.percent:g} % (at least {bake.minimum:g} s): {seen}"
    return Decision(wake_at=limit, blockers=(Blocker(what=what, until=None),))


def _overdue(state: Release, deployments: Iterable[Deployment], now: float) -> Decision:
    """Deadlines pass, whether anybody can see or not."""
    decision = NOTHING
    for deployment in deployments:
        if deployment.phase is Phase.BAKING:
            limit = deadline(state, deployment)
            decision += _out_of_time(state, deployment, now) if now >= limit else Decision(wake_at=limit)
    return decision


def _out_of_time(state: Release, deployment: Deployment, now: float) -> Decision:
    """The deadline has passed without a pass: do what the pipeline chose, which is never to advance."""
    bake = state.wave_of(deployment).bake
    failure, looked = blind(state, deployment), deployment.judgement
    seen = failure.event.what if failure else looked.reason if looked else "no metrics"
    why = f"{deployment.target} had no pass within {bake.deadline:g} s: {seen}"
    if bake.on_deadline == "hold":
        return Decision(records=(e.HoldPlaced(at=now, by="shoreward", why=why),))
    cause: RollbackCause = "error" if failure else "deadline"
    return Decision(records=(e.RollbackBegan(at=now, cause=cause, reason=why, target=deployment.target.key),))
