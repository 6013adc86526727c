"""Recorded samples judged interval by interval, as a bake would have been.

Place in the flow: between a file's arrays and the picture of them. The tests are those of a release: alpha is split
evenly over the file's streams, and every stream has to pass.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from shoreward.app.recorded.judged import Floats, Judged, Kind, Manner
from shoreward.app.recorded.streams import GRID, Name, Samples
from shoreward.domain import Verdict
from shoreward.judge import (
    Confidence,
    Counts,
    GaugePromotionState,
    GaugePromotionTest,
    GaugeRollbackState,
    GaugeRollbackTest,
    Gauges,
    Histograms,
    LatencyPromotionTest,
    LatencyRollbackTest,
    LatencyState,
    PhiEstimate,
    PromotionState,
    PromotionTest,
    RollbackState,
    RollbackTest,
    difference_confidence,
    estimate_latency_phi,
    estimate_noise,
    estimate_phi,
    exceedances,
    latency_confidence,
    ratio_confidence,
)

LEVELS = (0.5, 0.9, 0.99)
"""Quantiles at which history tells how much latency wobbles."""

UNSURE = 0.05
"""The true value lies within a stream's bounds, at all times together, with probability at least 1 minus this."""


def judge_samples(samples: Samples, manner: Manner) -> tuple[Judged, ...]:
    """Judge all streams of a file, in the order of their names."""
    streams = len(samples.counted) + len(samples.timed) + len(samples.gauged)
    if not streams:
        return ()
    share = replace(manner, policy=replace(manner.policy, alpha=manner.policy.alpha / streams))
    found = [
        *(_counts(samples, share) if samples.counted else ()),
        *(_latency(samples, share) if samples.timed else ()),
        *(_gauges(samples, share) if samples.gauged else ()),
    ]
    return tuple(sorted(found, key=lambda each: (each.target, each.metric)))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Answers:
    """Answers of all streams of a kind: arrays (streams, intervals), and (streams,) for those that have no time."""

    harm: Floats
    safe: Floats
    bars: tuple[float, float]
    first_fail: NDArray[np.int64]
    first_pass: NDArray[np.int64]
    canary_seen: NDArray[np.bool_]
    baseline_seen: NDArray[np.bool_]
    confidence: Confidence
    margins: tuple[Floats, Floats]
    phi: Floats
    known: NDArray[np.bool_]

    def each(self, kind: Kind, names: tuple[Name, ...], times: tuple[datetime, ...]) -> Iterator[Judged]:
        """Stream by stream."""
        bounds = self.confidence
        for row, (target, metric) in enumerate(names):
            yield Judged(
                target=target,
                metric=metric,
                kind=kind,
                times=times,
                rollback=self.harm[row],
                promotion=self.safe[row],
                bar_rollback=self.bars[0],
                bar_promotion=self.bars[1],
                verdicts=tuple(self._verdicts(row, len(times))),
                confidence=Confidence(lower=bounds.lower[row], observed=bounds.observed[row], upper=bounds.upper[row]),
                margins=(float(self.margins[0][row]), float(self.margins[1][row])),
                phi=float(self.phi[row]),
                known=bool(self.known[row]),
            )

    def _verdicts(self, row: int, intervals: int) -> Iterator[Verdict]:
        """Harm that was proven stays proven, and so does safety as long as no harm is."""
        failed, passed = self.first_fail[row], self.first_pass[row]
        seen = np.logical_or.accumulate(self.canary_seen[row]) & np.logical_or.accumulate(self.baseline_seen[row])
        for interval in range(intervals):
            if 0 <= failed <= interval:
                yield Verdict.FAIL
            elif not seen[interval]:
                yield Verdict.NO_DATA
            elif 0 <= passed <= interval:
                yield Verdict.PASS
            else:
                yield Verdict.NOT_ENOUGH_EVIDENCE


def _counts(samples: Samples, manner: Manner) -> Iterator[Judged]:
    policy, counts = manner.policy, samples.counts
    phi = _phi_of_counts(samples.counted, manner)
    rollback = RollbackTest(
        alpha=policy.alpha,
        rho=policy.rollback_ratio,
        delta=policy.rollback_points,
        horizon=manner.horizon,
        phi=phi.phi,
    )
    promotion = PromotionTest(beta=policy.beta, rho=policy.promote_ratio, delta=policy.promote_points, phi=phi.phi)
    failing, harm, _ = RollbackState.begin(counts.streams, rollback).advance(counts, rollback)
    passing, safe, _ = PromotionState.begin(counts.streams).advance(counts, promotion)
    answers = _Answers(
        harm=harm,
        safe=safe,
        bars=(rollback.threshold, promotion.threshold),
        first_fail=failing.first_fail,
        first_pass=passing.first_pass,
        canary_seen=counts.canary_requests > 0,
        baseline_seen=counts.baseline_requests > 0,
        confidence=ratio_confidence(counts, alpha=UNSURE, phi=phi.phi),
        margins=_everywhere(counts.streams, rollback.rho, promotion.rho),
        phi=phi.phi,
        known=phi.known,
    )
    yield from answers.each("counts", samples.counted, samples.times)


def _latency(samples: Samples, manner: Manner) -> Iterator[Judged]:
    policy, histograms = manner.policy, samples.histograms
    phi = _phi_of_latency(samples.timed, manner)
    rollback = LatencyRollbackTest(alpha=policy.alpha, horizon=manner.horizon, phi=phi.phi)
    promotion = LatencyPromotionTest(beta=policy.beta, phi=phi.phi)
    state = LatencyState.begin(histograms.streams, GRID, rollback, promotion)
    state, harm, safe = state.advance(histograms, rollback, promotion)
    answers = _Answers(
        harm=harm,
        safe=safe,
        bars=(rollback.threshold, promotion.threshold),
        first_fail=state.failing.first_fail,
        first_pass=state.passing.first_pass,
        canary_seen=histograms.canary.sum(axis=2) > 0,
        baseline_seen=histograms.baseline.sum(axis=2) > 0,
        confidence=latency_confidence(histograms, alpha=UNSURE, phi=phi.phi),
        margins=_everywhere(histograms.streams, rollback.margin, promotion.margin),
        phi=phi.phi,
        known=phi.known,
    )
    yield from answers.each("latency", samples.timed, samples.times)


def _gauges(samples: Samples, manner: Manner) -> Iterator[Judged]:
    policy, gauges = manner.policy, samples.gauges
    noise = estimate_noise(_past_gauges(samples.gauged, manner))
    margin = manner.gauge_margin * noise.level
    rollback = GaugeRollbackTest(
        direction=manner.direction,
        noise=noise.noise,
        margin=margin,
        usual=noise.usual,
        alpha=policy.alpha,
        horizon=manner.horizon,
    )
    promotion = GaugePromotionTest(
        direction=manner.direction, noise=noise.noise, margin=margin, usual=noise.usual, beta=policy.beta
    )
    failing, harm, _ = GaugeRollbackState.begin(gauges.streams, rollback).advance(gauges, rollback)
    passing, safe, _ = GaugePromotionState.begin(gauges.streams, promotion).advance(gauges, promotion)
    answers = _Answers(
        harm=harm,
        safe=safe,
        bars=(rollback.threshold, promotion.threshold),
        first_fail=failing.first_fail,
        first_pass=passing.first_pass,
        canary_seen=~np.isnan(gauges.canary),
        baseline_seen=~np.isnan(gauges.baseline),
        confidence=difference_confidence(gauges, noise, alpha=UNSURE),
        margins=(margin, margin),
        phi=noise.noise,
        known=noise.known,
    )
    yield from answers.each("gauge", samples.gauged, samples.times)


def _everywhere(streams: int, rollback: float, promotion: float) -> tuple[Floats, Floats]:
    return np.full(streams, rollback), np.full(streams, promotion)


def _phi_of_counts(names: tuple[Name, ...], manner: Manner) -> PhiEstimate:
    """From history, stream by stream; the policy's where there is none."""
    past = np.zeros((4, len(names), _length(manner)))
    if manner.history is not None:
        for row, found in _found(names, manner.history.counted):
            past[:, row] = [array[found] for array in manner.history.counts.arrays]
    return estimate_phi(Counts(*past), without_history=manner.policy.dispersion)


def _phi_of_latency(names: tuple[Name, ...], manner: Manner) -> PhiEstimate:
    past = np.zeros((2, len(names), _length(manner), GRID.buckets))
    if manner.history is not None:
        for row, found in _found(names, manner.history.timed):
            past[:, row] = [
                arm[found] for arm in (manner.history.histograms.canary, manner.history.histograms.baseline)
            ]
    slow = exceedances(Histograms(past[0], past[1], GRID), LEVELS, steps=0)
    return estimate_latency_phi(slow, without_history=manner.policy.dispersion)


def _past_gauges(names: tuple[Name, ...], manner: Manner) -> Gauges:
    past = np.full((2, len(names), _length(manner)), np.nan)
    if manner.history is not None:
        for row, found in _found(names, manner.history.gauged):
            past[:, row] = [arm[found] for arm in (manner.history.gauges.canary, manner.history.gauges.baseline)]
    return Gauges(past[0], past[1])


def _length(manner: Manner) -> int:
    return 1 if manner.history is None else len(manner.history.times)


def _found(names: tuple[Name, ...], known: tuple[Name, ...]) -> Iterator[tuple[int, int]]:
    """Where each name is in both."""
    for row, name in enumerate(names):
        if name in known:
            yield row, known.index(name)
