"""The peers do what their sources say, on cases that one can work out by hand."""

from dataclasses import replace

import numpy as np
import pytest
from benchmarks.judge import fixed, judges, kayenta, normal, worlds
from benchmarks.judge.ranks import deviate
from scipy import optimize

NOTHING = np.nan
CELL = worlds.Cell(traffic=1_000, split=0.1, errors=0.01)


def row(*values: float) -> np.ndarray:
    return np.array([values], dtype=float)


def flags(text: str) -> np.ndarray:
    return np.array([[letter == "x" for letter in text]])


class TestCloudWatch:
    @pytest.mark.parametrize(
        ("breaching", "fires_at"),
        [("x.x.x", 4), ("xxx", 2), ("xx...xx", -1), ("xx...xxx", 7), ("....", -1)],
    )
    def test_three_of_the_last_five_datapoints_raise_the_alarm(self, breaching: str, fires_at: int):
        assert fixed.first(fixed.alarm(flags(breaching), need=3, out_of=5)).tolist() == [fires_at]


class TestCodeDeploy:
    def test_an_alarm_after_the_deployment_rolls_nothing_back(self):
        firing = np.zeros((2, 60), dtype=bool)
        firing[0, 29], firing[1, 30] = True, True
        assert fixed.codedeploy(firing).tolist() == [29, -1]


class TestArgoRollouts:
    def test_the_fourth_failure_exceeds_a_failure_limit_of_three_whatever_lies_between(self):
        assert fixed.argo(row(0.02, 0, 0.02, 0.02, 0, 0.02, 0), 0.01).tolist() == [5]

    def test_three_failures_do_not(self):
        assert fixed.argo(row(0.02, 0.02, 0.02, 0.01, NOTHING), 0.01).tolist() == [-1]


class TestFlagger:
    def test_it_rolls_back_at_the_tick_after_the_fifth_failed_check(self):
        assert fixed.flagger(row(0.02, 0.02, 0.02, 0, 0.02, 0.02, 0), 0.01).tolist() == [6]

    def test_a_value_that_is_not_a_number_passes(self):
        assert fixed.flagger(np.full((1, 20), NOTHING), 0.01).tolist() == [-1]


class TestPocock:
    @pytest.mark.parametrize(("looks", "bound"), [(1, 1.960), (2, 2.178), (5, 2.413), (10, 2.555)])
    def test_bounds_are_those_of_his_table(self, looks: int, bound: float):
        # Two-sided 5 %, which is one-sided 2.5 % but for paths that cross both.
        assert normal.pocock_bound(looks, 0.025) == pytest.approx(bound, abs=0.005)

    def test_looks_are_evenly_spaced_and_the_last_is_the_end(self):
        assert np.flatnonzero(normal.looks(60, 12)).tolist() == list(range(4, 60, 5))


class TestRepeatedTest:
    def test_the_deviate_of_ten_in_a_hundred_against_fifty_in_a_thousand(self):
        seen = worlds.drawn(np.random.default_rng(1), CELL, (1, 2), canary=0, baseline=0)
        counts = {"canary_requests": (50, 50), "canary_bad": (4, 6), "baseline_requests": (0, 1000)}
        seen = replace(seen, **{name: row(*each) for name, each in counts.items()}, baseline_bad=row(0, 50))
        pooled = 60 / 1100
        expected = 0.05 / np.sqrt(pooled * (1 - pooled) * (1 / 100 + 1 / 1000))
        assert normal.deviates(seen)[0] == pytest.approx([0, expected])


class TestPipeCD:
    def test_five_minutes_of_which_all_are_higher_fail(self):
        canary, baseline = row(*range(5), *range(10, 15)), row(*range(5), *range(5))
        assert judges.pipecd(canary, baseline).tolist() == [9]

    def test_equal_and_missing_values_pass(self):
        assert judges.pipecd(np.zeros((1, 10)), np.zeros((1, 10))).tolist() == [-1]
        assert judges.pipecd(np.full((1, 10), NOTHING), np.zeros((1, 10))).tolist() == [-1]


class TestKayenta:
    def test_five_minutes_of_which_all_are_higher_are_high(self):
        assert kayenta.high(row(11, 12, 13, 14, 15), row(1, 2, 3, 4, 5)).tolist() == [True]

    @pytest.mark.parametrize(
        ("canary", "baseline"),
        [
            ((1, 2, 3, 4, 5), (6, 7, 8, 9, 10)),  # lower
            # Moved down by a quarter of 5, one pair of 25 is lower: (24 - 12.5 - 0.5) / sqrt(25/12 * 11) = 2.298.
            ((6, 7, 8, 9, 10), (1, 2, 3, 4, 5)),
            ((1, 2, 3, 4, 5), (5, 4, 3, 2, 1)),  # identical when sorted
            ((0, 0, 0, 0, 0), (0, 0, 0, 0, 0)),
            ((NOTHING,) * 5, (1, 2, 3, 4, 5)),
            ((1.2, 2.2, 3.2, 4.2, 5.2), (1, 2, 3, 4, 5)),
        ],
    )
    def test_what_is_not_high(self, canary: tuple[float, ...], baseline: tuple[float, ...]):
        assert kayenta.high(row(*canary), row(*baseline)).tolist() == [False]

    def test_a_canary_that_fails_on_everything_is_high(self):
        assert kayenta.high(row(100, 100, 100, 100, 100), row(0, 0, 0, 0, 0)).tolist() == [True]

    def test_no_data_in_an_arm_is_told(self):
        assert kayenta.look(row(NOTHING, NOTHING), row(1, 2)).lacking.tolist() == [True]
        assert kayenta.look(row(NOTHING, 1), row(1, 2)).lacking.tolist() == [False]

    def test_it_agrees_with_searching_the_interval_as_the_source_does(self):
        rng = np.random.default_rng(3)
        answers = []
        for size in (5, 20, 60):
            canary, baseline = rng.normal(1.3, 0.5, (60, size)), rng.normal(1, 0.5, (60, size))
            searched = [searched_high(x, y) for x, y in zip(canary, baseline, strict=True)]
            answers += list(zip(kayenta.high(canary, baseline).tolist(), searched, strict=True))
        assert {True, False} == {high for high, _ in answers}
        assert sum(mine != theirs for mine, theirs in answers) <= 1  # the root of a step has some room


def searched_high(canary: np.ndarray, baseline: np.ndarray) -> bool:
    """The classification by root finding: interval at 98 %, estimate at 0, tolerance a quarter, ratio of means >= 1."""

    def root(quantile: float) -> float:
        def fallen(moved: float) -> float:
            return float(deviate(canary[None], baseline[None], np.array([moved]))[0]) - quantile

        low, high = canary.min() - baseline.max(), canary.max() - baseline.min()
        if fallen(low) <= 0:
            return low
        return high if fallen(high) >= 0 else optimize.brentq(fallen, low, high, xtol=1e-6)

    return bool(root(kayenta.QUANTILE) > 0.25 * abs(root(0.0)) and canary.mean() >= baseline.mean())
