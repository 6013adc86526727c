"""Probes, metrics and alarms: what a target tells of a version."""

from __future__ import annotations

import json
import time
from dataclasses import replace

import numpy as np
import pytest

from shoreward.app.ports import Stream
from shoreward.domain import Probe, StagedFunction, Terminal

from .support import Bench, says


def deployed(bench: Bench, code: str) -> StagedFunction:
    revision = bench.revision(code)
    snapshot = bench.adapters.stacks.inspect(bench.pipeline, bench.target, revision)
    return bench.adapters.stacks.stage(bench.pipeline, bench.target, revision, snapshot, f"{code}/stage").functions[0]


@pytest.mark.parametrize(
    ("expect", "found"),
    [
        (None, None),
        ('{"says": "ahoy"}', None),
        ('{"event": {"q": 1}}', None),
        ('{"says": "bye"}', '$.says is "ahoy" where "bye" was expected'),
        ('{"event": {"q": true}}', "$.event.q is 1 where true was expected"),
        ('{"more": 1}', "$.more is missing"),
        ("[1]", "where [1] was expected"),
    ],
)
def test_a_probe_compares_the_answer_with_what_was_expected(
    bench: Bench, expect: str | None, found: str | None
) -> None:
    function = deployed(bench, says("ahoy"))
    probe = Probe(function="Hello", payload='{"q": 1, "z": 2}', expect=expect)
    answer = bench.adapters.probes.probe(bench.target, function, probe)
    assert answer is None if found is None else answer is not None and found in answer


def test_a_probe_that_the_version_answers_with_an_error_fails(bench: Bench) -> None:
    function = deployed(bench, "def handler(event, context):\n    raise KeyError('tide')\n")
    found = bench.adapters.probes.probe(bench.target, function, Probe(function="Hello"))
    assert found is not None
    assert "KeyError: 'tide'" in found


def test_without_a_probe_a_handler_may_refuse_the_event(bench: Bench) -> None:
    function = deployed(bench, "def handler(event, context):\n    return event['order']\n")
    assert bench.adapters.probes.probe(bench.target, function, None) is None


@pytest.mark.parametrize(
    ("code", "word"),
    [
        ("import nothing_of_that_name\n", "nothing_of_that_name"),
        ("def other(event, context): pass\n", "handler"),
        ("def handler(event, context)\n", "yntax"),
        ("raise ValueError('at import')\n", "at import"),
    ],
)
def test_without_a_probe_a_version_must_at_least_start(bench: Bench, code: str, word: str) -> None:
    found = bench.adapters.probes.probe(bench.target, deployed(bench, code), None)
    assert found is not None
    assert word in found


def test_probing_moves_no_traffic_and_counts_in_no_stream(bench: Bench) -> None:
    bench.release(bench.revision(says("one")), "r1")
    function = deployed(bench, says("two"))
    bench.adapters.probes.probe(bench.target, function, None)
    stream = Stream(function=function.name, alias="live", version=function.candidate)
    start = time.time() // 60 * 60 - 60
    found = bench.adapters.metrics.counts(bench.target, [stream], start=start, end=start + 180, period=60)
    assert found[stream].requests.tolist() == [0.0, 0.0, 0.0]
    assert bench.alias() == ("1", {})


def test_a_version_that_is_gone_is_told(bench: Bench) -> None:
    function = replace(deployed(bench, says("one")), candidate="77")
    with pytest.raises(Terminal) as gone:
        bench.adapters.probes.probe(bench.target, function, None)
    assert gone.value.code == "VERSION_GONE"


def test_requests_and_errors_are_counted_by_version(bench: Bench) -> None:
    bench.release(bench.revision(says("one")), "r1")
    function = deployed(bench, "def handler(event, context):\n    raise RuntimeError\n")
    bench.adapters.traffic.shift(bench.target, [function], 50.0, 0.0)
    start = time.time() // 60 * 60 - 60
    said = [bench.lambda_.invoke(FunctionName=function.name, Qualifier="live", Payload=b"{}") for _ in range(30)]
    failed = sum("FunctionError" in one for one in said)
    streams = [Stream(function=function.name, alias="live", version=version) for version in ("1", "2")]
    found = bench.adapters.metrics.counts(bench.target, streams, start=start, end=start + 180, period=60)
    totals = [(found[one].requests.sum(), found[one].errors.sum()) for one in streams]
    assert totals == [(30 - failed, 0.0), (failed, failed)]


def test_what_was_not_reported_is_zero(bench: Bench) -> None:
    stream = Stream(function="quiet", alias="live", version="1")
    found = bench.adapters.metrics.counts(bench.target, [stream], start=0.0, end=300.0, period=60)[stream]
    assert [array.tolist() for array in (found.requests, found.errors, found.throttles)] == [[0.0] * 5] * 3


def test_more_streams_than_a_request_takes_are_read_in_several(bench: Bench) -> None:
    streams = [Stream(function=f"f{number}", alias="live", version="1") for number in range(200)]
    with bench.watched() as calls:
        found = bench.adapters.metrics.counts(bench.target, streams, start=0.0, end=60.0, period=60)
    assert len(found) == 200
    assert calls.count("cloudwatch:GetMetricData") == 2


def test_throttles_of_an_alias_are_shared_as_its_invocations_are(bench: Bench) -> None:
    start = time.time() // 60 * 60 - 60
    cloudwatch = bench.account.client("cloudwatch", bench.region)
    both = [{"Name": "FunctionName", "Value": "f"}, {"Name": "Resource", "Value": "f:live"}]

    def put(metric: str, value: float, version: str | None = None) -> None:
        dimensions = both + ([{"Name": "ExecutedVersion", "Value": version}] if version else [])
        point = {"MetricName": metric, "Dimensions": dimensions, "Timestamp": start + 5, "Value": value}
        cloudwatch.put_metric_data(Namespace="AWS/Lambda", MetricData=[point])

    put("Invocations", 90.0, "1")
    put("Invocations", 10.0, "2")
    put("Throttles", 20.0)
    streams = [Stream(function="f", alias="live", version=version) for version in ("1", "2")]
    found = bench.adapters.metrics.counts(bench.target, streams, start=start, end=start + 60, period=60)
    assert [float(np.round(found[one].throttles[0], 6)) for one in streams] == [18.0, 2.0]


def test_how_long_requests_took_is_told_by_version(bench: Bench) -> None:
    bench.release(bench.revision(says("quick")), "r1")
    slow = "import time\ndef handler(event, context):\n    time.sleep(0.2)\n"
    function = deployed(bench, slow)
    bench.adapters.traffic.shift(bench.target, [function], 50.0, 0.0)
    start = time.time() // 60 * 60 - 60
    for _ in range(16):
        bench.lambda_.invoke(FunctionName=function.name, Qualifier="live", Payload=b"{}")
    quick, slower = (Stream(function=function.name, alias="live", version=version) for version in ("1", "2"))
    span = {"start": start, "end": start + 180, "period": 60}
    metrics = bench.adapters.metrics
    counted = metrics.counts(bench.target, [quick, slower], **span)
    halves = metrics.latencies(bench.target, [quick, slower], (0.5, 0.99), **span)
    assert np.nanmin(halves[slower]) >= 200
    assert np.nanmax(halves[quick][0]) < 200
    assert np.isnan(halves[quick][:, 0]).all()
    over = metrics.slower(bench.target, {quick: (199.0, 1e6), slower: (199.0, 1e6)}, **span)
    assert over[slower][0].sum() == counted[slower].requests.sum() > 0
    assert over[quick][1].sum() == over[slower][1].sum() == 0
    assert over[quick].shape == (2, 3)


def alarm(bench: Bench, name: str, state: str) -> None:
    cloudwatch = bench.account.client("cloudwatch", bench.region)
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        Namespace="Shop",
        MetricName="Lost",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
        ActionsEnabled=False,
        TreatMissingData="ignore",  # the state stays as it is set
    )
    cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason=json.dumps("test"))


def test_the_alarms_that_fire_are_named_with_the_targets_own_names(bench: Bench) -> None:
    alarm(bench, "shop-us-east-1-errors", "ALARM")
    alarm(bench, "shop-calm", "OK")
    names = ["{stack}-{region}-errors", "{stack}-calm"]
    assert bench.adapters.alarms.firing(bench.target, names) == ("shop-us-east-1-errors",)


def test_the_alarms_that_fire_are_found_by_how_their_names_begin(bench: Bench) -> None:
    for name, state in (("shop-paging-2", "ALARM"), ("shop-paging-1", "ALARM"), ("shop-paging-3", "OK")):
        alarm(bench, name, state)
    alarm(bench, "other-paging", "ALARM")
    assert bench.adapters.alarms.firing_like(bench.target, "{stack}-paging") == ("shop-paging-1", "shop-paging-2")
    with pytest.raises(Terminal) as missing:
        bench.adapters.alarms.firing_like(bench.target, "{stack}-calling")
    assert missing.value.code == "ALARM_MISSING"


def test_an_alarm_that_does_not_exist_is_told(bench: Bench) -> None:
    alarm(bench, "shop-calm", "OK")
    with pytest.raises(Terminal) as missing:
        bench.adapters.alarms.firing(bench.target, ["shop-calm", "shop-{account}"])
    assert (missing.value.code, f"shop-{bench.target.account}" in missing.value.what) == ("ALARM_MISSING", True)


def test_no_alarms_take_no_call(bench: Bench) -> None:
    with bench.watched() as calls:
        assert bench.adapters.alarms.firing(bench.target, []) == ()
    assert calls == []
