"""What comes of an effect in the fleet's world, and how long it takes."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from shoreward.core import Deployment, Effect, Event, Phase, Release
from shoreward.core import effects as do
from shoreward.core import events as e
from shoreward.domain import (
    Checked,
    Judgement,
    Revision,
    ServingFunction,
    Snapshot,
    Staged,
    StagedFunction,
    Target,
    Verdict,
)
from shoreward.simulation.fleet.cloud import Cloud
from shoreward.simulation.fleet.history import History, Kind
from shoreward.simulation.fleet.looks import Looks
from shoreward.simulation.fleet.shape import ALARM

SECONDS = {
    "build": 180.0,
    "check": 1_200.0,
    "ask": 2.0,
    "inspect": 2.0,
    "stage": 60.0,
    "probe": 5.0,
    "shift": 1.0,
    "finish": 60.0,
    "restore-traffic": 5.0,
    "restore-stack": 60.0,
}
"""How long effects take."""

FAILS = 0.002
"""Share of the effects on a target that fail, to be tried again; half of them have taken hold all the same."""

_SHIFTING = Staged(
    functions=(StagedFunction(logical_id="Function", name="function", alias="live", baseline="1", candidate="2"),)
)
_ALIKE = Staged(
    functions=(StagedFunction(logical_id="Function", name="function", alias="live", baseline="1", candidate="1"),)
)


def takes(effect: Effect) -> float:
    """Seconds; 0 for a look."""
    return SECONDS.get(effect.verb, 0.0)


@dataclass(slots=True, kw_only=True)
class Acting:
    """The fleet's world, as far as effects change it or ask it.

    Attributes:
        closed: applications whose provider's alarm fires; `dark`: regions that answer nothing.
    """

    cloud: Cloud
    histories: dict[str, History]
    looks: Looks
    chance: np.random.Generator
    closed: set[str] = field(default_factory=set[str])
    dark: set[str] = field(default_factory=set[str])
    _telling: dict[tuple[str, str], tuple[float, float, Verdict]] = field(
        default_factory=dict[tuple[str, str], tuple[float, float, Verdict]]
    )

    def end(self, state: Release, effect: Effect, at: float) -> Event:
        """What an effect of a release comes to."""
        key, commit = effect.target.key, state.opened.commit
        if isinstance(effect.target, Target) and effect.target.region in self.dark:
            return _failed(effect, at, "AWS_UNREACHABLE", "AWS did not answer.", retryable=True)
        if key and not isinstance(effect, do.JudgeTarget | do.AskGate) and self.chance.random() < FAILS:
            if self.chance.random() < 0.5:
                self._perform(state, effect, at)
            return _failed(effect, at, "THROTTLED", "AWS asked to come again later.", retryable=True)
        if isinstance(effect, do.StageTarget) and self._has(commit, "stage"):
            return _failed(effect, at, "STACK_FAILED", "The change set cannot be carried out.", retryable=False)
        return self._perform(state, effect, at)

    def _perform(self, state: Release, effect: Effect, at: float) -> Event:
        commit, key = state.opened.commit, effect.target.key
        match effect:
            case do.BuildRevision():
                revision = Revision(digest=commit, commit=commit, template=commit, functions=(), artifacts=())
                return e.RevisionBuilt(at=at, revision=revision)
            case do.CheckRevision():
                verdict = Verdict.FAIL if self._has(commit, "checks") else Verdict.PASS
                checked = Checked(revision=commit, verdict=verdict, at=at, seconds=0.0, results=(), report="")
                return e.RevisionChecked(at=at, checked=checked)
            case do.ReviewAdvisories():
                return e.AdvisoriesReviewed(at=at)
            case do.AskGate(gate=gate, wave=wave):
                shut = state.pipeline.application in self.closed
                answer = "closed" if shut else "open"
                return e.GateAsked(at=at, gate=gate, wave=wave, target=key, answer=answer, why="provider-down")
            case do.JudgeTarget():
                return e.TargetJudged(at=at, target=key, judgement=self._judge(state, state.deployments[key], at))
            case do.ProbeTarget() if self._has(commit, "probe"):
                return e.ProbeFailed(at=at, target=key, reason="it did not answer")
            case do.ProbeTarget():
                return e.TargetProbed(at=at, target=key)
            case _:
                return self._change(state, effect, at)

    def _change(
        self,
        state: Release,
        effect: do.InspectTarget
        | do.StageTarget
        | do.ShiftTraffic
        | do.FinishTarget
        | do.RestoreTraffic
        | do.RestoreStack,
        at: float,
    ) -> Event:
        commit, key = state.opened.commit, effect.target.key
        served = self.cloud.targets[key]
        match effect:
            case do.InspectTarget():
                serving = ServingFunction(
                    logical_id="Function", name="function", alias="live", version="1", code=served.commit
                )
                snapshot = Snapshot(exists=True, template=served.commit, functions=(serving,))
                return e.TargetInspected(at=at, target=key, snapshot=snapshot)
            case do.StageTarget():
                return e.TargetStaged(at=at, target=key, staged=_ALIKE if served.commit == commit else _SHIFTING)
            case do.ShiftTraffic(percent=percent, step=step):
                before = _before(state.deployments[key])
                if percent >= 100:
                    self.cloud.change(key, at, commit=commit)
                else:
                    self.cloud.change(key, at, commit=before, canary=commit, share=percent / 100)
                return e.TrafficShifted(at=at, target=key, step=step, percent=percent, since=at)
            case do.FinishTarget():
                self.cloud.change(key, at, commit=commit)
                return e.TargetFinished(at=at, target=key)
            case do.RestoreTraffic():
                self.cloud.change(key, at, commit=_before(state.deployments[key]))
                return e.TrafficRestored(at=at, target=key)
            case do.RestoreStack():
                self.cloud.change(key, at, commit=_before(state.deployments[key]))
                return e.StackRestored(at=at, target=key)

    def _has(self, commit: str, kind: Kind) -> bool:
        application = commit.partition("/")[0]
        return any(each.kind == kind for each in self.histories[application].active(commit))

    def tells_at(self, state: Release, deployment: Deployment) -> float:
        """When the next look at a target is that says anything new; inf when none does."""
        key, region = deployment.target.key, deployment.target.region
        if region in self.dark or do.JudgeTarget(target=deployment.target).key in state.failures:
            return -math.inf
        if deployment.phase is not Phase.BAKING:
            fires = self.cloud.alarm_at(key)
            if deployment.phase is Phase.FINISHED and deployment.judged_at <= deployment.finished_at:
                return min(fires, deployment.finished_at + state.wave_of(deployment).soak)
            return fires
        when, _ = self._tells(state, deployment)
        told = deployment.judgement is not None and deployment.judged_at >= when
        return math.inf if told else when

    def _tells(self, state: Release, deployment: Deployment) -> tuple[float, Verdict]:
        """When the telling look at a canary is, and what it says."""
        key = deployment.target.key
        shifted, when, verdict = self._telling.get((state.id, key), (-1.0, 0.0, Verdict.NO_DATA))
        if shifted != deployment.shifted_at:
            fault = self.cloud.fault(key, state.opened.commit)
            when, verdict = self.looks.draw(fault, deployment.shifted_at, self.chance)
            self._telling[state.id, key] = deployment.shifted_at, when, verdict
        return when, verdict

    def _judge(self, state: Release, deployment: Deployment, at: float) -> Judgement:
        if deployment.phase is not Phase.BAKING:
            if self.cloud.alarm_at(deployment.target.key) <= at:
                return Judgement(verdict=Verdict.FAIL, until=at, reason="an alarm fires", alarms=(ALARM,))
            return Judgement(verdict=Verdict.PASS, until=at, reason="quiet")
        when, verdict = self._tells(state, deployment)
        if at < when:
            return Judgement(verdict=Verdict.NOT_ENOUGH_EVIDENCE, until=at, reason="too few requests yet")
        return Judgement(verdict=verdict, until=at, reason="errors on the canary")


def _before(deployment: Deployment) -> str:
    assert deployment.snapshot is not None
    assert deployment.snapshot.template is not None
    return deployment.snapshot.template


def _failed(effect: Effect, at: float, code: str, what: str, *, retryable: bool) -> e.EffectFailed:
    return e.EffectFailed(
        at=at, effect=effect.key, target=effect.target.key, code=code, what=what, next="", retryable=retryable
    )
