"""What is judged beside errors, silence and latency: a team's own metrics, and what both revisions of a target share.

Everything about a target is asked for at once, with the intervals before the first customer. A team's own metrics must
be readable, or nobody looks at what the team named; what is only judged by default must not stop a release because it
could not be read, and the judgement says so. Of a configuration nothing else is judged, so it must be read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shoreward.app.judging.own import missing, own_evidence, own_questions
from shoreward.app.judging.shared import controls_after, controls_of, read_all, shared_evidence, shared_metrics
from shoreward.app.judging.window import Window
from shoreward.app.world import World
from shoreward.core import Deployment, Release
from shoreward.domain import Evidence, Metric, OperationError


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What was seen.

    Attributes:
        unproven: metrics that promotion needs and that do not show yet what they must.
        unseen: why what is judged by default was not looked at; "" when it was.
    """

    evidence: tuple[Evidence, ...] = ()
    unproven: tuple[Metric, ...] = ()
    unseen: str = ""


def look_beside(world: World, state: Release, deployment: Deployment, window: Window) -> Beside:
    """Read and judge them; raises what a source raises that the pipeline names."""
    assert deployment.staged is not None
    policy, target = state.pipeline.judge, deployment.target
    questions = own_questions(policy, target, deployment.staged.shifting)
    controls, shared, unseen = controls_of(state, deployment), (), ""
    if controls:
        shared, unseen = _found(world, state, deployment)
    queries = [query for each in questions for query in (*each.canary, *each.baseline)]
    queries += [query for each in shared for query in each.queries]
    if not queries:
        return Beside(unseen=unseen)
    try:
        read = read_all(world.series, target, queries, window)
    except OperationError as error:
        if policy.metrics or state.pipeline.configuration:
            raise
        return Beside(unseen=_why(error))
    own = own_evidence(state, deployment, questions, read)
    others = shared_evidence(world, state, deployment, shared, controls, read, window) if shared else ()
    return Beside(evidence=(*own, *others), unproven=missing(policy, questions, own), unseen=unseen)


def look_after(world: World, state: Release, deployment: Deployment, window: Window) -> Beside:
    """Judge what is shared of a target whose traffic has all moved, as its bake did, while others are as they were."""
    controls = controls_after(state, deployment)
    if not controls or window.end <= window.start:
        return Beside()
    shared, unseen = _found(world, state, deployment)
    queries = [query for each in shared for query in each.queries]
    if not queries:
        return Beside(unseen=unseen)
    try:
        read = read_all(world.series, deployment.target, queries, window)
    except OperationError as error:
        if state.pipeline.judge.metrics or state.pipeline.configuration:
            raise
        return Beside(unseen=_why(error))
    return Beside(evidence=shared_evidence(world, state, deployment, shared, controls, read, window), unseen=unseen)


def _found(world: World, state: Release, deployment: Deployment) -> tuple[Sequence[Metric], str]:
    policy, target = state.pipeline.judge, deployment.target
    try:
        return shared_metrics(world, state.pipeline, target), ""
    except OperationError as error:
        if state.pipeline.configuration or any(not each.arms for each in policy.metrics):
            raise
        return (), _why(error)


def _why(error: OperationError) -> str:
    return f"what both revisions share was not looked at ({error.code})"
