"""Where AWS refuses, the embedded cloud refuses too: what a deployer must not learn in production."""

import io
import json
import zipfile
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from cloud.support import REGION, deploy, function, reasons, settled, translated, upload, versioned
from shoreward.cloud import EmbeddedCloud
from shoreward.testing.cloud import CloudAccount, archive

OK = "def handler(event, context): return 1"
ROLE = {
    "Type": "AWS::IAM::Role",
    "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []}},
}
QUEUE = json.dumps({"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}})


def code(error: "pytest.ExceptionInfo[ClientError]") -> str:
    return error.value.response["Error"]["Code"]


def lambda_template(bucket: str, key: str) -> str:
    properties = {"Handler": "index.handler", "Runtime": "python3.12", "Role": "arn:aws:iam::1:role/r"}
    function = {
        "Type": "AWS::Lambda::Function",
        "Properties": {**properties, "Code": {"S3Bucket": bucket, "S3Key": key}},
    }
    return json.dumps({"Resources": {"F": function}})


def test_a_stack_fails_when_the_code_bucket_does_not_exist(cloud_account: CloudAccount) -> None:
    client = cloud_account.client("cloudformation", REGION)
    client.create_stack(StackName="s", TemplateBody=lambda_template("no-such-bucket-here", "k.zip"))
    assert settled(cloud_account, "s") == "ROLLBACK_COMPLETE"
    assert any("NoSuchBucket" in reason for reason in reasons(cloud_account, "s"))


def test_a_stack_fails_when_the_code_key_does_not_exist(cloud_account: CloudAccount) -> None:
    bucket = upload(cloud_account, "other.zip", {"index.py": OK}).split("/")[2]
    client = cloud_account.client("cloudformation", REGION)
    client.create_stack(StackName="s", TemplateBody=lambda_template(bucket, "missing.zip"))
    assert settled(cloud_account, "s") == "ROLLBACK_COMPLETE"
    assert any("NoSuchKey" in reason for reason in reasons(cloud_account, "s"))


def test_a_stack_in_rollback_complete_cannot_be_updated(cloud_account: CloudAccount) -> None:
    client = cloud_account.client("cloudformation", REGION)
    client.create_stack(StackName="s", TemplateBody=lambda_template("no-such-bucket-here", "k.zip"))
    settled(cloud_account, "s")
    with pytest.raises(ClientError, match="ROLLBACK_COMPLETE state and can not be updated") as refused:
        client.update_stack(StackName="s", TemplateBody=QUEUE)
    assert code(refused) == "ValidationError"
    with pytest.raises(ClientError, match="ROLLBACK_COMPLETE") as refused:
        client.create_change_set(StackName="s", ChangeSetName="c", ChangeSetType="UPDATE", TemplateBody=QUEUE)
    assert code(refused) == "ValidationError"


def test_a_stack_cannot_update_what_somebody_deleted_and_makes_nothing_anew(cloud_account: CloudAccount) -> None:
    client, sqs = cloud_account.client("cloudformation", REGION), cloud_account.client("sqs", REGION)
    deploy(cloud_account, "s", QUEUE)
    (address,) = sqs.list_queues()["QueueUrls"]
    sqs.delete_queue(QueueUrl=address)
    changed = {"Resources": {"Q": {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": 7}}}}
    client.update_stack(StackName="s", TemplateBody=json.dumps(changed))
    assert settled(cloud_account, "s") == "UPDATE_ROLLBACK_COMPLETE"
    assert any("not found" in reason for reason in reasons(cloud_account, "s"))
    assert not sqs.list_queues().get("QueueUrls")


def test_a_bucket_that_is_not_empty_keeps_its_stack(cloud_account: CloudAccount) -> None:
    client, s3 = cloud_account.client("cloudformation", REGION), cloud_account.client("s3", REGION)
    deploy(cloud_account, "s", json.dumps({"Resources": {"B": {"Type": "AWS::S3::Bucket"}}}))
    bucket = client.describe_stack_resource(StackName="s", LogicalResourceId="B")["StackResourceDetail"]
    s3.put_object(Bucket=bucket["PhysicalResourceId"], Key="letter", Body=b"Dear all")
    client.delete_stack(StackName="s")
    assert settled(cloud_account, "s") == "DELETE_FAILED"
    assert any("not empty" in reason for reason in reasons(cloud_account, "s"))


@pytest.mark.parametrize("operation", ["create_function", "update_function_code"])
def test_code_from_a_missing_object_is_refused(cloud_account: CloudAccount, operation: str) -> None:
    bucket = upload(cloud_account, "other.zip", {"index.py": OK}).split("/")[2]
    client = function(cloud_account, "there", OK)
    missing = {"S3Bucket": bucket, "S3Key": "missing.zip"}
    role = f"arn:aws:iam::{cloud_account.account_id}:role/r"
    given: dict[str, Any] = {"FunctionName": "there", **missing}
    if operation == "create_function":
        given = {"FunctionName": "f", "Runtime": "python3.12", "Handler": "i.h", "Role": role, "Code": missing}
    with pytest.raises(ClientError, match="NoSuchKey") as refused:
        getattr(client, operation)(**given)
    assert code(refused) == "InvalidParameterValueException"


def test_an_alias_needs_a_version_that_exists(cloud_account: CloudAccount) -> None:
    client = versioned(cloud_account, "f", [OK])
    with pytest.raises(ClientError) as refused:
        client.create_alias(FunctionName="f", Name="other", FunctionVersion="9")
    assert code(refused) == "ResourceNotFoundException"
    with pytest.raises(ClientError) as refused:
        client.update_alias(FunctionName="f", Name="live", FunctionVersion="9")
    assert code(refused) == "ResourceNotFoundException"
    with pytest.raises(ClientError) as refused:
        client.update_alias(FunctionName="f", Name="live", RoutingConfig={"AdditionalVersionWeights": {"9": 0.1}})
    assert code(refused) == "ResourceNotFoundException"
    assert client.get_alias(FunctionName="f", Name="live")["FunctionVersion"] == "1"


@pytest.mark.parametrize("weights", [{"2": 1.5}, {"1": 0.5}, {"2": 0.2, "3": 0.2}])
def test_weights_that_make_no_sense_are_refused(cloud_account: CloudAccount, weights: dict[str, float]) -> None:
    client = versioned(cloud_account, "f", [OK, OK + "+1", OK + "+2"])
    with pytest.raises(ClientError) as refused:
        client.update_alias(FunctionName="f", Name="live", RoutingConfig={"AdditionalVersionWeights": weights})
    assert code(refused) in ("InvalidParameterValueException", "ValidationException")


def test_an_alias_of_a_stack_needs_a_version_that_exists(cloud_account: CloudAccount) -> None:
    function(cloud_account, "f", OK)
    alias = {"Type": "AWS::Lambda::Alias", "Properties": {"FunctionName": "f", "Name": "live", "FunctionVersion": "7"}}
    client = cloud_account.client("cloudformation", REGION)
    client.create_stack(StackName="s", TemplateBody=json.dumps({"Resources": {"A": alias}}))
    assert settled(cloud_account, "s") == "ROLLBACK_COMPLETE"
    assert any("Function not found" in reason for reason in reasons(cloud_account, "s"))


def test_a_stale_revision_of_an_alias_is_refused(cloud_account: CloudAccount) -> None:
    client = versioned(cloud_account, "f", [OK])
    stale = client.get_alias(FunctionName="f", Name="live")["RevisionId"]
    client.update_alias(FunctionName="f", Name="live", Description="somebody else was here")
    with pytest.raises(ClientError) as refused:
        client.update_alias(FunctionName="f", Name="live", Description="mine", RevisionId=stale)
    assert code(refused) == "PreconditionFailedException"


def test_publishing_unchanged_code_gives_the_latest_version_again(cloud_account: CloudAccount) -> None:
    client = function(cloud_account, "f", OK)
    assert client.publish_version(FunctionName="f")["Version"] == "1"
    assert client.publish_version(FunctionName="f")["Version"] == "1"
    client.update_function_code(FunctionName="f", ZipFile=archive({"index.py": OK}))
    assert client.publish_version(FunctionName="f")["Version"] == "1"


@pytest.mark.parametrize("operation", ["create_stack", "create_change_set"])
def test_iam_resources_need_the_capability(cloud_account: CloudAccount, operation: str) -> None:
    client = cloud_account.client("cloudformation", REGION)
    template = json.dumps({"Resources": {"R": ROLE}})
    more: dict[str, Any] = {"ChangeSetName": "c", "ChangeSetType": "CREATE"} if operation == "create_change_set" else {}
    with pytest.raises(ClientError, match="CAPABILITY_IAM") as refused:
        getattr(client, operation)(StackName="s", TemplateBody=template, **more)
    assert code(refused) == "InsufficientCapabilitiesException"


def test_only_a_role_that_exists_can_be_assumed(cloud_account: CloudAccount) -> None:
    sts, iam = cloud_account.client("sts"), cloud_account.client("iam")
    other = f"arn:aws:iam::{int(cloud_account.account_id) + 500_000_000}:role/deployer"
    for arn in (f"arn:aws:iam::{cloud_account.account_id}:role/deployer", other):
        with pytest.raises(ClientError, match="not authorized to perform: sts:AssumeRole") as refused:
            sts.assume_role(RoleArn=arn, RoleSessionName="tests")
        assert code(refused) == "AccessDenied"
    iam.create_role(RoleName="deployer", AssumeRolePolicyDocument="{}")
    mine = sts.assume_role(RoleArn=f"arn:aws:iam::{cloud_account.account_id}:role/deployer", RoleSessionName="tests")
    assert mine["Credentials"]["AccessKeyId"].startswith("ASIA")


def test_an_assumed_role_acts_in_its_own_account(embedded_cloud: EmbeddedCloud, cloud_account: CloudAccount) -> None:
    other = CloudAccount(cloud_account.endpoint, str(int(cloud_account.account_id) + 300_000_000))
    other.client("iam").create_role(RoleName="deployer", AssumeRolePolicyDocument="{}")
    arn = f"arn:aws:iam::{other.account_id}:role/deployer"
    given = cloud_account.client("sts").assume_role(RoleArn=arn, RoleSessionName="tests")["Credentials"]
    session = boto3.Session(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"], REGION)
    make: Any = session.client
    assert make("sts", endpoint_url=other.endpoint).get_caller_identity()["Account"] == other.account_id
    make("sqs", endpoint_url=other.endpoint).create_queue(QueueName="theirs")
    assert other.client("sqs", REGION).list_queues()["QueueUrls"]
    assert not cloud_account.client("sqs", REGION).list_queues().get("QueueUrls")
    made = [one for one in embedded_cloud.calls() if one.parameters.get("QueueName") == "theirs"]
    assert [one.account for one in made] == [other.account_id]


def test_a_package_above_250_megabytes_is_refused(cloud_account: CloudAccount) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as bundle:
        bundle.writestr("index.py", OK)
        with bundle.open("zeros", "w") as zeros:
            for _ in range(251):
                zeros.write(bytes(1 << 20))
    client = function(cloud_account, "f", OK)
    with pytest.raises(ClientError, match="Unzipped size must be smaller than 262144000 bytes") as refused:
        client.update_function_code(FunctionName="f", ZipFile=buffer.getvalue())
    assert code(refused) == "InvalidParameterValueException"


def test_a_change_set_without_changes_fails_in_the_words_of_aws(cloud_account: CloudAccount) -> None:
    deploy(cloud_account, "s", QUEUE)
    client = cloud_account.client("cloudformation", REGION)
    made = client.create_change_set(StackName="s", ChangeSetName="c", ChangeSetType="UPDATE", TemplateBody=QUEUE)
    described = client.describe_change_set(ChangeSetName=made["Id"])
    assert described["Status"] == "FAILED"
    assert described["StatusReason"].startswith("The submitted information didn't contain changes.")
    with pytest.raises(ClientError, match="No updates are to be performed"):
        client.update_stack(StackName="s", TemplateBody=QUEUE)


def test_an_unknown_region_answers_an_error(cloud_account: CloudAccount) -> None:
    with pytest.raises(ClientError, match="eu-nowhere-7 does not exist"):
        cloud_account.client("sqs", "eu-nowhere-7").list_queues()


def test_an_unknown_resource_type_fails_the_stack(cloud_account: CloudAccount) -> None:
    template = json.dumps({"Resources": {"X": {"Type": "AWS::Lambda::Funktion"}}})
    with pytest.raises(ClientError, match="Unrecognized resource types"):
        cloud_account.client("cloudformation", REGION).create_stack(StackName="s", TemplateBody=template)


def test_a_function_of_sam_deploys_with_capabilities(cloud_account: CloudAccount) -> None:
    uri = upload(cloud_account, "f.zip", {"index.py": OK})
    properties = {"Handler": "index.handler", "Runtime": "python3.12", "CodeUri": uri}
    template = translated({"F": {"Type": "AWS::Serverless::Function", "Properties": properties}})
    assert deploy(cloud_account, "s", template) == {}
