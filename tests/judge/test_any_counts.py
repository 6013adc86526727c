"""Whatever the counts: a finite answer, the same however the samples are cut, ordered or interrupted by silence."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shoreward.judge import (
    Counts,
    PromotionState,
    PromotionTest,
    RollbackState,
    RollbackTest,
    StoppedTest,
    Verdict,
    absolute_evidence,
    estimate_phi,
    evidence_needed,
    judge_counts,
    judge_states,
    promotion_evidence,
    rollback_evidence,
    stopped_evidence,
)

from .samples import any_counts, drawn

ROLLBACKS = st.builds(
    RollbackTest,
    alpha=st.sampled_from([1e-12, 0.01, 0.5]),
    rho=st.sampled_from([0.01, 1.1, 100.0]),
    delta=st.sampled_from([0.0, 0.001, 1.0]),
    horizon=st.sampled_from([1, 2, 60, 10**9]),
    phi=st.sampled_from([1.0, 7.0, 1e9]),
)
PROMOTIONS = st.builds(
    PromotionTest,
    beta=st.sampled_from([1e-12, 0.05, 0.9]),
    rho=st.sampled_from([0.01, 1.5, 100.0]),
    delta=st.sampled_from([0.0, 0.0005, 1.0]),
    phi=st.sampled_from([1.0, 7.0, 1e9]),
)


@settings(max_examples=300, deadline=None)
@given(any_counts(), ROLLBACKS, PROMOTIONS)
def test_every_valid_input_has_a_finite_answer(counts: Counts, rollback: RollbackTest, promotion: PromotionTest):
    ceiling = min(promotion.delta, 1.0)
    arm = counts.canary_requests, counts.canary_bad, ceiling
    for evidence in (
        rollback_evidence(counts, rollback),
        promotion_evidence(counts, promotion),
        absolute_evidence(*arm, rollback),
        absolute_evidence(*arm, promotion),
        stopped_evidence(counts, 0.3, StoppedTest()),
    ):
        assert evidence.shape == (counts.streams, counts.intervals)
        assert np.all(np.isfinite(evidence))
    assert np.all(evidence_needed(counts, promotion) >= 0)
    assert np.all(estimate_phi(counts).phi >= 1)
    assert np.all(np.isfinite(estimate_phi(counts).phi))
    judgement = judge_counts(counts, rollback, promotion)
    assert not np.any(np.isnan(judgement.ratio))
    assert Verdict.ERROR not in judgement.verdicts


@settings(max_examples=100, deadline=None)
@given(any_counts(), ROLLBACKS, PROMOTIONS, st.data())
def test_pieces_and_a_saved_state_give_the_same_answer(
    counts: Counts, rollback: RollbackTest, promotion: PromotionTest, data: st.DataObject
):
    cut = data.draw(st.integers(0, counts.intervals))
    first, rest = counts.between(0, cut), counts.between(cut, counts.intervals)
    failing, _, _ = RollbackState.begin(counts.streams, rollback).advance(first, rollback)
    passing, _, _ = PromotionState.begin(counts.streams).advance(first, promotion)
    failing = RollbackState.from_dict(json.loads(json.dumps(failing.to_dict(), allow_nan=False)))
    passing = PromotionState.from_dict(json.loads(json.dumps(passing.to_dict(), allow_nan=False)))
    failing, later_rollback, _ = failing.advance(rest, rollback)
    passing, later_promotion, _ = passing.advance(rest, promotion)

    np.testing.assert_array_equal(later_rollback, rollback_evidence(counts, rollback)[:, cut:])
    np.testing.assert_array_equal(later_promotion, promotion_evidence(counts, promotion)[:, cut:])
    at_once, in_pieces = judge_counts(counts, rollback, promotion), judge_states(failing, passing, rollback, promotion)
    for name in ("codes", "rollback_log_e", "promotion_log_e", "ratio", "first_fail", "first_pass"):
        np.testing.assert_array_equal(getattr(in_pieces, name), getattr(at_once, name))


@settings(max_examples=50, deadline=None)
@given(any_counts(), st.randoms(use_true_random=False))
def test_streams_do_not_know_of_each_other(counts: Counts, chance):
    order = list(range(counts.streams))
    chance.shuffle(order)
    phi = np.linspace(1, 3, counts.streams)
    shuffled = Counts(*(array[order] for array in counts.arrays))
    for evidence, test in ((rollback_evidence, RollbackTest), (promotion_evidence, PromotionTest)):
        together = evidence(counts, test(phi=phi))[order]
        np.testing.assert_allclose(evidence(shuffled, test(phi=phi[order])), together, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("silent", ["canary", "baseline", "both"])
def test_an_interval_without_traffic_in_an_arm_leaves_no_trace(silent: str):
    busy = drawn(3, canary=(20, 0.08), baseline=(90, 0.02))
    n_c, x_c, n_b, x_b = (np.repeat(array, 2, axis=1) for array in busy.arrays)
    if silent in ("canary", "both"):
        n_c[:, 1::2] = x_c[:, 1::2] = 0
    if silent in ("baseline", "both"):
        n_b[:, 1::2] = x_b[:, 1::2] = 0
    broken = Counts(n_c, x_c, n_b, x_b)
    for evidence, test in ((rollback_evidence, RollbackTest(horizon=10)), (promotion_evidence, PromotionTest())):
        expected = np.repeat(evidence(busy, test), 2, axis=1)
        np.testing.assert_array_equal(evidence(broken, test), expected)


def test_silence_from_the_beginning_is_no_evidence_at_all():
    silent = Counts([[0, 0]], [[0, 0]], [[50, 9]], [[5, 0]])
    assert rollback_evidence(silent, RollbackTest()).tolist() == [[0.0, 0.0]]
    assert np.abs(promotion_evidence(silent, PromotionTest())).max() == 0.0


def test_counts_of_a_billion_still_decide():
    n = np.full((2, 4), 1e9)
    counts = Counts(n, [[2e6] * 4, [1e6] * 4], n, n * 0 + 1e6)
    judgement = judge_counts(counts, RollbackTest(), PromotionTest())
    assert judgement.verdicts == (Verdict.FAIL, Verdict.PASS)
