"""Drift in a release: before a target is touched, while traffic is on its way, and before the stack is made to agree.

What somebody changed by hand is never written over unasked: `perform` raises `Drifted`, and the core holds the target
until a person has said what is to be done. Traffic that somebody moves in mid-shift sends the release back.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from shoreward.app.ports import Journal
from shoreward.core import Deployment, Phase, Release, Restored, replay
from shoreward.domain import (
    Difference,
    Drifted,
    Left,
    Pipeline,
    Retryable,
    StagedFunction,
    Target,
    Terminal,
    remaining,
    spelled,
)

if TYPE_CHECKING:
    from shoreward.app.world import World


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
            )
        return None


def drifted(world: World, pipeline: Pipeline, target: Target) -> tuple[Difference, ...]:
    """What somebody changed on a target since the newest release left it, but for what the pipeline lets differ."""
    left = world.past.left(pipeline.application, target)
    return remaining(world.drift.differences(target, left), allowed=pipeline.allow_drift) if left else ()


def require_as_left(world: World, state: Release, target: Target) -> None:
    """Raise `Drifted` when somebody changed a target since a release left it."""
    left = world.past.left(state.pipeline.application, target, besides=state.id)
    if left is not None:
        _refuse(state, target, left.release, world.drift.differences(target, left))


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
