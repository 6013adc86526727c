"""The roles of an account in which sandboxes are made: those of a target, and what sandboxes call beyond a release.

Whatever removes something is limited to the names of sandboxes, or, where ids say nothing, to what carries their tag.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import yaml

from shoreward.adapters.aws.bootstrap import role_template
from shoreward.app.sandboxes import MARK

_REGIONAL = "arn:${AWS::Partition}:{service}:*:${AWS::AccountId}:{resource}"

LOOKS = (
    "apigateway:GET",
    "cloudformation:DescribeAccountLimits",
    "cloudformation:DescribeStacks",  # of all stacks: sandboxes are found by their tags
    "cloudformation:ListStacks",
    "cognito-idp:ListUserPools",
    "dynamodb:ListTables",
    "ecr:DescribeRepositories",
    "events:ListEventBuses",
    "events:ListRules",
    "iam:GetAccountSummary",
    "iam:ListPolicies",
    "iam:ListRoles",
    "kinesis:ListStreams",
    "lambda:GetAccountSettings",
    "lambda:ListEventSourceMappings",
    "lambda:ListFunctions",
    "lambda:ListLayerVersions",
    "lambda:ListLayers",
    "logs:DescribeLogGroups",
    "s3:ListAllMyBuckets",
    "scheduler:ListSchedules",
    "secretsmanager:ListSecrets",
    "servicequotas:GetServiceQuota",
    "sns:ListTopics",
    "sqs:ListQueues",
    "ssm:DescribeParameters",
    "states:ListStateMachines",
    "tag:GetResources",
)
"""What looks at the whole account, for there is no proof without it."""

_FUNCTIONS = (
    "DeleteFunctionConcurrency DeleteLayerVersion GetFunctionConcurrency PublishVersion PutFunctionConcurrency "
    "UpdateFunctionConfiguration"
)
"""What is removed, and what faults under load change and change back."""

NAMED: Mapping[str, tuple[tuple[str, ...], str]] = {
    "cloudformation": (("stack/{stacks}/*",), "UpdateTerminationProtection"),
    "cloudwatch": (("alarm:{stacks}",), "DeleteAlarms"),
    "dynamodb": (("table/{stacks}",), "DeleteTable DescribeTable UpdateTable"),
    "ecr": (("repository/{small}",), "BatchDeleteImage DeleteRepository ListImages"),
    "events": (
        ("rule/{stacks}", "rule/*/{stacks}", "event-bus/{stacks}"),
        "DeleteEventBus DeleteRule ListTargetsByRule RemoveTargets",
    ),
    "kinesis": (("stream/{stacks}",), "DeleteStream"),
    "lambda": (("function:{stacks}", "layer:{stacks}"), _FUNCTIONS),
    "logs": (
        ("log-group:*{stacks}", "log-group:API-Gateway-Execution-Logs_*"),
        "CreateLogGroup DeleteLogGroup PutRetentionPolicy TagResource",
    ),
    "scheduler": (("schedule/*/{stacks}",), "DeleteSchedule"),
    "secretsmanager": (("secret:{stacks}",), "DeleteSecret"),
    "sns": (("{stacks}",), "DeleteTopic"),
    "sqs": (("{stacks}",), "DeleteQueue GetQueueAttributes"),
    "ssm": (("parameter/*{stacks}", "parameter/{stacks}"), "DeleteParameter"),
    "states": (("stateMachine:{stacks}",), "DeleteStateMachine"),
}
"""By service: the names of sandboxes' things, and what may be done to them."""

TAGGED: Mapping[str, str] = {
    "apigateway": "DELETE",
    "cognito-idp": "DeleteUserPool DeleteUserPoolDomain DescribeUserPool UpdateUserPool",
}
"""By service: what may be done to things that carry the tag of a sandbox."""

_ROLES = (
    "DeletePolicy DeletePolicyVersion DeleteRole DeleteRolePolicy DetachRolePolicy ListAttachedRolePolicies "
    "ListEntitiesForPolicy ListInstanceProfilesForRole ListPolicyVersions ListRolePolicies "
    "RemoveRoleFromInstanceProfile"
)
_MAPPINGS = "DeleteEventSourceMapping GetEventSourceMapping UpdateEventSourceMapping"
_BUCKETS = (
    "AbortMultipartUpload DeleteBucket DeleteObject DeleteObjectVersion ListBucketMultipartUploads ListBucketVersions"
)


def sandbox_role_template(
    application: str,
    trusted: str,
    *,
    artifacts: str = "shoreward-{account}-{region}",
    stack: str,
    boundary: str | None = None,
    resources: Sequence[Mapping[str, Any]] = (),
) -> str:
    """A CloudFormation template (YAML) of the roles `shoreward-<application>-sandbox-deploy` and `-execution`.

    Args:
        trusted: ARN of whoever runs Shoreward and may assume the deploy role.
        stack: what the names of all sandboxes begin with.
        boundary: ARN of a permissions boundary that every role of a sandbox has to carry.
        resources: what else CloudFormation may do there.

    Raises `UserError` (ROLE_NAMES) for a name that cannot be part of a role or an ARN.
    """
    text = role_template(f"{application}-sandbox", trusted, artifacts=artifacts, stacks=f"{stack}-*", boundary=boundary)
    template = cast("dict[str, Any]", yaml.safe_load(text))
    policy = template["Resources"]["DeployRole"]["Properties"]["Policies"][0]["PolicyDocument"]
    policy["Statement"] += sandbox_statements(f"{stack}-*")
    execution = template["Resources"]["ExecutionRole"]["Properties"]["Policies"][0]["PolicyDocument"]
    execution["Statement"] += resources
    return yaml.safe_dump(template, sort_keys=False, width=120)


def sandbox_statements(stacks: str) -> list[dict[str, Any]]:
    """What the deploy role of sandboxes may do beyond that of a target.

    Args:
        stacks: names of sandboxes, with `*`.
    """
    names = {"stacks": stacks, "small": stacks.lower()}
    named = [
        _allow(f"Sandbox{_word(service)}", service, actions, *(_arn(service, one.format(**names)) for one in resources))
        for service, (resources, actions) in NAMED.items()
    ]
    tagged = [
        {
            **_allow(f"Tagged{_word(service)}", service, actions, "*"),
            "Condition": {"StringLike": {f"aws:ResourceTag/{MARK}": stacks}},
        }
        for service, actions in TAGGED.items()
    ]
    buckets = f"arn:${{AWS::Partition}}:s3:::{names['small']}"
    roles = [f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:{one}/{stacks}" for one in ("role", "policy")]
    return [
        {"Sid": "SandboxLooks", "Effect": "Allow", "Action": list(LOOKS), "Resource": "*"},
        *named,
        *tagged,
        _allow("SandboxBuckets", "s3", _BUCKETS, buckets, f"{buckets}/*"),
        _allow("SandboxRoles", "iam", _ROLES, *roles),
        _allow("SandboxMappings", "lambda", _MAPPINGS, "*", function=_arn("lambda", f"function:{stacks}")),
    ]


def _allow(sid: str, service: str, actions: str, *resources: str, function: str = "") -> dict[str, Any]:
    condition = {"Condition": {"ArnLike": {"lambda:FunctionArn": {"Fn::Sub": function}}}} if function else {}
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Action": [f"{service}:{action}" for action in actions.split()],
        "Resource": [{"Fn::Sub": one} if "${" in one else one for one in resources],
        **condition,
    }


def _arn(service: str, resource: str) -> str:
    return _REGIONAL.replace("{service}", service).replace("{resource}", resource)


def _word(service: str) -> str:
    return "".join(part.capitalize() for part in service.split("-"))
