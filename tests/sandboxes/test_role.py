"""The role of the account of sandboxes: enough for a whole life, and nothing that reaches another stack."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml

from shoreward.adapters.aws import Aws, Retry, Sessions
from shoreward.adapters.aws.artifacts import Artifacts
from shoreward.adapters.aws.sandboxes.cloud import Sandboxes as AwsSandboxes
from shoreward.adapters.aws.sandboxes.kinds import KINDS
from shoreward.adapters.aws.sandboxes.observing import Observer
from shoreward.adapters.aws.sandboxes.role import LOOKS, sandbox_role_template, sandbox_statements
from shoreward.domain import UserError
from shoreward.testing.cloud import isolated_session

from .support import REGION, Beach
from .test_removal import made_kept, put_into

TRUSTED = "arn:aws:iam::111111111111:role/ci"
# Where IAM's word for an operation differs from the operation's own.
SERVICES = {"resourcegroupstaggingapi": "tag", "service-quotas": "servicequotas", "stepfunctions": "states"}
SERVICES |= {"apigatewayv2": "apigateway"}
ACTIONS = {
    "s3:DeleteObjects": "s3:DeleteObject",
    "s3:HeadBucket": "s3:ListBucket",
    "s3:HeadObject": "s3:GetObject",
    "s3:ListBuckets": "s3:ListAllMyBuckets",
    "s3:ListMultipartUploads": "s3:ListBucketMultipartUploads",
    "s3:ListObjectVersions": "s3:ListBucketVersions",
    "s3:PutBucketEncryption": "s3:PutEncryptionConfiguration",
    "s3:PutPublicAccessBlock": "s3:PutBucketPublicAccessBlock",
}


def statements(role: str = "DeployRole") -> list[dict[str, Any]]:
    template = yaml.safe_load(sandbox_role_template("shop", TRUSTED, stack="shop-sandbox"))
    found = template["Resources"][role]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    assert isinstance(found, list)
    return found


def allowed() -> set[str]:
    return {action for one in statements() for action in one["Action"]}


def action_of(service: str, operation: str) -> str:
    service = SERVICES.get(service, service)
    if service == "apigateway":
        return "apigateway:GET" if operation.startswith("Get") else "apigateway:DELETE"
    return ACTIONS.get(f"{service}:{operation}", f"{service}:{operation}")


def test_it_allows_all_that_a_life_calls(beach: Beach):
    called: set[str] = set()
    session = isolated_session(beach.account.account_id, REGION)
    session.events.register(
        "before-call",
        lambda model, **_: called.add(action_of(model.service_model.service_name, model.name)),
    )
    retry = Retry(budget=60.0)
    beach.aws = Aws(Sessions(session, retry=retry), retry)
    beach.cloud = AwsSandboxes(beach.aws, Artifacts(beach.aws, beach.store))
    # Given a whole life: made, kept by CloudFormation, used, looked at, and removed
    made = made_kept(beach)
    put_into(beach, made.lease.name)
    Observer(beach.aws).observe(made.lease.target)
    assert beach.sandboxes.down(beach.known(made.lease.name), beach.progress).clean
    assert called - {"sts:GetCallerIdentity"} - allowed() == set()
    assert len(called) > 60


def test_it_may_remove_every_kind_of_thing():
    removals = {
        action_of(kind.service, "".join(word.capitalize() for word in kind.removal.split("_"))) for kind in KINDS
    }
    assert removals - allowed() == set()


def test_what_looks_at_the_whole_account_only_looks():
    assert all(re.match(r"[a-z0-9-]+:(GET$|Get|List|Describe)", action) for action in LOOKS)


def test_what_removes_is_limited_to_sandboxes():
    for one in sandbox_statements("shop-sandbox-*"):
        if one["Sid"] == "SandboxLooks":
            continue
        limits = json.dumps([one["Resource"], one.get("Condition", {})])
        assert "shop-sandbox-*" in limits, one["Sid"]
        if "*" in one["Resource"]:
            assert one["Condition"], one["Sid"]


def test_iam_takes_a_policy_of_that_size():
    text = json.dumps(statements(), separators=(",", ":"))
    filled = re.sub(r'\{"Fn::Sub":("[^"]*")\}', r"\1", text).replace("${AWS::AccountId}", "1" * 12)
    assert len(filled.replace("${AWS::Partition}", "aws-us-gov")) < 10_240


def test_names_that_no_role_can_have_are_refused():
    with pytest.raises(UserError, match="ROLE_NAMES"):
        sandbox_role_template("shop", TRUSTED, stack="shop sandbox")
