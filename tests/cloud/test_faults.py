"""Faults come when, where and how a test says; the call log proves what was done, and how often."""

import time
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError

from cloud.support import REGION, request, versioned
from shoreward.cloud import EmbeddedCloud, FaultRule
from shoreward.testing.cloud import CloudAccount

NO_RETRY = Config(retries={"mode": "standard", "total_max_attempts": 1})
CODE = "def handler(event, context): return {'statusCode': 200, 'body': 'ok'}"


@pytest.fixture(autouse=True)
def _faultless(embedded_cloud: EmbeddedCloud) -> Any:
    yield
    embedded_cloud.faults.clear()


def call(account: CloudAccount, service: str, region: str = REGION) -> None:
    client = account.client(service, region, config=NO_RETRY)
    act = {
        "lambda": client.list_functions if service == "lambda" else None,
        "cloudformation": lambda: client.list_stacks(),
        "s3": lambda: client.list_buckets(),
        "dynamodb": lambda: client.list_tables(),
        "cloudwatch": lambda: client.list_metrics(),
        "sqs": lambda: client.list_queues(),
        "sts": lambda: client.get_caller_identity(),
        "apigatewayv2": lambda: client.get_apis(),
    }[service]
    assert act is not None
    act()


@pytest.mark.parametrize(
    ("service", "signed_as", "code", "status"),
    [
        ("lambda", "lambda", "TooManyRequestsException", 429),
        ("cloudformation", "cloudformation", "Throttling", 400),
        ("s3", "s3", "SlowDown", 503),
        ("dynamodb", "dynamodb", "ThrottlingException", 400),
        ("cloudwatch", "monitoring", "ThrottlingException", 400),
        ("sts", "sts", "Throttling", 400),
        ("apigatewayv2", "apigateway", "TooManyRequestsException", 429),
    ],
)
def test_a_throttle_is_the_services_own(
    embedded_cloud: EmbeddedCloud, cloud_account: CloudAccount, service: str, signed_as: str, code: str, status: int
) -> None:
    embedded_cloud.faults.set([FaultRule(kind="throttle", service=signed_as, account=cloud_account.account_id)])
    with pytest.raises(ClientError) as refused:
        call(cloud_account, service)
    assert refused.value.response["Error"]["Code"] == code
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


@pytest.mark.parametrize("service", ["lambda", "cloudformation", "s3", "sqs"])
def test_an_internal_error(embedded_cloud: EmbeddedCloud, cloud_account: CloudAccount, service: str) -> None:
    embedded_cloud.faults.set([FaultRule(kind="error", service=service, status=503)])
    with pytest.raises(ClientError) as refused:
        call(cloud_account, service)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503


@pytest.mark.parametrize(
    ("kind", "service", "code"),
    [
        ("denied", "lambda", "AccessDeniedException"),
        ("denied", "cloudformation", "AccessDenied"),
        ("expired", "lambda", "ExpiredTokenException"),
        ("expired", "sts", "ExpiredToken"),
    ],
)
def test_somebody_without_a_right_or_with_credentials_that_are_over(
    embedded_cloud: EmbeddedCloud, cloud_account: CloudAccount, kind: Any, service: str, code: str
) -> None:
    rule = FaultRule(kind=kind, service=service, access_key=cloud_account.account_id)
    embedded_cloud.faults.set([rule])
    with pytest.raises(ClientError) as refused:
        call(cloud_account, service)
    assert refused.value.response["Error"]["Code"] == code
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    embedded_cloud.faults.set([FaultRule(kind=kind, access_key="another")])
    call(cloud_account, service)


def test_a_connection_reset(embedded_cloud: EmbeddedCloud, cloud_account: CloudAccount) -> None:
    embedded_cloud.faults.set([FaultRule(kind="reset", service="sqs")])
    with pytest.raises(ConnectionClosedError):
        call(cloud_account, "sqs")


def test_a_rule_is_only_for_what_it_names_and_as_often_as_it_says(
    embedded_cloud: EmbeddedCloud, cloud_account: CloudAccount
) -> None:
    rule = FaultRule(kind="throttle", service="sqs", operation="List*", region=REGION, times=1)
    embedded_cloud.faults.set([rule])
    call(cloud_account, "sqs", "us-east-1")
    call(cloud_account, "sts")
    cloud_account.client("sqs", REGION, config=NO_RETRY).create_queue(QueueName="q")
    with pytest.raises(ClientError):
        call(cloud_account, "sqs")
    call(cloud_account, "sqs")
    assert embedded_cloud.faults.get() == (
        FaultRule(kind="throttle", service="sqs", operation="List*", region=REGION, times=0),
    )


def test_chances_repeat_with_the_same_seed(embedded_cloud: EmbeddedCloud, cloud_account: CloudAccount) -> None:
    def run() -> list[bool]:
        embedded_cloud.faults.set([FaultRule(kind="error", service="sqs", rate=0.5)], seed=7)
        failed: list[bool] = []
        for _ in range(20):
            try:
                call(cloud_account, "sqs")
                failed.append(False)
            except ClientError:
                failed.append(True)
        return failed

    first = run()
    assert first == run()
    assert {True, False} == set(first)


def test_latency_lets_the_call_through(embedded_cloud: EmbeddedCloud, cloud_account: CloudAccount) -> None:
    embedded_cloud.faults.set([FaultRule(kind="latency", service="sqs", seconds=0.05)])
    before = time.monotonic()
    call(cloud_account, "sqs")
    assert time.monotonic() - before >= 0.05


@pytest.mark.parametrize(
    "given",
    [{"kind": "flood"}, {"kind": "error", "rate": 2}, {"kind": "error", "status": 200}, {"kind": "error", "x": 1}, {}],
)
def test_a_rule_that_cannot_be_meant_is_refused(embedded_cloud: EmbeddedCloud, given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="fault"):
        embedded_cloud.faults.set([given])
    assert embedded_cloud.faults.get() == ()


def test_customers_requests_can_fail_too(embedded_cloud: EmbeddedCloud, cloud_account: CloudAccount) -> None:
    client = versioned(cloud_account, "f", [CODE])
    url = client.create_function_url_config(FunctionName="f", AuthType="NONE")["FunctionUrl"]
    embedded_cloud.faults.set([FaultRule(kind="error", service="lambda-url", status=502)])
    assert request(url).status == 502
    embedded_cloud.faults.clear()
    assert request(url).status == 200


def test_an_effect_whose_answer_is_lost_has_happened_and_is_in_the_log(
    embedded_cloud: EmbeddedCloud, cloud_account: CloudAccount
) -> None:
    versioned(cloud_account, "f", [CODE, CODE + "  # 2"])
    client = cloud_account.client("lambda", REGION, config=NO_RETRY)
    embedded_cloud.faults.set([FaultRule(kind="reset", operation="UpdateAlias", after=True, times=1)])
    with pytest.raises(ConnectionClosedError):
        client.update_alias(FunctionName="f", Name="live", RoutingConfig={"AdditionalVersionWeights": {"2": 0.1}})
    alias = client.get_alias(FunctionName="f", Name="live")
    assert alias["RoutingConfig"] == {"AdditionalVersionWeights": {"2": 0.1}}
    mine = [one for one in embedded_cloud.calls() if one.account == cloud_account.account_id]
    (update,) = [one for one in mine if one.operation == "UpdateAlias"]
    assert (update.fault, update.effective, update.status) == ("reset", True, 200)
    assert update.parameters["FunctionName"] == "f"
    assert update.parameters["RoutingConfig"] == {"AdditionalVersionWeights": {"2": 0.1}}


def test_the_log_names_every_change_in_order_and_no_reads(
    embedded_cloud: EmbeddedCloud, cloud_account: CloudAccount
) -> None:
    before = max((one.seq for one in embedded_cloud.calls()), default=0)
    versioned(cloud_account, "f", [CODE])
    s3 = cloud_account.client("s3", "us-east-1")
    s3.create_bucket(Bucket=f"log-{cloud_account.account_id}")
    s3.put_object(Bucket=f"log-{cloud_account.account_id}", Key="a/b", Body=b"x")
    s3.get_object(Bucket=f"log-{cloud_account.account_id}", Key="a/b")
    sqs = cloud_account.client("sqs", REGION)
    sqs.create_queue(QueueName="q")
    sqs.list_queues()
    cloud_account.client("cloudformation", REGION).create_stack(
        StackName="s", TemplateBody='{"Resources": {"T": {"Type": "AWS::SNS::Topic"}}}'
    )
    with pytest.raises(ClientError):
        cloud_account.client("lambda", REGION).delete_function(FunctionName="nobody")
    mine = [one for one in embedded_cloud.calls(since=before) if one.account == cloud_account.account_id]
    assert [(one.service, one.operation) for one in mine] == [
        ("lambda", "CreateFunction"),
        ("lambda", "PublishVersion"),
        ("lambda", "CreateAlias"),
        ("s3", "CreateBucket"),
        ("s3", "PutObject"),
        ("sqs", "CreateQueue"),
        ("cloudformation", "CreateStack"),
        ("lambda", "DeleteFunction"),
    ]
    assert mine[4].parameters == {"Bucket": f"log-{cloud_account.account_id}", "Key": "a/b"}
    assert mine[6].parameters["StackName"] == "s"
    assert (mine[7].status, mine[7].error) == (404, "ResourceNotFoundException")
    assert [one.seq for one in mine] == sorted({one.seq for one in mine})
