"""A whole release: many metrics of many targets, one answer."""

import itertools
import json

import numpy as np
import pytest
from scipy import stats

from shoreward.judge import (
    Budget,
    Counts,
    CountTests,
    Direction,
    GaugePromotionTest,
    GaugeRollbackTest,
    Gauges,
    GaugeTests,
    Grid,
    Group,
    Histograms,
    JudgeInputError,
    LatencyPromotionTest,
    LatencyRollbackTest,
    LatencyTests,
    Panel,
    PanelState,
    PromotionTest,
    Question,
    Report,
    RollbackTest,
    Strength,
    Verdict,
    judge_panel,
    watching,
)

from .samples import drawn

GRID = Grid(scale=5, low=4, high=10)
TARGETS = ("eu", "us", "ap")
BUDGET = Budget.split(alpha=0.01, metrics={"errors": 2, "duration": 1, "memory": 1}, targets=TARGETS)


def asked(metric: str, targets: tuple[str, ...] = TARGETS) -> tuple[Question, ...]:
    return tuple(Question(metric=metric, target=target) for target in targets)


def panel(targets: tuple[str, ...] = TARGETS) -> Panel:
    """Errors and duration are critical; memory can only fail."""
    errors, duration, memory = (BUDGET.share(metric, "eu") for metric in ("errors", "duration", "memory"))
    sizes = {"direction": Direction.HIGHER, "noise": 1.0, "margin": 1.0}
    return Panel(
        alpha=BUDGET.alpha,
        groups=(
            Group(
                questions=asked("errors", targets),
                tests=CountTests(rollback=RollbackTest(alpha=errors), promotion=PromotionTest()),
                strength=Strength.GUARANTEED,
            ),
            Group(
                questions=asked("duration", targets),
                tests=LatencyTests(
                    rollback=LatencyRollbackTest(alpha=duration), promotion=LatencyPromotionTest(), grid=GRID
                ),
                strength=Strength.GUARANTEED,
            ),
            Group(
                questions=asked("memory", targets),
                tests=GaugeTests(
                    rollback=GaugeRollbackTest(**sizes, alpha=memory), promotion=GaugePromotionTest(**sizes)
                ),
                strength=Strength.CALIBRATED,
                critical=False,
            ),
        ),
    )


def samples(
    seed: int,
    *,
    intervals: int = 40,
    rates: tuple[float, ...] = (0.002,) * 3,
    medians: tuple[float, ...] = (100.0,) * 3,
    memory: tuple[float, ...] = (0.0,) * 3,
) -> tuple[Counts, Histograms, Gauges]:
    """Of the canary in every target; the baseline errs at 0.2 %, takes 100 ms and uses nothing."""
    rng = np.random.default_rng(seed)
    shape = (3, intervals)
    n_c, n_b = np.full(shape, 1000), np.full(shape, 1000)
    counts = Counts(n_c, rng.binomial(n_c, np.array(rates)[:, None]), n_b, rng.binomial(n_b, 0.002))
    arms = [
        np.stack(
            [
                rng.multinomial(
                    200, np.diff(stats.lognorm.cdf(GRID.edges, 0.5, scale=median), prepend=0.0, append=1.0), intervals
                )
                for median in arm
            ]
        )
        for arm in (medians, (100.0,) * 3)
    ]
    values = np.array(memory)[:, None] + rng.normal(size=shape)
    return counts, Histograms(*arms, GRID), Gauges(values, np.zeros(shape))


def report(**world: object) -> Report:
    return judge_panel(panel(), samples(1, **world))


class TestAnAnswerForTheRelease:
    def test_given_a_good_release_every_target_passes(self):
        told = report()
        assert told.verdict is Verdict.PASS
        assert told.targets == dict.fromkeys(TARGETS, Verdict.PASS)
        assert told.release_first_fail == -1
        assert np.all(told.first_pass >= 0)

    @pytest.mark.parametrize(
        ("metric", "world"),
        [
            ("errors", {"rates": (0.002, 0.02, 0.002)}),
            ("duration", {"medians": (100.0, 140.0, 100.0)}),
            ("memory", {"memory": (0.0, 5.0, 0.0)}),
        ],
    )
    def test_given_harm_in_one_metric_of_one_target_the_release_and_that_target_fail(self, metric: str, world):
        told = report(**world)
        assert told.verdict is Verdict.FAIL
        assert told.targets == {"eu": Verdict.PASS, "us": Verdict.FAIL, "ap": Verdict.PASS}
        bad = told.questions.index(Question(metric=metric, target="us"))
        assert [row for row, verdict in enumerate(told.verdicts) if verdict is Verdict.FAIL] == [bad]
        assert told.release_first_fail <= told.first_fail[bad]

    def test_a_metric_that_is_not_critical_need_not_pass(self):
        counts, latency, memory = samples(2)
        silent = Gauges(np.full_like(memory.canary, np.nan), memory.baseline)
        told = judge_panel(panel(), (counts, latency, silent))
        assert told.verdicts[-1] is Verdict.NO_DATA
        assert told.verdict is Verdict.PASS

    def test_a_critical_metric_without_data_keeps_the_release_waiting(self):
        counts, latency, memory = samples(3)
        silent = Histograms(0 * latency.canary, latency.baseline, GRID)
        told = judge_panel(panel(), (counts, silent, memory))
        assert told.verdict is Verdict.NO_DATA

    def test_where_nothing_is_critical_nothing_passes(self):
        (errors, *_) = panel().groups
        alone = Panel(
            alpha=0.01,
            groups=(Group(questions=errors.questions, tests=errors.tests, strength=Strength.WEAK, critical=False),),
        )
        assert judge_panel(alone, samples(4)[:1]).verdict is Verdict.NO_DATA

    def test_it_names_what_was_observed_and_how_strong_the_evidence_is(self):
        told = report(rates=(0.002, 0.02, 0.002), medians=(100.0, 100.0, 200.0), memory=(7.0, 0.0, 0.0))
        np.testing.assert_allclose(told.observed[[1, 5, 6]], [10, 2, 7], rtol=0.3)
        assert told.strengths == (Strength.GUARANTEED,) * 6 + (Strength.CALIBRATED,) * 3
        assert told.critical.tolist() == [True] * 6 + [False] * 3

    def test_a_little_harm_everywhere_fails_the_release_before_any_stream_fails(self):
        earlier = []
        for seed in range(20):
            told = judge_panel(panel(), samples(seed, rates=(0.006,) * 3, intervals=60))
            single = [first for first in told.first_fail.tolist() if first >= 0]
            assert told.release_first_fail >= 0
            earlier.append(min(single, default=60) - told.release_first_fail)
        assert min(earlier) >= 0
        assert max(earlier) > 0


class TestPiecesOrderAndStorage:
    @pytest.mark.parametrize("cut", [0, 1, 17, 40])
    def test_pieces_and_a_saved_state_give_the_same_report(self, cut: int):
        seen, asking = samples(5, rates=(0.002, 0.004, 0.02)), panel()
        first = PanelState.begin(asking).advance(asking, [each.between(0, cut) for each in seen])
        restored = PanelState.from_dict(json.loads(json.dumps(first.to_dict(), allow_nan=False)), asking)
        in_pieces = restored.advance(asking, [each.between(cut, 40) for each in seen]).report(asking)
        at_once = judge_panel(asking, seen)
        for name in ("codes", "rollback_log_e", "promotion_log_e", "observed", "first_fail", "first_pass"):
            np.testing.assert_array_equal(getattr(in_pieces, name), getattr(at_once, name))
        assert in_pieces.release_log_e == at_once.release_log_e
        assert in_pieces.release_first_fail == at_once.release_first_fail

    @pytest.mark.parametrize("order", [(1, 2, 0), (2, 1, 0)])
    def test_the_order_of_targets_does_not_matter(self, order: tuple[int, ...]):
        counts, latency, memory = samples(6, rates=(0.002, 0.01, 0.003))
        rows = list(order)
        shuffled = (
            Counts(*(array[rows] for array in counts.arrays)),
            Histograms(latency.canary[rows], latency.baseline[rows], GRID),
            Gauges(memory.canary[rows], memory.baseline[rows]),
        )
        here = judge_panel(panel(), (counts, latency, memory))
        there = judge_panel(panel(tuple(TARGETS[row] for row in rows)), shuffled)
        assert dict(zip(there.questions, there.verdicts, strict=True)) == dict(
            zip(here.questions, here.verdicts, strict=True)
        )
        assert there.targets == here.targets
        assert there.release_log_e == pytest.approx(here.release_log_e, rel=1e-12)

    def test_a_saved_state_that_is_damaged(self):
        saved = json.loads(json.dumps(PanelState.begin(panel()).to_dict()))
        for damage in ({"groups": {}}, {"intervals": "many"}, {"release_log_e": float("nan")}):
            with pytest.raises(JudgeInputError, match="saved state"):
                PanelState.from_dict(saved | damage, panel())


class TestOneAlphaForAll:
    def test_the_releases_wealth_earns_nothing_when_no_stream_is_harmful(self):
        """Two targets over two looks, every outcome of both: the mean of what the release's wealth becomes."""
        one = list(itertools.product(range(2), range(3)))
        runs = np.array(list(itertools.product(one, repeat=4)))
        p = 0.3
        mass = (stats.binom.pmf(runs[:, :, 0], 1, 1.1 * p) * stats.binom.pmf(runs[:, :, 1], 2, p)).prod(axis=1)
        tests = CountTests(rollback=RollbackTest(alpha=0.02, horizon=2), promotion=PromotionTest())
        asking = Panel(
            alpha=0.05,
            groups=(Group(questions=asked("errors", ("eu", "us")), tests=tests, strength=Strength.GUARANTEED),),
        )
        earned = 0.0
        for run, chance in zip(runs, mass, strict=True):
            x_c, x_b = run[:, 0].reshape(2, 2), run[:, 1].reshape(2, 2)
            state = PanelState.begin(asking).advance(asking, [Counts(np.ones((2, 2)), x_c, np.full((2, 2), 2), x_b)])
            earned += chance * np.exp(state.release_log_e)
        assert earned <= 1 + 1e-9

    def test_over_many_harmless_releases_at_their_margin_all_questions_together_keep_the_rate(self):
        alpha, releases, failed = 0.2, 150, 0
        tests = CountTests(rollback=RollbackTest(alpha=alpha / 20, rho=1.0, min_ratio=0.0), promotion=PromotionTest())
        names = tuple(f"region {number}" for number in range(20))
        group = Group(questions=asked("errors", names), tests=tests, strength=Strength.GUARANTEED)
        asking = Panel(alpha=alpha, groups=(group,))
        for seed in range(releases):
            counts = drawn(seed, streams=20, intervals=30, canary=(100, 0.02), baseline=(300, 0.02))
            failed += judge_panel(asking, [counts]).verdict is Verdict.FAIL
        assert failed / releases <= alpha

    def test_streams_whose_alphas_add_up_to_more_are_refused(self):
        (errors, *_) = panel().groups
        with pytest.raises(JudgeInputError, match="add up to"):
            Panel(alpha=0.001, groups=(errors,))

    def test_a_question_is_asked_once(self):
        (errors, *_) = panel().groups
        with pytest.raises(JudgeInputError, match="stands twice"):
            Panel(alpha=0.5, groups=(errors, errors))


def test_samples_of_another_kind_or_length_are_refused():
    counts, latency, memory = samples(7)
    for given, message in (
        ((counts, latency), "3 groups"),
        ((counts, latency, memory.between(0, 5)), "equal length"),
        ((latency, counts, memory), "are not what"),
    ):
        with pytest.raises(JudgeInputError, match=message):
            judge_panel(panel(), given)


def test_a_watch_on_a_small_holdback_finds_what_wakes_up_in_the_night():
    """After promotion 95 % run the new revision; half a day later it begins to err three times as often."""
    watch = watching(RollbackTest(), alpha=0.001, intervals=1440)
    quiet, bad = (
        drawn(8 + index, streams=20, intervals=intervals, canary=(1900, rate), baseline=(100, 0.01))
        for index, (intervals, rate) in enumerate(((720, 0.01), (120, 0.03)))
    )
    counts = Counts(*(np.hstack(pair) for pair in zip(quiet.arrays, bad.arrays, strict=True)))
    tests = CountTests(rollback=watch, promotion=PromotionTest())
    group = Group(
        questions=tuple(Question(metric="errors", target=str(row), stage="watch") for row in range(20)),
        tests=tests,
        strength=Strength.GUARANTEED,
    )
    told = judge_panel(Panel(alpha=0.02, groups=(group,)), [counts])
    assert np.all(told.first_fail >= 720)
    assert np.median(told.first_fail) < 720 + 40
