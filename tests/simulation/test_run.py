"""One simulated release: it is repeatable, and leaves out only looks that say nothing."""

from __future__ import annotations

import numpy as np
import pytest

from planning.pipelines import ramped, stepped
from shoreward.core.events import RollbackBegan, TargetJudged, TrafficShifted
from shoreward.domain import Outcome, Pipeline
from shoreward.simulation.customers import Chance, Intervals, SteadyCustomers
from shoreward.simulation.faults import CATALOGUE, HARMLESS, Fault, afflict
from shoreward.simulation.metrics import Arrival, SimulatedMetrics
from shoreward.simulation.run import Ran, Simulation, a_cloud, run
from shoreward.simulation.trial import MIDNIGHT

FAULTS = {fault.name: fault for fault in CATALOGUE}


def metrics_of(pipeline: Pipeline, fault: Fault, seed: int, arrival: Arrival | None = None) -> SimulatedMetrics:
    chance = Chance(seed)
    rates = {each.key: (each.traffic or 0.0) * fault.traffic for each in pipeline.targets}
    return SimulatedMetrics(
        cloud=a_cloud(pipeline, MIDNIGHT + 7 * seed),
        customers=SteadyCustomers(rates=rates, error_rate=0.001, chance=chance),
        affliction=afflict(fault, pipeline.targets, MIDNIGHT, seed),
        arrival=arrival or Arrival(delay=pipeline.judge.delay),
        chance=chance,
    )


def carried(pipeline: Pipeline, fault: Fault, seed: int, *, skip: bool = True) -> tuple[Ran, Simulation]:
    return run(pipeline, metrics_of(pipeline, fault, seed), seed=seed, skip=skip)


def told(simulation: Simulation) -> list[object]:
    """What happened, without the looks that only say that a bake goes on."""
    return [event for event in simulation.events if not isinstance(event, TargetJudged)]


@pytest.mark.parametrize("name", ["harmless", "incident", "+0.5 points", "late", "one target", "low traffic"])
@pytest.mark.parametrize(
    "pipeline",
    [stepped(60.0, 90.0, soak=60.0), stepped(60.0, delay=90.0, dispersion=1.5), ramped(400.0, 80.0, budget=300.0)],
    ids=["steps", "odd delay", "ramp"],
)
def test_leaving_out_looks_that_cannot_matter_changes_nothing(pipeline: Pipeline, name: str):
    quick, every = (carried(pipeline, FAULTS[name], 3, skip=skip) for skip in (True, False))
    assert told(quick[1]) == told(every[1])
    assert quick[0] == every[0]
    assert len(quick[1].events) <= len(every[1].events)


def test_the_same_seed_gives_the_same_release_and_another_one_another():
    pipeline = ramped(400.0, 80.0, budget=300.0)
    first, again, other = (carried(pipeline, FAULTS["+0.5 points"], seed)[0] for seed in (5, 5, 6))
    assert first == again
    assert first.harm != other.harm


def test_what_customers_do_does_not_depend_on_how_time_is_cut():
    [target] = stepped(20.0).targets
    starts = MIDNIGHT + 60.0 * np.arange(40)

    def served(*blocks: slice):
        customers = SteadyCustomers(rates={target.key: 20.0}, error_rate=0.05, chance=Chance(9))
        parts = [
            customers.serve(
                target,
                Intervals(
                    starts=starts[block],
                    period=60.0,
                    shares=np.full(starts[block].size, 0.3),
                    failing=np.ones(starts[block].size),
                    excess=np.zeros(starts[block].size),
                ),
            )
            for block in blocks
        ]
        return np.concatenate([part.counts.canary_bad[0] for part in parts])

    assert (served(slice(0, 40)) == served(slice(0, 7), slice(7, 40))).all()


def test_a_good_release_goes_all_the_way_and_harms_nobody():
    ran, simulation = carried(stepped(30.0, 60.0), HARMLESS, 1)
    assert ran.outcome is Outcome.SUCCEEDED
    assert (ran.harm, ran.detected, ran.targets, ran.customers) == (0.0, None, 2, 1.0)
    assert ran.shifts[-1][1] == pytest.approx(1.0)
    assert simulation.state.ended_at == MIDNIGHT + 7 + ran.seconds


def test_a_bad_release_comes_back_and_its_harm_is_what_its_customers_met():
    pipeline = stepped(30.0)
    ran, simulation = carried(pipeline, FAULTS["all fail"], 1)
    [shifted] = [event for event in simulation.events if isinstance(event, TrafficShifted)]
    [back] = [event for event in simulation.events if isinstance(event, RollbackBegan)]
    assert ran.outcome is Outcome.ROLLED_BACK
    assert ran.detected == back.at - shifted.at
    assert ran.harm == pytest.approx(30.0 * 0.1 * (back.at + 10 - shifted.at))


def test_a_release_without_enough_traffic_waits_for_a_person_or_goes_back_as_its_deadline_says():
    ran, _ = carried(stepped(0.001), HARMLESS, 1)
    assert ran.outcome is Outcome.ROLLED_BACK
    assert "within 14400 s" in ran.reason
