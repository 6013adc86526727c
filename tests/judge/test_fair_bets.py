"""No strategy earns money against a harmless canary: E[e] <= 1, summed over every outcome, not sampled."""

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import special, stats

from shoreward.judge import (
    Counts,
    PromotionTest,
    RollbackTest,
    StoppedTest,
    absolute_evidence,
    passes,
    promotion_evidence,
    rollback_evidence,
    stopped_evidence,
)
from shoreward.judge.bets import log_bets
from shoreward.judge.counts import sample_at
from shoreward.judge.ratios import HARM, HARM_LOG_SHARES, SAFE, SAFE_LOG_SHARES, STOPPED

from .samples import drawn

Floats = NDArray[np.float64]
ROUNDING = 1e-9
RATES = (0.0, 0.001, 0.1, 0.5, 0.9)
SPLITS = ((3, 5), (1, 6), (6, 1))


def outcomes(n_c: int, n_b: int, p_c: float, p_b: float, law: str, intervals: int) -> tuple[Counts, Floats]:
    """Every possible run of the intervals as a stream of its own, with its probability."""
    one = list(itertools.product(range(n_c + 1), range(n_b + 1)))
    runs = np.array(list(itertools.product(one, repeat=intervals)))
    x_c, x_b = runs[:, :, 0], runs[:, :, 1]
    match law:
        case "binomial":
            mass = stats.binom.pmf(x_c, n_c, p_c) * stats.binom.pmf(x_b, n_b, p_b)
        case "poisson":
            mass = stats.poisson.pmf(x_c, n_c * p_c) * stats.poisson.pmf(x_b, n_b * p_b)
        case _:
            raise AssertionError(law)
    counts = Counts(np.full(x_c.shape, n_c), x_c, np.full(x_b.shape, n_b), x_b)
    return counts, mass.prod(axis=1)


def harmless(rho: float, delta: float) -> list[tuple[float, float]]:
    """Rates (canary, baseline) inside the margin: on the boundary, and well within."""
    boundary = [(rho * p + delta, p) for p in RATES if rho * p + delta <= 1]
    return boundary + [(p_c / 2, p_b) for p_c, p_b in boundary] + [(1.0, 1.0 / rho), (0.0, 0.0)]


def harmful(rho: float, delta: float) -> list[tuple[float, float]]:
    """Rates beyond the margin: on the boundary, and a canary that always fails."""
    boundary = [(rho * p + delta, p) for p in RATES if rho * p + delta <= 1]
    return boundary + [(1.0, p_b) for p_c, p_b in boundary]


@pytest.mark.parametrize("law", ["binomial", "poisson"])
@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("delta", [0.0, 0.02, 0.3])
def test_a_harmless_canary_earns_rollback_nothing(law: str, split: tuple[int, int], delta: float):
    kinds = ((0.01, 60, 50.0), (0.3, 2, 1.0), (0.01, 1, 2.0))
    for rho, (alpha, horizon, burst) in itertools.product((1.0, 1.1, 2.0), kinds):
        test = RollbackTest(alpha=alpha, rho=rho, delta=delta, horizon=horizon, burst=burst)
        for p_c, p_b in harmless(rho, delta):
            counts, mass = outcomes(*split, p_c, p_b, law, intervals=1)
            expected = np.exp(rollback_evidence(counts, test)[:, 0]) @ mass
            assert expected <= 1 + ROUNDING, (rho, p_c, p_b)


@pytest.mark.parametrize("law", ["binomial", "poisson"])
@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("delta", [0.0, 0.02, 0.3])
def test_a_harmful_canary_earns_promotion_nothing(law: str, split: tuple[int, int], delta: float):
    for rho in (1.0, 1.5):
        test = PromotionTest(rho=rho, delta=delta)
        for p_c, p_b in harmful(rho, delta):
            counts, mass = outcomes(*split, p_c, p_b, law, intervals=1)
            expected = np.exp(promotion_evidence(counts, test)[:, 0]) @ mass
            assert expected <= 1 + ROUNDING, (rho, p_c, p_b)


@pytest.mark.parametrize("law", ["binomial", "poisson"])
def test_nothing_is_earned_over_three_looks_either(law: str):
    rollback, promotion = RollbackTest(horizon=3, burst=1.5), PromotionTest(delta=0.1)
    for p_b in (0.0, 0.05, 0.6):
        counts, mass = outcomes(2, 3, 1.1 * p_b, p_b, law, intervals=3)
        assert np.all(mass @ np.exp(rollback_evidence(counts, rollback)) <= 1 + ROUNDING)
        counts, mass = outcomes(2, 3, 1.5 * p_b + 0.1, p_b, law, intervals=3)
        assert np.all(mass @ np.exp(promotion_evidence(counts, promotion)) <= 1 + ROUNDING)


@pytest.mark.parametrize("law", ["binomial", "poisson"])
@pytest.mark.parametrize("ceiling", [0.01, 0.2, 0.9])
def test_a_fixed_ceiling_is_fair_on_both_sides(law: str, ceiling: float):
    for p in (ceiling, ceiling / 2):
        counts, mass = outcomes(7, 0, p, 0.0, law, intervals=1)
        log_e = absolute_evidence(counts.canary_requests, counts.canary_bad, ceiling, RollbackTest())
        assert np.exp(log_e[:, 0]) @ mass <= 1 + ROUNDING
    for p in (ceiling, 1.0):
        counts, mass = outcomes(7, 0, p, 0.0, law, intervals=1)
        log_e = absolute_evidence(counts.canary_requests, counts.canary_bad, ceiling, PromotionTest())
        assert np.exp(log_e[:, 0]) @ mass <= 1 + ROUNDING


@pytest.mark.parametrize("share", [0.05, 0.5, 1.0])
def test_a_canary_that_gets_its_least_share_has_not_stopped(share: float):
    test = StoppedTest(factor=0.2)
    for arriving in (0.2 * share, share):
        canary = np.arange(13)
        counts = Counts(canary[:, None], 0 * canary[:, None], 12 - canary[:, None], 0 * canary[:, None])
        log_e = stopped_evidence(counts, share, test)
        assert np.exp(log_e[:, 0]) @ stats.binom.pmf(canary, 12, arriving) <= 1 + ROUNDING


@pytest.mark.parametrize("ratios", [HARM, SAFE, STOPPED])
def test_on_the_boundary_poisson_counts_make_every_bet_exactly_fair(ratios: Floats):
    rho, delta, p_b, n = 1.3, 0.01, 0.02, 60
    counts, mass = outcomes(n, n, rho * p_b + delta, p_b, "poisson", intervals=1)
    log_e = log_bets(sample_at(counts, 0), ratios, rho=rho, delta=delta, phi=1.0)
    reachable = ratios <= 4  # beyond, the pay-out sits in outcomes with more bad events than requests
    np.testing.assert_allclose((np.exp(log_e) @ mass)[reachable], 1.0, rtol=1e-6)


@pytest.mark.parametrize("phi", [2.0, 5.0])
def test_clusters_of_phi_errors_are_priced_fairly(phi: float):
    clusters = np.array(list(itertools.product(range(30), repeat=2)))
    p_b, n = 0.1, 200
    mass = stats.poisson.pmf(clusters, np.array([1.1 * p_b, p_b]) * n / phi).prod(axis=1)
    counts = Counts(
        *(column[:, None] for column in (np.full(900, n), phi * clusters[:, 0], np.full(900, n), phi * clusters[:, 1]))
    )
    fair = np.exp(rollback_evidence(counts, RollbackTest(alpha=1e-12, phi=phi))[:, 0]) @ mass
    naive = np.exp(rollback_evidence(counts, RollbackTest(alpha=1e-12))[:, 0]) @ mass
    assert fair <= 1 + ROUNDING
    assert naive > 2


def test_the_bet_is_the_likelihood_ratio_of_the_split_of_all_errors():
    """Without an absolute margin the bet compares two binomial laws of "which arm did the error hit"."""
    n_c, x_c, n_b, x_b, rho = 40.0, 7.0, 160.0, 9.0, 1.1
    counts = Counts([[n_c]], [[x_c]], [[n_b]], [[x_b]])
    for ratio in (1.15, 4.0, 300.0, 0.3):
        at_margin = rho * n_c / (rho * n_c + n_b)
        at_ratio = ratio * rho * n_c / (ratio * rho * n_c + n_b)
        law = stats.binom.logpmf(x_c, x_c + x_b, at_ratio) - stats.binom.logpmf(x_c, x_c + x_b, at_margin)
        bet = log_bets(sample_at(counts, 0), np.array([ratio]), rho=rho, delta=0.0, phi=1.0)
        np.testing.assert_allclose(bet, law, rtol=1e-10)


@pytest.mark.parametrize(("ratios", "log_shares"), [(SAFE, SAFE_LOG_SHARES), (HARM, HARM_LOG_SHARES)])
def test_shares_of_the_stake_are_a_distribution(ratios: Floats, log_shares: Floats):
    assert np.exp(log_shares).sum() == pytest.approx(1.0, abs=1e-12)
    assert ratios.shape == log_shares.shape


def test_rollback_is_the_mixture_over_ratios_and_starts_written_out():
    counts = drawn(1, streams=3, intervals=9, canary=(80, 0.2), baseline=(320, 0.03))
    test = RollbackTest(horizon=6, delta=0.01, phi=1.5, burst=2.0)
    stakes = np.array([0.9, 0.02, 0.02, 0.02, 0.02, 0.02, 0.0, 0.0, 0.0])
    shares = np.exp(HARM_LOG_SHARES)
    running, wealth = np.zeros((len(HARM), 3)), np.ones(3)
    capped, burst = 0, 0
    for t in range(9):
        bets = np.exp(log_bets(sample_at(counts, t), HARM, rho=1.1, delta=0.01, phi=1.5))
        running = bets * (running + stakes[t])
        unspent = stakes[t + 1 :].sum()
        in_bursts = shares @ bets**0.5
        most = np.maximum(wealth, 1) * np.maximum(10, in_bursts)
        allowed = np.minimum(1, (most - unspent) / (shares @ running))
        running *= allowed
        wealth = shares @ running + unspent
        capped += np.count_nonzero(allowed < 1)
        burst += np.count_nonzero(in_bursts > 10)
        np.testing.assert_allclose(rollback_evidence(counts, test)[:, t], np.log(wealth), rtol=1e-8, atol=1e-8)
    assert capped > 0
    assert burst > 0


def test_promotion_is_the_mixture_of_products_written_out():
    counts = drawn(2, streams=3, intervals=9, canary=(40, 0.1), baseline=(160, 0.1))
    test = PromotionTest(delta=0.01)
    bets = np.stack([log_bets(sample_at(counts, t), SAFE, rho=1.5, delta=0.01, phi=1.0) for t in range(9)])
    expected = special.logsumexp(bets.cumsum(axis=0) + SAFE_LOG_SHARES[:, None], axis=1).T
    np.testing.assert_allclose(promotion_evidence(counts, test), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("split", [0.1, 0.25, 0.5])
def test_without_errors_promotion_needs_a_fifth_more_than_the_least_possible(split: float):
    one, none = np.ones((1, 500)), np.zeros((1, 500))
    passed = passes(Counts(one, none, one * (1 - split) / split, none), PromotionTest(delta=0.02))
    least = np.log(20) / 0.02
    assert least <= np.argmax(passed[0]) + 1 <= 1.2 * least
