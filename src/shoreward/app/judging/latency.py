"""Evidence from latency: canary requests slower than a margin times a limit, beside baseline requests slower than it.

Limits are the function's own p50, p90 and p99: first those of the sixty intervals before the canary's first customer,
whichever version served them, and from then on, for every block of ten intervals, the baseline's of late. Where fewer
than five intervals have seen requests, nothing is judged yet. So limits are fixed before any request that is held
against them (`judge.exceedances`), follow what happens to both arms, and need no remembering.

New instances start cold, and a canary is nothing but new instances: harmless releases would be rolled back for it. So
the first minutes, the warm-up, count for nobody.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from shoreward.app.judging.arms import ALL, names_of, stream_of, together
from shoreward.app.judging.budget import latency_tests_for
from shoreward.app.judging.window import Window
from shoreward.app.ports import MetricSource, Stream
from shoreward.core import Deployment, Release
from shoreward.domain import Evidence, LatencyPolicy, Slower, StagedFunction, Target
from shoreward.judge import (
    VERDICTS,
    Counts,
    Exceedances,
    LatencyPromotionState,
    LatencyRollbackState,
    codes_of,
)

Floats = NDArray[np.float64]

LEVELS = (0.5, 0.9, 0.99)
"""Quantiles of the baseline that limits are named after; promotion takes the first of them."""

_LOOKBACK = 60
_ENOUGH = 5
_BLOCK = 10
_METRIC = "latency"


def latency_evidence(
    metrics: MetricSource, state: Release, deployment: Deployment, counts: Counts, window: Window
) -> tuple[Evidence, ...]:
    """Every row's latency; nothing where latency is skipped, or no baseline request has shown any limits yet."""
    policy = state.pipeline.judge.latency
    assert deployment.staged is not None
    functions = deployment.staged.shifting
    if policy is None or window.intervals == 0:
        return ()
    limits = _limits(metrics, deployment.target, functions, policy, window)
    if not any(limits):
        return ()
    slow = _Slow.of(metrics, deployment.target, functions, limits, policy, counts, window)
    rollback, promotion = latency_tests_for(state, deployment, counts.streams)
    failing = LatencyRollbackState.begin(counts.streams, rollback).advance(slow.beyond(policy.rollback), rollback)[0]
    passing = LatencyPromotionState.begin(counts.streams, promotion).advance(slow.within(policy.promote), promotion)[0]
    codes = codes_of(failing.first_fail, passing.first_pass, passing.silent)
    seen = slow.beyond(policy.rollback)
    return tuple(
        Evidence(
            function=name,
            metric=_METRIC,
            verdict=VERDICTS[int(codes[row])],
            canary_requests=round(seen.canary_requests[row].sum()),
            canary_bad=round(seen.canary_slow[0, row].sum()),
            baseline_requests=round(seen.baseline_requests[row].sum()),
            baseline_bad=round(seen.baseline_slow[0, row].sum()),
            e_rollback=float(failing.log_e[row]),
            e_promote=float(passing.log_e[row]),
            bar_rollback=rollback.threshold,
            bar_promote=promotion.threshold,
            canary_slower=slow.canary_points(row, policy),
            baseline_slower=slow.baseline_points(row),
        )
        for row, name in enumerate(names_of(functions))
    )


def as_fast(evidence: Sequence[Evidence]) -> bool:
    """Whether all functions together are shown to be fast enough, as far as latency is judged."""
    of_all = [each for each in evidence if each.metric == _METRIC and each.function == ALL]
    return all(each.e_promote >= each.bar_promote for each in of_all)


Limits = Mapping[str, Floats]
"""Of a block of intervals: (levels,) in milliseconds by logical id, of functions with requests enough to tell."""


def _limits(
    metrics: MetricSource,
    target: Target,
    functions: Sequence[StagedFunction],
    policy: LatencyPolicy,
    window: Window,
) -> list[Limits]:
    """Block by block of the window: the medians of the latest intervals before the block."""
    baselines = {each.logical_id: stream_of(each, candidate=False) for each in functions}
    whichever = {logical_id: replace(stream, version="") for logical_id, stream in baselines.items()}
    asked = [*whichever.values(), *baselines.values()]
    before = window.start - _LOOKBACK * window.period
    found = metrics.latencies(target, asked, LEVELS, start=before, end=window.end, period=window.period)
    warm = math.ceil(policy.warm_up / window.period)
    blocks: list[Limits] = []
    for block in range(0, window.intervals, _BLOCK):
        limits: dict[str, Floats] = {}
        for logical_id, baseline in baselines.items():
            past, present = found[whichever[logical_id]][:, :_LOOKBACK], found[baseline][:, _LOOKBACK:]
            seen = np.concatenate((past, present), axis=1)[:, : _LOOKBACK + block]
            known = np.flatnonzero(np.isfinite(seen).all(axis=0))[-_LOOKBACK:]
            recent = known[-2 * _BLOCK :] if block else known
            if recent.size >= _ENOUGH and block + _BLOCK > warm:
                limits[logical_id] = np.median(seen[:, recent], axis=1)
        blocks.append(limits)
    return blocks


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Slow:
    """Requests (rows, intervals), and slower ones (levels, rows, intervals), rows as in `names_of`.

    canary_beyond, canary_within: slower than the limits times rollback's and promotion's margins.
    limits: milliseconds (levels, functions, intervals): all functions together have none.
    """

    canary: Floats
    baseline: Floats
    canary_beyond: Floats
    canary_within: Floats
    baseline_slow: Floats
    limits: Floats

    @classmethod
    def of(
        cls,
        metrics: MetricSource,
        target: Target,
        functions: Sequence[StagedFunction],
        blocks: Sequence[Limits],
        policy: LatencyPolicy,
        counts: Counts,
        window: Window,
    ) -> _Slow:
        """What the source counts."""
        margins = np.array((*policy.rollback, *policy.promote))
        shape = (len(functions), window.intervals)
        judged = np.zeros(shape, dtype=np.bool_)
        canary_slow, baseline_slow = np.zeros((len(margins), *shape)), np.zeros((len(LEVELS), *shape))
        ends = np.zeros((len(LEVELS), *shape))
        for number, limits in enumerate(blocks):
            first = number * _BLOCK
            here = slice(first, min(first + _BLOCK, window.intervals))
            asked: dict[Stream, tuple[float, ...]] = {}
            for each in functions:
                if each.logical_id in limits:
                    values = limits[each.logical_id]
                    levels = np.concatenate((values, values[: len(policy.promote)]))
                    asked[stream_of(each, candidate=True)] = tuple((levels * margins).tolist())
                    asked[stream_of(each, candidate=False)] = tuple(values.tolist())
            start = window.start + first * window.period
            found = metrics.slower(
                target, asked, start=start, end=window.start + here.stop * window.period, period=window.period
            )
            for row, each in enumerate(functions):
                if each.logical_id in limits:
                    judged[row, here] = True
                    ends[:, row, here] = limits[each.logical_id][:, None]
                    canary_slow[:, row, here] = found[stream_of(each, candidate=True)]
                    baseline_slow[:, row, here] = found[stream_of(each, candidate=False)]
        judged[:, : math.ceil(policy.warm_up / window.period)] = False
        requests = [np.where(judged, arm[1:], 0.0) for arm in (counts.canary_requests, counts.baseline_requests)]
        slow = together(np.minimum(canary_slow, requests[0]))
        return cls(
            canary=together(requests[0]),
            baseline=together(requests[1]),
            canary_beyond=slow[: len(policy.rollback)],
            canary_within=slow[len(policy.rollback) :],
            baseline_slow=together(np.minimum(baseline_slow, requests[1])),
            limits=ends,
        )

    def beyond(self, margins: tuple[float, ...]) -> Exceedances:
        """For rollback."""
        return Exceedances(self.canary, self.canary_beyond, self.baseline, self.baseline_slow[: len(margins)])

    def within(self, margins: tuple[float, ...]) -> Exceedances:
        """For promotion."""
        return Exceedances(self.canary, self.canary_within, self.baseline, self.baseline_slow[: len(margins)])

    def canary_points(self, row: int, policy: LatencyPolicy) -> tuple[Slower, ...]:
        """How the canary's latency is distributed, for those who look at it."""
        levels = (*range(len(policy.rollback)), *range(len(policy.promote)))
        slow = np.concatenate((self.canary_beyond, self.canary_within))
        return self._points(row, levels, (*policy.rollback, *policy.promote), self.canary, slow)

    def baseline_points(self, row: int) -> tuple[Slower, ...]:
        """How the baseline's is."""
        return self._points(row, range(len(LEVELS)), np.ones(len(LEVELS)).tolist(), self.baseline, self.baseline_slow)

    def _points(
        self, row: int, levels: Sequence[int], margins: Sequence[float], requests: Floats, slow: Floats
    ) -> tuple[Slower, ...]:
        seen = requests[row].sum()
        if row == 0 or not seen:
            return ()
        means = (self.limits[:, row - 1] * requests[row]).sum(axis=-1) / seen
        found = (
            Slower(than=round(float(means[level] * margin), 3), requests=round(float(slow[place, row].sum())))
            for place, (level, margin) in enumerate(zip(levels, margins, strict=True))
        )
        return tuple(sorted(found, key=lambda each: each.than))
