"""A stack makes its own resources: one that somebody else made by the same name is not taken over."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from cloud.support import REGION, function, reasons, settled
from shoreward.testing.cloud import CloudAccount

OK = "def handler(event, context): return 1"
KEY = {
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}
TRUST: dict[str, Any] = {"Version": "2012-10-17", "Statement": []}


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of resource: how a template makes one, how anybody else does, and what tells one from another."""

    type: str
    property: str
    more: dict[str, Any]
    make: Callable[[CloudAccount, str], object]
    mark: Callable[[CloudAccount, str], object]

    def template(self, name: str, **others: Any) -> str:
        return json.dumps({"Resources": {"One": self.resource(name), **others}})

    def resource(self, name: str) -> dict[str, Any]:
        return {"Type": self.type, "Properties": {self.property: name, **self.more}}


def queue_made(account: CloudAccount, name: str) -> None:
    client = account.client("sqs", REGION)
    client.send_message(QueueUrl=client.create_queue(QueueName=name)["QueueUrl"], MessageBody="kept")


def queue_mark(account: CloudAccount, name: str) -> object:
    client = account.client("sqs", REGION)
    url = client.get_queue_url(QueueName=name)["QueueUrl"]
    return client.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])["Attributes"]


def bucket_made(account: CloudAccount, name: str) -> None:
    client = account.client("s3", REGION)
    client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    client.put_object(Bucket=name, Key="kept", Body=b"kept")


KINDS = [
    Kind(
        type="AWS::Lambda::Function",
        property="FunctionName",
        more={
            "Runtime": "python3.12",
            "Handler": "index.handler",
            "Role": "arn:aws:iam::1:role/r",
            "Code": {"ZipFile": OK},
        },
        make=lambda account, name: function(account, name, OK, Description="kept"),
        mark=lambda account, name: account.client("lambda", REGION).get_function_configuration(FunctionName=name)[
            "Description"
        ],
    ),
    Kind(
        type="AWS::DynamoDB::Table",
        property="TableName",
        more=KEY,
        make=lambda account, name: account.client("dynamodb", REGION).create_table(TableName=name, **KEY),
        mark=lambda account, name: account.client("dynamodb", REGION).describe_table(TableName=name)["Table"][
            "TableId"
        ],
    ),
    Kind(type="AWS::SQS::Queue", property="QueueName", more={}, make=queue_made, mark=queue_mark),
    Kind(
        type="AWS::IAM::Role",
        property="RoleName",
        more={"AssumeRolePolicyDocument": TRUST},
        make=lambda account, name: account.client("iam", REGION).create_role(
            RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST), Description="kept"
        ),
        mark=lambda account, name: account.client("iam", REGION).get_role(RoleName=name)["Role"]["RoleId"],
    ),
]
BUCKET = Kind(
    type="AWS::S3::Bucket",
    property="BucketName",
    more={},
    make=bucket_made,
    mark=lambda account, name: [
        one["Key"] for one in account.client("s3", REGION).list_objects_v2(Bucket=name).get("Contents", [])
    ],
)


def create(account: CloudAccount, stack: str, template: str) -> str:
    """Ask for a stack; the status that it comes to rest in."""
    client = account.client("cloudformation", REGION)
    client.create_stack(StackName=stack, TemplateBody=template, Capabilities=["CAPABILITY_NAMED_IAM"])
    return settled(account, stack)


def update(account: CloudAccount, stack: str, template: str) -> str:
    """Ask for a change; the status that the stack comes to rest in."""
    client = account.client("cloudformation", REGION)
    client.update_stack(StackName=stack, TemplateBody=template, Capabilities=["CAPABILITY_NAMED_IAM"])
    return settled(account, stack)


def delete(account: CloudAccount, stack: str) -> None:
    client = account.client("cloudformation", REGION)
    stack_id = client.describe_stacks(StackName=stack)["Stacks"][0]["StackId"]
    client.delete_stack(StackName=stack)
    assert settled(account, stack_id) == "DELETE_COMPLETE"


@pytest.mark.parametrize("kind", [*KINDS, BUCKET], ids=lambda kind: kind.type)
def test_a_stack_does_not_take_over_what_was_made_by_hand(cloud_account: CloudAccount, kind: Kind) -> None:
    name = f"orders-{cloud_account.account_id}"
    kind.make(cloud_account, name)
    before = kind.mark(cloud_account, name)
    assert create(cloud_account, "s", kind.template(name)) == "ROLLBACK_COMPLETE"
    assert kind.mark(cloud_account, name) == before
    delete(cloud_account, "s")
    assert kind.mark(cloud_account, name) == before


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.type)
def test_the_failed_resource_says_so_in_cloudformations_words(cloud_account: CloudAccount, kind: Kind) -> None:
    kind.make(cloud_account, "orders")
    create(cloud_account, "s", kind.template("orders"))
    assert any(
        f"\"Resource of type '{kind.type}' with identifier 'orders' already exists.\" (RequestToken: " in reason
        and reason.endswith(", HandlerErrorCode: AlreadyExists)")
        for reason in reasons(cloud_account, "s")
    )


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.type)
def test_a_stack_does_not_take_over_what_another_stack_has(cloud_account: CloudAccount, kind: Kind) -> None:
    assert create(cloud_account, "first", kind.template("orders")) == "CREATE_COMPLETE"
    before = kind.mark(cloud_account, "orders")
    assert create(cloud_account, "second", kind.template("orders")) == "ROLLBACK_COMPLETE"
    assert kind.mark(cloud_account, "orders") == before


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.type)
def test_an_update_goes_back_when_a_new_name_is_taken(cloud_account: CloudAccount, kind: Kind) -> None:
    assert create(cloud_account, "s", kind.template("mine")) == "CREATE_COMPLETE"
    kind.make(cloud_account, "orders")
    before = kind.mark(cloud_account, "mine"), kind.mark(cloud_account, "orders")
    for changed in (kind.template("orders"), kind.template("mine", Two=kind.resource("orders"))):
        assert update(cloud_account, "s", changed) == "UPDATE_ROLLBACK_COMPLETE"
        assert (kind.mark(cloud_account, "mine"), kind.mark(cloud_account, "orders")) == before


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.type)
def test_a_named_resource_stays_its_stacks_own(cloud_account: CloudAccount, kind: Kind) -> None:
    assert create(cloud_account, "s", kind.template("orders")) == "CREATE_COMPLETE"
    before = kind.mark(cloud_account, "orders")
    assert update(cloud_account, "s", kind.template("orders", Two={"Type": "AWS::SNS::Topic"})) == "UPDATE_COMPLETE"
    assert kind.mark(cloud_account, "orders") == before
    delete(cloud_account, "s")
    assert create(cloud_account, "again", kind.template("orders")) == "CREATE_COMPLETE"


def test_a_function_has_one_name_in_each_region(cloud_account: CloudAccount) -> None:
    template = KINDS[0].template("orders")
    assert create(cloud_account, "s", template) == "CREATE_COMPLETE"
    cloud_account.client("cloudformation", "us-east-1").create_stack(StackName="s", TemplateBody=template)
    assert settled(cloud_account, "s", "us-east-1") == "CREATE_COMPLETE"
