"""A release as its events left it: `evolve(state, event) -> state`.

Nothing here decides anything. A state is a value: `evolve` returns a new one and never looks at a clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import assert_never

from shoreward.core import events as e
from shoreward.domain import (
    Checked,
    Detected,
    Finding,
    Judgement,
    Outcome,
    Pipeline,
    Revision,
    Snapshot,
    Staged,
    Target,
    Verdict,
    Wave,
)


class Phase(StrEnum):
    """How far a deployment has come; going back is told by `Restored`."""

    WAITING = "waiting"
    INSPECTED = "inspected"
    STAGED = "staged"
    PROBED = "probed"
    BAKING = "baking"
    MOVED = "moved"
    FINISHED = "finished"


class Restored(StrEnum):
    """How far a deployment has gone back."""

    NOTHING = "nothing"
    TRAFFIC = "traffic"
    STACK = "stack"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """One revision on one target.

    Attributes:
        step: index of the last shift in the wave's steps (their number: all traffic), -1 before the first.
        exposed_since: when the first shift began; evidence counts from here.
        shifted_at: when the last shift was done; bake time counts from here.
        judgement: the last look since the last shift, None when nobody has looked since.
        judged_at: when that was.
        entered: whether the release has the target: its gates were open, and there was room.
        skipped: the word of whoever left it out.
        restored_at: when its customers were back on what they had before; 0 while they are not.
        overtaken: the later release that stayed on it.
        detected: what differed of its other resources at the last look; None while nobody has looked.
    """

    target: Target
    wave: int
    entered: bool = False
    skipped: e.TargetSkipped | None = None
    overtaken: str = ""
    detected: Detected | None = None
    phase: Phase = Phase.WAITING
    restored: Restored = Restored.NOTHING
    snapshot: Snapshot | None = None
    staged: Staged | None = None
    step: int = -1
    percent: float = 0.0
    exposed_since: float = 0.0
    shifted_at: float = 0.0
    judgement: Judgement | None = None
    judged_at: float = 0.0
    finished_at: float = 0.0
    restored_at: float = 0.0
    probe_failure: str = ""

    @property
    def splits(self) -> bool:
        """Whether the release changes a function here whose traffic can be split."""
        return self.staged is not None and bool(self.staged.shifting)

    @property
    def may_have_traffic(self) -> bool:
        """Whether customers may be on the canary: a shift that nobody recorded may happen as soon as it is probed."""
        return self.splits and self.phase not in (Phase.WAITING, Phase.INSPECTED, Phase.STAGED)

    @property
    def touched(self) -> bool:
        """Whether the target may differ from its snapshot: staging may have begun."""
        return self.phase is not Phase.WAITING

    @property
    def restored_whole(self) -> bool:
        """Whether nothing of the release is on the target: nothing ever was, or it was taken back, or written over."""
        return not self.touched or self.restored is Restored.STACK or bool(self.overtaken)

    @property
    def done(self) -> bool:
        """Whether the wave need not wait for it any more."""
        return self.restored_whole if self.skipped else self.phase is Phase.FINISHED


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """An effect that did not go through, and how often in a row."""

    attempts: int
    event: e.EffectFailed


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """One attempt to carry a revision through the pipeline.

    Attributes:
        wave: index of the wave that the release is in, -1 before the first.
        baked: number of waves that have baked.
        baked_at: when each of them had, by index.
        holds: those of a part of it: `wave/NAME` or `target/KEY`.
        asked: the last answer of a gate, by gate, wave and target; `unlocked`: who opened a gate, by gate and wave.
        resumed_at: when the last hold was lifted; deadlines count from there.
        checked: the last verdict of the checks, whatever it is.
        reviewed_at: when advisories were last looked up, by the checks or by the release; 0 when nobody has.
        revoking: what the release's last look found.
        answered: advisories that a hold has told people of; they stop nothing any more.
        accepted: keys of differences that a person goes on over.
    """

    id: str
    opened: e.ReleaseOpened
    deployments: Mapping[str, Deployment]
    revision: Revision | None = None
    checked: Checked | None = None
    reviewed_at: float = 0.0
    revoking: tuple[Finding, ...] = ()
    answered: frozenset[str] = frozenset()
    accepted: frozenset[str] = frozenset()
    wave: int = -1
    baked: int = 0
    baked_at: Mapping[int, float] = field(default_factory=dict[int, float])
    holds: Mapping[str, e.HoldPlaced] = field(default_factory=dict[str, e.HoldPlaced])
    asked: Mapping[tuple[str, str, str], e.GateAsked] = field(default_factory=dict[tuple[str, str, str], e.GateAsked])
    unlocked: Mapping[tuple[str, str], e.GateOpened] = field(default_factory=dict[tuple[str, str], e.GateOpened])
    hold: e.HoldPlaced | None = None
    resumed_at: float = 0.0
    rollback: e.RollbackBegan | None = None
    outcome: Outcome | None = None
    ended_at: float = 0.0
    failures: Mapping[str, Failure] = field(default_factory=dict[str, Failure])

    @property
    def pipeline(self) -> Pipeline:
        """The pipeline as it was when the release was opened."""
        return self.opened.pipeline

    @property
    def ended(self) -> bool:
        """Whether nothing is left to do."""
        return self.outcome is not None

    @property
    def replaced(self) -> bool:
        """Whether a later release went on in its place."""
        return self.outcome is not None and self.outcome.replaced

    @property
    def binds(self) -> bool:
        """Whether it ended in a way that decides for the other members of its group release, too."""
        return self.outcome is Outcome.SUCCEEDED or self.replaced

    @property
    def returning(self) -> bool:
        """Whether it brings an earlier revision back: at once, without looking, and nothing but a person ends it."""
        return bool(self.opened.back_to)

    @property
    def waiting(self) -> bool:
        """Whether it is in no wave, but before the first or between two."""
        return self.wave < self.baked

    def in_wave(self, wave: int) -> tuple[Deployment, ...]:
        """A wave's deployments, one-box first."""
        return tuple(self.deployments[target.key] for target in self.pipeline.waves[wave].targets)

    def hold_on(self, deployment: Deployment) -> e.HoldPlaced | None:
        """The hold of a target, or of its wave, alone."""
        wave = self.wave_of(deployment).name
        return self.holds.get(scope_of("", deployment.target.key)) or self.holds.get(scope_of(wave, ""))

    def wave_of(self, deployment: Deployment) -> Wave:
        """The wave that a deployment belongs to."""
        return self.pipeline.waves[deployment.wave]


def opened(id: str, event: e.ReleaseOpened) -> Release:
    """The state of a release whose only event is its opening."""
    deployments = {
        target.key: Deployment(target=target, wave=index)
        for index, wave in enumerate(event.pipeline.waves)
        for target in wave.targets
    }
    return Release(id=id, opened=event, deployments=deployments)


def replay(id: str, events: Iterable[e.Event]) -> Release:
    """The state that a release's events lead to; the first one opens it."""
    iterator = iter(events)
    first = next(iterator)
    assert isinstance(first, e.ReleaseOpened)
    state = opened(id, first)
    for event in iterator:
        state = evolve(state, event)
    return state


def evolve(state: Release, event: e.Event) -> Release:
    """The state after one more event."""
    match event:
        case e.ReleaseOpened() | e.CommitsBlamed():
            return state
        case e.RevisionBuilt():
            return _succeeded(replace(state, revision=event.revision), f"build/{state.opened.commit}")
        case e.RevisionChecked():
            return _checked(state, event)
        case e.AdvisoriesReviewed():
            reviewed = replace(state, reviewed_at=event.at, revoking=event.findings)
            return _succeeded(reviewed, f"review/{state.opened.commit}")
        case e.WaveEntered():
            return replace(state, wave=event.wave)
        case e.WaveBaked():
            return replace(state, baked=event.wave + 1, baked_at={**state.baked_at, event.wave: event.at})
        case e.EffectFailed():
            return _failed(state, event)
        case e.HoldPlaced() | e.HoldLifted():
            return _held(state, event)
        case e.GateAsked():
            asked = {**state.asked, (event.gate, event.wave, event.target): event}
            where = event.target or event.wave
            return _succeeded(replace(state, asked=asked), f"ask/{event.gate}/{where}")
        case e.GateOpened():
            return replace(state, unlocked={**state.unlocked, (event.gate, event.wave): event})
        case e.RollbackBegan():
            return replace(state, rollback=event, hold=None, outcome=None, failures={})
        case e.ReleaseEnded():
            return replace(state, outcome=event.outcome, ended_at=event.at)
        case _:
            return _on_target(state, event)


def _held(state: Release, event: e.HoldPlaced | e.HoldLifted) -> Release:
    scope = scope_of(event.wave, event.target)
    if isinstance(event, e.HoldPlaced):
        if scope:
            return replace(state, holds={**state.holds, scope: event})
        return replace(state, hold=event, answered=state.answered.union(event.advisories))
    if scope:
        holds = {key: hold for key, hold in state.holds.items() if key != scope}
        return replace(_let_pass(state, state.holds.get(scope)), holds=holds, resumed_at=event.at)
    return replace(_let_pass(state, state.hold), hold=None, resumed_at=event.at)


def _let_pass(state: Release, lifted: e.HoldPlaced | None) -> Release:
    """Drift that a hold was about is no failure any more."""
    if lifted is None or not lifted.drift:
        return state
    told = frozenset(lifted.drift)
    left = {
        key: failure
        for key, failure in state.failures.items()
        if not failure.event.drift or not told.issuperset(one.key for one in failure.event.drift)
    }
    return replace(state, accepted=state.accepted | told, failures=left)


def scope_of(wave: str, target: str) -> str:
    """The key of what of a release a hold is about; "" for all of it."""
    return f"target/{target}" if target else f"wave/{wave}" if wave else ""


def _checked(state: Release, event: e.RevisionChecked) -> Release:
    """A verdict that says nothing of the change is an attempt that did not go through, and is tried again as such."""
    checked, effect = event.checked, f"check/{state.opened.commit}"
    # A kept verdict may come from a machine whose clock is ahead; nobody has looked in the future.
    state = replace(state, checked=checked, reviewed_at=min(checked.advised_at, event.at))
    if checked.verdict in (Verdict.PASS, Verdict.FAIL):
        return _succeeded(state, effect)
    unable = "; ".join(f"{each.name}: {each.summary}" for each in checked.unable)
    failed = e.EffectFailed(
        at=event.at,
        effect=effect,
        target="",
        code="CHECKS_ERRORED",
        what=f"Checks could not tell: {unable}" if unable else "Nothing was checked.",
        next="",
        retryable=True,
    )
    return _failed(state, failed)


_TargetEvent = (
    e.TargetEntered
    | e.TargetRetried
    | e.TargetSkipped
    | e.TargetOvertaken
    | e.TargetInspected
    | e.TargetStaged
    | e.TargetProbed
    | e.ProbeFailed
    | e.TrafficShifted
    | e.TargetJudged
    | e.TargetFinished
    | e.TrafficRestored
    | e.StackRestored
)


def _on_target(state: Release, event: _TargetEvent) -> Release:
    before = state.deployments[event.target]
    match event:
        case e.TargetEntered():
            after, done = replace(before, entered=True), "enter"
        case e.TargetRetried():
            return _anew(state, event.target)
        case e.TargetSkipped() if before.wave < state.baked:
            return state
        case e.TargetSkipped():
            after, done = replace(before, skipped=event), "skip"
            state = _anew(state, event.target)
        case e.TargetOvertaken():
            after, done = replace(before, overtaken=event.release), "overtake"
        case e.TargetInspected() if state.rollback or before.skipped:
            after, done = before, "inspect"  # nothing of the release will be there, so there is nothing to take back
        case e.TargetInspected():
            after, done = replace(before, phase=Phase.INSPECTED, snapshot=event.snapshot), "inspect"
        case e.TargetStaged():
            after, done = replace(before, phase=Phase.STAGED, staged=event.staged), "stage"
        case e.TargetProbed():
            after, done = replace(before, phase=Phase.PROBED), "probe"
        case e.ProbeFailed():
            after, done = replace(before, probe_failure=event.reason), "probe"
        case e.TrafficShifted():
            after, done = _shifted(before, event), "shift"
        case e.TargetJudged():
            after, done = replace(before, judgement=event.judgement, judged_at=event.at), "judge"
        case e.TargetFinished():
            after, done = replace(before, phase=Phase.FINISHED, finished_at=event.at), "finish"
            after = replace(after, detected=event.detected or before.detected)
        case e.TrafficRestored():
            after = replace(before, restored=Restored.TRAFFIC, percent=0.0, restored_at=event.at)
            done = "restore-traffic"
        case e.StackRestored():
            since = before.restored_at or event.at
            after, done = replace(before, restored=Restored.STACK, percent=0.0, restored_at=since), "restore-stack"
        case _:
            assert_never(event)
    if (state.rollback or before.skipped) and done in ("stage", "shift", "finish"):
        # It was under way when the way back began and may have undone what was restored meanwhile.
        after = replace(after, restored=Restored.NOTHING)
    return _succeeded(replace(state, deployments={**state.deployments, event.target: after}), f"{done}/{event.target}")


def _anew(state: Release, target: str) -> Release:
    """What failed on a target is forgotten."""
    left = {key: failure for key, failure in state.failures.items() if failure.event.target != target}
    return replace(state, failures=left)


def _shifted(before: Deployment, event: e.TrafficShifted) -> Deployment:
    all_moved = event.percent >= 100 and before.splits
    return replace(
        before,
        phase=Phase.MOVED if all_moved else Phase.BAKING,
        step=event.step,
        percent=event.percent,
        exposed_since=before.exposed_since or event.since,
        shifted_at=event.at,
        judgement=None,
        detected=event.detected or before.detected,
    )


def _failed(state: Release, event: e.EffectFailed) -> Release:
    earlier = state.failures.get(event.effect)
    failure = Failure(attempts=earlier.attempts + 1 if earlier else 1, event=event)
    deployments = state.deployments
    before = deployments.get(event.target)
    if before and (state.rollback or before.skipped):
        if event.effect.startswith(("stage/", "shift/", "finish/")):
            # It may have taken hold all the same, after what was restored meanwhile.
            deployments = {**deployments, event.target: replace(before, restored=Restored.NOTHING)}
        if before.skipped and not event.effect.startswith("restore-"):
            return replace(state, deployments=deployments)  # nobody waits for it any more
    return replace(state, deployments=deployments, failures={**state.failures, event.effect: failure})


def _succeeded(state: Release, effect: str) -> Release:
    left = {key: failure for key, failure in state.failures.items() if not (key + "/").startswith(effect + "/")}
    return replace(state, failures=left)
