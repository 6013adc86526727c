"""No strategy earns money against a canary as fast as its margin: E[e] <= 1, summed over every outcome."""

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from shoreward.judge import (
    Exceedances,
    Grid,
    Histograms,
    LatencyPromotionState,
    LatencyPromotionTest,
    LatencyRollbackState,
    LatencyRollbackTest,
    LatencyState,
)
from shoreward.judge.ratios import AS_FAST_LOG_ODDS, SLOWER_LOG_ODDS
from shoreward.judge.shares import Slow, log_share_bets, moments

Floats = NDArray[np.float64]
ROUNDING = 1e-9
ARMS = ((1, 1), (3, 5), (1, 6), (6, 1), (10, 40), (40, 10), (25, 25), (2, 100))
STRONG = np.linspace(0.3, 14.0, 20)


def split_of(slow: int, n_c: int, n_b: int) -> tuple[Slow, Floats]:
    """Every way in which so many slow requests fall on the arms, as a stream each, with its probability."""
    x = np.arange(max(0, slow - n_b), min(slow, n_c) + 1)
    one = np.ones(x.size)
    sample = Slow(
        requests=n_c * one,
        slow=x[None].astype(float),
        baseline_requests=n_b * one,
        baseline_slow=(slow - x)[None].astype(float),
        active=np.ones(x.size, dtype=np.bool_),
    )
    return sample, stats.hypergeom.pmf(x, n_c + n_b, slow, n_c)


@pytest.mark.parametrize(("n_c", "n_b"), ARMS)
def test_given_all_slow_requests_every_bet_on_who_had_them_is_fair(n_c: int, n_b: int):
    for slow in range(n_c + n_b + 1):
        sample, mass = split_of(slow, n_c, n_b)
        for log_odds in (SLOWER_LOG_ODDS, AS_FAST_LOG_ODDS, STRONG, -STRONG):
            earned = np.exp(log_share_bets(sample, log_odds, phi=1.0)[0]) @ mass
            assert np.all(earned <= 1 + ROUNDING), slow


def test_small_stakes_earn_next_to_nothing_less_than_they_may():
    """The variance is the true one, so high traffic, where stakes are small, wastes nothing."""
    sample, mass = split_of(25, 20, 30)
    earned = np.exp(log_share_bets(sample, np.array([0.01, 0.05]), phi=1.0)[0]) @ mass
    assert np.all(earned > 1 - 1e-4)


@pytest.mark.parametrize(("n_c", "n_b"), ARMS[1:])  # scipy divides by N - 2
def test_mean_and_variance_are_the_hypergeometric_ones(n_c: int, n_b: int):
    for slow in range(1, n_c + n_b):
        law = moments(split_of(slow, n_c, n_b)[0])
        mean, variance = (of(n_c + n_b, slow, n_c) for of in (stats.hypergeom.mean, stats.hypergeom.var))
        np.testing.assert_allclose(law.mean[0], mean, atol=1e-12)
        np.testing.assert_allclose(law.variance[0], variance, atol=1e-12)


@pytest.mark.parametrize(("n_c", "n_b"), ARMS)
def test_the_cost_is_never_above_bennetts_nor_below_the_true_one(n_c: int, n_b: int):
    for slow in range(1, n_c + n_b):
        sample, mass = split_of(slow, n_c, n_b)
        law = moments(sample)
        for stakes in (STRONG, -STRONG):
            surplus = stakes[:, None] * (sample.slow - law.mean)
            cost = surplus - log_share_bets(sample, stakes, phi=1.0)[0]
            bennett = law.variance[0] * (np.expm1(np.abs(stakes)) - np.abs(stakes))[:, None]
            assert np.all(cost <= bennett + 1e-9)
            assert np.all(cost[:, 0] >= np.log(np.exp(surplus) @ mass) - 1e-9)


def every_interval(n_c: int, n_b: int, p_c: float, p_b: float, looks: int) -> tuple[Exceedances, Floats]:
    runs = np.array(list(itertools.product(itertools.product(range(n_c + 1), range(n_b + 1)), repeat=looks)))
    x_c, x_b = runs[:, :, 0], runs[:, :, 1]
    mass = (stats.binom.pmf(x_c, n_c, p_c) * stats.binom.pmf(x_b, n_b, p_b)).prod(axis=1)
    return Exceedances(np.full(x_c.shape, n_c), x_c[None], np.full(x_b.shape, n_b), x_b[None]), mass


@pytest.mark.parametrize("rate", [0.01, 0.1, 0.5, 0.97])
@pytest.mark.parametrize("faster", [1.0, 0.7])
def test_a_canary_no_slower_than_its_margin_earns_rollback_nothing_over_three_looks(rate: float, faster: float):
    samples, mass = every_interval(2, 3, rate * faster, rate, looks=3)
    test = LatencyRollbackTest(levels=(0.5,), horizon=3)
    log_e = LatencyRollbackState.begin(samples.streams, test).advance(samples, test)[1]
    assert np.all(mass @ np.exp(log_e) <= 1 + ROUNDING)


@pytest.mark.parametrize("rate", [0.01, 0.1, 0.5, 0.9])
@pytest.mark.parametrize("slower", [1.0, 1.1])
def test_a_canary_at_or_beyond_its_margin_earns_promotion_nothing_over_three_looks(rate: float, slower: float):
    samples, mass = every_interval(2, 3, rate * slower, rate, looks=3)
    test = LatencyPromotionTest(levels=(0.5,))
    log_e = LatencyPromotionState.begin(samples.streams, test).advance(samples, test)[1]
    assert np.all(mass @ np.exp(log_e) <= 1 + ROUNDING)


@pytest.mark.parametrize("phi", [2.0, 3.0])
@pytest.mark.parametrize(("n_c", "n_b"), [(3, 5), (6, 2), (4, 4)])
def test_clusters_of_phi_requests_are_priced_fairly(phi: float, n_c: int, n_b: int):
    for slow in range(n_c + n_b + 1):
        one, _ = split_of(slow, n_c, n_b)
        sample = Slow(
            requests=phi * one.requests,
            slow=phi * one.slow,
            baseline_requests=phi * one.baseline_requests,
            baseline_slow=phi * one.baseline_slow,
            active=one.active,
        )
        for log_odds in (SLOWER_LOG_ODDS, AS_FAST_LOG_ODDS):
            in_clusters = log_share_bets(sample, log_odds, phi=phi)
            np.testing.assert_allclose(in_clusters, log_share_bets(one, log_odds, phi=1.0), rtol=1e-9, atol=1e-12)


def every_history(steps: int, looks: int) -> tuple[Histograms, Floats]:
    """One canary and two baseline requests an interval, each fast, middling or slow; the canary `steps` more so."""
    grid = Grid(scale=4, low=0, high=1)
    places, chances = np.array([2, 5, 11]), np.array([0.5, 0.3, 0.2])
    which = np.array(list(itertools.product(range(3), repeat=3 * looks))).reshape(-1, looks, 3)
    counts = np.eye(grid.buckets)
    canary = counts[places[which[:, :, 0]] + steps]
    baseline = counts[places[which[:, :, 1]]] + counts[places[which[:, :, 2]]]
    return Histograms(canary, baseline, grid), chances[which].prod(axis=(1, 2))


@pytest.mark.parametrize("memory", [1.0, 2.0, 60.0])
def test_limits_learnt_from_earlier_intervals_leave_every_bet_fair(memory: float):
    rollback, promotion = LatencyRollbackTest(horizon=3), LatencyPromotionTest(levels=(0.5, 0.9))
    grid = Grid(scale=4, low=0, high=1)
    for margin, harmful in ((grid.steps_at_least(rollback.margin), 0), (grid.steps_at_most(promotion.margin), 1)):
        samples, mass = every_history(margin, looks=3)
        state = LatencyState.begin(samples.streams, grid, rollback, promotion, memory=memory)
        log_e = state.advance(samples, rollback, promotion)[1 + harmful]
        assert np.all(mass @ np.exp(log_e) <= 1 + ROUNDING)


def test_wealth_is_the_mixture_over_levels_odds_and_starts_written_out():
    rng = np.random.default_rng(1)
    n_c, n_b = rng.integers(5, 30, (3, 7)), rng.integers(20, 90, (3, 7))
    samples = Exceedances(n_c, rng.binomial(n_c, [[[0.5]], [[0.2]]]), n_b, rng.binomial(n_b, [[[0.4]], [[0.1]]]))
    test = LatencyRollbackTest(alpha=1e-12, levels=(0.5, 0.9), horizon=4, phi=1.5)  # so strict that no cap is reached
    bets = np.stack([log_share_bets(samples.at(t), SLOWER_LOG_ODDS, phi=1.5).reshape(-1, 3) for t in range(7)])
    stakes = np.array([0.9, 0.1 / 3, 0.1 / 3, 0.1 / 3])
    log_e = LatencyRollbackState.begin(3, test).advance(samples, test)[1]
    for t in range(7):
        begun = min(t + 1, 4)
        runs = sum(stakes[s] * np.exp(bets[s : t + 1].sum(axis=0)).mean(axis=0) for s in range(begun))
        np.testing.assert_allclose(log_e[:, t], np.log(runs + stakes[begun:].sum()), rtol=1e-9, atol=1e-9)
