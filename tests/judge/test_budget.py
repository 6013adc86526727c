"""One alpha for a whole release, shared out and never exceeded."""

from math import fsum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoreward.judge import (
    Budget,
    Direction,
    GaugeRollbackTest,
    JudgeInputError,
    LatencyRollbackTest,
    Question,
    RollbackTest,
    watching,
)

WEIGHTS = st.dictionaries(st.text(max_size=3), st.floats(1e-3, 1e3), min_size=1, max_size=6)


@given(st.floats(1e-9, 0.999), WEIGHTS, WEIGHTS, WEIGHTS)
def test_the_shares_never_add_up_to_more_than_alpha_nor_to_much_less(alpha, metrics, targets, stages):
    budget = Budget.split(alpha=alpha, metrics=metrics, targets=targets, stages=stages)
    spent = fsum(budget.shares.values())
    assert alpha * (1 - 1e-9) <= spent <= alpha
    assert len(budget.shares) == len(metrics) * len(targets) * len(stages)


@given(WEIGHTS, WEIGHTS, st.randoms(use_true_random=False))
def test_the_order_of_names_does_not_matter(metrics, targets, chance):
    def shuffled(weights: dict[str, float]) -> dict[str, float]:
        names = list(weights)
        chance.shuffle(names)
        return {name: weights[name] for name in names}

    budget = Budget.split(metrics=metrics, targets=targets)
    assert Budget.split(metrics=shuffled(metrics), targets=shuffled(targets)).shares == budget.shares


def test_a_metric_that_matters_more_gets_more():
    budget = Budget.split(
        alpha=0.01,
        metrics={"errors": 2, "latency": 1, "memory": 1},
        targets=["eu", "us"],
        stages={"bake": 4, "watch": 1},
    )
    assert budget.share("errors", "eu") == pytest.approx(0.01 * 2 / 4 / 2 * 4 / 5)
    assert budget.share("errors", "eu") == 2 * budget.share("latency", "us")
    assert budget.share("memory", "us", "watch") == pytest.approx(budget.share("memory", "us") / 4)
    assert budget.shares[Question(metric="errors", target="eu")] == budget.share("errors", "eu")


def test_a_target_that_is_judged_in_its_own_wave_only_costs_once():
    weights = {Question(metric="errors", target=target, stage=wave): 1.0 for target, wave in (("eu", "1"), ("us", "2"))}
    assert Budget(alpha=0.02, beta=0.05, weights=weights).share("errors", "us", "2") == pytest.approx(0.01)


def test_a_question_nobody_set_anything_aside_for_is_refused():
    budget = Budget.split(metrics=["errors"], targets=["eu"])
    with pytest.raises(JudgeInputError, match="not part of the budget"):
        budget.share("errors", "us")


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"alpha": 0.0}, "alpha"),
        ({"beta": 1.0}, "beta"),
        ({"metrics": {"errors": 0.0}}, "weight"),
        ({"metrics": {"errors": float("nan")}}, "weight"),
        ({"targets": []}, "one question"),
        ({"targets": ["eu", "eu"]}, "stands twice"),
    ],
)
def test_a_budget_that_cannot_be(parameters: dict[str, object], message: str):
    with pytest.raises(JudgeInputError, match=message):
        Budget.split(**{"metrics": ["errors"], "targets": ["eu"]} | parameters)


def test_the_watch_has_the_bakes_margins_and_an_alpha_of_its_own():
    budget = Budget.split(metrics=["errors"], targets=["eu"], stages={"bake": 9, "watch": 1})
    alpha = budget.share("errors", "eu", "watch")
    for test in (
        RollbackTest(rho=1.2, phi=2.0),
        LatencyRollbackTest(margin=1.3, levels=(0.9,)),
        GaugeRollbackTest(direction=Direction.LOWER, noise=2.0, margin=3.0),
    ):
        watch = watching(test, alpha=alpha, intervals=1440)
        assert type(watch) is type(test)
        assert (watch.alpha, watch.horizon) == (alpha, 1440)
        for name in {"rho", "phi", "margin", "levels", "noise", "direction"} & set(test.__dataclass_fields__):
            assert getattr(watch, name) == getattr(test, name)
