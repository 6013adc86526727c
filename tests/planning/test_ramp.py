"""The arithmetic of certified ramps, and what they certify."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from shoreward.app.certifying import certified
from shoreward.core.ramp import next_step
from shoreward.core.schedule import shortest
from shoreward.domain import Judgement, Verdict
from shoreward.domain.ramp import FAILING_INTERVALS, affordable, entry, reaction
from shoreward.judge import Counts, RollbackTest, fails
from shoreward.testing.builders import an_opening
from shoreward.testing.memory import MemoryJournal
from shoreward.testing.simulated import SimulatedCloud
from shoreward.testing.simulator import carry, state_of

from .pipelines import ramped

RNG = np.random.default_rng


def test_the_judge_fails_a_canary_that_fails_on_everything_as_soon_as_the_ramp_supposes():
    everything = Counts([[50.0] * 5], [[50.0] * 5], [[5_000.0] * 5], [[5.0] * 5])
    for alpha in (1e-2, 1e-4, 1e-6):
        failed = fails(everything, RollbackTest(alpha=alpha, horizon=240))[0]
        assert int(np.argmax(failed)) + 1 == FAILING_INTERVALS


def test_the_first_step_costs_no_more_than_the_budget_even_if_everything_fails():
    pipeline = ramped(10_000.0, budget=2_000)
    [wave] = pipeline.waves
    share = wave.steps[entry(wave, wave.targets[0], pipeline.judge)] / 100
    assert 0 < share * 10_000 * reaction(wave, pipeline.judge) <= 2_000


def test_a_target_with_little_traffic_begins_at_the_most_that_a_one_box_may_have():
    pipeline = ramped(0.5)
    [wave] = pipeline.waves
    assert wave.steps[entry(wave, wave.targets[0], pipeline.judge)] == 10.0


def test_without_traffic_nothing_is_affordable():
    pipeline = ramped(10.0)
    [wave] = pipeline.waves
    unknown = replace(wave.targets[0], traffic=None)
    assert affordable(wave, unknown, pipeline.judge, 1.0) == 0.0
    served = Counts([[1e6]], [[0.0]], [[1e6]], [[0.0]])
    assert certified(served, wave, unknown, pipeline.judge, 1.0) == 0.0


def test_twice_the_share_affords_half_the_failures():
    pipeline = ramped(5_000.0, 200.0)
    [wave] = pipeline.waves
    one, two = (affordable(wave, wave.targets[0], pipeline.judge, percent) for percent in (10.0, 20.0))
    assert one == pytest.approx(2 * two)


def test_a_canary_at_what_a_share_affords_is_certified_for_it_no_more_often_than_beta():
    pipeline = ramped(10_000.0)
    [wave], policy = pipeline.waves, pipeline.judge
    [target] = wave.targets
    share, base = 1.0, 0.002
    excess = affordable(wave, target, policy, 10.0)
    chance, wrong, runs = RNG(1), 0, 200
    for _ in range(runs):
        n_c = chance.poisson(10_000 * 60 * share / 100, 8)
        n_b = chance.poisson(10_000 * 60 * (1 - share / 100), 8)
        seen = Counts([n_c], [chance.binomial(n_c, base + excess)], [n_b], [chance.binomial(n_b, base)])
        looks = (certified(seen.between(0, until), wave, target, policy, share) for until in range(1, 9))
        wrong += any(level >= 10.0 for level in looks)
    # Eight looks each; 5 % of 200 are 10, and 16 are two standard deviations more.
    assert wrong <= 16


def test_a_harmless_canary_is_certified_and_more_so_with_more_requests():
    pipeline = ramped(10_000.0)
    [wave] = pipeline.waves
    levels = [
        certified(
            Counts([[n]], [[n * 0.001]], [[6e5]], [[600.0]]), wave, wave.targets[0], pipeline.judge, wave.steps[3]
        )
        for n in (10.0, 300.0, 3_000.0, 60_000.0)
    ]
    assert levels == sorted(levels)
    assert levels[0] < 1.0
    assert levels[-1] == 100.0


def test_no_metrics_certify_nothing():
    pipeline = ramped(10_000.0)
    [wave] = pipeline.waves
    empty = Counts(*(np.zeros((1, 0)) for _ in range(4)))
    silent = Counts([[0.0]], [[0.0]], [[6e5]], [[0.0]])
    for counts in (empty, silent):
        assert certified(counts, wave, wave.targets[0], pipeline.judge, 0.05) == 0.0


def baking():
    """A release whose one target bakes its first step, under a ramp."""
    pipeline = ramped(100.0, budget=50.0, minimum=600.0)
    cloud, journal = SimulatedCloud(), MemoryJournal()
    carry(journal, cloud, journal.open(an_opening("old", pipeline, at=cloud.clock.now())))
    release = journal.open(an_opening("new", pipeline, at=cloud.clock.now()))
    carry(journal, cloud, release, until=cloud.clock.now() + 1)
    state = state_of(journal, release)
    [deployment] = state.deployments.values()
    return state, deployment


@pytest.mark.parametrize(
    ("seconds", "verdict", "cleared", "share"),
    [
        (60, Verdict.PASS, 5.0, 5.0),
        (60, Verdict.PASS, 30.0, 30.0),
        (60, Verdict.PASS, 100.0, 50.0),  # all of it only when the minimum is over
        (600, Verdict.PASS, 100.0, 100.0),
        (0, Verdict.PASS, 100.0, None),  # a look that saw nothing of this step
        (600, Verdict.PASS, 0.0, None),
        (600, Verdict.NOT_ENOUGH_EVIDENCE, 100.0, None),
        (600, Verdict.NO_DATA, 100.0, None),
        (600, Verdict.ERROR, 100.0, None),
    ],
)
def test_the_next_step_is_as_far_up_as_was_certified(
    seconds: float, verdict: Verdict, cleared: float, share: float | None
):
    state, deployment = baking()
    until = deployment.shifted_at + seconds
    looked = Judgement(verdict=verdict, until=until, reason="drawn", cleared=cleared)
    step = next_step(state, replace(deployment, judgement=looked))
    shares = (*state.pipeline.waves[0].steps, 100.0)
    assert (None if step is None else shares[step]) == share


def test_a_ramp_takes_at_least_its_minimum_and_a_look():
    pipeline = ramped(100.0, minimum=600.0)
    assert shortest(pipeline.waves[0], pipeline) == 600 + 60 + 60
