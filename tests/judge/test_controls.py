"""Changes that are everywhere at once: other regions stand in for the old revision, or as a last resort the past."""

import numpy as np
import pytest

from shoreward.judge import (
    CAUTIOUS_PHI,
    Counts,
    Direction,
    GaugePromotionTest,
    GaugeRollbackTest,
    Grid,
    Histograms,
    JudgeInputError,
    LatencyPromotionTest,
    LatencyRollbackTest,
    PromotionTest,
    RollbackTest,
    Strength,
    Verdict,
    control_counts,
    control_gauges,
    control_histograms,
    estimate_noise,
    estimate_phi,
    estimate_usual,
    fails,
    judge_counts,
    judge_gauges,
    judge_latency,
    own_past_counts,
    promotion_evidence,
    rollback_evidence,
    weakest,
)

STREAMS, DAY, BAKE = 200, 600, 60


def region(seed: int, intervals: int, rate: float, requests: int = 1000) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    n = rng.poisson(requests, (STREAMS, intervals))
    return n, rng.binomial(n, rate)


def beside_controls(
    seed: int, intervals: int, rate: float, storm: float = 1.0, usual: np.ndarray | float = 1.0
) -> Counts:
    """A region that errs at its own rate, beside three that err at 0.2 %; a storm hits all of them."""
    changed = region(seed, intervals, rate * storm)
    others = [region(seed + 1 + each, intervals, 0.002 * storm) for each in range(3)]
    return control_counts(*changed, *(np.stack(arms) for arms in zip(*others, strict=True)), usual=usual)


class TestControlRegions:
    def test_what_usually_sets_a_region_apart_comes_from_history(self):
        usual = estimate_usual(beside_controls(1, DAY, 0.003))
        assert usual.known.all()
        assert np.mean((usual.low <= 1.5) & (usual.high >= 1.5)) > 0.6
        assert np.all((usual.low < usual.ratio) & (usual.ratio < usual.high))
        assert np.all(usual.phi < 2)

    def test_a_region_that_usually_errs_half_as_often_again_is_not_rolled_back_for_it(self):
        usual = estimate_usual(beside_controls(1, DAY, 0.003))
        test = RollbackTest(phi=usual.phi)
        naive, told = (beside_controls(10, BAKE, 0.003, usual=ratio) for ratio in (1.0, usual.high))
        assert fails(naive, test).any(axis=1).mean() > 0.1
        assert not fails(told, test).any()

    def test_an_incident_everywhere_cancels_out(self):
        usual = estimate_usual(beside_controls(1, DAY, 0.003))
        storm = beside_controls(20, BAKE, 0.003, storm=20, usual=usual.high)
        assert not fails(storm, RollbackTest(phi=usual.phi)).any()

    def test_harm_in_the_changed_region_is_found_and_none_passes(self):
        usual = estimate_usual(beside_controls(1, DAY, 0.003))
        harm = judge_counts(
            beside_controls(30, BAKE, 0.009, usual=usual.high),
            RollbackTest(phi=usual.phi),
            PromotionTest(phi=usual.phi),
        )
        assert harm.verdicts == (Verdict.FAIL,) * STREAMS
        np.testing.assert_allclose(np.median(harm.ratio), 3.0, rtol=0.1)  # relative to what is usual
        safe = beside_controls(40, BAKE, 0.003, usual=usual.low)
        assert (
            judge_counts(safe, RollbackTest(), PromotionTest(phi=usual.phi)).verdicts.count(Verdict.PASS)
            >= 0.95 * STREAMS
        )

    def test_without_errors_in_history_it_says_so(self):
        usual = estimate_usual(beside_controls(1, 30, 0.0))
        assert not usual.known.any()
        assert usual.ratio.tolist() == usual.low.tolist() == usual.high.tolist() == [1.0] * STREAMS
        assert usual.phi.tolist() == [CAUTIOUS_PHI] * STREAMS

    def test_a_usual_ratio_of_one_changes_nothing_and_others_scale_the_baseline(self):
        plain = beside_controls(50, 20, 0.003)
        halved = Counts(*plain.arrays[:2], plain.baseline_requests / 2, plain.baseline_bad)
        told = Counts(*plain.arrays, usual=2.0)
        for evidence, test in ((rollback_evidence, RollbackTest()), (promotion_evidence, PromotionTest())):
            np.testing.assert_array_equal(evidence(told, test), evidence(halved, test))
        np.testing.assert_array_equal(told.between(0, 5).usual, told.usual)
        np.testing.assert_allclose(estimate_phi(told).phi, estimate_phi(halved).phi)

    @pytest.mark.parametrize("usual", [0.0, np.nan, [1.0, 2.0], [[1.0]]])
    def test_a_usual_ratio_that_is_none_is_refused(self, usual: object):
        with pytest.raises(JudgeInputError, match="usual"):
            Counts([[1]], [[0]], [[1]], [[0]], usual=usual)


class TestGaugesAndLatencyBesideControls:
    def test_a_value_that_moves_with_the_other_regions_is_harmless(self):
        rng = np.random.default_rng(1)
        day = np.cumsum(rng.normal(size=1500))  # wanders as one everywhere
        values = 50 + day + rng.normal(size=(STREAMS, 1500))
        controls = 40 + day + rng.normal(size=(4, STREAMS, 1500))
        history = control_gauges(values[:, :1440], controls[:, :, :1440])
        told = estimate_noise(history)
        np.testing.assert_allclose(told.usual, 10.0, atol=0.3)
        sizes = {"direction": Direction.HIGHER, "noise": told.noise, "usual": told.usual, "margin": 1.0}
        tests = GaugeRollbackTest(**sizes), GaugePromotionTest(**sizes)
        bake = values[:, 1440:]
        same, moved = (judge_gauges(control_gauges(bake + by, controls[:, :, 1440:]), *tests) for by in (0, 5))
        assert np.all(same.first_fail == -1)
        assert np.all(moved.first_fail >= 0)

    def test_a_control_without_a_datapoint_is_left_out_of_the_mean(self):
        gauges = control_gauges([[5.0, 5.0]], [[[1.0, np.nan]], [[3.0, np.nan]]])
        assert gauges.baseline[0, 0] == 2.0
        assert gauges.paired.tolist() == [[True, False]]

    @pytest.mark.parametrize("usually", [0.7, 1.0, 1.4])
    def test_a_region_that_is_usually_slower_or_faster_is_judged_against_that(self, usually: float):
        grid, rng = Grid(scale=6, low=3, high=11), np.random.default_rng(2)

        def drawn(median: float, requests: int, intervals: int) -> np.ndarray:
            latencies = median * rng.lognormal(0, 0.5, (20, intervals, requests))
            flat = [grid.count(one) for one in latencies.reshape(-1, requests)]
            return np.array(flat).reshape(20, intervals, grid.buckets)

        history = Histograms(drawn(100 * usually, 100, 40), drawn(100, 300, 40), grid)
        tests = LatencyRollbackTest(), LatencyPromotionTest()
        for now, verdict in ((1.0, Verdict.PASS), (1.5, Verdict.FAIL)):
            bake = Histograms(drawn(100 * usually * now, 100, 30), drawn(100, 300, 30), grid)
            judgement = judge_latency(control_histograms(bake, history=history), *tests)
            assert judgement.verdicts.count(verdict) >= 18

    def test_a_history_of_other_streams_is_refused(self):
        grid = Grid(scale=4, low=0, high=1)
        one, two = (Histograms(*[np.zeros((streams, 1, grid.buckets))] * 2, grid) for streams in (1, 2))
        with pytest.raises(JudgeInputError, match="history has other streams"):
            control_histograms(one, history=two)
        with pytest.raises(JudgeInputError, match="control_values has 2 axes"):
            control_gauges([[1.0]], [[1.0]])


class TestTheOwnPast:
    def past(self, seed: int) -> tuple[np.ndarray, np.ndarray]:
        days = [region(seed + day, BAKE, 0.002) for day in range(3)]
        requests, bad = (np.stack(arms) for arms in zip(*days, strict=True))
        return requests, bad

    def test_harm_is_found_against_earlier_days(self):
        counts = own_past_counts(*region(1, BAKE, 0.006), *self.past(100))
        assert fails(counts, RollbackTest())[:, -1].all()

    def test_an_incident_elsewhere_is_taken_for_harm_which_is_why_it_is_weak(self):
        during_an_incident = own_past_counts(*region(2, BAKE, 0.002 * 5), *self.past(200))
        assert fails(during_an_incident, RollbackTest())[:, -1].all()
        assert not fails(own_past_counts(*region(3, BAKE, 0.002), *self.past(300)), RollbackTest()).any()


def test_strengths_are_listed_from_strong_to_weak_and_the_weakest_counts():
    assert [strength.value for strength in Strength] == ["guaranteed", "calibrated", "weak"]
    assert weakest([Strength.CALIBRATED, Strength.GUARANTEED]) is Strength.CALIBRATED
    assert weakest([]) is Strength.WEAK
