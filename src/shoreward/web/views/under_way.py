"""A release under way, as a value: what it does, how many customers it has, what it waits for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shoreward.app.words.story import places
from shoreward.app.words.wording import counted, standing
from shoreward.core import Blocker, Deployment, Phase, Release, Restored, decide
from shoreward.core.control import Control
from shoreward.core.header import Header
from shoreward.core.outside import ALONE
from shoreward.domain import Outcome, Pipeline, Verdict
from shoreward.web.views.actions import first_of
from shoreward.web.views.remedies import remedy
from shoreward.web.views.shapes import Bake, Blocked, Headline, Mood, OnTarget, UnderWay
from shoreward.web.watch import Carried, Sight

_STATES = {
    Phase.WAITING: "waits",
    Phase.INSPECTED: "staging",
    Phase.STAGED: "staged, being probed",
    Phase.PROBED: "answers its probes",
    Phase.BAKING: "bakes",
    Phase.MOVED: "finishing",
    Phase.FINISHED: "serves everybody",
}

_ENDED = {
    Outcome.SUCCEEDED: Mood.DONE,
    Outcome.SUPERSEDED: Mood.CALM,
    Outcome.ABORTED: Mood.CALM,
    Outcome.DISPLACED: Mood.CALM,
    Outcome.FAILED: Mood.HARMED,
    Outcome.ROLLED_BACK: Mood.HARMED,
    Outcome.ERRORED: Mood.HARMED,
}


def headline(header: Header) -> Headline:
    """A header as it is shown."""
    return Headline(
        id=header.id,
        application=header.application,
        number=header.number,
        commit=header.commit,
        subject=header.subject,
        by=header.by,
        opened_at=header.opened_at,
        ended_at=None if header.open else header.ended_at,
        outcome=header.outcome.value if header.outcome else None,
        cause=header.cause,
        reason=header.reason,
        revision=header.digest,
        before=header.before,
        waves=header.waves,
        baked=header.baked,
        exposed_at=header.exposed_at or None,
        back_at=header.back_at or None,
    )


def shares(pipeline: Pipeline) -> Mapping[str, float]:
    """Each target's share of all customers, by its key."""
    whole = sum(target.weight for target in pipeline.targets)
    return {target.key: target.weight / whole if whole else 0.0 for target in pipeline.targets}


def blockers(sight: Sight, carried: Carried, now: float) -> tuple[Blocked, ...]:
    """What a release waits for, in its surroundings as they are known, and what is to be done about it."""
    return tuple(_blocked(carried.state, each, sight.control) for each in waits(sight, carried, now))


def waits(sight: Sight, carried: Carried, now: float) -> tuple[Blocker, ...]:
    """What a controller would say that a release waits for."""
    if carried.state.ended:
        return ()
    known = sight.under_way.get(carried.state.id)
    if known is None:
        return decide(carried.state, now, ALONE).blockers
    return decide(known.state, now, sight.scene(now).around(known.state)).blockers


def _blocked(state: Release, blocker: Blocker, control: Control) -> Blocked:
    advice, actions = remedy(state, blocker, control)
    return Blocked(
        what=blocker.what,
        until=blocker.until,
        person=blocker.person,
        gate=blocker.gate,
        zone=blocker.zone,
        advice=advice,
        actions=actions,
    )


def under_way(sight: Sight, carried: Carried, header: Header, now: float) -> UnderWay:
    """A release as it stands at `now`; one that has ended as it stood then."""
    state = carried.state
    names, share = places(state.pipeline), shares(state.pipeline)
    stops = blockers(sight, carried, now)
    mood = _mood(state, stops)
    return UnderWay(
        headline=headline(header),
        mood=mood,
        standing=_standing(state, mood),
        exposure=sum(share[key] * served(each) for key, each in state.deployments.items()),
        wave=state.wave,
        baked=state.baked,
        progress=progress(state),
        held=state.hold is not None,
        going_back=state.rollback is not None and not state.ended,
        why_back=_why_back(state),
        blockers=stops,
        actions=first_of(state),
        targets=tuple(
            on_target(state, each, place=names[key], share=share[key]) for key, each in state.deployments.items()
        ),
    )


def served(deployment: Deployment) -> float:
    """The part of a target's customers that the release serves, 0 to 1."""
    if deployment.restored is not Restored.NOTHING or deployment.overtaken:
        return 0.0
    return 1.0 if deployment.phase is Phase.FINISHED else deployment.percent / 100


def progress(state: Release) -> float:
    """How far a release is through the wave that it is in, 0 to 1; going back, how much of it is left there."""
    if state.wave < 0:
        return 0.0
    of = state.in_wave(state.wave)
    whole = sum(each.target.weight for each in of)
    return sum(each.target.weight * served(each) for each in of) / whole if whole else 0.0


def _why_back(state: Release) -> str:
    if state.rollback is None:
        return ""
    prefix = f"{state.rollback.target.rpartition('/')[0]}: "
    return state.rollback.reason.removeprefix(prefix)


def _mood(state: Release, waits: Sequence[Blocked]) -> Mood:
    if state.outcome:
        return _ENDED[state.outcome]
    if any(each.person for each in waits):
        return Mood.PERSON
    if state.rollback:
        return Mood.BACK
    if any(each.phase is Phase.BAKING for each in state.deployments.values()):
        return Mood.BAKING
    return Mood.WAITING if state.waiting and any(waits) else Mood.MOVING


def _standing(state: Release, mood: Mood) -> str:
    if state.outcome:
        return state.outcome.value.replace("_", " ")
    if state.rollback:
        left = sum(not each.restored_whole for each in state.deployments.values())
        return f"going back: {counted(left, 'target')} left" if left else "going back"
    if state.hold:
        return f"held by {state.hold.by}"
    if early := standing(state):
        return early
    waves = state.pipeline.waves
    if state.baked == len(waves):
        return "everywhere"
    if state.waiting:
        return f"waits before wave {state.baked + 1} of {len(waves)}, {waves[state.baked].name}"
    doing = "baking" if mood is Mood.BAKING else "moving" if mood is Mood.MOVING else "waiting"
    return f"{doing} in wave {state.wave + 1} of {len(waves)}, {waves[state.wave].name}"


def on_target(state: Release, deployment: Deployment, *, place: str, share: float) -> OnTarget:
    """A release on one target."""
    wave = state.wave_of(deployment)
    return OnTarget(
        target=deployment.target.key,
        place=place,
        wave=wave.name,
        share=share,
        phase=deployment.phase.value,
        restored=deployment.restored.value,
        state=_state(state, deployment),
        mood=_target_mood(state, deployment),
        percent=100 * served(deployment),
        bake=_bake(state, deployment),
        judged=deployment.exposed_since > 0,
        reached=deployment.entered or deployment.touched,
    )


def _state(state: Release, deployment: Deployment) -> str:
    if deployment.overtaken:
        return f"{deployment.overtaken} stayed here"
    if deployment.restored is Restored.STACK:
        return "back at what it was"
    if deployment.restored is Restored.TRAFFIC:
        return "customers are back, the stack follows"
    if deployment.skipped:
        return f"left out by {deployment.skipped.by}"
    if state.rollback and not deployment.touched:
        return "never reached"
    if deployment.phase is Phase.WAITING and deployment.entered:
        return "being inspected"
    if deployment.phase is Phase.BAKING and not deployment.splits:
        return "bakes, not split"
    return _STATES[deployment.phase]


def _target_mood(state: Release, deployment: Deployment) -> Mood:
    if state.rollback and deployment.touched:
        return Mood.CALM if deployment.restored_whole else Mood.BACK
    match deployment.phase:
        case Phase.FINISHED:
            return Mood.DONE
        case Phase.BAKING:
            return Mood.BAKING
        case Phase.WAITING:
            return Mood.MOVING if deployment.entered else Mood.CALM
        case _:
            return Mood.MOVING


def _bake(state: Release, deployment: Deployment) -> Bake | None:
    if deployment.phase is not Phase.BAKING or state.rollback:
        return None
    bake, looked = state.wave_of(deployment).bake, deployment.judgement
    evidence = looked.evidence if looked else ()
    judged = [each for each in evidence if each.bar_promote > 0]
    harmful = [each.e_rollback / each.bar_rollback for each in evidence if each.bar_rollback > 0]
    whole = next((each for each in evidence if each.metric == "errors" and each.function == "*"), None)
    whole = whole or next((each for each in evidence if each.metric == "errors"), None)
    return Bake(
        since=deployment.shifted_at,
        least=deployment.shifted_at + bake.minimum,
        deadline=max(deployment.shifted_at, state.resumed_at) + bake.deadline,
        requests=whole.canary_requests if whole else 0,
        needed=_needed(looked.verdict if looked else None, whole.needed if whole else None),
        evidence=min((_part(each.e_promote / each.bar_promote) for each in judged), default=None),
        harm=max((_part(each) for each in harmful), default=None),
        verdict=looked.verdict.value if looked else None,
        reason=looked.reason if looked else "no metrics have arrived yet",
        looked=deployment.judged_at if looked else None,
    )


def _needed(verdict: Verdict | None, needed: int | None) -> int | None:
    return 0 if verdict is Verdict.PASS else needed


def _part(share: float) -> float:
    return min(1.0, max(0.0, share))
