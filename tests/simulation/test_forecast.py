"""What `plan` tells in closed form is what the simulator finds; a ramp keeps to its budget."""

from __future__ import annotations

import numpy as np
import pytest

from planning.pipelines import automatic, ramped, stepped, targets
from shoreward.app.planning import forecast, settle
from shoreward.domain import Outcome, Pipeline, UserError
from shoreward.simulation.faults import HARMLESS, Fault, of_size
from shoreward.simulation.outlook import outlook
from shoreward.simulation.trial import Trial, once, simulate

ANY_SIZE = Fault(name="any size", about="", excess=(0.002, 1.0))

CASES = {
    "steps, evidence at once": stepped(300.0, 900.0),
    "steps, waiting for evidence": stepped(25.0, minimum=120.0),
    "ramp": ramped(500.0, budget=500.0),
    "ramp of many": ramped(*[300.0] * 6),
    "ramp, long minimum": ramped(500.0, minimum=1_800.0),
    "derived": settle(automatic(targets(200.0, 500.0, 900.0, 2_000.0))),
}


@pytest.mark.parametrize("name", CASES)
def test_the_forecast_is_what_good_releases_take(name: str):
    pipeline = CASES[name]
    told = forecast(pipeline)
    assert told is not None
    ran = [once(pipeline, Trial(), HARMLESS, seed) for seed in range(4)]
    assert all(each.outcome is Outcome.SUCCEEDED for each in ran)
    assert float(np.median([each.seconds for each in ran])) == pytest.approx(told.total, rel=0.35)


def test_nothing_is_foretold_without_traffic():
    pipeline = Pipeline(application="beach", template="t.yaml", waves=())
    assert forecast(pipeline) is not None  # no targets, nothing unknown
    [wave] = stepped(0.0).waves
    unknown = Pipeline(application="beach", template="t.yaml", waves=(wave,))
    assert forecast(unknown) is None or forecast(unknown).total == float("inf")


def test_a_step_that_needs_more_than_half_of_its_deadline_is_told():
    told = forecast(stepped(20.0, 300.0, minimum=120.0))
    assert told is not None
    tight, none = told.tight
    assert none is None
    assert tight is not None
    assert (tight.target.region, tight.percent) == ("r00", 10.0)
    assert 0.5 < tight.seconds / 14_400 <= 1.0


@pytest.mark.parametrize(("traffic", "minimum"), [(300.0, 9_000.0), (5.0, 120.0)])
def test_no_step_is_tight_where_its_minimum_decides_or_nothing_would_do(traffic: float, minimum: float):
    told = forecast(stepped(traffic, minimum=minimum))
    assert told is not None
    assert told.tight == (None,)


@pytest.mark.parametrize("name", ["steps, evidence at once", "ramp", "derived"])
def test_the_outlook_is_what_bad_releases_cost(name: str):
    pipeline = CASES[name]
    lines = outlook(pipeline, 0.001)
    assert lines is not None
    ran = [once(pipeline, Trial(), ANY_SIZE, seed) for seed in range(120)]
    harm = [each.harm for each in ran]
    assert lines[0].harm == pytest.approx(float(np.mean(harm)), rel=0.5)
    assert 0.5 * np.quantile(harm, 0.99) <= lines[0].harm_99 <= 2.0 * np.quantile(harm, 0.99)


def test_the_outlook_names_the_other_ways():
    lines = outlook(stepped(300.0), 0.001)
    assert lines is not None
    assert [line.name for line in lines] == [
        "this pipeline",
        "Builders' Library bakes, 1 % alarm",
        "one region per wave, 1 % alarm",
        "everything at once, 1 % alarm",
    ]
    assert lines[0].harm < min(line.harm for line in lines[1:])


@pytest.mark.parametrize(
    "pipeline", [ramped(10_000.0, budget=2_000.0), ramped(*[500.0] * 4, budget=2_000.0)], ids=["thin", "four regions"]
)
def test_a_certified_ramp_keeps_to_its_budget_in_99_of_100_cases(pipeline: Pipeline):
    ran = [once(pipeline, Trial(), ANY_SIZE, seed) for seed in range(150)]
    assert all(each.came_back for each in ran)
    assert float(np.quantile([each.harm for each in ran], 0.99)) <= 1.5 * 2_000
    assert float(np.mean([each.harm for each in ran])) <= 2_000


def test_a_ramp_is_not_climbed_by_a_release_that_costs_more_than_it_may():
    pipeline = ramped(10_000.0, budget=2_000.0)
    for seed in range(5):
        ran = once(pipeline, Trial(), of_size(0.3), seed)
        assert max(share for _, share in ran.shifts) <= 0.01


def test_a_trial_counts_what_came_of_every_release():
    pipeline = stepped(60.0)
    trial = Trial(runs=6, faults=(HARMLESS, of_size(0.05)))
    done: list[int] = []
    report = simulate(pipeline, trial, done.append)
    good, bad = report.rows
    assert done == list(range(1, 13))
    assert (good.came_back, good.waits, good.missed, good.releases) == (0, 0, 0, 6)
    assert (bad.came_back, bad.missed, bad.seconds) == (6, 0, None)
    assert bad.harm_99 >= bad.harm > 0
    assert simulate(pipeline, trial) == report


def test_a_trial_needs_to_know_the_traffic():
    with pytest.raises(UserError) as refused:
        simulate(stepped(0.0), Trial(runs=1))
    assert refused.value.code == "TRAFFIC_UNKNOWN"
