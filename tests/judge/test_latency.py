"""From histograms to an answer about latency: what a team sees during a bake."""

import json

import numpy as np
import pytest
from scipy import stats

from shoreward.judge import (
    CAUTIOUS_PHI,
    Exceedances,
    Grid,
    Histograms,
    JudgeInputError,
    LatencyPromotionTest,
    LatencyRollbackState,
    LatencyRollbackTest,
    LatencyState,
    Verdict,
    estimate_latency_phi,
    exceedances,
    judge_latency,
)

GRID = Grid(scale=6, low=3, high=11)


def drawn(
    seed: int,
    *,
    canary: float,
    baseline: float = 100.0,
    requests: tuple[int, int] = (50, 450),
    spread: float = 0.5,
    streams: int = 20,
    intervals: int = 40,
) -> Histograms:
    """Lognormal latencies; canary and baseline are medians in milliseconds."""
    rng = np.random.default_rng(seed)
    arms = []
    for number, median in zip(requests, (canary, baseline), strict=True):
        upto = stats.lognorm.cdf(GRID.edges, spread, scale=median)
        arms.append(rng.multinomial(number, np.diff(upto, prepend=0.0, append=1.0), size=(streams, intervals)))
    return Histograms(*arms, GRID)


def judged(samples: Histograms, **parameters: float):
    return judge_latency(samples, LatencyRollbackTest(**parameters), LatencyPromotionTest())


class TestAnAnswer:
    def test_given_a_canary_that_is_forty_per_cent_slower_it_rolls_back_within_minutes(self):
        judgement = judged(drawn(1, canary=140))
        assert judgement.verdicts == (Verdict.FAIL,) * 20
        assert np.max(judgement.first_fail) <= 10

    def test_given_a_canary_with_one_slow_request_in_thirty_only_the_tail_shows_it(self):
        good = drawn(2, canary=100, requests=(500, 4500))
        slow = good.canary.copy()
        slow[:, :, GRID.place([1500.0])[0]] += 17
        assert judged(Histograms(slow, good.baseline, GRID)).verdicts == (Verdict.FAIL,) * 20
        middle = LatencyRollbackTest(levels=(0.5,))
        assert judge_latency(Histograms(slow, good.baseline, GRID), middle, LatencyPromotionTest()).codes.max() <= 1

    def test_given_a_canary_as_fast_as_the_baseline_it_passes(self):
        judgement = judged(drawn(3, canary=100))
        assert judgement.verdicts == (Verdict.PASS,) * 20
        assert np.all(judgement.first_fail == -1)

    def test_given_a_canary_that_is_faster_it_passes_sooner(self):
        same, faster = (judged(drawn(4, canary=median)) for median in (100, 80))
        assert np.mean(faster.first_pass) < np.mean(same.first_pass)

    def test_given_a_wobble_of_two_per_cent_at_high_traffic_the_margin_absorbs_it(self):
        wobble = drawn(5, canary=102, requests=(20_000, 20_000))
        assert np.all(judged(wobble).first_fail == -1)
        assert np.all(judged(wobble, margin=1.0).first_fail >= 0)

    def test_given_a_regression_that_begins_late_it_is_found_soon(self):
        quiet, harm = drawn(6, canary=100, intervals=45), drawn(7, canary=150, intervals=15)
        arms = (np.hstack(pair) for pair in ((quiet.canary, harm.canary), (quiet.baseline, harm.baseline)))
        found = judged(Histograms(*arms, GRID)).first_fail
        assert np.all((found >= 45) & (found <= 52))

    def test_given_both_arms_slow_at_once_nothing_happens(self):
        calm, storm = drawn(8, canary=100, intervals=20), drawn(9, canary=400, baseline=400, intervals=20)
        arms = (np.hstack(pair) for pair in ((calm.canary, storm.canary), (calm.baseline, storm.baseline)))
        assert np.all(judged(Histograms(*arms, GRID)).first_fail == -1)

    @pytest.mark.parametrize("margin", [1.0, 1.05])
    def test_given_a_canary_at_its_margin_the_promised_rate_holds(self, margin: float):
        steps = GRID.steps_at_least(margin)
        same = drawn(10, canary=100, requests=(20, 60), streams=1000, intervals=30)
        slower = np.roll(same.canary, steps, axis=2)
        judgement = judged(Histograms(slower, same.baseline, GRID), margin=margin, alpha=0.1)
        assert np.mean(judgement.first_fail >= 0) <= 0.1

    def test_given_a_canary_beyond_its_margin_it_hardly_ever_passes(self):
        test = LatencyPromotionTest(beta=0.1)
        same = drawn(11, canary=100, requests=(100, 300), streams=1000, intervals=30)
        slower = np.roll(same.canary, GRID.steps_at_most(test.margin), axis=2)
        judgement = judge_latency(Histograms(slower, same.baseline, GRID), LatencyRollbackTest(), test)
        assert np.mean(judgement.first_pass >= 0) <= 0.1

    def test_what_it_shows_are_the_arms_recent_quantiles(self):
        judgement = judged(drawn(12, canary=200, requests=(5000, 5000), streams=1))
        np.testing.assert_allclose(judgement.canary[:2, 0], [200, stats.lognorm.ppf(0.9, 0.5, scale=200)], rtol=0.03)
        np.testing.assert_allclose(judgement.ratio[:, 0], 2.0, rtol=0.06)
        assert judgement.observed.tolist() == judgement.ratio[0].tolist()

    @pytest.mark.parametrize("silent", ["canary", "baseline", "both"])
    def test_given_an_arm_without_traffic_there_is_no_data(self, silent: str):
        samples = drawn(13, canary=100, streams=2)
        canary = samples.canary * (silent == "baseline")
        baseline = samples.baseline * (silent == "canary")
        judgement = judged(Histograms(canary, baseline, GRID))
        assert judgement.verdicts == (Verdict.NO_DATA,) * 2
        assert judgement.rollback_log_e.tolist() == [0.0, 0.0]
        assert np.abs(judgement.promotion_log_e).max() < 1e-12
        assert np.all(np.isnan(judgement.ratio))

    def test_history_makes_the_first_interval_count(self):
        samples = drawn(14, canary=140)
        history = drawn(15, canary=100, intervals=1).baseline[:, 0]
        tests = LatencyRollbackTest(), LatencyPromotionTest()
        learning, knowing = judge_latency(samples, *tests), judge_latency(samples, *tests, history=history)
        first = samples.between(0, 1)
        assert judge_latency(first, *tests).rollback_log_e.tolist() == [0.0] * 20
        assert np.all(judge_latency(first, *tests, history=history).rollback_log_e != 0.0)
        assert np.mean(knowing.first_fail) < np.mean(learning.first_fail)


class TestExceedancesFromAStore:
    def test_counts_above_a_limit_are_judged_without_histograms(self):
        test = LatencyRollbackTest(levels=(0.9,))
        samples = Exceedances([[100] * 9], [[[40] * 9]], [[900] * 9], [[[90] * 9]])
        state, _, failed = LatencyRollbackState.begin(1, test).advance(samples, test)
        assert not failed[0, 0]
        assert failed[0, 2:].all()
        assert 1 <= state.first_fail[0] <= 2

    def test_histograms_and_their_exceedances_are_judged_alike(self):
        samples, test = drawn(1, canary=130, streams=3), LatencyRollbackTest()
        slow = exceedances(samples, test.levels, GRID.steps_at_least(test.margin))
        direct = LatencyRollbackState.begin(3, test).advance(slow, test)[1]
        state = LatencyState.begin(3, GRID, test, LatencyPromotionTest())
        np.testing.assert_array_equal(state.advance(samples, test, LatencyPromotionTest())[1], direct)


class TestOverDispersion:
    def history(self, seed: int, cluster: int, common: bool = False) -> Histograms:
        rng = np.random.default_rng(seed)
        arms = [cluster * drawn(seed + arm, canary=100, requests=(50, 50), intervals=600).canary for arm in (0, 50)]
        if common:
            slow = rng.random((20, 600)) < 0.1
            arms = [np.where(slow[:, :, None], np.roll(arm, 64, axis=2), arm) for arm in arms]
        return Histograms(*arms, GRID)

    def phi(self, history: Histograms) -> np.ndarray:
        estimate = estimate_latency_phi(exceedances(history, (0.5, 0.9), steps=0))
        assert estimate.known.all()
        return estimate.phi

    def test_independent_requests_need_next_to_no_correction(self):
        assert np.median(self.phi(self.history(1, 1))) < 1.5

    def test_what_slows_both_arms_needs_none_either(self):
        assert np.median(self.phi(self.history(2, 1, common=True))) < 1.5

    def test_requests_that_are_slow_together_are_seen_as_such(self):
        phi = self.phi(self.history(3, 4))
        assert np.all(phi >= 4)
        assert np.median(phi) < 6

    def test_without_usable_history_it_says_so_and_uses_the_stated_default(self):
        estimate = estimate_latency_phi(Exceedances([[9] * 5], [[[0] * 5]], [[9] * 5], [[[0] * 5]]))
        assert estimate.known.tolist() == [False]
        assert estimate.phi.tolist() == [CAUTIOUS_PHI]

    def test_the_variance_ratio_is_that_of_the_hypergeometric_law(self):
        rng = np.random.default_rng(4)
        x = stats.hypergeom.rvs(200, 100, 40, size=(1, 400), random_state=rng)
        history = Exceedances(np.full((1, 400), 40), x[None], np.full((1, 400), 160), 100 - x[None])
        expected = np.var(x - 20.0, mean=0.0) / stats.hypergeom.var(200, 100, 40)
        estimate = estimate_latency_phi(history, blocks=(1,))
        assert expected < estimate.phi[0] < expected + 3 * np.sqrt(2 / 400)


class TestTheGrid:
    def test_its_edges_are_those_of_a_base_two_exponential_histogram(self):
        grid = Grid(scale=5, low=-2, high=4)
        assert grid.edges[0] == 0.25
        assert grid.edges[-1] == 16.0
        np.testing.assert_allclose(grid.edges[1:] / grid.edges[:-1], grid.ratio)
        assert grid.buckets == len(grid.edges) + 1 == 6 * 32 + 2
        assert Grid().ratio <= 1.05

    def test_an_edge_belongs_to_the_bucket_below_and_the_ends_take_the_rest(self):
        grid = Grid(scale=4, low=0, high=3)
        assert grid.place([0.0, 1.0, 1.0001, 8.0, 8.1, 1e9]).tolist() == [0, 0, 1, 48, 49, 49]
        assert grid.count([0.5, 2.0, 2.0]).sum() == 3

    def test_histograms_fall_onto_a_coarser_and_narrower_grid_without_loss(self):
        rng = np.random.default_rng(1)
        latencies = rng.lognormal(2, 2, 1000)
        fine, coarse = Grid(scale=7, low=-2, high=10), Grid(scale=5, low=0, high=6)
        one = fine.count(latencies)[None, None]
        told = Histograms(one, one, fine).on(coarse)
        np.testing.assert_array_equal(told.canary[0, 0], coarse.count(latencies))

    @pytest.mark.parametrize("other", [Grid(scale=7), Grid(low=-4), Grid(high=21)])
    def test_a_finer_or_wider_grid_would_need_a_guess(self, other: Grid):
        one = np.zeros((1, 1, Grid().buckets))
        with pytest.raises(JudgeInputError, match="finer or wider"):
            Histograms(one, one, Grid()).on(other)

    def test_a_margin_is_rounded_to_whole_buckets_so_that_the_promise_holds(self):
        assert GRID.ratio ** GRID.steps_at_least(1.05) >= 1.05 > GRID.ratio ** (GRID.steps_at_least(1.05) - 1)
        assert GRID.ratio ** GRID.steps_at_most(1.15) <= 1.15 < GRID.ratio ** (GRID.steps_at_most(1.15) + 1)
        assert GRID.steps_at_least(1.0) == 0
        assert GRID.steps_at_least(2.0) == GRID.steps_at_most(2.0) == 64

    @pytest.mark.parametrize("parameters", [{"scale": 3}, {"scale": 11}, {"low": 5, "high": 5}, {"high": 101}])
    def test_a_grid_that_is_none(self, parameters: dict[str, int]):
        with pytest.raises(JudgeInputError, match="grid"):
            Grid(**parameters)

    @pytest.mark.parametrize("latency", [-1.0, float("nan"), float("inf")])
    def test_a_latency_that_is_none(self, latency: float):
        with pytest.raises(JudgeInputError, match="latencies"):
            GRID.place([latency])


class TestRefusedInput:
    def test_histograms_that_cannot_be(self):
        fitting = np.zeros((1, 2, GRID.buckets))
        for canary, message in (
            (np.zeros((1, 2, 9)), "differ in shape"),
            (np.zeros((1, 2)), "2 axes; it needs three"),
            (fitting - 1, "canary holds"),
            (fitting + np.nan, "canary holds"),
            (fitting + 2.0**50, "more than"),
        ):
            with pytest.raises(JudgeInputError, match=message):
                Histograms(canary, fitting, GRID)
        with pytest.raises(JudgeInputError, match="their grid"):
            Histograms(fitting, fitting, Grid())

    def test_exceedances_that_cannot_be(self):
        for arms, message in (
            (([[1]], [[[2]]], [[1]], [[[0]]]), "slow ones are a part"),
            (([[1]], [[[0]]], [[1]], [[[0, 0]]]), "do not fit"),
            (([[1]], [[[0]]], [[1]], np.zeros((2, 1, 1))), "do not fit"),
            (([[1]], [[0]], [[1]], [[[0]]]), "canary_slow has 2 axes"),
        ):
            with pytest.raises(JudgeInputError, match=message):
                Exceedances(*arms)

    @pytest.mark.parametrize(
        "parameters",
        [
            {"alpha": 0},
            {"margin": 0.9},
            {"levels": ()},
            {"levels": (0.9, 0.5)},
            {"levels": (1.0,)},
            {"horizon": 0},
            {"phi": 0.5},
        ],
    )
    def test_rollback_parameters_out_of_range(self, parameters: dict[str, float]):
        with pytest.raises(JudgeInputError, match=next(iter(parameters))):
            LatencyRollbackTest(**parameters)

    @pytest.mark.parametrize("parameters", [{"beta": 1}, {"margin": 1.0}, {"levels": (float("nan"),)}])
    def test_promotion_parameters_out_of_range(self, parameters: dict[str, float]):
        with pytest.raises(JudgeInputError, match=next(iter(parameters))):
            LatencyPromotionTest(**parameters)

    def test_samples_that_do_not_fit_the_state(self):
        tests = LatencyRollbackTest(), LatencyPromotionTest()
        state = LatencyState.begin(2, GRID, *tests)
        with pytest.raises(JudgeInputError, match="the state has 2 streams"):
            state.advance(drawn(1, canary=100, streams=3), *tests)
        with pytest.raises(JudgeInputError, match="3 levels of 2 streams"):
            state.failing.advance(exceedances(drawn(1, canary=100, streams=2), (0.5,), steps=0), tests[0])
        with pytest.raises(JudgeInputError, match="history has shape"):
            LatencyState.begin(2, GRID, *tests, history=np.zeros((2, 5)))
        with pytest.raises(JudgeInputError, match="memory"):
            LatencyState.begin(2, GRID, *tests, memory=0.5)

    def test_a_margin_wider_than_the_grid(self):
        tests = LatencyRollbackTest(margin=3), LatencyPromotionTest()
        narrow = Grid(scale=4, low=0, high=1)
        one = np.ones((1, 1, narrow.buckets))
        with pytest.raises(JudgeInputError, match="widen the grid"):
            judge_latency(Histograms(one, one, narrow), *tests)

    def test_a_saved_state_that_is_damaged(self):
        tests = LatencyRollbackTest(), LatencyPromotionTest()
        saved = json.loads(json.dumps(LatencyState.begin(1, GRID, *tests).to_dict()))
        assert LatencyState.from_dict(saved, GRID, *tests).failing.intervals == 0
        for damage in ({"failing": 1}, {"passing": saved["failing"]}, {"reference": saved["failing"]}):
            with pytest.raises(JudgeInputError, match="saved state"):
                LatencyState.from_dict(saved | damage, GRID, *tests)
        with pytest.raises(JudgeInputError, match="recent"):
            LatencyState.from_dict(saved, Grid(), *tests)
