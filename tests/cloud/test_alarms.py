"""Alarms look at their own metric, all the time: M of N, missing data, math, composites; and they tell SNS."""

import json
import time
from typing import Any

import pytest

from cloud.support import REGION, deploy, eventually, function
from shoreward.testing.cloud import CloudAccount

ABOVE: dict[str, Any] = {"ComparisonOperator": "GreaterThanThreshold", "Threshold": 5.0, "EvaluationPeriods": 1}
OF_METRIC: dict[str, Any] = {**ABOVE, "Namespace": "Tests", "MetricName": "calls", "Statistic": "Sum", "Period": 10}


def state(account: CloudAccount, name: str) -> str:
    described = account.client("cloudwatch", REGION).describe_alarms(
        AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"]
    )
    found: str = (described["MetricAlarms"] + described["CompositeAlarms"])[0]["StateValue"]
    return found


def put(account: CloudAccount, value: float, *, ago: float = 0, name: str = "calls", **dimensions: str) -> None:
    shown = [{"Name": key, "Value": one} for key, one in dimensions.items()]
    datum = {"MetricName": name, "Value": value, "Dimensions": shown, "Timestamp": time.time() - ago}
    account.client("cloudwatch", REGION).put_metric_data(Namespace="Tests", MetricData=[datum])


def test_an_alarm_looks_at_its_own_dimensions_only(cloud_account: CloudAccount) -> None:
    client = cloud_account.client("cloudwatch", REGION)
    put(cloud_account, 100, Place="elsewhere")
    put(cloud_account, 1, Place="here")
    client.put_metric_alarm(AlarmName="a", **OF_METRIC, Dimensions=[{"Name": "Place", "Value": "here"}])
    assert state(cloud_account, "a") == "OK"
    put(cloud_account, 100, Place="here")
    eventually(lambda: state(cloud_account, "a") == "ALARM")


def test_an_alarm_recovers_by_itself_as_time_goes_on(cloud_account: CloudAccount) -> None:
    client = cloud_account.client("cloudwatch", REGION)
    put(cloud_account, 100)
    client.put_metric_alarm(AlarmName="a", **{**OF_METRIC, "Period": 1}, TreatMissingData="notBreaching")
    eventually(lambda: state(cloud_account, "a") == "OK")


@pytest.mark.parametrize(
    ("treatment", "expected"),
    [("missing", "INSUFFICIENT_DATA"), ("breaching", "ALARM"), ("notBreaching", "OK"), ("ignore", "INSUFFICIENT_DATA")],
)
def test_missing_data_counts_as_the_alarm_says(cloud_account: CloudAccount, treatment: str, expected: str) -> None:
    client = cloud_account.client("cloudwatch", REGION)
    client.put_metric_alarm(AlarmName="a", **OF_METRIC, TreatMissingData=treatment)
    assert state(cloud_account, "a") == expected


@pytest.mark.parametrize(("needed", "expected"), [(2, "ALARM"), (3, "OK")])
def test_m_out_of_n_datapoints(cloud_account: CloudAccount, needed: int, expected: str) -> None:
    client = cloud_account.client("cloudwatch", REGION)
    for index, value in enumerate((100, 1, 100, 1)):
        put(cloud_account, value, ago=3600 * index)
    more = {"EvaluationPeriods": 4, "DatapointsToAlarm": needed, "Period": 3600}
    client.put_metric_alarm(AlarmName="a", **{**OF_METRIC, **more})
    assert state(cloud_account, "a") == expected


def error_rate(period: int = 60) -> list[dict[str, Any]]:
    def one(name: str) -> dict[str, Any]:
        metric = {"Namespace": "Tests", "MetricName": name, "Dimensions": []}
        return {"Id": name, "MetricStat": {"Metric": metric, "Period": period, "Stat": "Sum"}, "ReturnData": False}

    return [{"Id": "rate", "Expression": "errors / calls * 100", "ReturnData": True}, one("errors"), one("calls")]


def test_an_alarm_on_metric_math(cloud_account: CloudAccount) -> None:
    client = cloud_account.client("cloudwatch", REGION)
    put(cloud_account, 100)
    put(cloud_account, 1, name="errors")
    client.put_metric_alarm(AlarmName="a", **ABOVE, Metrics=error_rate())
    assert state(cloud_account, "a") == "OK"
    assert client.describe_alarms(AlarmNames=["a"])["MetricAlarms"][0]["Metrics"] == error_rate()
    put(cloud_account, 50, name="errors")
    eventually(lambda: state(cloud_account, "a") == "ALARM")


def test_a_composite_alarm_follows_its_rule(cloud_account: CloudAccount) -> None:
    client = cloud_account.client("cloudwatch", REGION)
    put(cloud_account, 1)
    put(cloud_account, 1, name="errors")
    client.put_metric_alarm(AlarmName="a", **OF_METRIC)
    client.put_metric_alarm(AlarmName="b", **{**OF_METRIC, "MetricName": "errors"})
    client.put_composite_alarm(AlarmName="both", AlarmRule='ALARM("a") AND ALARM("b")')
    client.put_composite_alarm(AlarmName="any", AlarmRule="ALARM(a) OR NOT OK(b)")
    put(cloud_account, 100)
    eventually(lambda: state(cloud_account, "any") == "ALARM")
    assert state(cloud_account, "both") == "OK"
    put(cloud_account, 100, name="errors")
    eventually(lambda: state(cloud_account, "both") == "ALARM")


def test_an_alarm_tells_its_topic(cloud_account: CloudAccount) -> None:
    sns, sqs = cloud_account.client("sns", REGION), cloud_account.client("sqs", REGION)
    topic = sns.create_topic(Name="alarms")["TopicArn"]
    queue = sqs.create_queue(QueueName="told")["QueueUrl"]
    arn = f"arn:aws:sqs:{REGION}:{cloud_account.account_id}:told"
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    cloud_account.client("cloudwatch", REGION).put_metric_alarm(AlarmName="a", **OF_METRIC, AlarmActions=[topic])
    put(cloud_account, 100)
    message = eventually(lambda: sqs.receive_message(QueueUrl=queue).get("Messages"))[0]
    told = json.loads(json.loads(message["Body"])["Message"])
    assert (told["AlarmName"], told["NewStateValue"]) == ("a", "ALARM")


def test_alarms_of_a_template_keep_their_dimensions_and_math(cloud_account: CloudAccount) -> None:
    client = function(cloud_account, "f", "def handler(e, c): raise RuntimeError('surge')")
    dimensions = [{"Name": "FunctionName", "Value": "f"}, {"Name": "Resource", "Value": "f"}]
    errors: dict[str, Any] = {
        **OF_METRIC,
        "Namespace": "AWS/Lambda",
        "MetricName": "Errors",
        "Threshold": 0,
        "Dimensions": dimensions,
    }
    resources = {
        "A": {"Type": "AWS::CloudWatch::Alarm", "Properties": {"AlarmName": "plain", **errors, "Period": 60}},
        "B": {"Type": "AWS::CloudWatch::Alarm", "Properties": {"AlarmName": "math", **ABOVE, "Metrics": error_rate()}},
        "C": {
            "Type": "AWS::CloudWatch::CompositeAlarm",
            "Properties": {"AlarmName": "one", "AlarmRule": {"Fn::Sub": "ALARM(${A}) OR ALARM(${B})"}},
        },
    }
    deploy(cloud_account, "s", json.dumps({"Resources": resources}))
    client.invoke(FunctionName="f")
    eventually(lambda: state(cloud_account, "plain") == "ALARM")
    eventually(lambda: state(cloud_account, "one") == "ALARM")
    assert state(cloud_account, "math") == "INSUFFICIENT_DATA"
