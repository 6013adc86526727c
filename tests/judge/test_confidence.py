"""Bounds that hold at every look together."""

import itertools

import numpy as np
import pytest
from scipy import stats

from shoreward.judge import (
    Counts,
    GaugeNoise,
    Gauges,
    Grid,
    Histograms,
    JudgeInputError,
    RollbackTest,
    difference_confidence,
    estimate_noise,
    latency_confidence,
    ratio_confidence,
    rollback_evidence,
)

from .samples import drawn

GRID = Grid(scale=6, low=3, high=11)


def histograms(seed: int, factor: float, *, streams: int = 300, requests: tuple[int, int] = (30, 90)) -> Histograms:
    """The canary's latencies are the baseline's times a factor, drawn anew; 30 intervals."""
    rng = np.random.default_rng(seed)
    arms = []
    for number, median in zip(requests, (100 * factor, 100.0), strict=True):
        upto = stats.lognorm.cdf(GRID.edges, 0.5, scale=median)
        arms.append(rng.multinomial(number, np.diff(upto, prepend=0.0, append=1.0), size=(streams, 30)))
    return Histograms(*arms, GRID)


@pytest.mark.parametrize(("p_c", "p_b"), [(0.1, 0.1), (0.3, 0.1), (0.05, 0.5), (0.0, 0.2), (0.9, 0.9)])
@pytest.mark.parametrize(("n_c", "n_b"), [(2, 3), (1, 4)])
@pytest.mark.parametrize("alpha", [0.5, 0.2])
def test_the_true_ratio_leaves_its_bounds_no_more_often_than_promised(
    p_c: float, p_b: float, n_c: int, n_b: int, alpha: float
):
    """Summed over every outcome of three looks, not sampled."""
    one = list(itertools.product(range(n_c + 1), range(n_b + 1)))
    runs = np.array(list(itertools.product(one, repeat=3)))
    x_c, x_b = runs[:, :, 0], runs[:, :, 1]
    mass = (stats.binom.pmf(x_c, n_c, p_c) * stats.binom.pmf(x_b, n_b, p_b)).prod(axis=1)
    bounds = ratio_confidence(Counts(np.full(x_c.shape, n_c), x_c, np.full(x_b.shape, n_b), x_b), alpha=alpha)
    outside = ((bounds.lower > p_c / p_b) | (bounds.upper < p_c / p_b)).any(axis=1)
    assert mass @ outside <= alpha


def test_bounds_narrow_around_the_ratio():
    counts = drawn(1, streams=200, intervals=60, canary=(1000, 0.02), baseline=(9000, 0.01))
    bounds = ratio_confidence(counts)
    assert np.all((bounds.lower[:, -1] > 1.2) & (bounds.upper[:, -1] < 3))
    assert np.all(np.median(bounds.upper - bounds.lower, axis=0)[[5, 20, 59]] < [2.5, 1.2, 0.8])
    np.testing.assert_allclose(bounds.observed[:, -1], 2.0, rtol=0.2)
    n_c, x_c, n_b, x_b = (array.sum(axis=1) for array in counts.arrays)
    np.testing.assert_allclose(bounds.observed[:, -1], (x_c / n_c) / (x_b / n_b))


def test_over_dispersion_widens_them():
    counts = drawn(2, canary=(1000, 0.02), baseline=(9000, 0.01))
    narrow, wide = (ratio_confidence(counts, phi=phi) for phi in (1.0, 5.0))
    assert np.all(wide.lower[:, -1] < narrow.lower[:, -1])
    assert np.all(wide.upper[:, -1] > narrow.upper[:, -1])


def test_they_agree_with_the_test_of_the_margin():
    """What the rollback test proves to be above its margin, the bounds place above it."""
    counts = drawn(3, streams=100, intervals=60, canary=(1000, 0.02), baseline=(9000, 0.01))
    proven = rollback_evidence(counts, RollbackTest(horizon=1))[:, -1] > np.log(1e4)
    assert proven.any()
    assert np.all(ratio_confidence(counts, alpha=0.01).lower[proven, -1] > 1.1)


def test_before_there_is_evidence_anything_is_possible():
    bounds = ratio_confidence(Counts([[0, 9, 9]], [[0, 0, 1]], [[9, 9, 9]], [[3, 0, 0]]))
    assert bounds.lower[0, :2].tolist() == [0.0, 0.0]
    assert bounds.upper.tolist() == [[np.inf] * 3]
    assert np.isnan(bounds.observed[0, :2]).all()
    assert bounds.observed[0, 2] == np.inf


@pytest.mark.parametrize("factor", [0.8, 1.0, 1.5])
def test_the_true_factor_of_latency_stays_within_its_bounds(factor: float):
    bounds = latency_confidence(histograms(1, factor), alpha=0.1)
    one_bucket = GRID.ratio
    outside = (bounds.lower > factor * one_bucket) | (bounds.upper < factor / one_bucket)
    assert outside.any(axis=1).mean() <= 0.1
    assert np.all(bounds.lower[:, -1] > factor / 1.6)
    assert np.all(bounds.upper[:, -1] < factor * 1.6)
    np.testing.assert_allclose(np.median(bounds.observed[:, -1]), factor, rtol=0.05)


def test_bounds_of_the_tail_are_wider_than_those_of_the_middle():
    samples = histograms(2, 1.2, streams=20, requests=(100, 900))
    middle, tail = (latency_confidence(samples, level=level) for level in (0.5, 0.99))
    width = [np.median(each.upper[:, -1] / each.lower[:, -1]) for each in (middle, tail)]
    assert width[0] < width[1] < 3


@pytest.mark.parametrize("shift", [0.0, 3.0])
def test_the_true_difference_of_a_gauge_stays_within_its_bounds(shift: float):
    rng = np.random.default_rng(3)
    history = Gauges(rng.normal(size=(1000, 1440)), np.zeros((1000, 1440)))
    bake = Gauges(shift + rng.normal(size=(1000, 60)), np.zeros((1000, 60)))
    bounds = difference_confidence(bake, estimate_noise(history), alpha=0.1)
    assert ((bounds.lower > shift) | (bounds.upper < shift)).any(axis=1).mean() <= 0.1
    assert np.all(bounds.upper[:, -1] - bounds.lower[:, -1] < 1.5)


def test_a_gauges_bounds_are_robbins_mixture_written_out():
    """The mixture of exp(l*S - n*l*l/2) over l ~ N(0, 1/10) reaches 1/alpha exactly at the bounds."""
    told = GaugeNoise(noise=np.ones(1), usual=np.zeros(1), level=np.zeros(1), known=np.ones(1, dtype=np.bool_))
    bounds = difference_confidence(Gauges([[0.3] * 7], [[0.0] * 7]), told, alpha=0.05)
    total = 7 * (bounds.upper[0, -1] - 0.3)
    log_mixture = total**2 / (2 * (7 + 10)) - np.log((7 + 10) / 10) / 2
    assert log_mixture == pytest.approx(np.log(1 / 0.05))


@pytest.mark.parametrize("parameters", [{"alpha": 0.0}, {"phi": 0.1}])
def test_parameters_out_of_range(parameters: dict[str, float]):
    with pytest.raises(JudgeInputError, match=next(iter(parameters))):
        ratio_confidence(drawn(1, canary=(1, 0), baseline=(1, 0)), **parameters)
    with pytest.raises(JudgeInputError, match=next(iter(parameters))):
        latency_confidence(histograms(1, 1.0, streams=1), **parameters)
