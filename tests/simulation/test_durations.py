"""Slower revisions: their durations are simulated, and judged by the real judge."""

from __future__ import annotations

import numpy as np
import pytest

from planning.pipelines import stepped
from shoreward.app.ports import Stream
from shoreward.core.events import TargetJudged
from shoreward.simulation.durations import Durations
from shoreward.simulation.faults import CATALOGUE, Fault
from shoreward.simulation.run import run

from .test_run import metrics_of

FAULTS = {fault.name: fault for fault in CATALOGUE}
PIPELINE = stepped(60.0, 90.0, soak=60.0)


def test_a_slower_revision_goes_back_for_its_durations():
    ran, simulation = run(PIPELINE, metrics_of(PIPELINE, FAULTS["slower"], 1))

    last = [event for event in simulation.events if isinstance(event, TargetJudged)][-1]
    assert ran.came_back
    assert "slower" in ran.reason
    assert ran.detected is not None
    assert ran.detected <= 1_200
    assert ran.harm == 0
    assert {each.metric for each in last.judgement.evidence if each.verdict == "fail"} == {"latency"}


def test_a_revision_that_is_slower_by_less_than_the_margin_is_let_be():
    ran, _ = run(PIPELINE, metrics_of(PIPELINE, Fault(name="a little", about="", slower=1.02), 1))

    assert not ran.came_back
    assert ran.customers == pytest.approx(1.0)


def test_the_same_question_has_the_same_answer_and_higher_limits_have_fewer_beyond():
    metrics = metrics_of(PIPELINE, FAULTS["slower"], 1)
    run(PIPELINE, metrics)
    target = PIPELINE.targets[0]
    start = metrics.begins(target)
    stream = Stream(function="f", alias="live", version="2")

    first, again = (
        metrics.slower(target, {stream: (100.0, 250.0, 140.0)}, start=start, end=start + 300, period=60)[stream]
        for _ in range(2)
    )

    np.testing.assert_array_equal(first, again)
    assert np.all(first[0] >= first[2])
    assert np.all(first[2] >= first[1])
    assert first[0].sum() > 0


def test_as_many_are_slower_than_a_quantile_as_its_level_says():
    durations = Durations(median=80.0, spread=0.7)
    ((limit,),) = durations.quantiles((0.9,), np.array([1.3]))

    assert durations.beyond(limit, 1.3) == pytest.approx(0.1)
    assert durations.beyond(0.0, 1.3) == 1.0
