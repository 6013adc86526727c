"""The roles that a target account needs, as a CloudFormation template.

Two roles share the work. The *deploy role* is what Shoreward assumes: it may drive the application's stacks, move its
aliases, read metrics, and hand CloudFormation the *execution role*, which alone may create and change the
application's resources. So whoever holds the deploy role changes resources only through a change set, and nobody but
CloudFormation can use the execution role.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import yaml

from shoreward.domain import UserError

_OWN = "${AWS::AccountId}"
_AWS = "arn:${AWS::Partition}"


def role_template(
    application: str,
    trusted: str,
    *,
    artifacts: str = "shoreward-{account}-{region}",
    stacks: str | None = None,
    boundary: str | None = None,
) -> str:
    """A CloudFormation template (YAML) of the roles `shoreward-<application>-deploy` and `-execution`.

    Args:
        trusted: ARN of whoever runs Shoreward and may assume the deploy role.
        artifacts: the pipeline's pattern of artifact bucket names.
        stacks: the names of the application's stacks; `*` stands for anything. The application's name when None.
        boundary: ARN of a permissions boundary that every role of the application has to carry.

    Raises `UserError` (ROLE_NAMES) for a name that cannot be part of a role or an ARN.
    """
    pattern = stacks or application
    check_names(application, trusted)
    _check("stack pattern", pattern, r"[A-Za-z0-9*{}-]{1,128}")
    pattern = re.sub(r"\{\w+\}", "*", pattern)
    bucket = artifacts.replace("{account}", _OWN).replace("{region}", "*").replace("{stack}", pattern)
    template: dict[str, Any] = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"What Shoreward needs in an account to deploy {application}; once per account, IAM is global.",
        "Resources": {
            "DeployRole": deploy_role(
                application, trusted, [*deploy_statements(pattern, bucket), *_detection(pattern), _pass_on()]
            ),
            "ExecutionRole": _execution_role(application, pattern, bucket, boundary),
        },
        "Outputs": {
            "DeployRole": {"Value": get("DeployRole", "Arn")},
            "ExecutionRole": {"Value": get("ExecutionRole", "Arn")},
        },
    }
    return yaml.safe_dump(template, sort_keys=False, width=120)


def deploy_statements(pattern: str, bucket: str) -> list[dict[str, Any]]:
    """What the deploy role may do; a test compares it with what the adapters call.

    Args:
        pattern: stack names. bucket: artifact bucket names. Both with `*`.
    """
    owned = _owned(pattern)
    stack = f"{_AWS}:cloudformation:*:{_OWN}:stack/{pattern}/*"
    return [
        allow(
            "Stacks",
            "cloudformation:",
            "ContinueUpdateRollback CreateChangeSet DeleteChangeSet DeleteStack DescribeChangeSet DescribeEvents "
            "DescribeStackEvents DescribeStackResourceDrifts DescribeStacks DetectStackDrift ExecuteChangeSet "
            "GetTemplate ListChangeSets ListStackResources TagResource",
            stack,
            f"{_AWS}:cloudformation:*:{_OWN}:changeSet/shoreward-*/*",
        ),
        allow("Macros", "cloudformation:", "CreateChangeSet", f"{_AWS}:cloudformation:*:*:transform/*"),
        allow(
            "Functions",
            "lambda:",
            "CreateAlias DeleteFunction GetAlias GetFunctionConfiguration InvokeFunction ListAliases "
            "ListVersionsByFunction PublishVersion UpdateAlias",
            f"{_AWS}:lambda:*:{_OWN}:function:{owned}",
        ),
        allow("Metrics", "cloudwatch:", "DescribeAlarms GetMetricData", "*"),  # IAM scopes neither
        allow("Detections", "cloudformation:", "DescribeStackDriftDetectionStatus", "*"),  # named by an id alone
        allow(
            "ArtifactBucket",
            "s3:",
            "CreateBucket ListBucket PutBucketPublicAccessBlock PutEncryptionConfiguration",
            f"{_AWS}:s3:::{bucket}",
        ),
        allow("Artifacts", "s3:", "GetObject PutObject", f"{_AWS}:s3:::{bucket}/*"),
        allow(
            "Logs",
            "logs:",
            "DeleteLogGroup",
            f"{_AWS}:logs:*:{_OWN}:log-group:/aws/lambda/{owned}",
            f"{_AWS}:logs:*:{_OWN}:log-group:/aws/lambda/{owned}:*",
        ),
    ]


def _detection(pattern: str) -> list[dict[str, Any]]:
    """What CloudFormation's drift detection needs of whoever asks for it: it reads resources with their rights.

    How they are configured, and nothing that is in them. A resource that is not named here is told as not to be known.
    """
    owned = _owned(pattern)
    reading = {
        "Tables": ("dynamodb", f"table/{owned}", "Describe* GetResourcePolicy ListTagsOfResource"),
        "Queues": ("sqs", owned, "GetQueueAttributes ListQueueTags"),
        "Topics": (
            "sns",
            owned,
            "GetDataProtectionPolicy GetTopicAttributes ListSubscriptionsByTopic ListTagsForResource",
        ),
        "Rules": ("events", f"rule/{owned}", "DescribeRule ListTagsForResource ListTargetsByRule"),
        "Schedules": ("scheduler", f"schedule/*/{owned}", "GetSchedule"),
        "Streams": ("kinesis", f"stream/{owned}", "DescribeStream* ListTagsFor*"),
        "Machines": ("states", f"stateMachine:{owned}", "DescribeStateMachine ListTagsForResource"),
        "LogGroups": (
            "logs",
            f"log-group:*{owned}",
            "DescribeIndexPolicies GetDataProtectionPolicy ListTagsForResource",
        ),
    }
    statements = [
        allow(f"Read{name}", f"{service}:", actions, f"{_AWS}:{service}:*:{_OWN}:{resource}")
        for name, (service, resource, actions) in reading.items()
    ]
    stack = f"{_AWS}:cloudformation:*:{_OWN}:stack/{pattern}/*"
    buckets = "GetAccelerateConfiguration GetBucket* GetEncryptionConfiguration GetLifecycleConfiguration"
    return [
        *statements,
        allow("ReadBuckets", "s3:", buckets, f"{_AWS}:s3:::{owned.lower()}"),
        allow(
            "ReadRoles",
            "iam:",
            "GetRole GetRolePolicy ListAttachedRolePolicies ListRolePolicies",
            f"{_AWS}:iam::{_OWN}:role/{owned}",
        ),
        allow("ReadApis", "apigateway:", "GET", f"{_AWS}:apigateway:*::/*"),  # its ARNs carry ids, not names
        allow("ReadListed", "", "cloudwatch:ListTagsForResource logs:DescribeLogGroups", "*"),
        allow("DetectResources", "cloudformation:", "DetectStackResourceDrift", stack),
        allow("DetectTypes", "cloudformation:", "BatchDescribeTypeConfigurations", "*"),
    ]


def check_names(application: str, trusted: str) -> None:
    """Raise `UserError` (ROLE_NAMES) for names that cannot be part of a role or an ARN."""
    _check("application", application, r"[A-Za-z0-9_+=.@-]{1,40}")
    _check("trusted principal", trusted, r"arn:aws[a-z-]*:(iam|sts)::\d{12}:.+")


def deploy_role(application: str, trusted: str, statements: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The role that Shoreward assumes, and nobody else."""
    trust = {
        "Effect": "Allow",
        "Principal": {"AWS": trusted},
        "Action": "sts:AssumeRole",
        "Condition": {"StringLike": {"sts:RoleSessionName": "shoreward-*"}},
    }
    return _role(f"shoreward-{application}-deploy", trust, statements)


def _pass_on() -> dict[str, Any]:
    return {
        "Sid": "ExecutionRole",
        "Effect": "Allow",
        "Action": ["iam:PassRole"],
        "Resource": [get("ExecutionRole", "Arn")],
        "Condition": {"StringEquals": {"iam:PassedToService": "cloudformation.amazonaws.com"}},
    }


def _execution_role(application: str, pattern: str, bucket: str, boundary: str | None) -> dict[str, Any]:
    trust = {"Effect": "Allow", "Principal": {"Service": "cloudformation.amazonaws.com"}, "Action": "sts:AssumeRole"}
    return _role(f"shoreward-{application}-execution", trust, _resource_statements(pattern, bucket, boundary))


def _resource_statements(pattern: str, bucket: str, boundary: str | None) -> list[dict[str, Any]]:
    """What CloudFormation may do to make a serverless application, scoped by the names it gives to resources."""
    owned = _owned(pattern)
    regional = {
        "Functions": ("lambda:*", "lambda", f"function:{owned}"),
        "Layers": ("lambda:*LayerVersion", "lambda", "layer:*"),
        "Tables": ("dynamodb:*", "dynamodb", f"table/{owned}"),
        "Queues": ("sqs:*", "sqs", owned),
        "Topics": ("sns:*", "sns", owned),
        "Rules": ("events:*", "events", f"rule/{owned}"),
        "Schedules": ("scheduler:*", "scheduler", f"schedule/*/{owned}"),
        "Streams": ("kinesis:*", "kinesis", f"stream/{owned}"),
        "Machines": ("states:*", "states", f"stateMachine:{owned}"),
        "Alarms": ("cloudwatch:*", "cloudwatch", f"alarm:{owned}"),
        "LogGroups": ("logs:*", "logs", f"log-group:*{owned}"),
        "Parameters": ("ssm:*Parameter*", "ssm", f"parameter/{owned}"),
    }
    statements = [
        allow(sid, "", action, f"{_AWS}:{service}:*:{_OWN}:{resource}")
        for sid, (action, service, resource) in regional.items()
    ]
    roles = f"{_AWS}:iam::{_OWN}:role/{owned}"
    giving = "CreateRole AttachRolePolicy PutRolePolicy PutRolePermissionsBoundary"
    grant = allow("GrantRoles", "iam:", giving, roles)
    if boundary is not None:
        grant["Condition"] = {"StringEquals": {"iam:PermissionsBoundary": boundary}}
    keeping = (
        "DeleteRole DeleteRolePolicy DetachRolePolicy GetRole GetRolePolicy ListAttachedRolePolicies "
        "ListRolePolicies TagRole UntagRole UpdateAssumeRolePolicy UpdateRole PassRole"
    )
    return [
        *statements,
        grant,
        allow("KeepRoles", "iam:", keeping, roles),
        allow("Buckets", "", "s3:*", f"{_AWS}:s3:::{owned.lower()}", f"{_AWS}:s3:::{owned.lower()}/*"),
        allow("Apis", "", "apigateway:*", f"{_AWS}:apigateway:*::/*"),  # its ARNs carry ids, not names
        allow(
            "EventSources",
            "lambda:",
            "CreateEventSourceMapping DeleteEventSourceMapping GetEventSourceMapping ListEventSourceMappings "
            "ListTags TagResource UntagResource UpdateEventSourceMapping",
            "*",  # mappings are named by ids, and listing takes no resource
        ),
        allow("LogGroupList", "logs:", "DescribeLogGroups", "*"),
        allow("Artifacts", "s3:", "GetObject", f"{_AWS}:s3:::{bucket}/*"),
    ]


def _role(name: str, trust: dict[str, Any], statements: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "RoleName": name,
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
            "Policies": [
                {"PolicyName": name, "PolicyDocument": {"Version": "2012-10-17", "Statement": list(statements)}}
            ],
        },
    }


def allow(sid: str, service: str, actions: str, *resources: str) -> dict[str, Any]:
    """A statement; actions stand without their service, with spaces between them."""
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Action": [f"{service}{action}" for action in actions.split()],
        "Resource": [{"Fn::Sub": one} if "${" in one else one for one in resources],
    }


def get(resource: str, attribute: str) -> dict[str, Any]:
    """An attribute of a resource of the template."""
    return {"Fn::GetAtt": [resource, attribute]}


def _owned(pattern: str) -> str:
    """The names that CloudFormation gives to the resources of such stacks."""
    return pattern if pattern.endswith("*") else f"{pattern}-*"


def _check(what: str, value: str, shape: str) -> None:
    if not re.fullmatch(shape, value):
        raise UserError("ROLE_NAMES", f"The {what} {value!r} cannot be used.", next=f"It must look like {shape}.")
