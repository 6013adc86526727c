"""Rank statistics: by hand for a few numbers, against scipy for many."""

import numpy as np
import pytest
from benchmarks.judge.ranks import deviate, exact_p, shift, ties
from scipy import stats

NOTHING = np.nan


def row(*values: float) -> np.ndarray:
    return np.array([values], dtype=float)


def test_groups_of_equal_values_count_by_their_cube():
    assert ties(row(1, 2, 1, 2, 2)).tolist() == [(8 - 2) + (27 - 3)]
    assert ties(row(1, NOTHING, 2, NOTHING)).tolist() == [0]


def test_the_shift_is_the_median_of_all_differences():
    assert shift(row(3, 5), row(1, 2)).tolist() == [2.5]  # of 2, 1, 4, 3
    assert shift(row(3, NOTHING, 5), row(1, 2, NOTHING)).tolist() == [2.5]


def test_the_deviate_of_three_against_three():
    # Six of nine pairs are higher: (6 - 4.5 - 0.5) / sqrt(9/12 * 7).
    assert deviate(row(3, 4, 5), row(1, 2, 6), np.zeros(1)) == pytest.approx([1 / np.sqrt(5.25)])


def test_where_all_values_are_equal_or_an_arm_is_empty_there_is_no_deviate():
    assert np.isnan(deviate(row(1, 1), row(1, 1), np.zeros(1))).all()
    assert np.isnan(deviate(row(NOTHING, NOTHING), row(1, 2), np.zeros(1))).all()


def test_the_deviate_is_scipys():
    rng = np.random.default_rng(1)
    canary, baseline = rng.poisson(4, (60, 12)).astype(float), rng.poisson(3, (60, 9)).astype(float)
    ours = stats.norm.sf(deviate(canary, baseline, np.zeros(60)))
    for mine, x, y in zip(ours, canary, baseline, strict=True):
        theirs = stats.mannwhitneyu(x, y, alternative="greater", method="asymptotic", use_continuity=True).pvalue
        if x.mean() > y.mean():  # scipy corrects towards the alternative, the peers towards the middle
            assert mine == pytest.approx(theirs, abs=1e-9)


def test_the_chance_of_ties_dealt_anew():
    # Ranks 1.5 1.5 4 4 4 6; the canary has 4 + 4 + 6 = 14, which 3 of 20 deals reach, and none comes within 1 of it.
    assert exact_p(row(2, 2, 3), row(1, 1, 2)) == pytest.approx([3 / 20])


def test_without_ties_the_chance_is_scipys():
    rng = np.random.default_rng(2)
    canary, baseline = rng.normal(0.5, 1, (40, 5)), rng.normal(0, 1, (40, 5))
    canary[:10, 0] = NOTHING
    for mine, x, y in zip(exact_p(canary, baseline), canary, baseline, strict=True):
        theirs = stats.mannwhitneyu(x[np.isfinite(x)], y, alternative="greater", method="exact").pvalue
        assert mine == pytest.approx(theirs)
