"""A name that the template gives is taken: the release ends errored, says what to do, and touches nothing of others."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from cli.support import NORTH, TABLE, TEMPLATE, Kiosk
from shoreward.domain import Revision, Snapshot, Staged, Terminal

from .rendered import sam
from .support import Bench, refusing, says, staged_function, table

QUEUE = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "orders"}}


def queue(bench: Bench) -> dict[str, Any]:
    bench.account.client("sqs", bench.region).create_queue(QueueName="orders")
    return QUEUE


def orders(bench: Bench) -> dict[str, Any]:
    bench.account.client("dynamodb", bench.region).create_table(**table("orders")["Properties"])
    return table("orders")


def bucket(bench: Bench) -> dict[str, Any]:
    name = f"orders-{bench.account.account_id}"
    bench.account.client("s3", bench.region).create_bucket(Bucket=name)
    return {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": name}}


def in_another_stack(bench: Bench) -> dict[str, Any]:
    client = bench.cloudformation
    client.create_stack(StackName="other", TemplateBody=json.dumps({"Resources": {"Orders": QUEUE}}))
    client.get_waiter("stack_create_complete").wait(StackName="other", WaiterConfig={"Delay": 0.05})
    return QUEUE


@pytest.mark.parametrize("take", [queue, orders, bucket, in_another_stack])
@pytest.mark.parametrize("first", [True, False], ids=["first", "later"])
def test_a_taken_name_is_told_with_what_to_do(
    bench: Bench, take: Callable[[Bench], dict[str, Any]], first: bool
) -> None:
    # Given a name that is taken, and perhaps an earlier release
    if not first:
        bench.release(bench.revision(says("one")), "r1")
    revision = bench.revision(says("two"), extra={"Orders": take(bench)})
    snapshot = bench.adapters.stacks.inspect(bench.pipeline, bench.target, revision)

    # When a release stages a template that gives this name
    with pytest.raises(Terminal) as failed:
        bench.adapters.stacks.stage(bench.pipeline, bench.target, revision, snapshot, "r2/stage")

    # Then it says which resource, why, and what to do
    assert failed.value.code == "STACK_FAILED"
    assert "Orders (AWS::" in failed.value.what
    assert "already exists" in failed.value.what
    assert "another name in the template" in failed.value.next
    assert "import it" in failed.value.next

    # And the way back leaves what there was
    bench.adapters.stacks.restore(bench.pipeline, bench.target, snapshot, None, "r2/restore")
    if first:
        assert bench.status() is None
    else:
        assert (bench.says(), bench.drift()) == ({"one"}, "IN_SYNC")


def test_somebody_elses_function_of_that_name_keeps_its_log(bench: Bench) -> None:
    # Given a function that somebody made by hand under the name that the template gives, and its log
    role = f"arn:aws:iam::{bench.account.account_id}:role/r"
    code = bench.store.get(bench.revision(says("theirs")).artifacts[0].digest)
    bench.lambda_.create_function(
        FunctionName="shop-hello", Runtime="python3.11", Handler="index.handler", Role=role, Code={"ZipFile": code}
    )
    logs = bench.account.client("logs", bench.region)
    logs.create_log_group(logGroupName="/aws/lambda/shop-hello")

    # When a first release onto it fails and goes back
    with pytest.raises(Terminal, match="already exists"):
        bench.adapters.stacks.stage(bench.pipeline, bench.target, named(bench), Snapshot(exists=False), "r1/stage")
    staged = Staged(functions=(staged_function(baseline=None, candidate="1", name="shop-hello"),), changes=())
    bench.adapters.stacks.restore(bench.pipeline, bench.target, Snapshot(exists=False), staged, "r1/restore")

    # Then function and log are still there
    assert bench.status() is None
    assert bench.lambda_.get_function(FunctionName="shop-hello")["Configuration"]["State"] == "Active"
    assert logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/shop-hello")["logGroups"]


def named(bench: Bench) -> Revision:
    return sam(
        bench,
        """\
Hello:
  Type: AWS::Serverless::Function
  Properties: {FunctionName: shop-hello, Runtime: python3.11, Handler: index.handler, InlineCode: x = 1}
""",
    )


EARLY = (
    "The following hook(s)/validation failed: [AWS::EarlyValidation::ResourceExistenceCheck]. To troubleshoot Early "
    "Validation errors, use the DescribeEvents API for detailed failure information."
)


@pytest.mark.parametrize("allowed", [True, False], ids=["told", "not allowed to ask"])
def test_what_is_found_while_a_change_set_is_made_is_asked_for(bench: Bench, allowed: bool) -> None:
    # Given an account where CloudFormation looks at names before anything is executed
    bench.release(bench.revision(says("one")), "r1")
    revision = bench.revision(says("two"), extra={"Orders": QUEUE})
    snapshot = bench.adapters.stacks.inspect(bench.pipeline, bench.target, revision)
    events = bench.session.events

    def refuse(parsed: dict[str, Any], **_: object) -> None:
        parsed.update(Status="FAILED", ExecutionStatus="UNAVAILABLE", StatusReason=EARLY)

    def tell(parsed: dict[str, Any], **_: object) -> None:
        common = {"OperationId": "2", "LogicalResourceId": "Orders", "ResourceType": "AWS::SQS::Queue"}
        parsed["OperationEvents"] = [
            {**common, "ValidationStatusReason": "Resource of type 'AWS::SQS::Queue' already exists."},
            {"OperationId": "1", "LogicalResourceId": "Old", "ValidationStatusReason": "An older one."},
        ]

    events.register("after-call.cloudformation.DescribeChangeSet", refuse)
    events.register("after-call.cloudformation.DescribeEvents", tell)
    if not allowed:
        denied = b"<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>"
        events.register("before-send.cloudformation.DescribeEvents", refusing("AccessDenied", 403, denied))
    bench.adapters = bench.connected()

    # When a release meets that
    with pytest.raises(Terminal) as failed:
        bench.adapters.stacks.stage(bench.pipeline, bench.target, revision, snapshot, "r2/stage")

    # Then it says what CloudFormation found, as far as it may ask, and leaves nothing behind
    assert failed.value.code == "CHANGE_SET_FAILED"
    if allowed:
        assert "Orders (AWS::SQS::Queue): Resource of type 'AWS::SQS::Queue' already exists." in failed.value.what
        assert "Old" not in failed.value.what
        assert "another name in the template" in failed.value.next
    else:
        assert "ResourceExistenceCheck" in failed.value.what
    assert bench.change_sets() == []


def test_a_release_ends_errored_and_says_what_to_do(kiosk: Kiosk) -> None:
    # Given a table that somebody made by hand under the name that the template gives
    kiosk.write("template.yaml", TEMPLATE + TABLE)
    kiosk.commit()
    client = kiosk.account.client("dynamodb", NORTH)
    key = [{"AttributeName": "name", "AttributeType": "S"}], [{"AttributeName": "name", "KeyType": "HASH"}]
    client.create_table(
        TableName="kiosk-guests", AttributeDefinitions=key[0], KeySchema=key[1], BillingMode="PAY_PER_REQUEST"
    )
    client.put_item(TableName="kiosk-guests", Item={"name": {"S": "Ada"}})

    # When it is released
    told = kiosk.run("release")

    # Then the release ends errored, says so, and the guests are there
    assert told.code == 3
    assert "Traceback" not in told.all
    assert kiosk.run("status", "--json").json["outcome"] == "errored"
    for said in (told.out, kiosk.run("why").out):
        words = " ".join(said.split())
        assert "Guests (AWS::DynamoDB::Table)" in words
        assert "already exists" in words
        assert "another name in the template" in words
    assert client.scan(TableName="kiosk-guests")["Count"] == 1
