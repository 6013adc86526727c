"""What others would do: the arithmetic agrees with the simulator, which looks at an alarm each minute."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shoreward.app.planning import alone_costs, builders_library, everything_at_once, one_region_per_wave
from shoreward.domain import Bake, JudgePolicy, Pipeline, Wave
from shoreward.simulation.alarms import ThresholdAlarm
from shoreward.simulation.customers import Chance, SteadyCustomers
from shoreward.simulation.faults import afflict, of_size
from shoreward.simulation.metrics import Arrival, SimulatedMetrics
from shoreward.simulation.run import Times, a_cloud, run
from shoreward.simulation.trial import MIDNIGHT

from .pipelines import targets

BLIND = JudgePolicy(alpha=1e-300, promote_ratio=100, promote_points=0.99, dispersion=1_000, delay=120)


def simulated(pipeline: Pipeline, excess: float, seed: int):
    cloud, chance = a_cloud(pipeline, MIDNIGHT), Chance(seed)
    metrics = SimulatedMetrics(
        cloud=cloud,
        customers=SteadyCustomers(
            rates={each.key: each.traffic or 0.0 for each in pipeline.targets}, error_rate=0.001, chance=chance
        ),
        affliction=afflict(of_size(excess), pipeline.targets, MIDNIGHT, seed),
        arrival=Arrival(delay=120.0),
        chance=chance,
    )
    alarm = ThresholdAlarm(metrics=metrics, threshold=0.01, periods=3, period=60)
    return run(pipeline, metrics, seed=seed, times=Times(stage=0, finish=0, rollback=10), alarms=alarm)[0]


@pytest.mark.parametrize("excess", [0.05, 0.5])
def test_a_release_that_only_an_alarm_watches_costs_what_the_arithmetic_says(excess: float):
    found = targets(200.0)
    schedule = builders_library(found)
    told = alone_costs(schedule, excess, 0.001)
    bake = Bake(minimum=3_600 - 180, requests=1, deadline=86_400)
    pipeline = Pipeline(
        application="beach",
        template="t.yaml",
        waves=(Wave(name="one", targets=found, steps=(10.0,), bake=bake, soak=12 * 3_600),),
        judge=BLIND,
        alarms=("any",),
    )
    ran = simulated(pipeline, excess, seed=1)
    assert ran.came_back == told.found
    assert ran.harm == pytest.approx(told.harm, rel=0.25)


def test_a_small_fault_is_never_found_by_an_alarm_and_harms_to_the_end():
    found = targets(10.0, 20.0)
    told = alone_costs(everything_at_once(found), 0.005, 0.001)
    assert not told.found
    assert told.harm == pytest.approx(30 * 3_600 * 0.005)
    assert told.customers == 1.0


def test_an_alarm_that_is_on_all_the_time_finds_nothing():
    assert not alone_costs(everything_at_once(targets(10.0)), 0.05, 0.02).found


def test_one_region_after_the_other_harms_only_those_that_were_reached():
    found = targets(10.0, 20.0, 30.0)
    told = alone_costs(one_region_per_wave(found), 0.5, 0.001)
    assert told.targets == 1
    assert told.customers == pytest.approx(10 / 60)


def test_builders_library_bakes_of_28_regions_take_more_than_a_day():
    assert 24 <= builders_library(targets(*range(1, 29))).total / 3_600 <= 36


def test_every_target_gets_everything_in_the_end():
    found = [
        replace(each, fault_domain="one" if number < 2 else "") for number, each in enumerate(targets(1, 2, 3, 4, 5))
    ]
    for schedule in (builders_library(found), one_region_per_wave(found), everything_at_once(found)):
        assert {target.key for target, _ in schedule.steps} == {target.key for target in found}
        assert all(steps[-1][1] == 1.0 and steps[-1][0] < schedule.total for _, steps in schedule.steps)
