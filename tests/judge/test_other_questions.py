"""Fixed ceilings, stopped traffic, over-dispersion, what is missing, and input that has no answer."""

import json

import numpy as np
import pytest

from shoreward.judge import (
    CAUTIOUS_PHI,
    Counts,
    JudgeInputError,
    PromotionState,
    PromotionTest,
    RollbackState,
    RollbackTest,
    StoppedTest,
    absolute_evidence,
    estimate_phi,
    evidence_needed,
    fails,
    passes,
    promotion_evidence,
    requests_stopped,
)

from .samples import drawn


def arm(seed: int, requests: int, rate: float, streams: int = 200) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return np.full((streams, 60), requests), rng.binomial(requests, rate, (streams, 60))


class TestAFixedCeiling:
    def test_a_first_deployment_above_its_ceiling_fails(self):
        test = RollbackTest()
        assert np.all(absolute_evidence(*arm(1, 100, 0.05), 0.01, test).max(axis=1) >= test.threshold)

    def test_one_below_it_passes(self):
        test = PromotionTest()
        assert np.all(absolute_evidence(*arm(2, 100, 0.002), 0.01, test).max(axis=1) >= test.threshold)

    def test_one_at_the_ceiling_seldom_does_either(self):
        at_ceiling = arm(3, 50, 0.02, streams=2000)
        for test, promised in ((RollbackTest(alpha=0.05), 0.05), (PromotionTest(beta=0.05), 0.05)):
            reached = absolute_evidence(*at_ceiling, 0.02, test).max(axis=1) >= test.threshold
            assert reached.mean() <= promised

    def test_a_ceiling_is_a_rate(self):
        with pytest.raises(JudgeInputError, match="ceiling is 2"):
            absolute_evidence([[1]], [[0]], 2, RollbackTest())


class TestStoppedTraffic:
    def test_a_canary_without_requests_is_found_though_it_ran_well_at_first(self):
        counts = drawn(1, canary=(100, 0.0), baseline=(900, 0.0), intervals=40)
        gone = counts.canary_requests.copy()
        gone[:, 20:] = 0
        stopped = requests_stopped(
            Counts(gone, 0 * gone, counts.baseline_requests, counts.baseline_bad), 0.1, StoppedTest()
        )
        assert not stopped[:, :20].any()
        assert stopped[:, 25].all()

    def test_half_of_the_expected_traffic_is_not_stopped(self):
        assert not requests_stopped(drawn(2, canary=(50, 0.0), baseline=(950, 0.0)), 0.1, StoppedTest()).any()

    def test_silence_in_both_arms_and_a_share_of_nothing_say_nothing(self):
        silent = Counts(*[np.zeros((1, 9))] * 4)
        served_by_baseline = Counts([[0] * 9], [[0] * 9], [[1000] * 9], [[0] * 9])
        assert not requests_stopped(silent, 0.5, StoppedTest()).any()
        assert not requests_stopped(served_by_baseline, 0.0, StoppedTest()).any()

    def test_the_share_may_change_with_every_interval(self):
        counts = Counts([[0] * 20], [[0] * 20], [[1000] * 20], [[0] * 20])
        share = np.concatenate([np.zeros(10), np.full(10, 0.1)])
        first = int(np.argmax(requests_stopped(counts, share, StoppedTest())[0]))
        assert 10 <= first <= 13

    @pytest.mark.parametrize("share", [1.5, -0.1, float("nan"), [0.1, 0.2]])
    def test_a_share_that_is_none_is_refused(self, share: object):
        with pytest.raises(JudgeInputError, match="canary_share"):
            requests_stopped(Counts(*[np.ones((1, 3))] * 4), share, StoppedTest())


class TestOverDispersion:
    def test_independent_errors_need_next_to_no_correction(self):
        estimate = estimate_phi(drawn(1, intervals=600, canary=(500, 0.01), baseline=(500, 0.01)))
        assert estimate.known.all()
        assert np.all((estimate.phi >= 1) & (estimate.phi < 1.6))

    def test_errors_in_clusters_of_five_are_seen_as_such(self):
        clusters = drawn(2, intervals=600, canary=(500, 0.01), baseline=(500, 0.01))
        n_c, x_c, n_b, x_b = clusters.arrays
        estimate = estimate_phi(Counts(5 * n_c, 5 * x_c, 5 * n_b, 5 * x_b))
        assert np.all((estimate.phi >= 5) & (estimate.phi < 10))

    def test_clusters_that_last_minutes_show_in_longer_blocks(self):
        rng = np.random.default_rng(3)
        lean = np.repeat(rng.choice([0.5, 1.5], (1, 120)), 5, axis=1)
        x_c, x_b = rng.poisson(10 * lean), rng.poisson(10 * (2 - lean))
        history = Counts(np.full(x_c.shape, 1000), x_c, np.full(x_b.shape, 1000), x_b)
        assert estimate_phi(history).phi > 1.5 * estimate_phi(history, blocks=(1,)).phi

    def test_without_usable_history_it_says_so_and_uses_the_stated_default(self):
        estimate = estimate_phi(Counts([[100] * 50], [[0] * 50], [[100] * 50], [[0] * 50]))
        assert estimate.known.tolist() == [False]
        assert estimate.phi.tolist() == [CAUTIOUS_PHI]

    def test_phi_divides_the_evidence(self):
        counts = drawn(4, intervals=1, canary=(100, 0.02), baseline=(100, 0.02))
        plain, divided = (promotion_evidence(counts, PromotionTest(delta=0.9, phi=phi)) for phi in (1.0, 30.0))
        assert np.all(plain > 10)
        assert np.all((divided > 0) & (divided < plain / 10))

    def test_clusters_no_longer_roll_a_harmless_release_back(self):
        rng = np.random.default_rng(5)
        x_c, x_b = 5 * rng.poisson(2, (1000, 60)), 5 * rng.poisson(18, (1000, 60))
        counts = Counts(np.full(x_c.shape, 1000), x_c, np.full(x_b.shape, 9000), x_b)
        naive = fails(counts, RollbackTest()).any(axis=1).mean()
        corrected = fails(counts, RollbackTest(phi=5.0)).any(axis=1).mean()
        assert corrected <= 0.01 < naive


class TestWhatIsMissing:
    def test_error_free_arms_are_told_a_number_that_then_suffices(self):
        test = PromotionTest(delta=0.01)
        seen = Counts([[50]], [[0]], [[450]], [[0]])
        (needed,) = evidence_needed(seen, test)
        assert 250 < needed < 350
        for more, enough in ((needed, True), (needed - 2, False)):
            counts = Counts([[50, more]], [[0, 0]], [[450, 9 * more]], [[0, 0]])
            assert passes(counts, test)[0, -1] == enough

    def test_the_number_holds_for_arms_with_errors_too(self):
        test = PromotionTest()
        seen = Counts([[1000]], [[10]], [[9000]], [[90]])
        (needed,) = evidence_needed(seen, test)
        counts = Counts([[1000, needed]], [[10, needed * 0.01]], [[9000, 9 * needed]], [[90, needed * 0.09]])
        assert passes(counts, test)[0, -1]

    def test_nothing_is_missing_after_a_pass_and_no_number_helps_a_bad_canary(self):
        passed, bad = ([10_000], [0], [10_000], [0]), ([1000], [100], [1000], [10])
        counts = Counts(*(list(pair) for pair in zip(passed, bad, strict=True)))
        assert evidence_needed(counts, PromotionTest()).tolist() == [0.0, np.inf]

    def test_a_pass_that_later_errors_put_in_doubt_still_lacks_nothing(self):
        counts = Counts([[10_000, 1000]], [[0, 900]], [[10_000, 1000]], [[0, 0]])
        assert passes(counts, PromotionTest()).tolist() == [[True, False]]
        assert evidence_needed(counts, PromotionTest()).tolist() == [0.0]

    def test_before_any_traffic_it_presumes_no_errors_and_without_a_margin_it_presumes_nothing(self):
        nothing = Counts(*[np.zeros((1, 0))] * 4)
        (needed,) = evidence_needed(nothing, PromotionTest(delta=0.01))
        assert 300 < needed < 400
        assert evidence_needed(nothing, PromotionTest(delta=0.0)).tolist() == [np.inf]


class TestRefusedInput:
    @pytest.mark.parametrize(
        ("arms", "message"),
        [
            (([[1]], [[2]], [[1]], [[0]]), "canary_bad exceeds canary_requests"),
            (([[1]], [[0]], [[1]], [[2]]), "baseline_bad exceeds baseline_requests"),
            (([[-1]], [[0]], [[1]], [[0]]), "canary_requests holds"),
            (([[1]], [[float("nan")]], [[1]], [[0]]), "canary_bad holds"),
            (([[1]], [[0]], [[float("inf")]], [[0]]), "baseline_requests holds"),
            (([[2.0**54]], [[0]], [[1]], [[0]]), "canary_requests holds"),
            (([[1, 2]], [[0]], [[1]], [[0]]), "differ in shape"),
            (([1], [0], [1], [0]), "1 axes"),
            (([["many"]], [[0]], [[1]], [[0]]), "not an array of numbers"),
        ],
    )
    def test_counts_that_cannot_be(self, arms: tuple[list[list[float]], ...], message: str):
        with pytest.raises(JudgeInputError, match=message):
            Counts(*arms)

    @pytest.mark.parametrize(
        "parameters",
        [{"alpha": 0}, {"alpha": 1}, {"alpha": float("nan")}, {"rho": 0}, {"delta": -1}, {"horizon": 0}, {"phi": 0.5}],
    )
    def test_rollback_parameters_out_of_range(self, parameters: dict[str, float]):
        with pytest.raises(JudgeInputError, match=next(iter(parameters))):
            RollbackTest(**parameters)

    @pytest.mark.parametrize("parameters", [{"beta": 0}, {"rho": -1}, {"delta": 2}, {"phi": float("inf")}])
    def test_promotion_parameters_out_of_range(self, parameters: dict[str, float]):
        with pytest.raises(JudgeInputError, match=next(iter(parameters))):
            PromotionTest(**parameters)

    def test_phi_for_other_streams(self):
        counts = Counts(*[np.ones((2, 1))] * 4)
        with pytest.raises(JudgeInputError, match="phi has 3 values for 2 streams"):
            promotion_evidence(counts, PromotionTest(phi=np.ones(3)))

    def test_a_block_of_other_streams(self):
        counts = Counts(*[np.ones((2, 1))] * 4)
        with pytest.raises(JudgeInputError, match="3 streams"):
            RollbackState.begin(3, RollbackTest()).advance(counts, RollbackTest())

    @pytest.mark.parametrize(
        "damage",
        [
            {"kind": "rollback"},
            {"streams": 2},
            {"streams": "one"},
            {"intervals": -1},
            {"log_products": [[0.0]]},
            {"totals": [[float("nan")]] * 4},
            {"first_pass": None},
        ],
    )
    def test_a_saved_state_that_is_damaged(self, damage: dict[str, object]):
        saved = json.loads(json.dumps(PromotionState.begin(1).to_dict()))
        assert PromotionState.from_dict(saved).intervals == 0
        with pytest.raises(JudgeInputError, match="saved state"):
            PromotionState.from_dict(saved | damage)

    def test_a_saved_state_that_lacks_a_part(self):
        saved = RollbackState.begin(1, RollbackTest()).to_dict()
        for part in saved:
            with pytest.raises(JudgeInputError, match=part):
                RollbackState.from_dict({name: value for name, value in saved.items() if name != part})
