"""Whatever histograms and gauges hold: a finite answer, the same however they are cut, ordered, or measured."""

import json
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from shoreward.judge import (
    Counts,
    Direction,
    Exceedances,
    GaugePromotionTest,
    GaugeRollbackTest,
    Gauges,
    GaugeState,
    Grid,
    Histograms,
    JudgeInputError,
    LatencyPromotionTest,
    LatencyRollbackTest,
    LatencyState,
    PromotionTest,
    RollbackTest,
    Verdict,
    control_gauges,
    control_histograms,
    difference_confidence,
    estimate_latency_phi,
    estimate_noise,
    estimate_usual,
    exceedances,
    judge_counts,
    judge_gauges,
    judge_latency,
    latency_confidence,
    ratio_confidence,
)

from .samples import any_counts

GRID = Grid(scale=4, low=0, high=2)
PHI = st.sampled_from([1.0, 3.0, 1e9])
LATENCY_TESTS = st.tuples(
    st.builds(
        LatencyRollbackTest,
        alpha=st.sampled_from([1e-12, 0.01, 0.5]),
        margin=st.sampled_from([1.0, 1.05, 1.5]),
        levels=st.sampled_from([(0.5,), (0.5, 0.9, 0.99), (1e-9, 1 - 1e-9)]),
        horizon=st.sampled_from([1, 60]),
        phi=PHI,
    ),
    st.builds(LatencyPromotionTest, beta=st.sampled_from([1e-9, 0.05]), margin=st.sampled_from([1.01, 1.2]), phi=PHI),
)
GAUGE_TESTS = st.builds(
    lambda sizes, alpha, horizon: (
        GaugeRollbackTest(**sizes, alpha=alpha, horizon=horizon),
        GaugePromotionTest(**sizes),
    ),
    st.fixed_dictionaries(
        {
            "direction": st.sampled_from(Direction),
            "noise": st.sampled_from([1e-150, 1e-3, 1.0, 1e100, np.inf]),
            "margin": st.sampled_from([0.0, 1.0, 1e100]),
            "usual": st.sampled_from([-1e100, 0.0, 1.0]),
        }
    ),
    st.sampled_from([1e-12, 0.01, 0.5]),
    st.sampled_from([1, 60]),
)


@st.composite
def any_histograms(draw: st.DrawFn) -> Histograms:
    """From no request to 2**47 in a bucket, fractions included."""
    shape = (draw(st.integers(1, 3)), draw(st.integers(0, 4)), GRID.buckets)
    sizes = st.one_of(
        st.just(0.0), st.integers(1, 20).map(float), st.floats(0, 100), st.sampled_from([5e-324, 0.5, 2.0**47])
    )
    return Histograms(*(draw(hnp.arrays(np.float64, shape, elements=sizes, fill=st.just(0.0))) for _ in range(2)), GRID)


@st.composite
def any_gauges(draw: st.DrawFn) -> Gauges:
    shape = (draw(st.integers(1, 4)), draw(st.integers(0, 6)))
    values = st.one_of(st.just(np.nan), st.floats(-100, 100), st.floats(-1e100, 1e100))
    return Gauges(*(draw(hnp.arrays(np.float64, shape, elements=values)) for _ in range(2)))


def saved_and_restored(state: LatencyState | GaugeState) -> dict[str, object]:
    return json.loads(json.dumps(state.to_dict(), allow_nan=False))


@settings(max_examples=150, deadline=None)
@given(any_histograms(), LATENCY_TESTS, PHI)
def test_every_histogram_has_a_finite_answer(samples: Histograms, tests, phi: float):
    state, harm, safe = LatencyState.begin(samples.streams, GRID, *tests).advance(samples, *tests)
    assert np.all(np.isfinite(harm))
    assert np.all(np.isfinite(safe))
    assert Verdict.ERROR not in state.judgement().verdicts
    slow = exceedances(samples, (0.5, 0.9), steps=0)
    assert np.all(np.isfinite(estimate_latency_phi(slow, blocks=(1, 2)).phi))
    bounds = latency_confidence(samples, phi=phi)
    assert not np.any(np.isnan(bounds.lower) | np.isnan(bounds.upper))
    assert np.all(bounds.lower <= bounds.upper)


@settings(max_examples=100, deadline=None)
@given(any_histograms(), LATENCY_TESTS, st.data())
def test_histograms_in_pieces_and_a_saved_state_give_the_same_answer(samples: Histograms, tests, data: st.DataObject):
    cut = data.draw(st.integers(0, samples.intervals))
    whole, harm, safe = LatencyState.begin(samples.streams, GRID, *tests).advance(samples, *tests)
    state, _, _ = LatencyState.begin(samples.streams, GRID, *tests).advance(samples.between(0, cut), *tests)
    state = LatencyState.from_dict(saved_and_restored(state), GRID, *tests)
    state, later_harm, later_safe = state.advance(samples.between(cut, samples.intervals), *tests)
    np.testing.assert_array_equal(later_harm, harm[:, cut:])
    np.testing.assert_array_equal(later_safe, safe[:, cut:])
    for name in ("codes", "rollback_log_e", "promotion_log_e", "canary", "baseline", "first_fail", "first_pass"):
        np.testing.assert_array_equal(getattr(state.judgement(), name), getattr(whole.judgement(), name))


@settings(max_examples=50, deadline=None)
@given(any_histograms(), LATENCY_TESTS, st.randoms(use_true_random=False))
def test_latency_streams_do_not_know_of_each_other(samples: Histograms, tests, chance):
    order = list(range(samples.streams))
    chance.shuffle(order)
    shuffled = Histograms(samples.canary[order], samples.baseline[order], GRID)
    for one, other in zip(
        LatencyState.begin(samples.streams, GRID, *tests).advance(samples, *tests)[1:],
        LatencyState.begin(samples.streams, GRID, *tests).advance(shuffled, *tests)[1:],
        strict=True,
    ):
        np.testing.assert_allclose(other, one[order], rtol=1e-9, atol=1e-9)


@settings(max_examples=50, deadline=None)
@given(any_histograms(), LATENCY_TESTS, st.integers(0, 5))
def test_the_unit_of_latency_does_not_matter(samples: Histograms, tests, octaves: int):
    """The same requests told in a unit 2**octaves times smaller lie so many octaves higher."""
    other = Grid(scale=GRID.scale, low=GRID.low + octaves, high=GRID.high + octaves)
    here = judge_latency(samples, *tests)
    there = judge_latency(Histograms(samples.canary, samples.baseline, other), *tests)
    np.testing.assert_array_equal(here.rollback_log_e, there.rollback_log_e)
    np.testing.assert_array_equal(here.promotion_log_e, there.promotion_log_e)
    np.testing.assert_array_equal(there.canary, here.canary * 2.0**octaves)


@settings(max_examples=50, deadline=None)
@given(any_histograms(), LATENCY_TESTS)
def test_an_interval_without_requests_leaves_no_trace(samples: Histograms, tests):
    gaps = [np.zeros((samples.streams, 2 * samples.intervals, GRID.buckets)) for _ in range(2)]
    for gappy, arm in zip(gaps, (samples.canary, samples.baseline), strict=True):
        gappy[:, ::2] = arm
    broken = LatencyState.begin(samples.streams, GRID, *tests).advance(Histograms(*gaps, GRID), *tests)
    whole = LatencyState.begin(samples.streams, GRID, *tests).advance(samples, *tests)
    for had, evidence in zip(broken[1:], whole[1:], strict=True):
        np.testing.assert_array_equal(had, np.repeat(evidence, 2, axis=1))


@settings(max_examples=100, deadline=None)
@given(any_counts(), PHI)
def test_bounds_of_any_counts_are_numbers_in_order(counts, phi: float):
    bounds = ratio_confidence(counts, phi=phi)
    assert not np.any(np.isnan(bounds.lower) | np.isnan(bounds.upper))
    assert np.all(bounds.lower <= bounds.upper)


@settings(max_examples=100, deadline=None)
@given(any_counts(), st.integers(1, 3), PHI)
def test_any_exceedances_have_a_finite_answer(counts, levels: int, phi: float):
    n_c, x_c, n_b, x_b = counts.arrays
    samples = Exceedances(n_c, np.stack([x_c] * levels), n_b, np.stack([x_b] * levels))
    test = LatencyRollbackTest(levels=(0.5, 0.9, 0.99)[:levels], phi=phi)
    other = LatencyPromotionTest(levels=(0.5, 0.9, 0.99)[:levels], phi=phi)
    state = LatencyState.begin(counts.streams, GRID, test, other)
    assert np.all(np.isfinite(state.failing.advance(samples, test)[1]))
    assert np.all(np.isfinite(state.passing.advance(samples, other)[1]))


@settings(max_examples=150, deadline=None)
@given(any_gauges(), GAUGE_TESTS)
def test_every_gauge_has_a_finite_answer(samples: Gauges, tests):
    state, harm, safe = GaugeState.begin(samples.streams, *tests).advance(samples, *tests)
    assert np.all(np.isfinite(harm))
    assert np.all(np.isfinite(safe))
    assert Verdict.ERROR not in state.judgement().verdicts
    told = estimate_noise(samples, blocks=(1,), without_history=1.0)
    assert np.all(told.noise > 0)
    bounds = difference_confidence(samples, told)
    assert not np.any(np.isnan(bounds.lower) | np.isnan(bounds.upper))


@settings(max_examples=100, deadline=None)
@given(any_gauges(), GAUGE_TESTS, st.data())
def test_gauges_in_pieces_and_a_saved_state_give_the_same_answer(samples: Gauges, tests, data: st.DataObject):
    cut = data.draw(st.integers(0, samples.intervals))
    state, _, _ = GaugeState.begin(samples.streams, *tests).advance(samples.between(0, cut), *tests)
    state = GaugeState.from_dict(saved_and_restored(state), *tests)
    state, _, _ = state.advance(samples.between(cut, samples.intervals), *tests)
    at_once = judge_gauges(samples, *tests)
    for name in ("codes", "rollback_log_e", "promotion_log_e", "canary", "baseline", "first_fail", "first_pass"):
        np.testing.assert_array_equal(getattr(state.judgement(), name), getattr(at_once, name))


@settings(max_examples=50, deadline=None)
@given(any_gauges(), GAUGE_TESTS, st.randoms(use_true_random=False))
def test_gauge_streams_do_not_know_of_each_other(samples: Gauges, tests, chance):
    order = list(range(samples.streams))
    chance.shuffle(order)
    shuffled = judge_gauges(Gauges(samples.canary[order], samples.baseline[order]), *tests)
    together = judge_gauges(samples, *tests)
    np.testing.assert_allclose(shuffled.rollback_log_e, together.rollback_log_e[order], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(shuffled.promotion_log_e, together.promotion_log_e[order], rtol=1e-9, atol=1e-9)


@settings(max_examples=50, deadline=None)
@given(any_gauges(), st.sampled_from(Direction), st.integers(-40, 20))
def test_the_unit_of_a_gauge_does_not_matter(samples: Gauges, direction: Direction, powers: int):
    """In a unit that is 2**powers times as small values, noise and margins are as many times as large."""
    samples = Gauges(np.clip(samples.canary, -1e9, 1e9), np.clip(samples.baseline, -1e9, 1e9))
    factor = 2.0**powers
    here, there = (
        judge_gauges(
            Gauges(unit * samples.canary, unit * samples.baseline),
            GaugeRollbackTest(direction=direction, noise=3.0 * unit, margin=unit),
            GaugePromotionTest(direction=direction, noise=3.0 * unit, margin=unit),
        )
        for unit in (1.0, factor)
    )
    np.testing.assert_allclose(there.rollback_log_e, here.rollback_log_e, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(there.promotion_log_e, here.promotion_log_e, rtol=1e-9, atol=1e-9)


@settings(max_examples=50, deadline=None)
@given(any_gauges(), GAUGE_TESTS)
def test_an_interval_without_datapoints_leaves_no_trace(samples: Gauges, tests):
    gaps = np.full((2, samples.streams, 2 * samples.intervals), np.nan)
    gaps[:, :, ::2] = samples.canary, samples.baseline
    broken = GaugeState.begin(samples.streams, *tests).advance(Gauges(*gaps), *tests)
    whole = GaugeState.begin(samples.streams, *tests).advance(samples, *tests)
    for had, evidence in zip(broken[1:], whole[1:], strict=True):
        np.testing.assert_array_equal(had, np.repeat(evidence, 2, axis=1))


def differs(*log_e: np.ndarray) -> bool:
    """Whether streams are not alike, by each kind of evidence."""
    return all(each.size > 1 and float(np.ptp(each)) > 0.1 for each in log_e)


def counts_that_tell(counts: Counts) -> bool:
    judged = judge_counts(counts, RollbackTest(), PromotionTest())
    return Verdict.FAIL in judged.verdicts and differs(judged.rollback_log_e, judged.promotion_log_e)


def histograms_that_tell(samples: Histograms) -> bool:
    judged = judge_latency(samples, LatencyRollbackTest(), LatencyPromotionTest())
    return differs(judged.rollback_log_e, judged.promotion_log_e)


def gauges_that_tell(samples: Gauges) -> bool:
    sizes = {"direction": Direction.HIGHER, "noise": 1.0, "margin": 1.0}
    judged = judge_gauges(samples, GaugeRollbackTest(**sizes), GaugePromotionTest(**sizes))
    return Verdict.FAIL in judged.verdicts and differs(judged.rollback_log_e, judged.promotion_log_e)


@pytest.mark.parametrize(
    ("samples", "tell"),
    [
        (any_counts(), counts_that_tell),
        (any_histograms(), histograms_that_tell),
        (any_gauges(), gauges_that_tell),
    ],
    ids=["counts", "histograms", "gauges"],
)
def test_what_is_drawn_has_evidence_that_differs(samples: st.SearchStrategy, tell: Callable[..., bool]):
    """So the properties of this folder are not of silence only."""
    searched = settings(max_examples=20_000, database=None, derandomize=True, phases=(Phase.generate,))
    assert tell(find(samples, tell, settings=searched))


@settings(max_examples=100, deadline=None)
@given(any_counts())
def test_any_history_of_counts_tells_finite_usual_ratios(counts):
    usual = estimate_usual(counts)
    for array in (usual.low, usual.ratio, usual.high):
        assert np.all((array >= 1e-6) & (array <= 1e6))
    assert np.all((usual.low <= usual.ratio) & (usual.ratio <= usual.high))
    assert np.all(np.isfinite(usual.phi) & (usual.phi >= 1))


@settings(max_examples=50, deadline=None)
@given(any_gauges(), any_histograms(), any_histograms())
def test_any_controls_make_samples(gauges: Gauges, history: Histograms, bake: Histograms):
    beside = control_gauges(gauges.canary, np.stack((gauges.baseline, gauges.canary)))
    assert np.all(np.isnan(beside.baseline) == (np.isnan(gauges.canary) & np.isnan(gauges.baseline)))
    try:
        moved = control_histograms(bake, history=history)
    except JudgeInputError:
        assert history.streams != bake.streams
    else:
        np.testing.assert_allclose(moved.baseline.sum(axis=2), bake.baseline.sum(axis=2))
