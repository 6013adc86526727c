"""What happened to a release: the only truth there is about it.

Names are in the past tense. Every event has a time; the journal adds its place in the release's sequence. An event is
written once and never changed: a new field needs a default, or old journals could no longer be read.
"""

from __future__ import annotations

from dataclasses import dataclass

from shoreward.domain import (
    Checked,
    Finding,
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

    `before` is the commit that was live then; `despite` says why a quarantined revision may go all the same.
    """

    pipeline: Pipeline
    commit: str
    subject: str
    by: str
    before: str | None = None
    despite: str = ""


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
    """The canary's weight is now `percent`; `since` is when the shift began."""

    target: str
    step: int
    percent: float
    since: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetJudged(_Event):
    """The judge looked at a target."""

    target: str
    judgement: Judgement


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetFinished(_Event):
    """A target's stack agrees with its traffic: the new revision is all there is."""

    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectFailed(_Event):
    """An effect could not be carried out. `target` is empty where it belongs to none."""

    effect: str
    target: str
    code: str
    what: str
    next: str
    retryable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldPlaced(_Event):
    """Nothing moves forward until the hold is lifted; watching, and going back, go on.

    `advisories` are those that it is about: whoever lifts it has been told of them.
    """

    by: str
    why: str
    advisories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldLifted(_Event):
    """The release may move again."""

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
    """No customer of a target is served by the new revision any more."""

    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StackRestored(_Event):
    """A target's stack is back at what it was."""

    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseEnded(_Event):
    """The release is over."""

    outcome: Outcome


Event = (
    ReleaseOpened
    | RevisionBuilt
    | RevisionChecked
    | AdvisoriesReviewed
    | WaveEntered
    | WaveBaked
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
    | RollbackBegan
    | TrafficRestored
    | StackRestored
    | ReleaseEnded
)
