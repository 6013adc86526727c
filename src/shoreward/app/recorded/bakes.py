"""A history cut into bakes, to be judged as they are or with a regression added to the canary.

Place in the flow: under `calibrating`; here is what differs between counts, latency and gauges.

A history with one arm only, a pipeline's usual one, has no canary to compare with. Then neighbouring intervals stand in
for the arms: the first, third, fifth ... for the canary, the others for the baseline. What changes from one interval to
the next counts as noise there, so what it says errs on the careful side.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shoreward.app.recorded.judged import Floats, Manner
from shoreward.app.recorded.streams import GRID, Samples
from shoreward.judge import (
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
    PromotionTest,
    RollbackTest,
    estimate_latency_phi,
    estimate_noise,
    estimate_phi,
    exceedances,
    judge_counts,
)

RATE_SIZES = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
LATENCY_SIZES = (1.05, 1.1, 1.15, 1.2, 1.3, 1.5, 2.0, 3.0)
GAUGE_SIZES = (0.25, 0.5, 1.0, 2.0, 4.0)
LEVELS = (0.5, 0.9, 0.99)
_SEED = 20_260_301


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ends:
    """Intervals at which bakes first failed and passed, from 0, -1 for never: (bakes,)."""

    first_fail: NDArray[np.int64]
    first_pass: NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bakes:
    """A stream's history in bakes.

    Attributes:
        dispersion: of counts and latency; of a gauge, its noise. known: whether history told it.
        one_arm: whether neighbouring intervals stand in for the arms.
        judge: judges all bakes with a regression of a size (0 for none), with the dispersion (True)
            or with none; gauges with their margin or with none.
    """

    number: int
    dispersion: float
    known: bool
    one_arm: bool
    judge: Callable[[float, bool], Ends]


def bakes_of_counts(samples: Samples, row: int, manner: Manner) -> Bakes:
    """Regressions are excess bad events per request."""
    both, one_arm = _arms(np.stack([array[row] for array in samples.counts.arrays]).reshape(2, 2, -1))
    arrays = both.reshape(4, -1)
    phi = estimate_phi(Counts(*arrays[:, None, :]), without_history=manner.policy.dispersion)
    cut = _cut(arrays, manner.horizon)

    def judge(size: float, calibrated: bool) -> Ends:
        policy, (n_c, x_c, n_b, x_b) = manner.policy, cut
        used = float(phi.phi[0]) if calibrated else 1.0
        judged = judge_counts(
            Counts(n_c, x_c + _excess(n_c - x_c, size), n_b, x_b),
            RollbackTest(
                alpha=policy.alpha,
                rho=policy.rollback_ratio,
                delta=policy.rollback_points,
                horizon=manner.horizon,
                phi=used,
            ),
            PromotionTest(beta=policy.beta, rho=policy.promote_ratio, delta=policy.promote_points, phi=used),
        )
        return Ends(first_fail=judged.first_fail, first_pass=judged.first_pass)

    return Bakes(
        number=cut.shape[1], dispersion=float(phi.phi[0]), known=bool(phi.known[0]), one_arm=one_arm, judge=judge
    )


def bakes_of_latency(samples: Samples, row: int, manner: Manner) -> Bakes:
    """Regressions are factors by which everything is slower."""
    histograms = samples.histograms
    arms, one_arm = _arms(np.stack((histograms.canary[row], histograms.baseline[row])).transpose(0, 2, 1))
    canary, baseline = (arm.T for arm in arms)
    whole = Histograms(canary[None], baseline[None], GRID)
    phi = estimate_latency_phi(exceedances(whole, LEVELS, steps=0), without_history=manner.policy.dispersion)
    number = len(canary) // manner.horizon
    cut = [arm[: number * manner.horizon].reshape(number, manner.horizon, -1) for arm in (canary, baseline)]

    def judge(size: float, calibrated: bool) -> Ends:
        used = float(phi.phi[0]) if calibrated else 1.0
        rollback = LatencyRollbackTest(alpha=manner.policy.alpha, horizon=manner.horizon, phi=used)
        promotion = LatencyPromotionTest(beta=manner.policy.beta, phi=used)
        state = LatencyState.begin(number, GRID, rollback, promotion)
        slower = _slower(cut[0], size) if size else cut[0]
        state, _, _ = state.advance(Histograms(slower, cut[1], GRID), rollback, promotion)
        return Ends(first_fail=state.failing.first_fail, first_pass=state.passing.first_pass)

    return Bakes(number=number, dispersion=float(phi.phi[0]), known=bool(phi.known[0]), one_arm=one_arm, judge=judge)


def bakes_of_gauges(samples: Samples, row: int, manner: Manner) -> Bakes:
    """Regressions are differences in units of the noise, to the side where harm lies (above, if both are)."""
    gauges = samples.gauges
    both = np.stack((gauges.canary[row], gauges.baseline[row]))
    one_arm = bool(np.isnan(both).all(axis=1).any())
    if one_arm:
        alone = both[int(np.isnan(both[0]).all())]
        both = np.stack((alone[0 : alone.size // 2 * 2 : 2], alone[1::2]))
    noise = estimate_noise(Gauges(both[:1], both[1:]))
    cut = _cut(both, manner.horizon)
    margin = float(manner.gauge_margin * noise.level[0])

    def judge(size: float, calibrated: bool) -> Ends:
        width, usual = float(noise.noise[0]), float(noise.usual[0])
        rollback = GaugeRollbackTest(
            direction=manner.direction,
            noise=width,
            margin=margin if calibrated else 0.0,
            usual=usual,
            alpha=manner.policy.alpha,
            horizon=manner.horizon,
        )
        promotion = GaugePromotionTest(
            direction=manner.direction, noise=width, margin=margin, usual=usual, beta=manner.policy.beta
        )
        moved = rollback.signs[0] * size * (width if noise.known[0] else 0.0)
        bake = Gauges(cut[0] + moved, cut[1])
        failing, _, _ = GaugeRollbackState.begin(bake.streams, rollback).advance(bake, rollback)
        passing, _, _ = GaugePromotionState.begin(bake.streams, promotion).advance(bake, promotion)
        return Ends(first_fail=failing.first_fail, first_pass=passing.first_pass)

    return Bakes(
        number=cut.shape[1], dispersion=float(noise.noise[0]), known=bool(noise.known[0]), one_arm=one_arm, judge=judge
    )


def _arms(both: Floats) -> tuple[Floats, bool]:
    """Canary and baseline (2, values, intervals): as they are, or neighbours of the only arm that has any."""
    empty = both.sum(axis=(1, 2)) == 0
    if not empty.any():
        return both, False
    alone = both[int(empty[0])]
    pairs = alone.shape[1] // 2 * 2
    return np.stack((alone[:, 0:pairs:2], alone[:, 1:pairs:2])), True


def _cut(arrays: Floats, horizon: int) -> Floats:
    """Series (kinds, intervals) as bakes (kinds, bakes, horizon); what is left over at the end is not used."""
    number = arrays.shape[1] // horizon
    return arrays[:, : number * horizon].reshape(len(arrays), number, horizon)


def _excess(good: Floats, rate: float) -> Floats:
    """So many of the good requests turn bad."""
    generator = np.random.default_rng(_SEED)
    return generator.binomial(np.floor(good).astype(np.int64), rate).astype(np.float64)


def _slower(histograms: Floats, factor: float) -> Floats:
    """Histograms (..., buckets) moved up by a factor, to one bucket; what leaves the grid is in its last."""
    steps = GRID.steps_at_least(factor)
    moved = np.zeros_like(histograms)
    moved[..., steps:] = histograms[..., :-steps]
    moved[..., -1] += histograms[..., -steps:].sum(axis=-1)
    return moved
