"""From counts to an answer: what a team sees during a bake."""

import math

import numpy as np
import pytest

from shoreward.judge import (
    Counts,
    Judgement,
    PromotionState,
    PromotionTest,
    RollbackState,
    RollbackTest,
    Verdict,
    fails,
    judge_counts,
    judge_states,
    passes,
)

from .samples import drawn


def judged(counts: Counts) -> Judgement:
    return judge_counts(counts, RollbackTest(), PromotionTest())


def test_given_a_canary_that_fails_one_request_in_twenty_it_rolls_back_within_five_hundred_requests():
    bad = drawn(1, streams=200, intervals=60, canary=(10, 0.05), baseline=(90, 0.0))
    judgement = judged(bad)
    assert np.all(judgement.codes == Verdict.FAIL.severity)
    requests = np.cumsum(bad.canary_requests, axis=1)[np.arange(200), judgement.first_fail]
    assert np.mean(requests) < 150
    assert np.max(requests) < 500


def test_given_a_canary_that_fails_everything_two_intervals_end_it():
    judgement = judged(drawn(2, canary=(50, 1.0), baseline=(450, 0.001)))
    assert judgement.first_fail.tolist() == [1] * 5


@pytest.mark.parametrize(("harm", "intervals"), [(0.005, 2), (0.01, 2), (0.1, 1), (1.0, 1)])
def test_given_harm_that_begins_late_two_intervals_end_it_and_one_where_it_is_grave(harm: float, intervals: int):
    quiet = drawn(8, streams=50, intervals=30, canary=(10_000, 0.001), baseline=(90_000, 0.001))
    bad = drawn(9, streams=50, intervals=4, canary=(10_000, harm), baseline=(90_000, 0.001))
    judgement = judged(Counts(*(np.hstack(pair) for pair in zip(quiet.arrays, bad.arrays, strict=True))))
    assert judgement.first_fail.tolist() == [30 + intervals - 1] * 50


def test_given_that_none_may_decide_alone_the_gravest_harm_takes_as_many_intervals_as_must_agree():
    counts = drawn(9, streams=50, intervals=6, canary=(10_000, 1.0), baseline=(90_000, 0.001))
    patient = RollbackTest(fewest=4, burst=math.inf)
    assert RollbackState.begin(50, patient).advance(counts, patient)[0].first_fail.tolist() == [3] * 50


def test_given_one_burst_of_errors_in_a_single_interval_it_does_not_roll_back():
    counts = drawn(3, canary=(1000, 0.001), baseline=(9000, 0.001))
    bad = counts.canary_bad.copy()
    bad[:, 7] = 50
    burst = Counts(counts.canary_requests, bad, counts.baseline_requests, counts.baseline_bad)
    assert not fails(burst, RollbackTest()).any()


def test_given_a_regression_that_begins_late_its_own_window_shows_the_ratio():
    quiet = drawn(4, intervals=45, canary=(10_000, 0.001), baseline=(90_000, 0.001))
    harm = drawn(5, intervals=15, canary=(10_000, 0.002), baseline=(90_000, 0.001))
    counts = Counts(*(np.hstack(pair) for pair in zip(quiet.arrays, harm.arrays, strict=True)))
    judgement = judge_counts(counts, RollbackTest(min_ratio=1.5), PromotionTest())
    assert np.all(judgement.first_fail >= 45)
    assert np.all(judgement.ratio < 1.5)  # over the whole bake it looks too small to matter


def test_given_harm_too_small_to_matter_the_observed_ratio_keeps_it_from_rolling_back():
    counts = drawn(6, canary=(1e6, 0.012), baseline=(1e6, 0.01))
    assert fails(counts, RollbackTest())[:, -1].all()
    assert not fails(counts, RollbackTest(min_ratio=1.3)).any()


def test_given_an_incident_that_hits_both_arms_it_does_not_roll_back():
    calm, storm = ((1000, 0.001), (9000, 0.001)), ((1000, 0.02), (9000, 0.02))
    phases = [drawn(7, canary=c, baseline=b) for c, b in (calm, storm, calm)]
    counts = Counts(*(np.hstack(arrays) for arrays in zip(*(phase.arrays for phase in phases), strict=True)))
    assert not fails(counts, RollbackTest()).any()


def test_given_a_harmless_canary_it_passes():
    judgement = judged(drawn(8, intervals=60, canary=(5000, 0.001), baseline=(45_000, 0.001)))
    assert judgement.verdicts == (Verdict.PASS,) * 5
    assert np.all(judgement.first_fail == -1)


def test_given_a_canary_beyond_the_margin_it_hardly_ever_passes():
    counts = drawn(9, streams=2000, intervals=40, canary=(1000, 0.002), baseline=(9000, 0.001))
    beyond = PromotionTest(rho=1.5, delta=0.0005, beta=0.05)
    assert passes(counts, beyond).any(axis=1).mean() <= 0.05


@pytest.mark.parametrize(
    ("requests", "rate", "split"), [(100, 0.01, 0.1), (1000, 0.001, 0.5), (20, 0.3, 0.25), (3, 0.05, 0.5)]
)
def test_given_no_change_at_all_looking_at_every_interval_keeps_the_promised_rate(
    requests: int, rate: float, split: float
):
    alpha = 0.05
    same = drawn(
        10, streams=2000, intervals=60, canary=(requests * split, rate), baseline=(requests * (1 - split), rate)
    )
    at_the_margin = RollbackTest(alpha=alpha, rho=1.0, min_ratio=1.0)
    assert fails(same, at_the_margin).any(axis=1).mean() <= alpha


def test_given_few_requests_it_says_so():
    judgement = judged(Counts([[3]], [[0]], [[30]], [[0]]))
    assert judgement.verdicts == (Verdict.NOT_ENOUGH_EVIDENCE,)


@pytest.mark.parametrize("arms", [((0, 0), (500, 5)), ((500, 5), (0, 0)), ((0, 0), (0, 0))])
def test_given_an_arm_without_traffic_there_is_no_data(arms: tuple[tuple[int, int], tuple[int, int]]):
    (n_c, x_c), (n_b, x_b) = arms
    counts = Counts(*([[value] * 9] for value in (n_c, x_c, n_b, x_b)))
    assert judged(counts).verdicts == (Verdict.NO_DATA,)


def test_given_no_interval_yet_there_is_no_data():
    assert judged(Counts(*[np.zeros((2, 0))] * 4)).verdicts == (Verdict.NO_DATA,) * 2


def test_a_failure_after_a_pass_is_a_failure_and_stays_one():
    good = drawn(11, intervals=40, canary=(5000, 0.001), baseline=(45_000, 0.001))
    bad = drawn(12, intervals=8, canary=(5000, 0.02), baseline=(45_000, 0.001))
    counts = Counts(*(np.hstack(arrays) for arrays in zip(good.arrays, bad.arrays, good.arrays, strict=True)))
    judgement = judged(counts)
    assert judgement.verdicts == (Verdict.FAIL,) * 5
    assert np.all(judgement.first_pass < 40)
    assert np.all(judgement.first_fail >= 40)


def test_rates_and_ratio_are_those_of_the_whole_bake():
    judgement = judged(Counts([[100, 100]], [[1, 3]], [[300, 100]], [[2, 2]]))
    assert judgement.canary_rate.tolist() == [0.02]
    assert judgement.baseline_rate.tolist() == [0.01]
    assert judgement.ratio.tolist() == [2.0]


def test_the_ratio_is_infinite_when_only_the_canary_errs_and_one_when_neither_does():
    judgement = judged(Counts([[9], [9]], [[1], [0]], [[9], [9]], [[0], [0]]))
    assert judgement.ratio.tolist() == [np.inf, 1.0]


def test_states_of_different_times_are_not_judged_together():
    counts = drawn(13, canary=(10, 0.1), baseline=(10, 0.1))
    failing, _, _ = RollbackState.begin(5, RollbackTest()).advance(counts, RollbackTest())
    with pytest.raises(ValueError, match="30 and 0 intervals"):
        judge_states(failing, PromotionState.begin(5), RollbackTest(), PromotionTest())
