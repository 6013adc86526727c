"""What happened to a release: the only truth there is about it.

Names are in the past tense. Every event has a time; the journal adds its place in the release's sequence. An event is
written once and never changed: a new field needs a default, or old journals could no longer be read.
"""

from __future__ import annotations

from dataclasses import dataclass

from shoreward.domain import (
    Blamed,
    Checked,
    Detected,
    Difference,
    Finding,
    GateAnswer,
    GroupRelease,
    Judgement,
    Outcome,
    Pipeline,
    Revision,
    RollbackCause,
    Snapshot,
    Staged,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Event:
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseOpened(_Event):
    """Somebody asked for a commit to be carried through a pipeline; the pipeline is kept as it was then.

    `before` is the commit that was live then; `despite` says why a quarantined revision may go all the same; `back_to`
    is the release whose revision is brought back by this one, "" for one that goes forward; `committed_at` is the time
    of the commit, 0 where nobody said; `group` says which releases of other applications it was opened together with;
    `carries` names the open releases of the application whose commits it contains, None where nobody asked.
    """

    pipeline: Pipeline
    commit: str
    subject: str
    by: str
    before: str | None = None
    despite: str = ""
    back_to: str = ""
    committed_at: float = 0.0
    group: GroupRelease | None = None
    carries: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionBuilt(_Event):
    """The commit became a revision."""

    revision: Revision


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionChecked(_Event):
    """Checks before production came to a verdict on the revision."""

    checked: Checked


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvisoriesReviewed(_Event):
    """Advisories were looked up again, beginning at `at`; `findings` are those that would fail the checks now."""

    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveEntered(_Event):
    """A wave began, by its place in the pipeline (from 0)."""

    wave: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveBaked(_Event):
    """All of a wave's targets serve the new revision, and have baked."""

    wave: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetEntered(_Event):
    """A target's gates are open and there is room: the release has it now."""

    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetInspected(_Event):
    """What was on a target before the release touched it."""

    target: str
    snapshot: Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetStaged(_Event):
    """The new versions are published; nobody is served by them yet."""

    target: str
    staged: Staged


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetProbed(_Event):
    """The new versions answered synthetic requests as they should."""

    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeFailed(_Event):
    """A new version did not answer a synthetic request as it should."""

    target: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficShifted(_Event):
    """The canary's weight is now `percent`; `since` is when the shift began.

    `detected` is what differed of the target's other resources before the first one; None where nobody looked.
    """

    target: str
    step: int
    percent: float
    since: float
    detected: Detected | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetJudged(_Event):
    """The judge looked at a target."""

    target: str
    judgement: Judgement


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetFinished(_Event):
    """A target's stack agrees with its traffic: the new revision is all there is.

    `detected` is what differed of its other resources then; None where nobody looked.
    """

    target: str
    detected: Detected | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectFailed(_Event):
    """An effect could not be carried out. `target` is empty where it belongs to none.

    `drift` is what somebody changed by hand, when that is why: nothing was touched, and a person is asked.
    """

    effect: str
    target: str
    code: str
    what: str
    next: str
    retryable: bool
    drift: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldPlaced(_Event):
    """Nothing moves forward until the hold is lifted; watching, and going back, go on.

    `advisories` are those that it is about: whoever lifts it has been told of them, and of the differences whose keys
    `drift` holds, which then stop nothing any more. It may be about a `wave`, by name, or a `target`, by key, alone.
    """

    by: str
    why: str
    advisories: tuple[str, ...] = ()
    wave: str = ""
    target: str = ""
    drift: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldLifted(_Event):
    """The release, or what of it was held, may move again."""

    by: str
    why: str
    wave: str = ""
    target: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetRetried(_Event):
    """A person wants what failed on a target to be tried again now, with all its attempts anew."""

    target: str
    by: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetSkipped(_Event):
    """A person leaves a target out of the release; what was begun there is taken back."""

    target: str
    by: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetOvertaken(_Event):
    """A later release stayed on a target, so this one has nothing to take back there."""

    target: str
    release: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GateAsked(_Event):
    """A gate that asks somebody had an answer; `target` is empty for one of a whole wave."""

    gate: str
    wave: str
    target: str
    answer: GateAnswer
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GateOpened(_Event):
    """A person opened a gate of a wave: approved what asks for it, or overrode what was closed."""

    gate: str
    wave: str
    by: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackBegan(_Event):
    """The release goes back, everywhere. From here on no forward effect is emitted."""

    cause: RollbackCause
    reason: str
    by: str = "shoreward"
    target: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficRestored(_Event):
    """No customer of a target is served by the new revision any more; `found` is what somebody else had made of it."""

    target: str
    found: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StackRestored(_Event):
    """A target's stack is back at what it was; `found` is what somebody else had made of it meanwhile."""

    target: str
    found: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseEnded(_Event):
    """The release is over."""

    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitsBlamed(_Event):
    """Who did it was looked into, after a release that harmed had ended."""

    blamed: Blamed


Event = (
    ReleaseOpened
    | RevisionBuilt
    | RevisionChecked
    | AdvisoriesReviewed
    | WaveEntered
    | WaveBaked
    | TargetEntered
    | TargetInspected
    | TargetStaged
    | TargetProbed
    | ProbeFailed
    | TrafficShifted
    | TargetJudged
    | TargetFinished
    | EffectFailed
    | HoldPlaced
    | HoldLifted
    | TargetRetried
    | TargetSkipped
    | TargetOvertaken
    | GateAsked
    | GateOpened
    | RollbackBegan
    | TrafficRestored
    | StackRestored
    | ReleaseEnded
    | CommitsBlamed
)
