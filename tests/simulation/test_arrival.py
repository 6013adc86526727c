"""Wave gating uses only metrics that have arrived, however late they come."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planning.pipelines import ramped, stepped
from shoreward.core.events import TargetFinished, TargetJudged, TrafficShifted, WaveEntered
from shoreward.domain import Outcome, Pipeline, Verdict
from shoreward.simulation.faults import CATALOGUE
from shoreward.simulation.metrics import Arrival
from shoreward.simulation.run import Simulation, run

from .test_run import metrics_of


def impatient(pipeline: Pipeline) -> Pipeline:
    """With deadlines of half an hour, which are soon over in a world without metrics."""
    waves = tuple(replace(wave, bake=replace(wave.bake, deadline=1_800.0)) for wave in pipeline.waves)
    return replace(pipeline, waves=waves)


PIPELINES = {
    "steps": impatient(stepped(300.0, 90.0, minimum=120.0, soak=60.0)),
    "ramp": impatient(ramped(300.0, 90.0, budget=300.0)),
}
ARRIVALS = st.builds(
    Arrival,
    delay=st.sampled_from([0.0, 30.0, 60.0, 100.0, 240.0]),
    late=st.sampled_from([0.0, 0.2, 0.7]),
    more=st.sampled_from([45.0, 180.0, 900.0]),
)


def arrived(simulation: Simulation, target: str, start: float, at: float) -> float:
    """Canary requests of a target whose metrics were there at a time, from the interval on that began at `start`."""
    metrics = simulation.metrics
    drawn = metrics._drawn[target]
    begins = drawn.start + 60.0 * (drawn.arrives.cumsum() * 0 + range(drawn.arrives.size))
    return float(drawn.served.canary_requests[(drawn.arrives <= at) & (begins >= start)].sum())


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(sorted(PIPELINES)), ARRIVALS, st.sampled_from(CATALOGUE[:4]), st.integers(0, 1_000))
def test_every_rise_rests_on_what_had_arrived(name: str, arrival: Arrival, fault, seed: int):
    pipeline: Pipeline = PIPELINES[name]
    metrics = metrics_of(pipeline, fault, seed, arrival)
    _, simulation = run(pipeline, metrics, seed=seed)
    looks: dict[str, TargetJudged] = {}
    begun: dict[str, float] = {}
    for event in simulation.events:
        match event:
            case TargetJudged():
                looks[event.target] = event
                assert event.judgement.until <= event.at - pipeline.judge.delay
                if event.judgement.evidence:
                    seen = event.judgement.evidence[0].canary_requests
                    assert seen <= round(arrived(simulation, event.target, -math.inf, event.at))
            case TrafficShifted() if event.target in begun:
                look = looks[event.target]
                assert look.judgement.verdict is Verdict.PASS
                assert look.at > begun[event.target]
                assert arrived(simulation, event.target, begun[event.target], look.at) > 0
            case TargetFinished():
                assert event.target in looks
            case WaveEntered(wave=wave) if wave:
                before = pipeline.waves[wave - 1].targets
                assert all(looks[target.key].judgement.verdict is Verdict.PASS for target in before)
            case _:
                pass
        if isinstance(event, TrafficShifted):
            begun[event.target] = event.at


@pytest.mark.parametrize("name", sorted(PIPELINES))
def test_metrics_that_never_come_let_nothing_rise(name: str):
    metrics = metrics_of(PIPELINES[name], CATALOGUE[0], 1, Arrival(delay=1e9))
    ran, simulation = run(PIPELINES[name], metrics)
    assert ran.outcome is Outcome.ROLLED_BACK
    assert len([event for event in simulation.events if isinstance(event, TrafficShifted)]) == 1
