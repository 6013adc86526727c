"""What a stack's own resources tell of a target, whichever revision serves."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from shoreward.adapters.aws.survey import dead_letter_queues
from shoreward.domain import CloudWatchQuery, Form

from .support import Bench, says


def queue(dead: str | None = None) -> dict[str, Any]:
    redrive = {"RedrivePolicy": {"deadLetterTargetArn": {"Fn::GetAtt": [dead, "Arn"]}, "maxReceiveCount": 1}}
    return {"Type": "AWS::SQS::Queue", "Properties": redrive if dead else {}}


def rest_api(name: object) -> dict[str, Any]:
    return {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": name}}


OF_AN_API = ("5xx answers", "p50 of answering, in ms", "p90 of answering, in ms")
HTTP_API = {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Name": "http", "ProtocolType": "HTTP"}}


def found(bench: Bench) -> dict[tuple[str, str], tuple[CloudWatchQuery, ...]]:
    metrics = bench.adapters.survey.shared(bench.target)
    return {(each.function, each.name): each.queries for each in metrics}  # type: ignore[misc]


def test_functions_queues_and_apis_are_found(bench: Bench) -> None:
    named = rest_api({"Fn::Sub": "${AWS::StackName}-api"})
    extra = {"Orders": queue("Lost"), "Lost": queue(), "Api": HTTP_API, "Rest": named}
    bench.release(bench.revision(says("ahoy"), extra=extra))
    queries = found(bench)
    assert {key for key in queries if key[0] != "Hello"} == {
        ("Orders", "age of the oldest message, in s"),
        ("Lost", "dead letters"),
        *((api, name) for api in ("Api", "Rest") for name in OF_AN_API),
    }
    assert dict(queries["Hello", "throttles"][0].dimensions) == {"FunctionName": bench.name_of()}
    assert dict(queries["Rest", "5xx answers"][1].dimensions) == {"ApiName": "shop-api"}
    detail = bench.cloudformation.describe_stack_resource(StackName="shop", LogicalResourceId="Api")
    api = detail["StackResourceDetail"]["PhysicalResourceId"]
    assert dict(queries["Api", "5xx answers"][1].dimensions) == {"ApiId": api}


def test_the_target_of_a_functions_failures_is_a_queue_of_dead_letters() -> None:
    lost = {"Fn::GetAtt": ["Lost", "Arn"]}
    destination = {"DestinationConfig": {"OnFailure": {"Destination": lost}}}
    template = {"Resources": {"Events": {"Type": "AWS::Lambda::EventInvokeConfig", "Properties": destination}}}
    assert dead_letter_queues(template) == {"Lost"}
    assert dead_letter_queues({"Resources": {"Other": {"Properties": {"Target": lost}}}}) == frozenset()


def test_a_name_that_nobody_can_tell_is_not_guessed(bench: Bench) -> None:
    bench.release(bench.revision(says("ahoy"), extra={"Rest": rest_api({"Fn::Join": ["-", ["a", "b"]]})}))
    assert {key[0] for key in found(bench)} == {"Hello"}


def test_a_stack_that_is_not_there_has_nothing(bench: Bench) -> None:
    assert found(bench) == {}


def test_a_look_a_minute_later_asks_no_more(bench: Bench) -> None:
    bench.release(bench.revision(says("ahoy")))
    with bench.watched() as calls:
        assert found(bench) == found(bench)
    assert [call for call in calls if call.startswith("cloudformation")] == [
        "cloudformation:ListStackResources",
        "cloudformation:GetTemplate",
    ]


def test_dead_letters_and_throttles_are_read_as_cloudwatch_has_them(bench: Bench) -> None:
    bench.release(bench.revision(says("ahoy"), extra={"Orders": queue("Lost"), "Lost": queue()}))
    metrics = bench.adapters.survey.shared(bench.target)
    [lost] = [each for each in metrics if each.name == "dead letters"]
    [throttled] = [each for each in metrics if each.name == "throttles"]
    assert (lost.form, throttled.form) == (Form.RISES, Form.APART)
    start = time.time() // 60 * 60 - 120
    point = {"MetricName": "ApproximateNumberOfMessagesVisible", "Timestamp": start + 5, "Value": 3.0}
    [name] = [value for query in lost.queries for _, value in query.dimensions]  # type: ignore[union-attr]
    point["Dimensions"] = [{"Name": "QueueName", "Value": name}]
    bench.account.client("cloudwatch", bench.region).put_metric_data(Namespace="AWS/SQS", MetricData=[point])
    queries = [query for each in (lost, throttled) for query in each.queries]
    with bench.watched() as calls:
        read = bench.adapters.metrics.series(bench.target, queries, start=start, end=start + 60, period=60)  # type: ignore[arg-type]
    assert calls.count("cloudwatch:GetMetricData") == 1
    assert read[lost.queries[0]].tolist() == [3.0]  # type: ignore[index]
    assert np.isnan(read[throttled.queries[0]]).all()  # type: ignore[index]


def test_the_age_of_the_oldest_message_is_that_of_the_worst_moment_of_each_interval(bench: Bench) -> None:
    bench.release(bench.revision(says("ahoy"), extra={"Orders": queue("Lost"), "Lost": queue()}))
    metrics = bench.adapters.survey.shared(bench.target)
    [age] = [each for each in metrics if each.name == "age of the oldest message, in s"]
    assert (age.kind, age.form, age.function) == ("gauge", Form.LOG, "Orders")
    start = time.time() // 60 * 60 - 180
    [name] = [value for query in age.queries for _, value in query.dimensions]  # type: ignore[union-attr]
    points = [
        {
            "MetricName": "ApproximateAgeOfOldestMessage",
            "Dimensions": [{"Name": "QueueName", "Value": name}],
            "Timestamp": start + second,
            "Value": seconds,
        }
        for second, seconds in ((5, 2.0), (50, 40.0), (125, 7.0))
    ]
    bench.account.client("cloudwatch", bench.region).put_metric_data(Namespace="AWS/SQS", MetricData=points)
    read = bench.adapters.metrics.series(bench.target, age.queries, start=start, end=start + 180, period=60)  # type: ignore[arg-type]
    np.testing.assert_array_equal(read[age.queries[0]], [40.0, np.nan, 7.0])  # type: ignore[index]
