"""Removing a sandbox on CloudFormation: whatever it holds, and nothing else."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from shoreward.adapters.aws.sandboxes.kinds import BY_TYPE, KINDS, kind_of_arn
from shoreward.adapters.aws.sandboxes.shelves import is_named
from shoreward.app.sandboxes import MARK, State, Thing
from shoreward.app.sandboxes.ports import Progress, Proof
from shoreward.app.sandboxes.sandboxes import Sandbox
from shoreward.domain import Refused, SpecError, Terminal

from .support import Beach, physical, table

NAMED = {"Fn::Sub": "${AWS::StackName}-thing"}
TRUST = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
STATEMENT = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}


def document(statement: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [statement]}


def made_of(type_: str, **properties: Any) -> dict[str, Any]:
    return {"Type": type_, "DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain", "Properties": properties}


EVERYTHING: dict[str, dict[str, Any]] = {
    "Alarm": made_of(
        "AWS::CloudWatch::Alarm",
        Namespace="a",
        MetricName="b",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        Statistic="Sum",
        ComparisonOperator="GreaterThanThreshold",
    ),
    "Bucket": made_of("AWS::S3::Bucket", VersioningConfiguration={"Status": "Enabled"}),
    "Bus": made_of("AWS::Events::EventBus", Name=NAMED),
    "Guests": {**table(DeletionProtectionEnabled=True), "DeletionPolicy": "Retain"},
    "Http": made_of("AWS::ApiGatewayV2::Api", Name=NAMED, ProtocolType="HTTP"),
    "Images": made_of("AWS::ECR::Repository"),
    "Layer": made_of("AWS::Lambda::LayerVersion", LayerName=NAMED, Content={"S3Bucket": "BUCKET", "S3Key": "KEY"}),
    "Letters": made_of("AWS::SQS::Queue"),
    "Logs": made_of("AWS::Logs::LogGroup", LogGroupName={"Fn::Sub": "/shop/${AWS::StackName}"}),
    "Machine": made_of(
        "AWS::StepFunctions::StateMachine",
        RoleArn={"Fn::GetAtt": ["HelloRole", "Arn"]},
        DefinitionString='{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}',
    ),
    "News": made_of("AWS::SNS::Topic"),
    "Parameter": made_of("AWS::SSM::Parameter", Type="String", Value="x"),
    "Policy": made_of("AWS::IAM::ManagedPolicy", PolicyDocument=document(STATEMENT), Roles=[{"Ref": "HelloRole"}]),
    "Pool": made_of("AWS::Cognito::UserPool", DeletionProtection="ACTIVE"),
    "Rest": made_of("AWS::ApiGateway::RestApi", Name=NAMED),
    "Role": made_of("AWS::IAM::Role", AssumeRolePolicyDocument=document(TRUST)),
    "Rule": made_of(
        "AWS::Events::Rule",
        ScheduleExpression="rate(1 day)",
        Targets=[{"Id": "letters", "Arn": {"Fn::GetAtt": ["Letters", "Arn"]}}],
    ),
    "Schedule": made_of(
        "AWS::Scheduler::Schedule",
        Name=NAMED,
        ScheduleExpression="rate(1 day)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": {"Fn::GetAtt": ["Letters", "Arn"]}, "RoleArn": {"Fn::GetAtt": ["HelloRole", "Arn"]}},
    ),
    "Secret": made_of("AWS::SecretsManager::Secret", SecretString="x"),
    "Source": made_of(
        "AWS::Lambda::EventSourceMapping",
        FunctionName={"Ref": "Hello"},
        EventSourceArn={"Fn::GetAtt": ["Letters", "Arn"]},
    ),
    "Stream": made_of("AWS::Kinesis::Stream", ShardCount=1),
}
"""One of each kind, all of which a person wants to keep in production."""


def with_layer(beach: Beach) -> dict[str, dict[str, Any]]:
    """All of them, the layer made of the function's own code."""
    artifact = beach.revision().artifacts[0]
    content = {"S3Bucket": "shoreward-artifact-bucket", "S3Key": artifact.key}
    return {**EVERYTHING, "Layer": made_of("AWS::Lambda::LayerVersion", LayerName=NAMED, Content=content)}


def put_into(beach: Beach, stack: str) -> None:
    """What a run of tests leaves in a sandbox: versions, delete markers, unfinished uploads, logs."""
    s3, bucket = beach.client("s3"), physical(beach, stack, "Bucket")
    for word in (b"one", b"two"):
        s3.put_object(Bucket=bucket, Key="words", Body=word)
    s3.delete_object(Bucket=bucket, Key="words")
    s3.create_multipart_upload(Bucket=bucket, Key="unfinished")
    beach.client("lambda").invoke(FunctionName=physical(beach, stack, "Hello"))["Payload"].read()


def down(beach: Beach, name: str) -> Proof:
    return beach.sandboxes.down(beach.known(name), beach.progress)


def without_artifacts(beach: Beach) -> dict[str, Any]:
    return {kind: names for kind, names in beach.inventory().items() if "shoreward-" not in str((kind, names))}


def test_every_kind_of_thing_is_removed_and_proved_gone(beach: Beach):
    before = without_artifacts(beach)
    # Given a sandbox with one of everything in it, used as tests use it
    made = beach.up(revision=beach.revision(**with_layer(beach)))
    put_into(beach, made.lease.name)
    inside = without_artifacts(beach)
    assert len(inside) >= len(KINDS)
    # When it is removed
    proof = down(beach, made.lease.name)
    # Then nothing of it is listed by any service, and it says which were asked
    assert proof.clean, proof.left
    assert without_artifacts(beach) == before
    assert {kind.label for kind in KINDS} | {"the stack", "tags of all services"} == set(proof.looked)


def made_kept(beach: Beach) -> Sandbox:
    """A sandbox of everything, to which somebody applied the template as production has it: nothing of it is deleted.

    The check of reversibility does the like.
    """
    made = beach.up(revision=beach.revision(**with_layer(beach)))
    client = beach.client("cloudformation")
    template = json.loads(json.dumps(client.get_template(StackName=made.lease.name)["TemplateBody"]))
    for name, resource in with_layer(beach).items():
        template["Resources"][name] |= {"DeletionPolicy": resource["DeletionPolicy"]}
    client.update_stack(
        StackName=made.lease.name, TemplateBody=json.dumps(template), Capabilities=["CAPABILITY_NAMED_IAM"]
    )
    client.get_waiter("stack_update_complete").wait(StackName=made.lease.name, WaiterConfig={"Delay": 0.1})
    return made


def test_what_cloudformation_keeps_is_removed_behind_it(beach: Beach):
    before = without_artifacts(beach)
    made = made_kept(beach)
    put_into(beach, made.lease.name)
    assert down(beach, made.lease.name).clean
    assert without_artifacts(beach) == before


def test_a_protected_stack_is_a_sandbox_all_the_same(beach: Beach):
    made = beach.up()
    client = beach.client("cloudformation")
    client.update_termination_protection(StackName=made.lease.name, EnableTerminationProtection=True)
    assert down(beach, made.lease.name).clean


def test_logs_carry_the_tags_of_the_sandbox_and_end_some_day(beach: Beach):
    made = beach.up()
    logs = beach.client("logs")
    (group,) = logs.describe_log_groups()["logGroups"]
    assert group["logGroupName"] == f"/aws/lambda/{made.outputs['HelloName']}"
    assert group["retentionInDays"] == 7
    tags = logs.list_tags_for_resource(resourceArn=group["arn"].removesuffix(":*"))["tags"]
    assert tags[MARK] == made.lease.name


def test_a_stack_that_is_no_sandbox_is_never_deleted(beach: Beach):
    # Given a stack that has a sandbox's name, but not its tags
    target = beach.order().target
    client = beach.client("cloudformation")
    body = json.dumps({"Resources": {"Letters": {"Type": "AWS::SQS::Queue"}}})
    client.create_stack(StackName=target.stack, TemplateBody=body)
    client.get_waiter("stack_create_complete").wait(StackName=target.stack, WaiterConfig={"Delay": 0.1})
    before = beach.inventory()
    # When somebody wants a sandbox of that name, or wants it removed
    with pytest.raises(Refused, match="SANDBOX_TAKEN"):
        beach.up()
    with pytest.raises(Terminal, match="SANDBOX_TAKEN"):
        beach.cloud.remove(target, (), Progress())
    with pytest.raises(Terminal, match="SANDBOX_TAKEN"):
        beach.cloud.things(target)
    # Then nothing happens to it, and it is no sandbox in any list
    assert beach.inventory() == before
    assert beach.cloud.find(beach.place) == ()


STUBBORN = """\
import json, urllib.request
def handler(event, context):
    said = "FAILED" if event["RequestType"] == "Delete" else "SUCCESS"
    answer = {"Status": said, "Reason": "not yet", "PhysicalResourceId": "custom", "StackId": event["StackId"],
              "RequestId": event["RequestId"], "LogicalResourceId": event["LogicalResourceId"]}
    request = urllib.request.Request(event["ResponseURL"], json.dumps(answer).encode(), method="PUT")
    urllib.request.urlopen(request).read()
"""
CUSTOM = {
    "Type": "Custom::Thing",
    "DependsOn": ["HelloAliaslive"],
    "Properties": {"ServiceToken": {"Fn::GetAtt": ["Hello", "Arn"]}},
}


def test_what_holds_a_stack_up_is_named_until_somebody_leaves_it_behind(beach: Beach):
    before = without_artifacts(beach)
    # Given a resource of the application's own that refuses to be deleted
    made = beach.up(revision=beach.revision(code=STUBBORN, Thing=CUSTOM))
    with pytest.raises(Terminal, match=r"Thing \(Custom::Thing\).*not yet"):
        down(beach, made.lease.name)
    assert [one.state for one in beach.ledger.all()] == [State.GOING]
    assert "held up by Thing" in beach.said
    # When somebody says that it may stay
    proof = beach.sandboxes.down(beach.known(made.lease.name), beach.progress, abandon=True)
    # Then it is named, everything else is gone, and the lease has ended
    assert [one.type for one in proof.left] == ["Custom::Thing"]
    assert without_artifacts(beach) == before
    assert [one.state for one in beach.ledger.all()] == [State.GONE]


def test_a_creation_that_failed_leaves_nothing_and_the_next_goes_through(beach: Beach):
    bad = {"Type": "AWS::Lambda::Function", "DependsOn": ["Guests"], "Properties": {"Handler": "a", "Runtime": "b"}}
    bad["Properties"] |= {"Role": "arn:aws:iam::111111111111:role/none", "Code": {"S3Bucket": "none", "S3Key": "none"}}
    keep = {**table(), "DeletionPolicy": "Retain"}
    with pytest.raises(SpecError, match="SANDBOX_NOT_MADE") as caught:
        beach.up(revision=beach.revision(Guests=keep, Bad=bad))
    assert "Bad" in caught.value.what
    assert str(caught.value.where) == "template.yaml"
    assert beach.client("dynamodb").list_tables()["TableNames"] == []
    # When the change is mended
    made = beach.up(revision=beach.revision(Guests=keep))
    assert made.lease.state is State.UP
    assert "an earlier attempt ended in ROLLBACK_COMPLETE" in beach.said
    assert down(beach, made.lease.name).clean


def test_a_change_set_that_nobody_executed_is_taken_up(beach: Beach):
    # Given a process that died between asking for a change set and executing it
    order = beach.order()
    client = beach.client("cloudformation")
    body = json.dumps({"Resources": {"Letters": {"Type": "AWS::SQS::Queue"}}})
    client.create_change_set(
        StackName=order.target.stack, ChangeSetName="shoreward-x", ChangeSetType="CREATE", TemplateBody=body
    )
    made = beach.up()
    assert made.changed
    assert beach.client("sqs").list_queues().get("QueueUrls", []) == []
    assert down(beach, made.lease.name).clean


def test_a_change_set_that_nobody_can_ascribe_is_found_by_its_stacks_name(beach: Beach):
    # Given a name without anything in it, as a crash leaves it where tags are not shown before there is a stack
    target, client = beach.order().target, beach.client("cloudformation")
    body = json.dumps({"Resources": {"Letters": {"Type": "AWS::SQS::Queue"}}})
    for name in (target.stack, "somebody-elses"):
        client.create_change_set(StackName=name, ChangeSetName="x", ChangeSetType="CREATE", TemplateBody=body)
    (known,) = beach.sandboxes.survey([beach.place], "shop").known
    assert (known.target.stack, known.expires) == (target.stack, None)
    assert beach.sandboxes.down(known, Progress()).clean
    assert [one["StackName"] for one in client.describe_stacks()["Stacks"]] == ["somebody-elses"]


def test_what_waits_for_its_end_is_nothing_that_is_left(beach: Beach):
    # AWS keeps a key for some days after it was deleted, with its tags
    made = beach.up(revision=beach.revision(Key={"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {}}}))
    tagged = {"TagFilters": [{"Key": MARK, "Values": [made.lease.name]}], "ResourceTypeFilters": ["kms"]}
    assert down(beach, made.lease.name).clean
    found = beach.client("resourcegroupstaggingapi").get_resources(**tagged)["ResourceTagMappingList"]
    assert len(found) == 1


def test_a_kept_thing_of_a_kind_that_nobody_can_list_is_left(beach: Beach):
    key = {"Type": "AWS::KMS::Key", "DeletionPolicy": "Retain", "Properties": {"KeyPolicy": {}}}
    made = beach.up(revision=beach.revision(Key=key))
    client = beach.client("cloudformation")
    template = json.loads(json.dumps(client.get_template(StackName=made.lease.name)["TemplateBody"]))
    template["Resources"]["Key"]["DeletionPolicy"] = "Retain"
    client.update_stack(
        StackName=made.lease.name, TemplateBody=json.dumps(template), Capabilities=["CAPABILITY_NAMED_IAM"]
    )
    client.get_waiter("stack_update_complete").wait(StackName=made.lease.name, WaiterConfig={"Delay": 0.1})
    assert "AWS::KMS::Key" in {one.type for one in down(beach, made.lease.name).left}


def test_nobody_waits_longer_than_somebody_waits_for_it(beach: Beach):
    # Given somebody who goes away when the change set is there, before it is executed
    stop = threading.Event()
    with pytest.raises(Refused, match="SANDBOX_STOPPED"):
        beach.sandboxes.up(beach.order(), Progress(stop=stop, say=lambda text: stop.set()))
    assert beach.cloud.look(beach.order().target).status == "REVIEW_IN_PROGRESS"  # type: ignore[union-attr]
    # What was begun is known, and goes when somebody reaps
    (fate,) = beach.sandboxes.fates(beach.sandboxes.survey([beach.place], "shop"), owner="kim")
    assert fate.doomed
    assert beach.sandboxes.down(fate.known, Progress()).clean


def test_a_sandbox_is_known_to_a_ledger_that_never_saw_it(beach: Beach, tmp_path: Any):
    made = beach.up()
    (tmp_path / "elsewhere").mkdir()
    other = Beach(beach.account, tmp_path / "elsewhere", store=beach.store, clock=beach.clock)
    (known,) = other.sandboxes.survey([other.place], "shop").known
    assert known.lease is None
    assert known.owner == "kim"
    beach.client("lambda").invoke(FunctionName=made.outputs["HelloName"])["Payload"].read()
    assert other.sandboxes.down(known, Progress()).clean
    assert "logs" not in beach.inventory()


def test_what_is_left_is_named(beach: Beach):
    made = beach.up()
    proof = beach.cloud.prove(made.lease.target, beach.ledger.things(made.lease.key))
    types = {one.type for one in proof.left}
    assert {"AWS::CloudFormation::Stack", "AWS::Lambda::Function", "AWS::IAM::Role", "AWS::Logs::LogGroup"} <= types


@pytest.mark.parametrize(
    ("arn", "type_"),
    [
        ("arn:aws:lambda:eu-north-1:1:function:a", "AWS::Lambda::Function"),
        ("arn:aws:lambda:eu-north-1:1:event-source-mapping:a", "AWS::Lambda::EventSourceMapping"),
        ("arn:aws:s3:::a", "AWS::S3::Bucket"),
        ("arn:aws:sqs:eu-north-1:1:a", "AWS::SQS::Queue"),
        ("arn:aws:dynamodb:eu-north-1:1:table/a", "AWS::DynamoDB::Table"),
        ("arn:aws:apigateway:eu-north-1::/restapis/a", "AWS::ApiGateway::RestApi"),
        ("arn:aws:apigateway:eu-north-1::/apis/a", "AWS::ApiGatewayV2::Api"),
        ("arn:aws:states:eu-north-1:1:stateMachine:a", "AWS::StepFunctions::StateMachine"),
        ("arn:aws:ssm:eu-north-1:1:parameter/a/b", "AWS::SSM::Parameter"),
        ("arn:aws:logs:eu-north-1:1:log-group:/aws/lambda/a", "AWS::Logs::LogGroup"),
        ("arn:aws:kafka:eu-north-1:1:cluster/a", None),
        ("nothing", None),
    ],
)
def test_an_arn_tells_what_kind_of_thing_it_names(arn: str, type_: str | None):
    assert kind_of_arn(arn) == (BY_TYPE[type_] if type_ else None)


@pytest.mark.parametrize(
    ("name", "is_ours"),
    [
        ("shop-main--123456", True),
        ("/aws/lambda/Shop-main--123456-Hello", True),
        ("/shop-main--123456/P", True),
        ("shop-main--1234567", False),
        ("shop-main", False),
    ],
)
def test_a_name_that_holds_a_sandboxes_is_its_own(name: str, is_ours: bool):
    assert is_named(name, "shop-main--123456") is is_ours


def test_things_read_as_people_would_say_them():
    assert str(Thing(type="AWS::SQS::Queue", id="letters")) == "letters (AWS::SQS::Queue)"
