"""Worlds are what they are said to be, and follow from their seed."""

import numpy as np
import pytest
from benchmarks.judge import corpus, sketch, worlds
from benchmarks.judge.clean import CLEAN
from benchmarks.judge.disturbed import DISTURBANCES
from benchmarks.judge.durations import Durations, histograms, percentile
from benchmarks.judge.faults import FAULTS

CELL = worlds.Cell(traffic=10_000, split=0.2, errors=0.01)


def drawn(name: str, factor: float = 1.0) -> worlds.Seen:
    return DISTURBANCES[name](np.random.default_rng(1), CELL, (200, 60), factor)


def test_a_late_regression_begins_when_it_is_said_to():
    seen = worlds.changed(np.random.default_rng(1), CELL, (400, 60), worlds.times(5, 20), onset=20)
    rates = seen.canary_bad.sum(axis=0) / seen.canary_requests.sum(axis=0)
    assert rates[:20] == pytest.approx(np.full(20, 0.01), rel=0.1)
    assert rates[20:] == pytest.approx(np.full(40, 0.05), rel=0.1)
    assert seen.harm[:, :20].sum() == 0
    assert seen.harm[:, 20:] == pytest.approx(np.full((400, 40), 2_000 * 0.04))


@pytest.mark.parametrize("name", DISTURBANCES)
def test_a_disturbance_leaves_both_arms_alike_but_for_what_it_says(name: str):
    seen = drawn(name)
    ratio = (seen.canary_bad.sum() / seen.canary_requests.sum()) / (
        seen.baseline_bad.sum() / seen.baseline_requests.sum()
    )
    most = {"5 % of canary requests not counted": 1 / 0.95, "9 % of canary requests not counted": 1 / 0.91}
    one_sided = "burst" in name
    assert 0.97 <= ratio / most.get(name, 1.0) <= (1.1 if one_sided else 1.03)


def test_clusters_come_in_fives():
    assert np.all(drawn("clusters of 5").canary_bad % 5 == 0)


def test_an_incident_hits_both_arms_at_once():
    seen = drawn("common incident x20")
    for bad in (seen.canary_bad, seen.baseline_bad):
        assert bad[:, 20:30].mean() == pytest.approx(20 * bad[:, 30:].mean(), rel=0.05)


def test_percentiles_of_histograms_are_those_of_the_distribution():
    counts = histograms(np.random.default_rng(1), 1_000_000, Durations(median=80.0, deviation=0.6).chances())
    assert percentile(counts, 0.5) == pytest.approx(80, rel=0.01)
    assert percentile(counts, 0.99) == pytest.approx(80 * np.exp(0.6 * 2.3263), rel=0.02)
    assert np.isnan(percentile(np.zeros_like(counts), 0.5))


@pytest.mark.parametrize("kind", FAULTS)
def test_every_fault_harms_the_canary_and_only_from_its_onset_on(kind: str):
    drawn = corpus.deployment(kind, faulty=True, index=0, seed=1)
    canary, baseline = drawn.canary, drawn.baseline
    worse = (
        (canary.errors > baseline.errors)
        | (canary.slower > baseline.slower)
        | (canary.slow_share > baseline.slow_share)
        | (canary.arriving < baseline.arriving)
    )
    assert worse.any()
    assert not worse[:, : drawn.onset].any()


@pytest.mark.parametrize("kind", CLEAN)
def test_a_clean_deployment_has_no_lasting_harm(kind: str):
    drawn = corpus.deployment(kind, faulty=False, index=0, seed=1)
    late = slice(30, 60)
    assert np.all(drawn.canary.errors[:, late] <= 1.1 * drawn.baseline.errors[:, late])
    assert np.all(drawn.canary.slower[:, late] <= 1.15 * drawn.baseline.slower[:, late])


def test_a_deployment_follows_from_its_seed():
    one, same, other = (sketch.watched(corpus.deployment("slow tail", True, 3, seed)) for seed in (1, 1, 2))
    assert np.array_equal(one.canary, same.canary)
    assert one.canary.shape != other.canary.shape or not np.array_equal(one.canary, other.canary)
