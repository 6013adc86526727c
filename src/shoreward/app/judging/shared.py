"""Evidence from what both revisions of a target share: its queues, its API, its functions' throttles.

Such a metric does not tell canary from baseline, so the target is compared with targets that do not have the change
yet, and what usually sets it apart from them is taken off: a difference in differences (`judge.controls`). Where no
other target is left, the target's own earlier days may stand in, which is weak. It can only fail a release.

Controls are targets of later waves, which stay as they are while this one bakes; the last four of the pipeline, since
those are the same in most waves. A control that cannot be read is left out of the look, history and all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from shoreward.app.judging.budget import horizon, shared_share_of
from shoreward.app.judging.own import Read, words_of
from shoreward.app.judging.weighing import HISTORY, Rules, counted, formed, gauged
from shoreward.app.judging.window import Window
from shoreward.app.ports import SeriesSource
from shoreward.app.world import World
from shoreward.core import Deployment, Phase, Release
from shoreward.domain import ERRORS, Evidence, JudgePolicy, Metric, OperationError, Pipeline, Query, Target
from shoreward.domain.metrics import filled
from shoreward.judge import (
    CAUTIOUS_PHI,
    Counts,
    Strength,
    control_counts,
    control_gauges,
    estimate_noise,
    estimate_usual,
)

Floats = NDArray[np.float64]

_CONTROLS = 4
_DAYS = (1, 2, 3, 7)
_DAY = 86_400
_FEWEST = 480
"""Intervals that a metric's history must tell of, on both sides."""
_FEWEST_REQUESTED = 60
"""... with requests, for counts."""
_FEW_EVENTS = 20.0
"""Bad events that are added to history's where it holds too few to tell what is usual."""

Key = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """What a target is compared with: another one, or itself so many seconds before."""

    target: Target
    earlier: int = 0

    @property
    def name(self) -> str:
        """For people."""
        return f"{self.earlier // _DAY} days before" if self.earlier else self.target.region


def controls_of(state: Release, deployment: Deployment) -> tuple[Control, ...]:
    """What a target's shared metrics are compared with."""
    policy = state.pipeline.judge
    later = [each.target for each in state.deployments.values() if each.wave > deployment.wave]
    if later or not policy.own_past:
        return tuple(Control(target=target) for target in later[-_CONTROLS:])
    whole = [day * _DAY for day in _DAYS if day * _DAY % policy.interval == 0]
    return tuple(Control(target=deployment.target, earlier=seconds) for seconds in whole)


def controls_after(state: Release, deployment: Deployment) -> tuple[Control, ...]:
    """What a target is compared with when all its traffic has moved: the targets that its bake was compared with.

    None at all once one of them is begun, and never the own past: the evidence goes on from that of the bake, so its
    error rate holds for both together, and what it is held against must not change on the way.
    """
    controls = controls_of(state, deployment)
    untouched = (Phase.WAITING, Phase.INSPECTED)
    if any(each.earlier or state.deployments[each.target.key].phase not in untouched for each in controls):
        return ()
    return controls


def shared_metrics(world: World, pipeline: Pipeline, target: Target) -> tuple[Metric, ...]:
    """Those of a target, ready to be read: its stack's, and a team's own that do not tell arms apart.

    A configuration has no stack of its own; in its place are those whose customers it would harm.
    """
    policy = pipeline.judge
    found = _surveyed(world, pipeline, target) if policy.shared else ()
    words = words_of(policy, target)
    own = (each for each in policy.metrics if not each.arms)
    return (*(replace(each, queries=tuple(filled(query, words) for query in each.queries)) for each in own), *found)


def _surveyed(world: World, pipeline: Pipeline, target: Target) -> Sequence[Metric]:
    if pipeline.configuration is None:
        return world.survey.shared(target)
    found = [metric for each in pipeline.configuration.judged_by for metric in world.survey.judged(target, each)]
    # Errors cluster here as the team says they do anywhere; of other metrics nobody has said anything.
    known = pipeline.judge.dispersion
    return [replace(each, dispersion=known) if each.name == ERRORS else each for each in found]


def shared_evidence(
    world: World,
    state: Release,
    deployment: Deployment,
    metrics: Sequence[Metric],
    controls: Sequence[Control],
    read: Read,
    window: Window,
) -> tuple[Evidence, ...]:
    """Of every metric that at least one control has, too; `read` is the target's own, `HISTORY` intervals first."""
    assert deployment.staged is not None
    policy = state.pipeline.judge
    values: list[tuple[Control, Mapping[Key, tuple[Floats, ...]]]] = []
    for control in controls:
        try:
            values.append((control, _values(world, state.pipeline, control, metrics, window)))
        except OperationError:
            continue
    rules = Rules(
        alpha=shared_share_of(
            policy, len(state.pipeline.targets), len(deployment.staged.shifting) + 1, max(1, len(metrics))
        ),
        beta=policy.beta,
        horizon=horizon(state, deployment),
        period=policy.interval,
        strength=Strength.WEAK if any(control.earlier for control in controls) else Strength.CALIBRATED,
    )
    evidence: list[Evidence] = []
    for metric, names, rows in _rows(metrics, read, values):
        named = replace(rules, controls=", ".join(rows[0].controls))
        weigh = _counts if metric.kind == "counts" else _gauge
        mine = np.stack([row.mine for row in rows], axis=1)
        others = np.stack([row.others for row in rows], axis=2)
        evidence += weigh(metric, names, mine, others, named, policy)
    return tuple(replace(each, e_promote=0.0, bar_promote=0.0) for each in evidence)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Row:
    """A resource's metric: the target's own (parts, intervals), and that of its controls (controls, parts, ...)."""

    mine: Floats
    others: Floats
    controls: tuple[str, ...]


def _rows(
    metrics: Sequence[Metric], read: Read, values: Sequence[tuple[Control, Mapping[Key, tuple[Floats, ...]]]]
) -> Iterator[tuple[Metric, list[str], list[_Row]]]:
    """Those that have a history on both sides; together what differs in its resource only."""
    alike: dict[tuple[Metric, tuple[str, ...]], list[tuple[str, _Row]]] = {}
    for metric in metrics:
        mine = formed(metric, [read[query] for query in metric.queries])
        others = [(control, each[_key(metric)]) for control, each in values if _key(metric) in each]
        others = [(control, each) for control, each in others if _has_history(metric, each)]
        if others and _has_history(metric, mine):
            controls = tuple(control.name for control, _ in others)
            row = _Row(mine=np.stack(mine), others=np.stack([np.stack(each) for _, each in others]), controls=controls)
            kind = replace(metric, queries=(), function="")
            alike.setdefault((kind, controls), []).append((metric.function, row))
    for (metric, _), found in alike.items():
        yield metric, [name for name, _ in found], [row for _, row in found]


def read_all(source: SeriesSource, target: Target, queries: Sequence[Query], window: Window, earlier: int = 0) -> Read:
    """A window's values and the history before it, so many seconds earlier."""
    start = window.start - HISTORY * window.period - earlier
    return source.series(target, queries, start=start, end=window.end - earlier, period=window.period)


def _values(
    world: World, pipeline: Pipeline, control: Control, wanted: Sequence[Metric], window: Window
) -> Mapping[Key, tuple[Floats, ...]]:
    """What a control has of the metrics that are wanted."""
    keys = {_key(each) for each in wanted}
    metrics = [each for each in shared_metrics(world, pipeline, control.target) if _key(each) in keys]
    if not metrics:
        return {}
    queries = [query for each in metrics for query in each.queries]
    read = read_all(world.series, control.target, queries, window, control.earlier)
    return {_key(each): formed(each, [read[query] for query in each.queries]) for each in metrics}


def _key(metric: Metric) -> Key:
    return metric.name, metric.function


def _has_history(metric: Metric, values: tuple[Floats, ...]) -> bool:
    """Whether enough is known of the time before."""
    if metric.kind == "counts":
        return int(np.count_nonzero(values[0][:HISTORY])) >= _FEWEST_REQUESTED
    return int(np.isfinite(values[0][:HISTORY]).sum()) >= _FEWEST


def _counts(
    metric: Metric, names: Sequence[str], mine: Floats, others: Floats, rules: Rules, policy: JudgePolicy
) -> tuple[Evidence, ...]:
    """`mine` is (parts, rows, intervals), `others` (controls, parts, rows, intervals)."""
    all_of_it = control_counts(mine[0], mine[1], others[:, 0], others[:, 1])
    before = all_of_it.between(0, HISTORY)
    least = CAUTIOUS_PHI if metric.dispersion is None else metric.dispersion
    usual = estimate_usual(before, without_history=least)
    ratio = np.where(usual.known, usual.high, np.maximum(_at_most(before), 1.0))
    now = Counts(*(array[:, HISTORY:] for array in all_of_it.arrays), usual=np.clip(ratio, 1e-6, 1e6))
    return counted(metric, names, now, rules, phi=np.maximum(usual.phi, max(least, policy.dispersion)))


def _at_most(before: Counts) -> Floats:
    """What may usually set a target apart, where history holds too few events to tell: never too little."""
    n_c, x_c, n_b, x_b = (array.sum(axis=1) for array in before.arrays)
    return ((x_c + _FEW_EVENTS) / np.maximum(n_c, 1.0)) / ((x_b + _FEW_EVENTS) / np.maximum(n_b, 1.0))


def _gauge(
    metric: Metric, names: Sequence[str], mine: Floats, others: Floats, rules: Rules, policy: JudgePolicy
) -> tuple[Evidence, ...]:
    """`mine` is (1, rows, intervals), `others` (controls, 1, rows, intervals)."""
    all_of_it = control_gauges(mine[0], others[:, 0])
    before = all_of_it.between(0, HISTORY)
    pairs = before.paired.sum(axis=1)
    known = pairs >= _FEWEST
    usual = np.where(known, before.difference.sum(axis=1) / np.maximum(pairs, 1), 0.0)
    noise = estimate_noise(before).noise
    if metric.noise is not None:
        noise = np.full_like(noise, metric.noise)
    elif metric.least_noise is not None:
        # What never varied in all that time tells no noise, and is well worth a look when it does vary.
        told = np.where(np.isfinite(noise), np.maximum(noise, metric.least_noise), metric.least_noise)
        noise = np.where(known, told, np.inf)
    return gauged(metric, names, all_of_it.between(HISTORY, all_of_it.intervals), rules, noise=noise, usual=usual)
