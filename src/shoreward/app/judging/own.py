"""Evidence from a team's own metrics that tell canary and baseline apart: each function by itself.

The noise of a value comes from the baseline's intervals before the first customer. The canary has no such history, and
serves less: an average over a share w of the requests scatters as if it were 1/w times as variable. So that is what is
taken, at the smallest share that the wave begins with, whether the value is such an average or not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shoreward.app.judging.budget import horizon, share_of
from shoreward.app.judging.weighing import HISTORY, Rules, counted, formed, gauged
from shoreward.core import Deployment, Release
from shoreward.domain import Evidence, JudgePolicy, Metric, Query, StagedFunction, Target
from shoreward.domain.metrics import filled
from shoreward.domain.ramp import entry
from shoreward.judge import Counts, Gauges, Strength, estimate_noise

Floats = NDArray[np.float64]
Read = Mapping[Query, Floats]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A metric of a function: what is read of the canary and of the baseline."""

    metric: Metric
    function: StagedFunction
    canary: tuple[Query, ...]
    baseline: tuple[Query, ...]


def own_questions(policy: JudgePolicy, target: Target, functions: Sequence[StagedFunction]) -> tuple[Question, ...]:
    """What is asked about the functions whose traffic is split."""
    return tuple(
        Question(
            metric=metric,
            function=function,
            canary=_filled(metric, policy, target, function, candidate=True),
            baseline=_filled(metric, policy, target, function, candidate=False),
        )
        for metric in policy.metrics
        for function in functions
        if metric.arms and metric.function in ("", function.logical_id)
    )


def own_evidence(
    state: Release, deployment: Deployment, questions: Sequence[Question], read: Read
) -> tuple[Evidence, ...]:
    """Of every function that has any values; `read` begins with `HISTORY` intervals before the first customer."""
    assert deployment.staged is not None
    policy, streams = state.pipeline.judge, len(deployment.staged.shifting) + 1
    alpha = share_of(policy, len(state.pipeline.targets), streams)
    lasting = horizon(state, deployment)
    share = _first_share(state, deployment)
    evidence: list[Evidence] = []
    for metric, asked in _by_metric(questions):
        counts = metric.kind == "counts"
        strength = Strength.GUARANTEED if counts else Strength.CALIBRATED
        rules = Rules(alpha=alpha, beta=policy.beta, horizon=lasting, period=policy.interval, strength=strength)
        canary = [formed(metric, [read[query] for query in each.canary]) for each in asked]
        baseline = [formed(metric, [read[query] for query in each.baseline]) for each in asked]
        weigh = _counts if counts else _gauge
        evidence += weigh(metric, asked, _stacked(canary), _stacked(baseline), rules, policy, share)
    return tuple(evidence)


def missing(policy: JudgePolicy, questions: Sequence[Question], evidence: Sequence[Evidence]) -> tuple[Metric, ...]:
    """The metrics that promotion needs and that do not show it now, those without any values included."""
    asked = {each.metric.name: each.metric for each in questions if each.metric.critical}
    return tuple(metric for name, metric in asked.items() if not _shown(name, evidence))


def _shown(name: str, evidence: Sequence[Evidence]) -> bool:
    own = [each for each in evidence if each.metric == name]
    return bool(own) and all(each.e_promote >= each.bar_promote for each in own)


def _counts(
    metric: Metric,
    asked: Sequence[Question],
    canary: Floats,
    baseline: Floats,
    rules: Rules,
    policy: JudgePolicy,
    share: float,
) -> tuple[Evidence, ...]:
    there = canary[0].any(axis=1) | baseline[0].any(axis=1)
    if not there.any():
        return ()
    counts = Counts(*(arm[part][there, HISTORY:] for arm in (canary, baseline) for part in (0, 1)))
    phi = policy.dispersion if metric.dispersion is None else metric.dispersion
    return counted(metric, _names(asked, there), counts, rules, phi=phi)


def _gauge(
    metric: Metric,
    asked: Sequence[Question],
    canary: Floats,
    baseline: Floats,
    rules: Rules,
    policy: JudgePolicy,
    share: float,
) -> tuple[Evidence, ...]:
    there = np.isfinite(canary[0]).any(axis=1) | np.isfinite(baseline[0]).any(axis=1)
    if not there.any():
        return ()
    values = Gauges(canary[0][there, HISTORY:], baseline[0][there, HISTORY:])
    if metric.noise is not None:
        noise = np.full(values.streams, metric.noise)
    else:
        before = baseline[0][there, :HISTORY]
        noise = estimate_noise(Gauges(before, np.zeros_like(before))).noise * np.sqrt(1 / share + 1 / (1 - share))
    return gauged(metric, _names(asked, there), values, rules, noise=noise)


def _names(asked: Sequence[Question], there: NDArray[np.bool_]) -> list[str]:
    return [each.function.logical_id for each, seen in zip(asked, there, strict=True) if seen]


def _stacked(rows: Sequence[tuple[Floats, ...]]) -> Floats:
    """(parts, rows, intervals)."""
    return np.stack([np.stack(row) for row in rows], axis=1)


def _by_metric(questions: Sequence[Question]) -> Iterator[tuple[Metric, list[Question]]]:
    metrics = {each.metric.name: each.metric for each in questions}
    for name, metric in metrics.items():
        yield metric, [each for each in questions if each.metric.name == name]


def _first_share(state: Release, deployment: Deployment) -> float:
    """The share of the traffic that the canary began with, 0 to 1."""
    wave = state.wave_of(deployment)
    if not wave.steps:
        return min(max(deployment.percent / 100, 0.001), 0.5)
    first = entry(wave, deployment.target, state.pipeline.judge) if wave.ramp else 0
    return wave.steps[min(first, len(wave.steps) - 1)] / 100


def _filled(
    metric: Metric, policy: JudgePolicy, target: Target, function: StagedFunction, *, candidate: bool
) -> tuple[Query, ...]:
    values = {
        **words_of(policy, target),
        "function": function.name,
        "alias": function.alias,
        "version": (function.candidate if candidate else function.baseline) or "",
        "arm": "canary" if candidate else "baseline",
    }
    return tuple(filled(query, values) for query in metric.queries)


def words_of(policy: JudgePolicy, target: Target) -> dict[str, str]:
    """What placeholders of a target stand for."""
    return {
        "stack": target.stack,
        "region": target.region,
        "account": target.account,
        "interval": str(policy.interval),
    }
