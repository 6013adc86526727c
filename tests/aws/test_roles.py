"""The roles: enough for what the adapters do, and no more."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable
from dataclasses import replace
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml

import shoreward.adapters.aws as adapters
from shoreward.adapters.aws import role_template
from shoreward.adapters.aws.bootstrap import deploy_statements
from shoreward.domain import Target, UserError

from .support import Bench, says

# Where IAM's word for an operation differs from the operation's own.
_ACTIONS = {
    "lambda:Invoke": "lambda:InvokeFunction",
    "s3:HeadBucket": "s3:ListBucket",
    "s3:HeadObject": "s3:GetObject",
    "s3:PutBucketEncryption": "s3:PutEncryptionConfiguration",
    "s3:PutPublicAccessBlock": "s3:PutBucketPublicAccessBlock",
}
_OF_THE_CALLER = {"sts:AssumeRole", "sts:GetCallerIdentity"}
_FREE = {
    "cloudformation:TagResource",  # asked for by CreateChangeSet with tags
    "s3:GetObject",  # asked for by HeadObject, and when CloudFormation reads a large template
}


def allowed() -> set[str]:
    return {action for statement in deploy_statements("shop", "bucket") for action in statement["Action"]}


def called(operations: Iterable[str]) -> set[str]:
    return {_ACTIONS.get(operation, operation) for operation in operations} - _OF_THE_CALLER


def named_in_source() -> set[str]:
    """Operations that the source of adapters names: `client.describe_stacks` and the like.

    Sandboxes call more than releases do, with a role of their own (docs/sandboxes.md).
    """
    clients = {"cloudformation", "lambda_", "s3", "logs", "cloudwatch"}
    found: set[str] = set()
    files = [file for file in Path(adapters.__file__).parent.rglob("*.py") if file.parent.name != "sandboxes"]
    for path in files:
        tree = ast.parse(path.read_text())
        for function in [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]:
            services = {
                node.targets[0].id: node.value.func.attr.strip("_")
                for node in ast.walk(function)
                if isinstance(node, ast.Assign)
                and isinstance(node.targets[0], ast.Name)
                and isinstance(node.value, ast.Call)
                and isinstance(node.value.func, ast.Attribute)
                and node.value.func.attr in clients
            }
            found |= {
                f"{services[node.value.id]}:{''.join(word.capitalize() for word in node.attr.split('_'))}"
                for node in ast.walk(function)
                if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in services
            }
    return {operation for operation in found if not operation.endswith(("Meta", "Exceptions"))}


def test_the_deploy_role_allows_exactly_what_the_adapters_call() -> None:
    wanted = called(named_in_source())
    assert len(wanted) > 20
    assert wanted - allowed() == set()
    assert allowed() - wanted - _FREE == set()


def test_what_a_release_calls_is_among_it(bench: Bench) -> None:
    with bench.watched() as calls:
        bench.release(bench.revision(says("one")), "r1")
        revision = bench.revision(says("two"))
        snapshot = bench.adapters.stacks.inspect(bench.pipeline, bench.target, revision)
        staged = bench.adapters.stacks.stage(bench.pipeline, bench.target, revision, snapshot, "r2/stage")
        bench.adapters.probes.probe(bench.target, staged.functions[0], None)
        shared = [query for each in bench.adapters.survey.shared(bench.target) for query in each.queries]
        bench.adapters.metrics.series(bench.target, shared, start=0.0, end=60.0, period=60)  # type: ignore[arg-type]
        bench.adapters.stacks.restore(bench.pipeline, bench.target, snapshot, staged, "r2/restore")
    assert called(calls) - allowed() == set()


def test_the_template_deploys_and_its_role_carries_a_release(bench: Bench) -> None:
    account = bench.neighbour()
    role = f"arn:aws:iam::{account}:role/shoreward-shop-deploy"
    target = Target(account=account, region="eu-west-1", stack="shop", role=role)
    revision = bench.revision(says("one"))
    snapshot = bench.adapters.stacks.inspect(bench.pipeline, target, revision)
    staged = bench.adapters.stacks.stage(bench.pipeline, target, revision, snapshot, "r1/stage")
    assert bench.adapters.probes.probe(target, staged.functions[0], None) is None


def test_nothing_but_reading_metrics_and_answers_is_allowed_everywhere() -> None:
    everywhere = [one["Sid"] for one in deploy_statements("shop", "bucket") if "*" in one["Resource"]]
    assert everywhere == ["Metrics", "Detections"]


def test_the_execution_role_is_for_cloudformation_alone() -> None:
    template = yaml.safe_load(role_template("shop", "arn:aws:iam::111111111111:role/controller"))
    roles = template["Resources"]
    trust = roles["ExecutionRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert [one["Principal"] for one in trust] == [{"Service": "cloudformation.amazonaws.com"}]
    deploy: list[dict[str, Any]] = roles["DeployRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    passing = [one for one in deploy if "iam:PassRole" in one["Action"]]
    assert [one["Condition"] for one in passing] == [
        {"StringEquals": {"iam:PassedToService": "cloudformation.amazonaws.com"}}
    ]


def test_drift_detection_may_read_how_resources_are_configured_and_nothing_that_is_in_them() -> None:
    template = yaml.safe_load(role_template("shop", "arn:aws:iam::111111111111:role/controller"))
    policy = template["Resources"]["DeployRole"]["Properties"]["Policies"][0]["PolicyDocument"]
    reads = [one for one in policy["Statement"] if one["Sid"].startswith(("Read", "Detect"))]
    actions = [action for one in reads for action in one["Action"]]
    assert len(actions) > 25
    data = "dynamodb:GetItem dynamodb:Query dynamodb:Scan s3:GetObject sqs:ReceiveMessage kinesis:GetRecords"
    change = "PutItem UpdateTable SetQueueAttributes DeleteQueue PutBucketPolicy PutRolePolicy"
    assert not [one for one in data.split() for action in actions if fnmatch(one, action)]
    assert not [one for one in change.split() for action in actions if fnmatch(one, action.partition(":")[2])]


def test_names_are_scoped_by_the_patterns_given() -> None:
    text = role_template(
        "shop", "arn:aws:iam::111111111111:root", artifacts="art-{account}-{region}", stacks="shop-{region}"
    )
    resources = json.dumps(yaml.safe_load(text))
    assert "arn:${AWS::Partition}:s3:::art-${AWS::AccountId}-*/*" in resources
    assert "stack/shop-*/*" in resources
    assert fnmatch("function:shop-eu-west-1-Hello-123", "function:shop-*")


def test_a_boundary_is_asked_of_every_role_that_an_application_makes() -> None:
    limit = "arn:aws:iam::111111111111:policy/limit"
    template = yaml.safe_load(role_template("shop", "arn:aws:iam::111111111111:root", boundary=limit))
    statements = template["Resources"]["ExecutionRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    creating = [one for one in statements if "iam:CreateRole" in one["Action"]]
    assert [one["Condition"] for one in creating] == [{"StringEquals": {"iam:PermissionsBoundary": limit}}]


@pytest.mark.parametrize("principal", ["me", "arn:aws:iam::1:root", "*"])
def test_a_principal_that_is_none_is_refused(principal: str) -> None:
    with pytest.raises(UserError) as refused:
        role_template("shop", principal)
    assert refused.value.code == "ROLE_NAMES"


def test_an_execution_role_is_handed_to_cloudformation(bench: Bench) -> None:
    account = bench.neighbour()
    role = f"arn:aws:iam::{account}:role/shoreward-shop-deploy"
    execution = f"arn:aws:iam::{account}:role/shoreward-shop-execution"
    target = replace(bench.target, account=account, role=role, execution_role=execution)
    handed: list[str] = []
    bench.session.events.register(
        "provide-client-params.cloudformation.CreateChangeSet", lambda params, **_: handed.append(params["RoleARN"])
    )
    revision = bench.revision(says("one"))
    snapshot = bench.adapters.stacks.inspect(bench.pipeline, target, revision)
    bench.adapters.stacks.stage(bench.pipeline, target, revision, snapshot, "r1/stage")
    assert handed == [execution]
