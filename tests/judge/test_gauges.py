"""Values that are no counts: calibrated on history, judged on the difference between the arms."""

import json

import numpy as np
import pytest
from scipy import integrate, stats

from shoreward.judge import (
    Direction,
    GaugePromotionState,
    GaugePromotionTest,
    GaugeRollbackState,
    GaugeRollbackTest,
    Gauges,
    GaugeState,
    JudgeInputError,
    Verdict,
    estimate_noise,
    judge_gauges,
)
from shoreward.judge.drift import LARGEST_STEP
from shoreward.judge.ratios import DRIFTS

DAY = 1440


def wandering(seed: int, streams: int, intervals: int, memory: float = 0.0) -> np.ndarray:
    """Gaussian values of variance 1 that keep so much of the value before."""
    rng = np.random.default_rng(seed)
    steps = rng.normal(size=(streams, intervals + 100)) * np.sqrt(1 - memory**2)
    values = np.zeros_like(steps)
    for now in range(1, steps.shape[1]):
        values[:, now] = memory * values[:, now - 1] + steps[:, now]
    return values[:, 100:]


def arms(seed: int, intervals: int, *, streams: int = 50, shift: float = 0.0, memory: float = 0.0) -> Gauges:
    common = 70 + 10 * np.sin(np.arange(intervals) / 200)
    return Gauges(common + wandering(seed, streams, intervals, memory) + shift, np.tile(common, (streams, 1)))


def calibrated(history: Gauges, margin: float = 1.0, direction: Direction = Direction.HIGHER, **parameters: float):
    told = estimate_noise(history)
    sizes = {"direction": direction, "noise": told.noise, "usual": told.usual, "margin": margin}
    return GaugeRollbackTest(**sizes, **parameters), GaugePromotionTest(**sizes)


class TestAnAnswer:
    def test_given_more_memory_used_than_the_margin_allows_it_fails(self):
        judgement = judge_gauges(arms(2, 60, shift=4), *calibrated(arms(1, DAY)))
        assert judgement.verdicts == (Verdict.FAIL,) * 50
        np.testing.assert_allclose(judgement.observed, 4.0, atol=0.6)

    def test_given_the_same_use_of_memory_it_passes(self):
        judgement = judge_gauges(arms(3, 60), *calibrated(arms(1, DAY)))
        assert judgement.codes.tolist().count(Verdict.PASS.severity) >= 48
        assert np.all(judgement.first_fail == -1)

    def test_given_fewer_orders_only_lower_and_both_call_it_harm(self):
        fewer = arms(4, 60, shift=-4)
        for direction, failing in ((Direction.HIGHER, False), (Direction.LOWER, True), (Direction.BOTH, True)):
            judgement = judge_gauges(fewer, *calibrated(arms(1, DAY), direction=direction))
            assert np.all((judgement.first_fail >= 0) == failing)

    def test_either_way_may_be_harm_and_then_both_sides_must_be_proven_safe(self):
        one, both = (
            judge_gauges(arms(5, 60), *calibrated(arms(1, DAY), direction=direction))
            for direction in (Direction.HIGHER, Direction.BOTH)
        )
        assert np.all(both.promotion_log_e <= one.promotion_log_e + 1e-12)
        assert np.mean(both.first_pass >= 0) > 0.9

    def test_a_usual_difference_between_the_arms_is_no_harm(self):
        assert np.all(judge_gauges(arms(7, 60, shift=9), *calibrated(arms(6, DAY, shift=9))).first_fail == -1)

    @pytest.mark.parametrize("memory", [0.0, 0.5, 0.9, 0.98])
    def test_values_that_depend_on_those_before_roll_no_harmless_release_back(self, memory: float):
        history, bake = arms(8, DAY, streams=500, memory=memory), arms(9, 60, streams=500, memory=memory)
        judgement = judge_gauges(bake, *calibrated(history, margin=0.0))
        assert np.mean(judgement.first_fail >= 0) <= 0.01

    @pytest.mark.parametrize("memory", [0.0, 0.9])
    def test_at_its_margin_a_canary_hardly_ever_passes(self, memory: float):
        history, bake = arms(8, DAY, streams=500, memory=memory), arms(9, 60, streams=500, memory=memory, shift=1)
        assert np.mean(judge_gauges(bake, *calibrated(history, margin=1.0)).first_pass >= 0) <= 0.05

    def test_a_single_spike_decides_nothing(self):
        spiked = arms(10, 60).canary.copy()
        spiked[:, 20] = 1e9
        assert np.all(judge_gauges(Gauges(spiked, arms(10, 60).baseline), *calibrated(arms(1, DAY))).first_fail == -1)

    def test_a_missing_datapoint_leaves_no_trace(self):
        whole = arms(11, 20)
        canary, baseline = (np.repeat(array, 2, axis=1) for array in (whole.canary, whole.baseline))
        canary[:, 1::2] = np.nan
        tests = calibrated(arms(1, DAY), horizon=10)
        gappy = GaugeState.begin(50, *tests).advance(Gauges(canary, baseline), *tests)[1:]
        for had, evidence in zip(gappy, GaugeState.begin(50, *tests).advance(whole, *tests)[1:], strict=True):
            np.testing.assert_array_equal(had, np.repeat(evidence, 2, axis=1))

    def test_without_datapoints_there_is_no_data(self):
        judgement = judge_gauges(Gauges([[np.nan] * 5], [[1.0] * 5]), *calibrated(arms(1, DAY, streams=1)))
        assert judgement.verdicts == (Verdict.NO_DATA,)
        assert judgement.rollback_log_e.tolist() == [0.0]
        assert np.isnan(judgement.observed[0])


class TestHistory:
    @pytest.mark.parametrize(("memory", "long_run"), [(0.0, 1.0), (0.5, 1.73), (0.9, 4.36)])
    def test_the_noise_is_the_long_run_one_and_rather_more(self, memory: float, long_run: float):
        noise = estimate_noise(arms(1, 3 * DAY, memory=memory)).noise
        assert 0.95 * long_run <= np.median(noise) <= 1.35 * long_run

    def test_of_independent_values_one_interval_has_the_sample_deviation_and_its_error(self):
        history = arms(1, DAY)
        expected = np.var(history.difference, axis=1) * (1 + np.sqrt(2 / DAY))
        np.testing.assert_allclose(estimate_noise(history, blocks=(1,)).noise ** 2, expected)

    def test_it_tells_the_usual_difference_and_the_level(self):
        told = estimate_noise(arms(2, DAY, shift=5))
        np.testing.assert_allclose(told.usual, 5.0, atol=0.2)
        np.testing.assert_allclose(told.level, 70, atol=3)

    @pytest.mark.parametrize("history", [arms(3, 400), Gauges(np.ones((50, DAY)), np.ones((50, DAY)))])
    def test_where_it_does_not_tell_nothing_is_evidence_unless_someone_states_the_noise(self, history: Gauges):
        told = estimate_noise(history)
        assert not told.known.any()
        judgement = judge_gauges(arms(4, 60, shift=50), *calibrated(history))
        assert judgement.verdicts == (Verdict.NOT_ENOUGH_EVIDENCE,) * 50
        assert np.abs(judgement.rollback_log_e).max() < 1e-12
        assert estimate_noise(history, without_history=2.0).noise.tolist() == [2.0] * 50

    def test_the_unit_does_not_matter(self):
        small = judge_gauges(arms(6, 60, shift=2), *calibrated(arms(5, DAY)))
        factor = 2.0**20
        times = [Gauges(factor * each.canary, factor * each.baseline) for each in (arms(6, 60, shift=2), arms(5, DAY))]
        large = judge_gauges(times[0], *calibrated(times[1], margin=factor))
        np.testing.assert_array_equal(small.rollback_log_e, large.rollback_log_e)
        np.testing.assert_array_equal(small.promotion_log_e, large.promotion_log_e)


@pytest.mark.parametrize("drift", [*DRIFTS, *-DRIFTS])
@pytest.mark.parametrize("inside", [0.0, 0.5, 20.0])
def test_a_bet_on_a_harmless_gaussian_difference_earns_nothing(drift: float, inside: float):
    """Summed over a fine grid: the mean of exp(l*z - l*l/2), z cut at four times the noise."""
    z = np.linspace(-30, 30, 60_001)
    paid = np.exp(drift * np.clip(z, -LARGEST_STEP, LARGEST_STEP) - drift**2 / 2)
    law = stats.norm.pdf(z, loc=-np.sign(drift) * inside)
    assert integrate.trapezoid(paid * law, z) <= 1 + 1e-9


@pytest.mark.parametrize("direction", Direction)
def test_mixtures_over_sides_and_drifts_earn_nothing_over_two_looks(direction: Direction):
    z, step = np.linspace(-8, 8, 161, retstep=True)
    first, second = (axis.ravel() for axis in np.meshgrid(z, z))
    mass = stats.norm.pdf(first) * stats.norm.pdf(second) * step**2
    sizes = {"direction": direction, "noise": 1.0, "margin": 0.0}
    samples = Gauges(np.stack((first, second), axis=1), np.zeros((first.size, 2)))
    rollback, promotion = GaugeRollbackTest(**sizes), GaugePromotionTest(**sizes)
    harm = GaugeRollbackState.begin(first.size, rollback).advance(samples, rollback)[1]
    safe = GaugePromotionState.begin(first.size, promotion).advance(samples, promotion)[1]
    assert np.all(mass @ np.exp(harm) <= 1 + 1e-6)
    assert np.all(mass @ np.exp(safe) <= 1 + 1e-6)


class TestRefusedInput:
    @pytest.mark.parametrize(
        ("canary", "baseline", "message"),
        [
            ([[1.0]], [[1.0, 2.0]], "differ in shape"),
            ([1.0], [1.0], "1 axes"),
            ([[np.inf]], [[1.0]], "canary holds"),
            ([[1.0]], [[-1e101]], "baseline holds"),
            ([["much"]], [[1.0]], "not an array of numbers"),
        ],
    )
    def test_values_that_cannot_be(self, canary: object, baseline: object, message: str):
        with pytest.raises(JudgeInputError, match=message):
            Gauges(canary, baseline)

    @pytest.mark.parametrize(
        "parameters", [{"noise": 0.0}, {"noise": np.nan}, {"margin": -1.0}, {"usual": np.inf}, {"alpha": 1.0}]
    )
    def test_parameters_out_of_range(self, parameters: dict[str, float]):
        with pytest.raises(JudgeInputError, match=next(iter(parameters))):
            GaugeRollbackTest(**{"direction": Direction.LOWER, "noise": 1.0, "margin": 1.0} | parameters)

    def test_sizes_and_samples_of_other_streams(self):
        test = GaugeRollbackTest(direction=Direction.BOTH, noise=np.ones(3), margin=1.0)
        with pytest.raises(JudgeInputError, match="noise has 3 values for 2 streams"):
            GaugeRollbackState.begin(2, test).advance(arms(1, 5, streams=2), test)
        with pytest.raises(JudgeInputError, match="the state has 3 streams"):
            GaugeRollbackState.begin(3, test).advance(arms(1, 5, streams=2), test)

    @pytest.mark.parametrize("parameters", [{"blocks": ()}, {"blocks": (0,)}, {"without_history": -1.0}])
    def test_a_calibration_that_cannot_be(self, parameters: dict[str, object]):
        with pytest.raises(JudgeInputError, match=next(iter(parameters))):
            estimate_noise(arms(1, 100), **parameters)

    def test_a_saved_state_that_is_damaged(self):
        tests = calibrated(arms(1, DAY, streams=1))
        saved = json.loads(json.dumps(GaugeState.begin(1, *tests).to_dict()))
        for damage in ({"failing": None}, {"sums": [1.0]}, {"passing": saved["failing"]}):
            with pytest.raises(JudgeInputError, match="saved state"):
                GaugeState.from_dict(saved | damage, *tests)
