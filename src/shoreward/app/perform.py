"""Performing: an effect, through the ports, becomes the event that says what came of it.

What goes wrong is an event, too: `EffectFailed`, from which the core decides whether to try again or to go back.
"""

from __future__ import annotations

import traceback
from dataclasses import replace
from typing import assert_never

import structlog

from shoreward.app.asking import ask
from shoreward.app.drift import (
    look_again_at_rest,
    look_at_rest,
    out_of_place,
    require_as_left,
    require_as_staged,
    require_as_written,
    require_rest,
)
from shoreward.app.interruption import Abandoned, Interruption
from shoreward.app.judging import look, shared_metrics
from shoreward.app.manifest import seal, verify, verify_artifacts
from shoreward.app.world import World
from shoreward.core import Deployment, Effect, Event, Release
from shoreward.core import effects as do
from shoreward.core import events as e
from shoreward.domain import (
    Checked,
    Drifted,
    Judgement,
    Place,
    Retryable,
    Revision,
    ShorewardError,
    Snapshot,
    Staged,
    StagedFunction,
    Terminal,
    Verdict,
)

_log = structlog.get_logger()


def perform(world: World, state: Release, effect: Effect, interruption: Interruption | None = None) -> Event:
    """Carry out an effect of a release; whatever goes wrong is an event, too.

    Args:
        state: the release as it was when the effect was decided.
        interruption: ends an effect that is stoppable before its time.

    Raises:
        Abandoned: the interruption was used; what was begun has ended.
    """
    try:
        return _perform(world, state, effect, interruption or Interruption())
    except Abandoned:
        raise
    except ShorewardError as error:
        return _failed(world, effect, error)
    except Exception as error:  # noqa: BLE001 - a mistake of ours must become an event, or nobody would watch the release
        _log.error("an effect failed by a mistake in Shoreward", effect=effect.key, traceback=traceback.format_exc())
        what = f"{type(error).__name__}: {error}"
        internal = ShorewardError("INTERNAL", what, next="This is a mistake in Shoreward; please report it.")
        return _failed(world, effect, internal)


def _failed(world: World, effect: Effect, error: ShorewardError) -> e.EffectFailed:
    where = f"{error.where}: " if isinstance(error.where, Place) else ""
    return e.EffectFailed(
        at=world.clock.now(),
        effect=effect.key,
        target=effect.target.key,
        code=error.code,
        what=f"{where}{error.what}",
        next=error.next,
        retryable=isinstance(error, Retryable),
        drift=error.differences if isinstance(error, Drifted) else (),
    )


def _perform(world: World, state: Release, effect: Effect, interruption: Interruption) -> Event:
    match effect:
        case do.BuildRevision():
            built = world.builder.build(state.pipeline, effect.commit, interruption)
            revision = _free_to_go(world, state, built)
            return e.RevisionBuilt(at=world.clock.now(), revision=revision)
        case do.CheckRevision():
            return e.RevisionChecked(checked=_check(world, state, interruption), at=world.clock.now())
        case do.ReviewAdvisories():
            asked = world.clock.now()
            findings = world.advisor.revoked(state.pipeline, _revision(state), _checked(state), interruption)
            return e.AdvisoriesReviewed(at=asked, findings=findings)
        case do.AskGate():
            return ask(world, state, effect)
        case _:
            return _on_target(world, state, effect, state.deployments[effect.target.key])


def _check(world: World, state: Release, interruption: Interruption) -> Checked:
    """The verdict; a pass is signed before anybody relies on it."""
    pipeline, revision = state.pipeline, _revision(state)
    opened = state.opened
    checked = world.checker.check(pipeline, revision, opened.commit, opened.before, interruption).bounded()
    if not checked.verdict.advances:
        return checked
    return replace(checked, manifest=seal(world.signer, world.blobs, pipeline, revision, checked))


def _free_to_go(world: World, state: Release, revision: Revision) -> Revision:
    """Another commit may still be the revision that harmed."""
    if state.opened.despite or state.returning:
        return revision
    carried = [artifact.digest for artifact in revision.artifacts]
    application, commit = state.pipeline.application, state.opened.commit
    held = world.quarantine.held(application, commit=commit, digest=revision.digest, artifacts=carried)
    if held:
        raise Terminal("QUARANTINED", held.why, next=held.next)
    return revision


_TargetEffect = (
    do.InspectTarget
    | do.StageTarget
    | do.ProbeTarget
    | do.ShiftTraffic
    | do.JudgeTarget
    | do.FinishTarget
    | do.RestoreTraffic
    | do.RestoreStack
)


def _on_target(world: World, state: Release, effect: _TargetEffect, deployment: Deployment) -> Event:
    pipeline, target, now = state.pipeline, effect.target, world.clock.now
    key = f"{state.id}/{effect.key}"
    match effect:
        case do.InspectTarget():
            require_as_left(world, state, target)
            snapshot = world.stacks.inspect(pipeline, target, _revision(state))
            return e.TargetInspected(at=now(), target=target.key, snapshot=snapshot)
        case do.StageTarget():
            revision = _as_checked(world, state)
            if pipeline.checks is not None:
                verify_artifacts(world.artifacts, revision)
            staged = world.stacks.stage(pipeline, target, revision, _snapshot(deployment), key)
            look_at_rest(world, state, target)
            return e.TargetStaged(at=now(), target=target.key, staged=staged)
        case do.ProbeTarget():
            return _probe(world, state, deployment)
        case do.ShiftTraffic() if pipeline.configuration is not None:
            since = now()
            world.values.write(pipeline, target, _as_checked(world, state), _snapshot(deployment), key)
            return e.TrafficShifted(at=now(), target=target.key, step=effect.step, percent=100.0, since=since)
        case do.ShiftTraffic():
            bakes = effect.percent < 100.0 or not deployment.splits
            seen = require_rest(world, state, deployment) if bakes or not deployment.percent else None
            if seen and bakes:
                look_at_rest(world, state, target)
            since = now()
            world.traffic.shift(target, _staged(deployment).shifting, effect.percent, effect.expected)
            return e.TrafficShifted(
                at=now(), target=target.key, step=effect.step, percent=effect.percent, since=since, detected=seen
            )
        case do.JudgeTarget():
            return e.TargetJudged(at=now(), target=target.key, judgement=_judged(world, state, deployment))
        case do.FinishTarget():
            require_as_staged(world, state, target)
            seen = require_rest(world, state, deployment, last=True)
            world.stacks.finish(pipeline, target, _as_checked(world, state), _staged(deployment), key)
            return e.TargetFinished(at=now(), target=target.key, detected=seen)
        case do.RestoreTraffic():
            found = world.traffic.restore(target, _staged(deployment).shifting)
            return e.TrafficRestored(at=now(), target=target.key, found=found)
        case do.RestoreStack():
            snapshot, revision = _snapshot(deployment), _revision(state)
            found = world.stacks.restore(pipeline, target, snapshot, deployment.staged, key, revision=revision)
            return e.StackRestored(at=now(), target=target.key, found=found)
        case _:
            assert_never(effect)


def _judged(world: World, state: Release, deployment: Deployment) -> Judgement:
    """How a target is doing. What somebody changed there by hand is told next to harm, and traffic that moved first."""
    moved = out_of_place(world, state, deployment)
    if moved and not isinstance(moved, Drifted):
        raise moved
    look_again_at_rest(world, state, deployment)
    judgement = look(world, state, deployment)
    if judgement.verdict is not Verdict.FAIL:
        if moved:
            raise moved
        require_as_written(world, state, deployment)
    return judgement


def _probe(world: World, state: Release, deployment: Deployment) -> Event:
    """Every new version is asked: with each probe that names it, or just to start where there is none.

    Alarms are asked for as well: one that is missing, or firing already, must be known before a customer is exposed.
    """
    target = deployment.target
    _quiet(world, state, deployment)
    if state.pipeline.configuration is not None:
        shared_metrics(world, state.pipeline, target)  # whoever is judged must be there before customers meet anything
    for function in _staged(deployment).functions:
        if function.candidate == function.baseline:
            continue
        for wrong in _wrong_answers(world, state, deployment, function):
            reason = f"the new version of {function.logical_id} did not pass its probe: {wrong}"
            return e.ProbeFailed(at=world.clock.now(), target=target.key, reason=reason)
    return e.TargetProbed(at=world.clock.now(), target=target.key)


def _quiet(world: World, state: Release, deployment: Deployment) -> None:
    firing = world.alarms.firing(deployment.target, state.pipeline.alarms) if state.pipeline.alarms else ()
    if firing:
        raise Retryable(
            "ALARM_FIRING",
            f"Alarm {', '.join(firing)} is firing on {deployment.target} before the release has any traffic there.",
            next="Mend what it tells of; the release goes on when it is quiet.",
        )


def _wrong_answers(world: World, state: Release, deployment: Deployment, function: StagedFunction) -> list[str]:
    own = [probe for probe in state.pipeline.probes if probe.function == function.logical_id]
    answers = (world.prober.probe(deployment.target, function, probe) for probe in own or [None])
    return [answer for answer in answers if answer is not None]


def _as_checked(world: World, state: Release) -> Revision:
    """The revision, when it is what was checked; a release without checks has nothing to compare it with."""
    revision = _revision(state)
    if state.pipeline.checks is not None:
        verify(world.signer, world.blobs, revision, state.checked)
    return revision


def _checked(state: Release) -> Checked:
    assert state.checked is not None
    return state.checked


def _revision(state: Release) -> Revision:
    assert state.revision is not None
    return state.revision


def _snapshot(deployment: Deployment) -> Snapshot:
    assert deployment.snapshot is not None
    return deployment.snapshot


def _staged(deployment: Deployment) -> Staged:
    assert deployment.staged is not None
    return deployment.staged
