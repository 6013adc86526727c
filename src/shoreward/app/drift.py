"""Drift in a release: before a target is touched, while traffic is on its way, and before the stack is made to agree.

What somebody changed by hand is never written over unasked: `perform` raises `Drifted`, and the core holds the target
until a person has said what is to be done. Traffic that somebody moves in mid-shift sends the release back.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from shoreward.app.ports import Journal
from shoreward.core import Deployment, Phase, Release, Restored, replay
from shoreward.domain import (
    Detected,
    Difference,
    Drifted,
    Left,
    Pipeline,
    Retryable,
    Revision,
    StagedFunction,
    Target,
    Terminal,
    remaining,
    spelled,
)

if TYPE_CHECKING:
    from shoreward.app.world import World


GLANCE = 5.0
"""Seconds for which customers wait for what CloudFormation detects; it is asked again at the next step."""
EVERY = 300.0
"""Seconds from look to look while a target bakes."""
PATIENCE = 120.0
"""The same for a stack that is about to be changed; then it is told that nobody knows."""


class DriftSource(Protocol):
    """Knows what somebody changed on a target."""

    def differences(self, target: Target, left: Left) -> tuple[Difference, ...]:
        """How a target differs from what a release left there; an operation under way is waited for first."""
        ...

    def strays(
        self, target: Target, functions: Sequence[StagedFunction], percents: Sequence[float]
    ) -> tuple[Difference, ...]:
        """Aliases that are not between baseline and candidate with one of these percents of traffic.

        With none at all, those that do not send all of it to the candidate.
        """
        ...

    def begin(self, target: Target, *, every: float = 0.0) -> None:
        """Let CloudFormation look what differs of a stack's other resources; waits for nothing, and never raises.

        Args:
            every: seconds for which a look that was begun is good enough.
        """
        ...

    def detected(self, target: Target, patience: float) -> Detected | None:
        """What it found; looks now where nobody has begun. None when it still looks after so many seconds.

        Never raises: what it could not tell is part of the answer.
        """
        ...


@dataclass(frozen=True, slots=True)
class Unwatched:
    """Stands for both sources in a world where nobody changes anything by hand."""

    def differences(self, target: Target, left: Left) -> tuple[Difference, ...]:
        """None."""
        return ()

    def strays(
        self, target: Target, functions: Sequence[StagedFunction], percents: Sequence[float]
    ) -> tuple[Difference, ...]:
        """None."""
        return ()

    def begin(self, target: Target, *, every: float = 0.0) -> None:
        """Nobody looks."""

    def detected(self, target: Target, patience: float) -> Detected | None:
        """Nothing."""
        return Detected()

    def left(self, application: str, target: Target, *, besides: str = "") -> Left | None:
        """Nothing is known."""
        return None


UNWATCHED = Unwatched()


class History(Protocol):
    """Knows what was left on a target."""

    def left(self, application: str, target: Target, *, besides: str = "") -> Left | None:
        """What releases of an application left there, one of them aside; None when it is not known, or nothing."""
        ...


@dataclass(frozen=True, slots=True)
class Past:
    """What a journal's releases left on their targets."""

    journal: Journal

    def left(self, application: str, target: Target, *, besides: str = "") -> Left | None:
        """See `History.left`."""
        served = None
        for header in reversed(self.journal.releases(application)):
            if header.id == besides:
                continue
            other = replay(header.id, (recorded.event for recorded in self.journal.events(header.id)))
            deployment = other.deployments.get(target.key)
            if deployment is None or not deployment.touched:
                continue
            if deployment.restored is Restored.STACK and deployment.snapshot is not None:
                if not deployment.snapshot.exists:
                    return None
                served = served or deployment.snapshot.functions
                continue
            if deployment.phase is not Phase.FINISHED or other.rollback or other.revision is None:
                return None  # it is in motion; whoever works on it next looks for himself
            return Left(
                release=other.id,
                pipeline=other.pipeline,
                target=deployment.target,
                revision=other.revision,
                served=served or (),
                standing=_standing(deployment.detected),
            )
        return None


def drifted(world: World, pipeline: Pipeline, target: Target) -> tuple[Difference, ...]:
    """What somebody changed on a target since the newest release left it, but for what the pipeline lets differ."""
    left = world.past.left(pipeline.application, target)
    if left is None:
        return ()
    if pipeline.configuration is None:
        world.drift.begin(target)
    found = world.drift.differences(target, left)
    if pipeline.configuration is None:
        found += _since(_detected(world, target).told, left.standing)
    return remaining(found, allowed=pipeline.allow_drift)


def require_as_left(world: World, state: Release, target: Target) -> None:
    """Raise `Drifted` when somebody changed a target since a release left it.

    A release that changes other resources than functions would go over what somebody did to them, so what
    CloudFormation detects is waited for; any other one asks for it while it does its work.
    """
    left = world.past.left(state.pipeline.application, target, besides=state.id)
    if left is not None:
        found = world.drift.differences(target, left)
        if _detects(state) and _changes_others(world, left, state):
            found += _since(_detected(world, target).told, left.standing or frozenset())
        _refuse(state, target, left.release, found)


def look_at_rest(world: World, state: Release, target: Target) -> None:
    """Let CloudFormation look at a target's other resources, so that nobody waits when it is asked what it found."""
    if _detects(state):
        world.drift.begin(target)


def look_again_at_rest(world: World, state: Release, deployment: Deployment) -> None:
    """The same while a target bakes, now and then, so that the answer is no older than some minutes in the end."""
    if _detects(state) and deployment.phase is Phase.BAKING:
        world.drift.begin(deployment.target, every=EVERY)


def require_rest(world: World, state: Release, deployment: Deployment, *, last: bool = False) -> Detected | None:
    """What differs of a target's other resources; None while CloudFormation looks, or where nobody does.

    Raises `Drifted` for what differs since the last look, or since the release before left it, where that is known. A
    detection that failed stops nothing, for a release that changes functions goes over nothing; but it is told.

    Args:
        last: whether nobody asks again, so that it is waited for.
    """
    if not _detects(state):
        return None
    target = deployment.target
    seen = _detected(world, target) if last else world.drift.detected(target, GLANCE)
    if seen is None:
        return None
    left = None if deployment.detected else world.past.left(state.pipeline.application, target, besides=state.id)
    since = state.id if left is None else left.release
    standing = _standing(deployment.detected) if left is None else left.standing
    if standing is not None:
        _refuse(state, target, since, _since(seen.found, standing))
    return seen


def _detects(state: Release) -> bool:
    """Whether anybody looks at a target's other resources: there is a stack, and time to look."""
    return state.pipeline.configuration is None and not state.returning


def _detected(world: World, target: Target) -> Detected:
    seen = world.drift.detected(target, PATIENCE)
    return seen or Detected(unknown=f"CloudFormation still looks after {PATIENCE:.0f} s", looked=False)


def _standing(detected: Detected | None) -> frozenset[str] | None:
    return frozenset(one.key for one in detected.found) if detected and detected.looked else None


def _since(found: tuple[Difference, ...], standing: frozenset[str] | None) -> tuple[Difference, ...]:
    return tuple(one for one in found if standing is None or one.key not in standing)


def _changes_others(world: World, left: Left, state: Release) -> bool:
    """Whether a release's template says anything else than the one before of what is no function's."""
    assert state.revision is not None
    before, after = (_others(world, each) for each in (left.revision, state.revision))
    return before != after or left.target.parameters != state.deployments[left.target.key].target.parameters


def _others(world: World, revision: Revision) -> dict[str, Any]:
    """A revision's template without its functions, their versions and aliases."""
    template: dict[str, Any] = json.loads(world.blobs.get(revision.template))
    own = {name for one in revision.functions for name in (one.logical_id, one.version_id, one.alias_id)}
    kept = {name: resource for name, resource in template.get("Resources", {}).items() if name not in own}
    return {**template, "Resources": kept, "Metadata": None, "Outputs": None}


def require_as_staged(world: World, state: Release, target: Target) -> None:
    """Raise `Drifted` when somebody changed a target since this release staged it; traffic aside."""
    assert state.revision is not None
    left = Left(release=state.id, pipeline=state.pipeline, target=target, revision=state.revision, midway=True)
    _refuse(state, target, left.release, world.drift.differences(target, left))


def out_of_place(world: World, state: Release, deployment: Deployment) -> Terminal | None:
    """What somebody's move of an alias comes to, on a target that the release is on; None when nobody moved any.

    `Drifted` of a finished target; in mid-shift it is `Terminal` (ALIAS_MOVED), for nobody can tell any more who is
    served by what. A step that is being taken while this looks is no stray.
    """
    if deployment.staged is None or not deployment.splits:
        return None
    target, finished = deployment.target, deployment.phase is Phase.FINISHED
    steps = (deployment.percent, *state.wave_of(deployment).steps) if deployment.phase is Phase.BAKING else ()
    try:
        found = world.drift.strays(target, deployment.staged.shifting, () if finished else (*steps, 100.0))
    except Retryable:
        return None  # metrics tell how customers fare, also while nobody can look who serves them
    if finished:
        left = _remaining(state, found)
        return Drifted(left, target.key, state.id, whole=True) if left else None
    if not found:
        return None
    return Terminal(
        "ALIAS_MOVED",
        f"Somebody else moved traffic in mid-release: {spelled(found)}.",
        where=target.key,
        next="The release goes back, and traffic with it to what served before; find out who moved it, and why.",
    )


def require_as_written(world: World, state: Release, deployment: Deployment) -> None:
    """Raise `Drifted` when somebody changed values that bake: whatever a look says, it says of theirs as well."""
    if state.pipeline.configuration is None or deployment.phase is not Phase.BAKING:
        return
    with suppress(Retryable):  # as above
        require_as_staged(world, state, deployment.target)


def _refuse(state: Release, target: Target, release: str, found: tuple[Difference, ...]) -> None:
    if left := _remaining(state, found):
        raise Drifted(left, target.key, release)


def _remaining(state: Release, found: tuple[Difference, ...]) -> tuple[Difference, ...]:
    return remaining(found, allowed=state.pipeline.allow_drift, accepted=state.accepted)
