"""Templates as applications have them deploy, update and go: event sources, layers, workflows, AWS-only types."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cloud.support import REGION, deploy, eventually, function, translated, upload
from shoreward.cloud import EmbeddedCloud
from shoreward.testing.cloud import CloudAccount

HANDLER = "def handler(event, context): return {}"


def everything(code: str, layer: str, note: str) -> str:
    """A SAM application with most of the event sources and resources that AWS's published samples use."""
    latest = {"StartingPosition": "LATEST"}
    events: dict[str, Any] = {
        "Queue": {"Type": "SQS", "Properties": {"Queue": {"Fn::GetAtt": ["Q", "Arn"]}}},
        "Table": {"Type": "DynamoDB", "Properties": {**latest, "Stream": {"Fn::GetAtt": ["T", "StreamArn"]}}},
        "Stream": {"Type": "Kinesis", "Properties": {**latest, "Stream": {"Fn::GetAtt": ["K", "Arn"]}}},
        "Topic": {"Type": "SNS", "Properties": {"Topic": {"Ref": "N"}}},
        "Bucket": {"Type": "S3", "Properties": {"Bucket": {"Ref": "B"}, "Events": "s3:ObjectCreated:*"}},
        "Rule": {"Type": "EventBridgeRule", "Properties": {"Pattern": {"source": ["x"]}}},
        "Often": {"Type": "Schedule", "Properties": {"Schedule": "rate(1 day)"}},
        "Later": {"Type": "ScheduleV2", "Properties": {"ScheduleExpression": "rate(1 day)"}},
        "Http": {"Type": "HttpApi", "Properties": {"Path": "/a", "Method": "get"}},
        "Rest": {"Type": "Api", "Properties": {"Path": "/a", "Method": "get"}},
    }
    table = {
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "BillingMode": "PAY_PER_REQUEST",
        "StreamSpecification": {"StreamViewType": "NEW_IMAGE"},
    }
    task = {"Type": "Task", "Resource": {"Fn::GetAtt": ["F", "Arn"]}, "End": True}
    definition = {"StartAt": "A", "States": {"A": task}}
    resources: dict[str, Any] = {
        "F": {
            "Type": "AWS::Serverless::Function",
            "Properties": {
                "Handler": "index.handler",
                "Runtime": "python3.13",
                "CodeUri": code,
                "Description": note,
                "Layers": [{"Ref": "L"}],
                "AutoPublishAlias": "live",
                "DeploymentPreference": {"Type": "AllAtOnce"},
                "Events": events,
                "Tracing": "Active",
                "DeadLetterQueue": {"Type": "SQS", "TargetArn": {"Fn::GetAtt": ["Q", "Arn"]}},
                "EventInvokeConfig": {"MaximumRetryAttempts": 0},
                "Policies": [{"SQSSendMessagePolicy": {"QueueName": {"Fn::GetAtt": ["Q", "QueueName"]}}}],
            },
        },
        "L": {"Type": "AWS::Serverless::LayerVersion", "Properties": {"ContentUri": layer}},
        "S": {"Type": "AWS::Serverless::StateMachine", "Properties": {"Definition": definition}},
        "Q": {"Type": "AWS::SQS::Queue"},
        "N": {"Type": "AWS::SNS::Topic"},
        "B": {"Type": "AWS::S3::Bucket"},
        "K": {"Type": "AWS::Kinesis::Stream", "Properties": {"ShardCount": 1}},
        "T": {"Type": "AWS::DynamoDB::Table", "Properties": table},
        "Simple": {"Type": "AWS::Serverless::SimpleTable"},
        "Pool": {"Type": "AWS::Cognito::UserPool"},
        "Client": {"Type": "AWS::Cognito::UserPoolClient", "Properties": {"UserPoolId": {"Ref": "Pool"}}},
        "Logs": {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": 7}},
        "Bus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": "beach"}},
        "Group": {"Type": "AWS::ResourceGroups::Group", "Properties": {"Name": {"Fn::Sub": "group-${AWS::StackName}"}}},
        "Insights": {
            "Type": "AWS::ApplicationInsights::Application",
            "Properties": {"ResourceGroupName": {"Ref": "Group"}, "AutoConfigurationEnabled": True},
        },
    }
    return translated(resources, Outputs={"Group": {"Value": {"Ref": "Group"}}})


def test_an_application_with_everything_deploys_updates_and_goes(cloud_account: CloudAccount) -> None:
    code = upload(cloud_account, "1.zip", {"index.py": HANDLER})
    layer = upload(cloud_account, "l.zip", {"python/tides.py": ""})
    assert deploy(cloud_account, "s", everything(code, layer, "one")) == {"Group": "group-s"}
    deploy(cloud_account, "s", everything(code, layer, "two"))
    client = cloud_account.client("cloudformation", REGION)
    kept = client.describe_stack_resources(StackName="s")["StackResources"]
    assert {one["ResourceStatus"] for one in kept} <= {"CREATE_COMPLETE", "UPDATE_COMPLETE"}
    mapping = cloud_account.client("lambda", REGION).list_event_source_mappings()["EventSourceMappings"]
    assert len(mapping) == 3
    stack = kept[0]["StackId"]
    client.delete_stack(StackName="s")
    eventually(lambda: client.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"] == "DELETE_COMPLETE")


def test_what_is_recorded_only_is_said_in_the_log(embedded_cloud: EmbeddedCloud, cloud_account: CloudAccount) -> None:
    resources = {
        "App": {"Type": "AWS::CodeDeploy::Application", "Properties": {"ComputePlatform": "Lambda"}},
        "Group": {
            "Type": "AWS::CodeDeploy::DeploymentGroup",
            "Properties": {"ApplicationName": {"Ref": "App"}, "ServiceRoleArn": "arn:aws:iam::1:role/r"},
        },
    }
    name = f"recorded-{cloud_account.account_id}"
    deploy(cloud_account, name, json.dumps({"Resources": resources}))
    assert f"AWS::CodeDeploy::DeploymentGroup (Group in {name}) is recorded only" in embedded_cloud.log


def test_a_sam_template_may_be_sent_as_it_is(cloud_account: CloudAccount) -> None:
    code = upload(cloud_account, "1.zip", {"index.py": HANDLER})
    properties = {"Handler": "index.handler", "Runtime": "python3.12", "CodeUri": code}
    template = {
        "Transform": "AWS::Serverless-2016-10-31",
        "Resources": {"F": {"Type": "AWS::Serverless::Function", "Properties": properties}},
    }
    with pytest.raises(ClientError, match="CAPABILITY_AUTO_EXPAND"):
        cloud_account.client("cloudformation", REGION).create_stack(
            StackName="s", TemplateBody=json.dumps(template), Capabilities=["CAPABILITY_IAM"]
        )
    deploy(cloud_account, "s", json.dumps(template))
    assert len(cloud_account.client("lambda", REGION).list_functions()["Functions"]) == 1


def test_a_custom_resource_is_a_function_that_answers(cloud_account: CloudAccount) -> None:
    source = """
import json, urllib.request
def handler(event, context):
    data = {"Height": event["ResourceProperties"]["Tide"] + "!"}
    body = {"Status": "SUCCESS", "PhysicalResourceId": "mine", "Data": data}
    body.update({key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")})
    request = urllib.request.Request(event["ResponseURL"], data=json.dumps(body).encode(), method="PUT")
    urllib.request.urlopen(request)
"""
    client = function(cloud_account, "answerer", source)
    arn = client.get_function_configuration(FunctionName="answerer")["FunctionArn"]
    resource = {"Type": "Custom::Tide", "Properties": {"ServiceToken": arn, "Tide": "high"}}
    template = {"Resources": {"C": resource}, "Outputs": {"H": {"Value": {"Fn::GetAtt": ["C", "Height"]}}}}
    assert deploy(cloud_account, "s", json.dumps(template)) == {"H": "high!"}


def test_a_state_machine_runs_its_function(cloud_account: CloudAccount) -> None:
    client = function(cloud_account, "step", "def handler(event, context): return {'n': event['n'] + 1}")
    arn = client.get_function_configuration(FunctionName="step")["FunctionArn"]
    states = {"A": {"Type": "Task", "Resource": arn, "Next": "B"}, "B": {"Type": "Task", "Resource": arn, "End": True}}
    steps = cloud_account.client("stepfunctions", REGION)
    machine = steps.create_state_machine(
        name="m",
        definition=json.dumps({"StartAt": "A", "States": states}),
        roleArn=f"arn:aws:iam::{cloud_account.account_id}:role/r",
    )["stateMachineArn"]
    started = steps.start_execution(stateMachineArn=machine, input='{"n": 1}')["executionArn"]
    eventually(lambda: steps.describe_execution(executionArn=started)["status"] == "SUCCEEDED")
    assert json.loads(steps.describe_execution(executionArn=started)["output"]) == {"n": 3}
