"""Traffic that waves are derived from: what metrics tell, what the file says where they do not, or nothing at all."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shoreward.app.planning import measured
from shoreward.app.world import World
from shoreward.domain import CloudWatchQuery, Metric, Pipeline, Refused, Retryable, Target
from shoreward.testing.metrics import SimulatedSeries
from shoreward.testing.simulated import SimulatedClock, SimulatedCloud

from .pipelines import automatic, targets

DAY = 86_400
NOON = 19_700 * DAY + DAY / 2.0
FUNCTIONS = ("Beach", "Sea")


def invocations(function: str) -> CloudWatchQuery:
    return CloudWatchQuery(namespace="AWS/Lambda", metric="Invocations", dimensions=(("FunctionName", function),))


def throttles(function: str) -> Metric:
    refused = CloudWatchQuery(namespace="AWS/Lambda", metric="Throttles", dimensions=(("FunctionName", function),))
    return Metric(name="throttles", kind="counts", queries=(invocations(function), refused), function=function)


def a_world(series: SimulatedSeries) -> World:
    return replace(SimulatedCloud(clock=SimulatedClock(NOON)).world(), series=series, survey=series)


def served(series: SimulatedSeries, target: Target, rate: float, hours: int = 7 * 24) -> None:
    """So many requests per second up to last midnight, shared by two functions, all of them at even hours."""
    series.found[target.key] = tuple(throttles(function) for function in FUNCTIONS)
    for hour in range(0, hours, 2):
        for function in FUNCTIONS:
            series.put(target, invocations(function), NOON // DAY * DAY - (hours - hour) * 3_600, 3_600 * rate)


def derived(series: SimulatedSeries, *found: Target) -> tuple[Pipeline, list[str]]:
    pipeline, known = measured(a_world(series), automatic(found))
    return pipeline, [each.code for each in known]


def test_waves_follow_what_metrics_tell_and_not_what_the_file_says():
    quiet, busy = targets(900, 40)
    series = SimulatedSeries()
    served(series, quiet, 50)
    served(series, busy, 700)
    pipeline, codes = derived(series, quiet, busy)
    assert codes == ["TRAFFIC_MEASURED"] * 2
    assert [(each.region, each.traffic) for each in pipeline.targets] == [(quiet.region, 50), (busy.region, 700)]
    assert automatic((quiet, busy)).auto != pipeline.auto


def test_hours_without_a_request_count_once_there_were_any():
    """A stack of three days is not held to have been asleep for four."""
    (target,) = targets(1)
    series = SimulatedSeries()
    served(series, target, 30, hours=72)
    pipeline, _ = derived(series, target)
    assert pipeline.targets[0].traffic == 30


def test_today_does_not_count_so_that_a_plan_and_its_release_see_the_same():
    (target,) = targets(1)
    series = SimulatedSeries()
    served(series, target, 30)
    before, _ = derived(series, target)
    series.put(target, invocations("Beach"), NOON - 7_200, 1e9)
    assert derived(series, target)[0] == before


@pytest.mark.parametrize("hours", [0, 22])
def test_where_metrics_tell_too_little_the_file_is_believed_and_that_is_said(hours: int):
    (target,) = targets(80)
    series = SimulatedSeries()
    served(series, target, 30, hours=hours)
    pipeline, known = measured(a_world(series), automatic((target,)))
    assert pipeline.targets[0].traffic == 80
    assert known[0].code == "TRAFFIC_DECLARED"
    assert "less than 24 hours" in known[0].words


class Away(SimulatedSeries):
    def series(self, target, queries, *, start, end, period):
        raise Retryable("METRICS_INCOMPLETE", "Half of it.")


def test_metrics_that_cannot_be_read_are_no_traffic():
    (target,) = targets(80)
    away = Away()
    away.found[target.key] = (throttles("Beach"),)
    _, known = measured(a_world(away), automatic((target,)))
    assert "could not be read (METRICS_INCOMPLETE)" in known[0].words


def test_what_nobody_knows_is_refused():
    (target,) = targets(80)
    with pytest.raises(Refused) as refused:
        derived(SimulatedSeries(), replace(target, traffic=None))
    assert refused.value.code == "TRAFFIC_UNKNOWN"


def test_waves_that_are_written_down_ask_nobody():
    series = SimulatedSeries()
    written = replace(automatic(targets(80)), auto=None)
    assert measured(a_world(series), written) == (written, ())
    assert series.asked == []
