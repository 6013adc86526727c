"""What the functions that read a configuration show of its values: every request meets them, so there is no canary.

What they share with other regions is judged beside regions that do not have the values yet, or beside the target's own
past. What nothing can be compared with is held to a ceiling, as first deployments are. A pass is proof that errors of
all functions together are below that ceiling, so customers must have come: nothing advances on silence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from shoreward.app.judging.arms import ALL
from shoreward.app.judging.beside import look_beside
from shoreward.app.judging.budget import tests_for
from shoreward.app.judging.shared import shared_metrics
from shoreward.app.judging.weighing import formed
from shoreward.app.judging.window import Window
from shoreward.app.world import World
from shoreward.core import Deployment, Release
from shoreward.domain import ERRORS, Evidence, Metric, Verdict
from shoreward.judge import Strength, absolute_evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What was seen.

    Attributes:
        requests: since the values were written; None where nobody is named whose requests could be counted.
        together: errors of all functions against the ceiling; None likewise.
        alone: whether errors of some function had nothing to be compared with.
    """

    evidence: tuple[Evidence, ...]
    requests: int | None = None
    together: Evidence | None = None
    alone: bool = False


def look_served(world: World, state: Release, deployment: Deployment, window: Window) -> Served:
    """Read and judge what `judged-by` names; raises what its source raises, for nobody else looks."""
    beside = look_beside(world, state, deployment, window)
    errors = [each for each in shared_metrics(world, state.pipeline, deployment.target) if each.name == ERRORS]
    if not errors:
        return Served(evidence=beside.evidence)
    requests, bad = _counted(world, deployment, errors, window)
    compared = {each.function for each in beside.evidence if each.metric == ERRORS}
    alone = [row for row, metric in enumerate(errors) if metric.function not in compared]
    held = _ceilings(state, deployment, [errors[row].function for row in alone], requests[alone], bad[alone])
    together = _together(state, deployment, requests, bad)
    return Served(
        evidence=(together, *held, *beside.evidence),
        requests=round(requests[:, max(0, window.step) :].sum()),
        together=together,
        alone=bool(alone),
    )


def _counted(
    world: World, deployment: Deployment, errors: Sequence[Metric], window: Window
) -> tuple[np.ndarray, np.ndarray]:
    """Requests and errors of each function, (functions, intervals)."""
    queries = [query for each in errors for query in each.queries]
    read = world.series.series(deployment.target, queries, start=window.start, end=window.end, period=window.period)
    rows = [formed(each, [read[query] for query in each.queries]) for each in errors]
    return np.stack([row[0] for row in rows]), np.stack([row[1] for row in rows])


def _together(state: Release, deployment: Deployment, requests: np.ndarray, bad: np.ndarray) -> Evidence:
    """Whether errors of all functions together are shown to be below the ceiling."""
    all_requests, all_bad = requests.sum(axis=0, keepdims=True), bad.sum(axis=0, keepdims=True)
    _, promotion = tests_for(state, deployment, 1)
    log_e = absolute_evidence(all_requests, all_bad, state.pipeline.judge.first_deployment_ceiling, promotion)
    shown = float(log_e[0, -1]) if log_e.size else 0.0
    return Evidence(
        function=ALL,
        metric=ERRORS,
        verdict=Verdict.PASS if shown >= promotion.threshold else Verdict.NOT_ENOUGH_EVIDENCE,
        canary_requests=round(all_requests.sum()),
        canary_bad=round(all_bad.sum()),
        e_promote=shown,
        bar_promote=promotion.threshold,
        strength=Strength.WEAK,
    )


def _ceilings(
    state: Release, deployment: Deployment, names: Sequence[str], requests: np.ndarray, bad: np.ndarray
) -> tuple[Evidence, ...]:
    if not names:
        return ()
    rollback, _ = tests_for(state, deployment, len(names))
    log_e = absolute_evidence(requests, bad, state.pipeline.judge.first_deployment_ceiling, rollback).max(axis=1)
    return tuple(
        Evidence(
            function=name,
            metric=ERRORS,
            verdict=Verdict.FAIL if log_e[row] >= rollback.threshold else Verdict.PASS,
            canary_requests=round(requests[row].sum()),
            canary_bad=round(bad[row].sum()),
            e_rollback=float(log_e[row]),
            bar_rollback=rollback.threshold,
            strength=Strength.WEAK,
        )
        for row, name in enumerate(names)
    )
