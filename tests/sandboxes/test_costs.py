"""The forecast of what a sandbox costs: sums of list prices, and no unknown price that counts as free."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from typing import Any

import pytest

from shoreward.app.sandboxes.costs import Forecast, forecast
from shoreward.domain import Target
from shoreward.spec.template.resolving import resolve

TARGET = Target(account="111111111111", region="us-east-1", stack="shop")


def of(type_: str, **properties: Any) -> Forecast:
    return of_all(Thing={"Type": type_, "Properties": properties})


def of_all(**resources: Any) -> Forecast:
    return forecast(resolve({"Resources": resources}, TARGET))


def test_every_price_has_a_source_and_the_table_a_date():
    table = json.loads(files("shoreward.app.sandboxes.costs").joinpath("prices.json").read_text())
    assert re.fullmatch(r"20\d\d-\d\d", table["as_of"])
    sourced = [*table["rates"].values(), *table["hourly"].values(), *table["monthly"].values()]
    sourced += table["per_request"].values()
    assert all(one["source"].startswith("https://aws.amazon.com/") for one in sourced)


def test_no_type_is_both_priced_and_free():
    table = json.loads(files("shoreward.app.sandboxes.costs").joinpath("prices.json").read_text())
    priced = {*table["hourly"], *table["monthly"], *table["per_request"]}
    assert not priced & set(table["free"])


def test_a_function_costs_only_when_it_is_called():
    found = of("AWS::Lambda::Function", MemorySize=1024)
    assert found.hourly == 0
    assert found.thousand == pytest.approx(1_000 * (0.0000002 + 0.2 * 0.0000166667))
    assert of("AWS::Lambda::Function", MemorySize=1024, Architectures=["arm64"]).thousand < found.thousand


def test_provisioned_concurrency_costs_all_the_time():
    found = of_all(
        Hello={"Type": "AWS::Lambda::Function", "Properties": {"MemorySize": 512}},
        Live={
            "Type": "AWS::Lambda::Alias",
            "Properties": {
                "FunctionName": {"Ref": "Hello"},
                "ProvisionedConcurrencyConfig": {"ProvisionedConcurrentExecutions": 10},
            },
        },
    )
    assert found.hourly == pytest.approx(10 * 0.5 * 3_600 * 0.0000041667)


@pytest.mark.parametrize(
    ("type_", "properties", "hourly"),
    [
        (
            "AWS::DynamoDB::Table",
            {"ProvisionedThroughput": {"ReadCapacityUnits": 10, "WriteCapacityUnits": 5}},
            0.00455,
        ),
        ("AWS::DynamoDB::Table", {"BillingMode": "PAY_PER_REQUEST"}, 0.0),
        ("AWS::Kinesis::Stream", {"ShardCount": 4}, 0.06),
        ("AWS::Kinesis::Stream", {"StreamModeDetails": {"StreamMode": "ON_DEMAND"}}, 0.04),
        ("AWS::EC2::NatGateway", {}, 0.045),
        ("AWS::EC2::VPCEndpoint", {"VpcEndpointType": "Interface", "SubnetIds": ["a", "b"]}, 0.02),
        ("AWS::EC2::VPCEndpoint", {}, 0.0),
        ("AWS::RDS::DBInstance", {"Engine": "postgres", "DBInstanceClass": "db.t4g.micro", "MultiAZ": True}, 0.032),
        ("AWS::RDS::DBCluster", {"ServerlessV2ScalingConfiguration": {"MinCapacity": 0.5, "MaxCapacity": 4}}, 0.06),
        ("AWS::ElastiCache::ReplicationGroup", {"CacheNodeType": "cache.t4g.micro", "NumCacheClusters": 2}, 0.032),
        ("AWS::OpenSearchService::Domain", {"ClusterConfig": {"InstanceType": "t3.small.search"}}, 0.036),
        ("AWS::Lambda::EventSourceMapping", {"EventSourceArn": "arn:aws:sqs:us-east-1:1:q"}, 0.00036),
        ("AWS::KMS::Key", {}, 1 / 730),
        ("AWS::IAM::Role", {}, 0.0),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_costs_by_being_there(type_: str, properties: dict[str, Any], hourly: float):
    found = of(type_, **properties)
    assert found.unknown == ()
    assert found.hourly == pytest.approx(hourly)


@pytest.mark.parametrize(
    ("type_", "properties"),
    [
        ("AWS::MSK::Cluster", {}),
        ("AWS::New::Thing", {}),
        ("AWS::RDS::DBInstance", {"Engine": "postgres", "DBInstanceClass": "db.x99.huge"}),
        ("AWS::Kinesis::Stream", {"ShardCount": {"Fn::ImportValue": "shards"}}),
        ("AWS::ApiGateway::Stage", {"CacheClusterEnabled": True}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_price_that_nobody_knows_is_named_and_never_free(type_: str, properties: dict[str, Any]):
    found = of(type_, **properties)
    assert any(one.startswith(type_) for one in found.unknown)


def test_the_dearest_comes_first():
    found = of_all(Key={"Type": "AWS::KMS::Key"}, Way={"Type": "AWS::EC2::NatGateway"}, Role={"Type": "AWS::IAM::Role"})
    assert [one.name for one in found.costs] == ["Way", "Key"]
    assert found.as_of
