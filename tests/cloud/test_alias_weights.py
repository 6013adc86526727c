"""An alias's weights hold on every way to a function, and the metrics say which version ran."""

import json
import textwrap
from collections.abc import Callable
from typing import Any

import pytest

from cloud.support import REGION, deploy, eventually, metric_sum, request, versioned
from shoreward.testing.cloud import CloudAccount

ONE = "def handler(event, context): return {'statusCode': 200, 'body': 'one'}"
TWO = "def handler(event, context): return {'statusCode': 200, 'body': 'two'}"

Send = Callable[[int], None]


def shifted(account: CloudAccount, weight: float = 0.5) -> Any:
    client = versioned(account, "f", [ONE, TWO])
    client.update_alias(FunctionName="f", Name="live", RoutingConfig={"AdditionalVersionWeights": {"2": weight}})
    return client


def live_arn(account: CloudAccount) -> str:
    return f"arn:aws:lambda:{REGION}:{account.account_id}:function:f:live"


def by_version(account: CloudAccount, version: str, name: str = "Invocations", stat: str = "Sum") -> float:
    dimensions = {"FunctionName": "f", "Resource": "f:live", "ExecutedVersion": version}
    return metric_sum(account, "AWS/Lambda", name, dimensions, stat=stat)


def test_a_weight_splits_direct_invocations_and_says_which_version_ran(cloud_account: CloudAccount) -> None:
    client = shifted(cloud_account, 0.3)
    ran = [client.invoke(FunctionName="f", Qualifier="live") for _ in range(60)]
    twos = [one for one in ran if one["ExecutedVersion"] == "2"]
    assert 3 <= len(twos) <= 40
    assert all(json.loads(one["Payload"].read())["body"] == "two" for one in twos)
    assert by_version(cloud_account, "2") == len(twos)
    assert by_version(cloud_account, "1") == 60 - len(twos)


@pytest.mark.parametrize(("weight", "version"), [(0.0, "1"), (1.0, "2")])
def test_the_ends_of_the_scale_are_exact(cloud_account: CloudAccount, weight: float, version: str) -> None:
    client = shifted(cloud_account, weight)
    assert {client.invoke(FunctionName="f", Qualifier="live")["ExecutedVersion"] for _ in range(30)} == {version}


def test_taking_the_weight_back_takes_effect_at_once(cloud_account: CloudAccount) -> None:
    client = shifted(cloud_account, 1.0)
    client.update_alias(FunctionName="f", Name="live", RoutingConfig={"AdditionalVersionWeights": {}})
    assert "RoutingConfig" not in client.get_alias(FunctionName="f", Name="live")
    assert {client.invoke(FunctionName="f", Qualifier="live")["ExecutedVersion"] for _ in range(10)} == {"1"}


def send_events(account: CloudAccount) -> Send:
    client = account.client("lambda", REGION)

    def send(count: int) -> None:
        for _ in range(count):
            client.invoke(FunctionName="f", Qualifier="live", InvocationType="Event")

    return send


def send_to_function_url(account: CloudAccount) -> Send:
    client = account.client("lambda", REGION)
    url = client.create_function_url_config(FunctionName="f", Qualifier="live", AuthType="NONE")["FunctionUrl"]

    def send(count: int) -> None:
        for _ in range(count):
            assert request(url).status == 200

    return send


def send_to_http_api(account: CloudAccount) -> Send:
    client = account.client("apigatewayv2", REGION)
    api = client.create_api(Name="a", ProtocolType="HTTP", Target=live_arn(account))
    made = client.create_integration(
        ApiId=api["ApiId"], IntegrationType="AWS_PROXY", IntegrationUri=live_arn(account), PayloadFormatVersion="2.0"
    )
    client.create_route(ApiId=api["ApiId"], RouteKey="GET /x", Target=f"integrations/{made['IntegrationId']}")
    client.create_stage(ApiId=api["ApiId"], StageName="$default", AutoDeploy=True)

    def send(count: int) -> None:
        for _ in range(count):
            assert request(f"{api['ApiEndpoint']}/x").status == 200

    return send


def send_to_rest_api(account: CloudAccount) -> Send:
    uri = f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{live_arn(account)}/invocations"
    integration = {"type": "aws_proxy", "httpMethod": "POST", "uri": uri}
    body = {
        "openapi": "3.0.1",
        "info": {"title": "r"},
        "paths": {"/x": {"get": {"x-amazon-apigateway-integration": integration}}},
    }
    resources = {
        "Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "r", "Body": body}},
        "D": {"Type": "AWS::ApiGateway::Deployment", "Properties": {"RestApiId": {"Ref": "Api"}, "StageName": "Prod"}},
    }
    sub = {"Fn::Sub": "https://${Api}.execute-api.${AWS::Region}.amazonaws.com/Prod/x"}
    address = deploy(account, "rest", json.dumps({"Resources": resources, "Outputs": {"U": {"Value": sub}}}))["U"]

    def send(count: int) -> None:
        for _ in range(count):
            assert request(address).status == 200

    return send


def send_to_queue(account: CloudAccount) -> Send:
    sqs = account.client("sqs", REGION)
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    arn = f"arn:aws:sqs:{REGION}:{account.account_id}:q"
    account.client("lambda", REGION).create_event_source_mapping(
        EventSourceArn=arn, FunctionName=live_arn(account), BatchSize=1
    )

    def send(count: int) -> None:
        for number in range(count):
            sqs.send_message(QueueUrl=url, MessageBody=str(number))

    return send


def send_to_table(account: CloudAccount) -> Send:
    dynamodb = account.client("dynamodb", REGION)
    table = dynamodb.create_table(
        TableName="tides",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )["TableDescription"]
    account.client("lambda", REGION).create_event_source_mapping(
        EventSourceArn=table["LatestStreamArn"],
        FunctionName=live_arn(account),
        BatchSize=1,
        StartingPosition="TRIM_HORIZON",
    )

    def send(count: int) -> None:
        for number in range(count):
            dynamodb.put_item(TableName="tides", Item={"id": {"S": str(number)}})

    return send


def send_to_stream(account: CloudAccount) -> Send:
    kinesis = account.client("kinesis", REGION)
    kinesis.create_stream(StreamName="k", ShardCount=1)
    eventually(lambda: kinesis.describe_stream(StreamName="k")["StreamDescription"]["StreamStatus"] == "ACTIVE")
    arn = f"arn:aws:kinesis:{REGION}:{account.account_id}:stream/k"
    account.client("lambda", REGION).create_event_source_mapping(
        EventSourceArn=arn, FunctionName=live_arn(account), BatchSize=1, StartingPosition="TRIM_HORIZON"
    )

    def send(count: int) -> None:
        for number in range(count):
            kinesis.put_record(StreamName="k", Data=b"x", PartitionKey=str(number))

    return send


def send_to_topic(account: CloudAccount) -> Send:
    sns = account.client("sns", REGION)
    topic = sns.create_topic(Name="t")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=live_arn(account))

    def send(count: int) -> None:
        for number in range(count):
            sns.publish(TopicArn=topic, Message=str(number))

    return send


def send_to_event_bus(account: CloudAccount) -> Send:
    events = account.client("events", REGION)
    events.put_rule(Name="r", EventPattern=json.dumps({"source": ["tests"]}))
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": live_arn(account)}])

    def send(count: int) -> None:
        for _ in range(count):
            events.put_events(Entries=[{"Source": "tests", "DetailType": "d", "Detail": "{}"}])

    return send


def send_to_bucket(account: CloudAccount) -> Send:
    s3 = account.client("s3", REGION)
    bucket = f"events-{account.account_id}"
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    notified = {"LambdaFunctionArn": live_arn(account), "Events": ["s3:ObjectCreated:*"]}
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"LambdaFunctionConfigurations": [notified]}
    )

    def send(count: int) -> None:
        for number in range(count):
            s3.put_object(Bucket=bucket, Key=str(number), Body=b"x")

    return send


WAYS = (
    send_events,
    send_to_function_url,
    send_to_http_api,
    send_to_rest_api,
    send_to_queue,
    send_to_table,
    send_to_stream,
    send_to_topic,
    send_to_event_bus,
    send_to_bucket,
)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_the_weight_holds_on_every_way_to_the_function(
    cloud_account: CloudAccount, way: Callable[[CloudAccount], Send]
) -> None:
    shifted(cloud_account)
    send = way(cloud_account)
    send(30)
    eventually(lambda: by_version(cloud_account, "1") + by_version(cloud_account, "2") >= 30)
    assert by_version(cloud_account, "1") >= 3
    assert by_version(cloud_account, "2") >= 3


def test_metrics_come_in_every_set_of_dimensions(cloud_account: CloudAccount) -> None:
    failing = textwrap.dedent("""
        def handler(event, context):
            if event.get("fail"):
                raise RuntimeError("rip current")
    """)
    client = versioned(cloud_account, "f", [failing])
    for payload in (b"{}", b"{}", b'{"fail": 1}'):
        client.invoke(FunctionName="f", Qualifier="live", Payload=payload)
    client.invoke(FunctionName="f")
    whole, alias = {"FunctionName": "f"}, {"FunctionName": "f", "Resource": "f:live"}
    version = {**alias, "ExecutedVersion": "1"}
    direct = {"FunctionName": "f", "Resource": "f"}
    for dimensions, invocations, errors in ((whole, 4, 1), (alias, 3, 1), (version, 3, 1), (direct, 1, 0), ({}, 4, 1)):
        assert metric_sum(cloud_account, "AWS/Lambda", "Invocations", dimensions) == invocations
        assert metric_sum(cloud_account, "AWS/Lambda", "Errors", dimensions) == errors
        assert metric_sum(cloud_account, "AWS/Lambda", "Duration", dimensions, stat="SampleCount") == invocations


def test_a_function_above_its_concurrency_is_throttled_and_counted(cloud_account: CloudAccount) -> None:
    client = shifted(cloud_account)
    client.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=0)
    with pytest.raises(client.exceptions.TooManyRequestsException):
        client.invoke(FunctionName="f", Qualifier="live")
    assert metric_sum(cloud_account, "AWS/Lambda", "Throttles", {"FunctionName": "f", "Resource": "f:live"}) >= 1
    assert metric_sum(cloud_account, "AWS/Lambda", "Invocations", {"FunctionName": "f"}) == 0
