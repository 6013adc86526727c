"""A function may do what its role allows, and nothing else: refused as on AWS, in each service's words."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cloud.support import REGION, deploy, function, invoke, request, translated, upload
from shoreward.testing.cloud import CloudAccount

TELLING = """
import os
def handler(event, context):
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    return {name.lower(): os.environ[name] for name in names}
"""
READING = """
import os
import boto3
table = boto3.resource("dynamodb").Table(os.environ["TABLE"])
def handler(event, context):
    table.get_item(Key={"id": "1"})
"""
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"},
        ],
    }
)
ROLE = "beach"

Statement = dict[str, Any]


def allow(actions: str | list[str], resources: str | list[str] = "*", **more: Any) -> Statement:
    return {"Effect": "Allow", "Action": actions, "Resource": resources, **more}


def deny(actions: str | list[str], resources: str | list[str] = "*", **more: Any) -> Statement:
    return {**allow(actions, resources, **more), "Effect": "Deny"}


def policy(statements: Iterable[Statement]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of a call: an empty code when it was answered."""

    code: str = ""
    message: str = ""
    status: int = 200
    found: Any = None


@dataclass(frozen=True, slots=True)
class Beach:
    """A function's role, which is given rights and deprived of them, and the credentials that the function has."""

    account: CloudAccount
    credentials: dict[str, str]

    def arn(self, service: str, rest: str) -> str:
        return f"arn:aws:{service}:{REGION}:{self.account.account_id}:{rest}"

    def client(self, service: str) -> Any:
        """A client of somebody who is no function."""
        return self.account.client(service, REGION)

    def may(self, *statements: Statement) -> None:
        self.client("iam").put_role_policy(RoleName=ROLE, PolicyName="own", PolicyDocument=policy(statements))

    def asks(self, service: str, call: str, **given: Any) -> Answer:
        """A call as the function would make it."""
        make: Any = self.account.session(REGION).client
        client = make(service, endpoint_url=self.account.endpoint, **self.credentials)
        try:
            return Answer(found=getattr(client, call)(**given))
        except ClientError as error:
            said = error.response
            code, message = said["Error"]["Code"], said["Error"]["Message"]
            return Answer(code=code, message=message, status=said["ResponseMetadata"]["HTTPStatusCode"])

    def refused(self, service: str, call: str, **given: Any) -> str:
        """The message of a refusal, whose code is the usual one."""
        answer = self.asks(service, call, **given)
        assert answer.code in ("AccessDenied", "AccessDeniedException"), answer
        return answer.message

    def allowed(self, service: str, call: str, **given: Any) -> bool:
        """Whether there was no refusal; the service may well say that there is nothing of that name."""
        return "Denied" not in self.asks(service, call, **given).code


@pytest.fixture
def beach(cloud_account: CloudAccount) -> Beach:
    iam = cloud_account.client("iam", REGION)
    role = iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    return Beach(cloud_account, invoke(function(cloud_account, "f", TELLING, Role=role), "f"))


@pytest.fixture
def table(beach: Beach) -> str:
    beach.client("dynamodb").create_table(
        TableName="castles",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("id", "owner")],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "owners",
                "KeySchema": [{"AttributeName": "owner", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    return beach.arn("dynamodb", "table/castles")


@pytest.fixture
def papers(beach: Beach) -> str:
    name = f"papers-{beach.account.account_id}"
    beach.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    return name


KEY = {"id": {"S": "1"}}


def test_a_function_is_its_role_and_without_rights_it_may_only_ask_who_it_is(beach: Beach) -> None:
    who = f"arn:aws:sts::{beach.account.account_id}:assumed-role/{ROLE}/f"
    beach.may(allow("s3:ListAllMyBuckets"))
    assert beach.asks("sts", "get_caller_identity").found["Arn"] == who
    assert beach.allowed("s3", "list_buckets")
    message = beach.refused("sqs", "list_queues")
    assert message.startswith(f"User: {who} is not authorized to perform: sqs:listqueues on resource: ")


def test_whoever_is_no_function_may_do_everything(beach: Beach, table: str) -> None:
    beach.may(deny("*"))
    assert beach.client("dynamodb").get_item(TableName="castles", Key=KEY)["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_a_role_that_does_not_exist_has_no_rights(cloud_account: CloudAccount) -> None:
    beach = Beach(cloud_account, invoke(function(cloud_account, "f", TELLING), "f"))
    assert not beach.allowed("s3", "list_buckets")


def test_a_right_that_is_given_or_taken_counts_from_the_next_call_on(beach: Beach, table: str) -> None:
    asked: dict[str, Any] = {"TableName": "castles", "Key": KEY}
    assert not beach.allowed("dynamodb", "get_item", **asked)
    beach.may(allow("dynamodb:GetItem", table))
    assert beach.allowed("dynamodb", "get_item", **asked)
    beach.client("iam").delete_role_policy(RoleName=ROLE, PolicyName="own")
    assert not beach.allowed("dynamodb", "get_item", **asked)


def test_dynamodb_refuses_as_aws_does(beach: Beach, table: str) -> None:
    answer = beach.asks("dynamodb", "get_item", TableName="castles", Key=KEY)
    assert (answer.status, answer.code) == (400, "AccessDeniedException")
    who = f"arn:aws:sts::{beach.account.account_id}:assumed-role/{ROLE}/f"
    assert answer.message == (
        f"User: {who} is not authorized to perform: dynamodb:GetItem on resource: {table} "
        "because no identity-based policy allows the dynamodb:GetItem action"
    )


def test_an_index_is_a_resource_of_its_own(beach: Beach, table: str) -> None:
    asked: dict[str, Any] = {
        "TableName": "castles",
        "IndexName": "owners",
        "KeyConditionExpression": "#o = :o",
        "ExpressionAttributeNames": {"#o": "owner"},
        "ExpressionAttributeValues": {":o": {"S": "kim"}},
    }
    beach.may(allow("dynamodb:Query", table))
    assert f"{table}/index/owners" in beach.refused("dynamodb", "query", **asked)
    beach.may(allow("dynamodb:Query", f"{table}/index/*"))
    assert beach.allowed("dynamodb", "query", **asked)


def test_a_transaction_needs_the_right_of_each_of_its_items(beach: Beach, table: str) -> None:
    items = [
        {"Put": {"TableName": "castles", "Item": {"id": {"S": "2"}}}},
        {"Delete": {"TableName": "castles", "Key": KEY}},
    ]
    beach.may(allow("dynamodb:PutItem", table))
    assert "dynamodb:DeleteItem" in beach.refused("dynamodb", "transact_write_items", TransactItems=items)
    beach.may(allow(["dynamodb:PutItem", "dynamodb:DeleteItem"], table))
    assert beach.allowed("dynamodb", "transact_write_items", TransactItems=items)


def test_a_batch_needs_a_right_on_each_of_its_tables(beach: Beach, table: str) -> None:
    beach.may(allow("dynamodb:BatchGetItem", table))
    both = {name: {"Keys": [KEY]} for name in ("castles", "secrets")}
    assert "table/secrets" in beach.refused("dynamodb", "batch_get_item", RequestItems=both)
    assert beach.allowed("dynamodb", "batch_get_item", RequestItems={"castles": {"Keys": [KEY]}})


def test_s3_refuses_in_xml_and_names_the_object(beach: Beach, papers: str) -> None:
    beach.may(allow("s3:GetObject", f"arn:aws:s3:::{papers}/customs/*"))
    answer = beach.asks("s3", "put_object", Bucket=papers, Key="customs/1", Body="x")
    assert (answer.status, answer.code) == (403, "AccessDenied")
    assert f's3:PutObject on resource: "arn:aws:s3:::{papers}/customs/1" because no identity-based' in answer.message
    assert "s3:GetObject" in beach.refused("s3", "get_object", Bucket=papers, Key="other/1")
    assert beach.allowed("s3", "get_object", Bucket=papers, Key="customs/1")


def test_a_copy_must_be_allowed_to_read_what_it_copies(beach: Beach, papers: str) -> None:
    beach.client("s3").put_object(Bucket=papers, Key="from", Body=b"x")
    beach.may(allow("s3:PutObject", f"arn:aws:s3:::{papers}/*"))
    asked = {"Bucket": papers, "Key": "to", "CopySource": f"{papers}/from"}
    assert f's3:GetObject on resource: "arn:aws:s3:::{papers}/from"' in beach.refused("s3", "copy_object", **asked)
    beach.may(allow(["s3:PutObject", "s3:GetObject"], f"arn:aws:s3:::{papers}/*"))
    assert beach.allowed("s3", "copy_object", **asked)


def test_an_address_that_a_function_signs_is_worth_what_its_role_is(beach: Beach, papers: str) -> None:
    beach.client("s3").put_object(Bucket=papers, Key="one", Body=b"read")
    wanted = {"Bucket": papers, "Key": "one"}
    signed = beach.asks("s3", "generate_presigned_url", ClientMethod="get_object", Params=wanted).found
    assert request(signed).status == 403
    beach.may(allow("s3:GetObject", f"arn:aws:s3:::{papers}/*"))
    assert request(signed).body == b"read"


def test_a_bucket_that_wants_encrypted_transport_is_served(beach: Beach, papers: str) -> None:
    insecure = {"Bool": {"aws:SecureTransport": "false"}}
    refusal = deny("s3:*", f"arn:aws:s3:::{papers}/*", Principal="*", Condition=insecure)
    beach.client("s3").put_bucket_policy(Bucket=papers, Policy=policy([refusal]))
    beach.may(allow("s3:PutObject", f"arn:aws:s3:::{papers}/*"))
    assert beach.allowed("s3", "put_object", Bucket=papers, Key="1", Body="x")


def test_a_batch_of_messages_needs_no_right_of_its_own(beach: Beach) -> None:
    url = beach.client("sqs").create_queue(QueueName="contest")["QueueUrl"]
    batch = {"QueueUrl": url, "Entries": [{"Id": "1", "MessageBody": "x"}]}
    answer = beach.asks("sqs", "send_message_batch", **batch)
    assert (answer.status, answer.code) == (403, "AccessDenied")
    assert f"sqs:sendmessage on resource: {beach.arn('sqs', 'contest')}" in answer.message
    beach.may(allow("sqs:SendMessage", beach.arn("sqs", "contest")))
    assert beach.allowed("sqs", "send_message_batch", **batch)
    assert beach.allowed("sqs", "send_message", QueueUrl=url, MessageBody="x")
    assert not beach.allowed("sqs", "receive_message", QueueUrl=url)


def test_sns_calls_it_an_authorization_error(beach: Beach) -> None:
    topic = beach.client("sns").create_topic(Name="tides")["TopicArn"]
    answer = beach.asks("sns", "publish", TopicArn=topic, Message="x")
    assert (answer.status, answer.code) == (403, "AuthorizationError")
    assert f"SNS:Publish on resource: {topic}" in answer.message
    beach.may(allow("sns:Publish", topic))
    assert beach.asks("sns", "publish", TopicArn=topic, Message="x").code == ""


def test_a_resource_policy_alone_allows_within_an_account(beach: Beach) -> None:
    url = beach.client("sqs").create_queue(QueueName="contest")["QueueUrl"]
    role = f"arn:aws:iam::{beach.account.account_id}:role/{ROLE}"
    own = policy([allow("sqs:SendMessage", beach.arn("sqs", "contest"), Principal={"AWS": role})])
    beach.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": own})
    assert beach.allowed("sqs", "send_message", QueueUrl=url, MessageBody="x")


def test_parameters_are_asked_for_one_by_one(beach: Beach) -> None:
    for name in ("/tides/height", "/castles/key"):
        beach.client("ssm").put_parameter(Name=name, Value="1", Type="String")
    beach.may(allow(["ssm:GetParameter", "ssm:GetParameters"], beach.arn("ssm", "parameter/tides/*")))
    assert beach.allowed("ssm", "get_parameter", Name="/tides/height")
    assert beach.allowed("ssm", "get_parameters", Names=["/tides/height"])
    answer = beach.asks("ssm", "get_parameters", Names=["/tides/height", "/castles/key"])
    assert (answer.status, answer.code) == (400, "AccessDeniedException")
    assert beach.arn("ssm", "parameter/castles/key") in answer.message
    beach.may(allow("ssm:GetParametersByPath", beach.arn("ssm", "parameter/tides")))
    assert beach.allowed("ssm", "get_parameters_by_path", Path="/tides/")


def test_a_secret_is_known_by_the_arn_that_it_was_given(beach: Beach) -> None:
    secret = beach.client("secretsmanager").create_secret(Name="key", SecretString="x")["ARN"]
    assert secret in beach.refused("secretsmanager", "get_secret_value", SecretId="key")
    beach.may(allow("secretsmanager:GetSecretValue", secret))
    assert beach.allowed("secretsmanager", "get_secret_value", SecretId="key")


def test_each_bus_of_events_is_asked_about(beach: Beach) -> None:
    beach.client("events").create_event_bus(Name="beach")
    beach.may(allow("events:PutEvents", beach.arn("events", "event-bus/beach")))
    event = {"Source": "f", "DetailType": "d", "Detail": "{}"}
    assert beach.allowed("events", "put_events", Entries=[{**event, "EventBusName": "beach"}])
    both = [{**event, "EventBusName": "beach"}, event]
    assert "event-bus/default" in beach.refused("events", "put_events", Entries=both)


def test_an_alias_of_a_function_is_a_resource_of_its_own(beach: Beach) -> None:
    client = function(beach.account, "other", "def handler(event, context): return 1")
    client.publish_version(FunctionName="other")
    client.create_alias(FunctionName="other", Name="live", FunctionVersion="1")
    other = beach.arn("lambda", "function:other")
    beach.may(allow("lambda:InvokeFunction", other))
    assert beach.allowed("lambda", "invoke", FunctionName="other") is True
    answer = beach.asks("lambda", "invoke", FunctionName="other", Qualifier="live")
    assert (answer.status, answer.code) == (403, "AccessDeniedException")
    assert f"{other}:live" in answer.message


def test_a_key_is_known_by_itself_whatever_alias_it_has(beach: Beach) -> None:
    kms = beach.client("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    kms.create_alias(AliasName="alias/papers", TargetKeyId=key)
    asked = {"KeyId": "alias/papers", "Plaintext": "x"}
    assert f"kms:Encrypt on resource: {key}" in beach.refused("kms", "encrypt", **asked)
    beach.may(allow("kms:Encrypt", key))
    assert beach.allowed("kms", "encrypt", **asked)


def test_a_state_machine_is_started_by_who_may(beach: Beach) -> None:
    machine = beach.arn("states", "stateMachine:arrival")
    assert machine in beach.refused("stepfunctions", "start_execution", stateMachineArn=machine)
    beach.may(allow("states:StartExecution", machine))
    assert beach.allowed("stepfunctions", "start_execution", stateMachineArn=machine)


def test_figures_are_sent_to_the_namespace_that_is_allowed(beach: Beach) -> None:
    wanted = {"StringEquals": {"cloudwatch:namespace": "Beach"}}
    beach.may(allow("cloudwatch:PutMetricData", Condition=wanted))
    figures = [{"MetricName": "castles", "Value": 1}]
    assert beach.allowed("cloudwatch", "put_metric_data", Namespace="Beach", MetricData=figures)
    assert "PutMetricData" in beach.refused("cloudwatch", "put_metric_data", Namespace="Sea", MetricData=figures)


def test_a_denial_wins(beach: Beach, table: str) -> None:
    beach.may(allow("dynamodb:*"), deny("dynamodb:Delete*", table))
    assert beach.allowed("dynamodb", "get_item", TableName="castles", Key=KEY)
    message = beach.refused("dynamodb", "delete_item", TableName="castles", Key=KEY)
    assert message.endswith("with an explicit deny in an identity-based policy")


def test_what_is_not_named_may_be_what_is_allowed(beach: Beach, table: str) -> None:
    beach.may({"Effect": "Allow", "NotAction": "dynamodb:*", "NotResource": "arn:aws:s3:::secrets*"})
    assert beach.allowed("s3", "list_buckets")
    assert not beach.allowed("s3", "get_object", Bucket="secrets", Key="1")
    assert not beach.allowed("dynamodb", "get_item", TableName="castles", Key=KEY)


def test_managed_policies_count_and_a_boundary_limits_them(beach: Beach, table: str) -> None:
    iam = beach.client("iam")
    own = iam.create_policy(PolicyName="all", PolicyDocument=policy([allow("dynamodb:*")]))["Policy"]["Arn"]
    iam.attach_role_policy(RoleName=ROLE, PolicyArn=own)
    assert beach.allowed("dynamodb", "delete_item", TableName="castles", Key=KEY)
    limit = iam.create_policy(PolicyName="limit", PolicyDocument=policy([allow("dynamodb:Get*")]))["Policy"]["Arn"]
    iam.put_role_permissions_boundary(RoleName=ROLE, PermissionsBoundary=limit)
    assert not beach.allowed("dynamodb", "delete_item", TableName="castles", Key=KEY)
    assert beach.allowed("dynamodb", "get_item", TableName="castles", Key=KEY)


@pytest.mark.parametrize(("name", "may_send"), [("AmazonSQSFullAccess", True), ("AmazonS3ReadOnlyAccess", False)])
def test_policies_of_aws_say_what_they_say_on_aws(beach: Beach, name: str, may_send: bool) -> None:
    url = beach.client("sqs").create_queue(QueueName="contest")["QueueUrl"]
    beach.client("iam").attach_role_policy(RoleName=ROLE, PolicyArn=f"arn:aws:iam::aws:policy/{name}")
    assert beach.allowed("sqs", "send_message", QueueUrl=url, MessageBody="x") is may_send


def test_a_policy_of_aws_that_is_not_known_here_allows_everything(beach: Beach) -> None:
    beach.client("iam").attach_role_policy(RoleName=ROLE, PolicyArn="arn:aws:iam::aws:policy/AmazonBeachFullAccess")
    assert beach.allowed("s3", "list_buckets")


def test_a_role_that_a_function_assumes_is_asked_for_its_own_rights(beach: Beach) -> None:
    iam = beach.client("iam")
    other = iam.create_role(RoleName="warden", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    asked = {"RoleArn": other, "RoleSessionName": "beach"}
    assert "sts:AssumeRole" in beach.refused("sts", "assume_role", **asked)
    beach.may(allow("sts:AssumeRole", other))
    given = beach.asks("sts", "assume_role", **asked).found["Credentials"]
    names = {"AccessKeyId": "aws_access_key_id", "SecretAccessKey": "aws_secret_access_key"}
    names["SessionToken"] = "aws_session_token"
    warden = Beach(beach.account, {name: given[theirs] for theirs, name in names.items()})
    assert "assumed-role/warden/beach" in warden.refused("sqs", "list_queues")
    iam.put_role_policy(RoleName="warden", PolicyName="own", PolicyDocument=policy([allow("sqs:ListQueues")]))
    assert warden.allowed("sqs", "list_queues")


def test_what_a_template_takes_away_is_missed_by_the_code(cloud_account: CloudAccount) -> None:
    properties: dict[str, Any] = {
        "Handler": "index.handler",
        "Runtime": "python3.12",
        "Timeout": 20,
        "CodeUri": upload(cloud_account, "1.zip", {"index.py": READING}),
        "Environment": {"Variables": {"TABLE": {"Ref": "T"}}},
    }

    def after(**policies: Any) -> Any:
        resources = {
            "T": {"Type": "AWS::Serverless::SimpleTable"},
            "F": {"Type": "AWS::Serverless::Function", "Properties": {**properties, **policies}},
        }
        given = deploy(cloud_account, "s", translated(resources, Outputs={"F": {"Value": {"Ref": "F"}}}))
        return invoke(cloud_account.client("lambda", REGION), given["F"])

    assert after(Policies=[{"DynamoDBReadPolicy": {"TableName": {"Ref": "T"}}}]) is None
    failed = after()
    assert failed["errorType"] == "ClientError"
    assert "(AccessDeniedException) when calling the GetItem operation: User: arn:aws:sts::" in failed["errorMessage"]


def test_stacks_of_one_name_in_several_regions_share_no_role_and_no_bucket(cloud_account: CloudAccount) -> None:
    role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": json.loads(TRUST)}}
    resources = {"Role": role, "Papers": {"Type": "AWS::S3::Bucket"}}
    names = {name: {"Value": {"Ref": name}} for name in resources}
    template = json.dumps({"Resources": resources, "Outputs": names})
    here, there = (deploy(cloud_account, "s", template, region) for region in (REGION, "us-west-2"))
    assert all(here[name] != there[name] for name in names)
    assert deploy(cloud_account, "s", template.replace("Papers", "Sheets"))["Role"] == here["Role"]
