"""A sandbox account on the embedded cloud, in the words of the tests."""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from shoreward.adapters.aws import Aws, Retry, Sessions
from shoreward.adapters.aws.artifacts import Artifacts
from shoreward.adapters.aws.sandboxes.cloud import Sandboxes as AwsSandboxes
from shoreward.adapters.ledger import SqliteLedger
from shoreward.app.sandboxes.ports import Progress
from shoreward.app.sandboxes.reaping import Known
from shoreward.app.sandboxes.sandboxes import Order, Sandbox, Sandboxes
from shoreward.domain import BUCKET, Artifact, Checks, LambdaFunction, Pipeline, Revision, SandboxPlan, Target
from shoreward.testing.builders import a_pipeline
from shoreward.testing.cloud import CloudAccount, archive, isolated_session

REGION = "eu-north-1"
CODE = "def handler(event, context):\n    print('hello')\n    return 'hello'\n"


class SetClock:
    """A clock that says what it is told."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.time = now

    def now(self) -> float:
        return self.time


class Store:
    """Blobs and artifacts in memory."""

    def __init__(self) -> None:
        self._held: dict[str, bytes] = {}

    def put(self, content: bytes) -> str:
        digest = hashlib.sha256(content).hexdigest()
        self._held[digest] = content
        return digest

    def get(self, digest: str) -> bytes:
        return self._held[digest]

    open = get


class Seeds:
    """A seeder that remembers what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[Mapping[str, str]] = []

    def seed(self, plan: SandboxPlan, commit: str, environment: Mapping[str, str], progress: Progress) -> None:
        self.asked.append(environment)


@contextmanager
def environment_of(account: CloudAccount) -> Iterator[None]:
    """Credentials of an account, as a process finds them."""
    before = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("AWS_")}
    ours = credentials(account)
    os.environ.update(ours)
    try:
        yield
    finally:
        for name in ours:
            del os.environ[name]
        os.environ.update(before)


def credentials(account: CloudAccount) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": account.endpoint,
        "AWS_ACCESS_KEY_ID": account.account_id,
        "AWS_SECRET_ACCESS_KEY": "embedded-cloud",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


@dataclass
class Beach:
    """An account in which sandboxes are made, a ledger, and plain clients to look at what is there."""

    account: CloudAccount
    folder: Path
    lease: float = 14_400.0
    seed: str = ""
    store: Store = field(default_factory=Store)
    seeds: Seeds = field(default_factory=Seeds)
    clock: SetClock = field(default_factory=SetClock)
    said: list[str] = field(default_factory=list[str])

    def __post_init__(self) -> None:
        retry = Retry(budget=60.0)
        session = isolated_session(self.account.account_id, REGION)
        self.aws = Aws(Sessions(session, retry=retry), retry)
        self.cloud = AwsSandboxes(self.aws, Artifacts(self.aws, self.store))
        self.ledger = SqliteLedger(self.folder / "sandboxes.db")

    @property
    def place(self) -> Target:
        return Target(account=self.account.account_id, region=REGION, stack="shop-sandbox")

    @property
    def plan(self) -> SandboxPlan:
        return SandboxPlan(target=self.place, lease=self.lease, seed=self.seed)

    @property
    def pipeline(self) -> Pipeline:
        return replace(a_pipeline(), application="shop", checks=Checks(sandbox=self.plan))

    @property
    def sandboxes(self) -> Sandboxes:
        """The use cases, as a process has them that knows this ledger."""
        return Sandboxes(
            ledger=self.ledger,
            cloud=self.cloud,
            blobs=self.store,
            seeder=self.seeds,
            clock=self.clock,
            patience=0.0,
        )

    @property
    def progress(self) -> Progress:
        return Progress(say=self.said.append)

    def revision(self, *, code: str = CODE, **resources: Any) -> Revision:
        """A revision with a function and whatever else is given, by logical id."""
        content = archive({"index.py": code})
        digest = self.store.put(content)
        hello = LambdaFunction(
            logical_id="Hello", alias="live", alias_id="HelloAliaslive", version_id=f"HelloVersion{digest[:10]}"
        )
        template = {
            "Resources": {**function(hello, digest), **resources},
            "Outputs": {"HelloName": {"Value": {"Ref": "Hello"}}},
        }
        blob = self.store.put(json.dumps(template).encode())
        return Revision(
            digest=hashlib.sha256(blob.encode()).hexdigest(),
            commit=digest[:40],
            template=blob,
            functions=(hello,),
            artifacts=(Artifact(digest=digest, size=len(content), used_by=("Hello",)),),
        )

    def order(self, branch: str = "main", *, revision: Revision | None = None, **more: Any) -> Order:
        return Order(
            pipeline=self.pipeline,
            plan=self.plan,
            revision=revision or self.revision(),
            owner="kim",
            branch=branch,
            **more,
        )

    def up(self, branch: str = "main", **more: Any) -> Sandbox:
        return self.sandboxes.up(self.order(branch, **more), self.progress)

    def known(self, name: str) -> Known:
        return next(one for one in self.sandboxes.survey([self.place], "shop").known if one.target.stack == name)

    def client(self, service: str) -> Any:
        return self.account.client(service, REGION)

    def inventory(self) -> dict[str, Counter[str]]:
        """All that is in the account, by service: asked for by other means than the product's own."""
        return inventory(self.account, REGION)


def inventory(account: CloudAccount, region: str) -> dict[str, Counter[str]]:
    """Names of everything that an account's services list in a region, artifact buckets and their content included."""

    def listed(service: str, operation: str, path: str, **asks: Any) -> list[str]:
        client = account.client(service, region)
        return [str(one) for one in client.get_paginator(operation).paginate(**asks).search(path) if one is not None]

    def plain(service: str, operation: str, member: str, name: str, **asks: Any) -> list[str]:
        found = getattr(account.client(service, region), operation)(**asks)
        return [str(one[name] if name else one) for one in found.get(member) or ()]

    found = {
        "stacks": [
            name
            for name, status in account.client("cloudformation", region)
            .get_paginator("describe_stacks")
            .paginate()
            .search("Stacks[].[StackName, StackStatus]")
            if status != "DELETE_COMPLETE"
        ],
        "functions": listed("lambda", "list_functions", "Functions[].FunctionName"),
        "layers": listed("lambda", "list_layers", "Layers[].LayerName"),
        "mappings": listed("lambda", "list_event_source_mappings", "EventSourceMappings[].UUID"),
        "logs": listed("logs", "describe_log_groups", "logGroups[].logGroupName"),
        "tables": listed("dynamodb", "list_tables", "TableNames[]"),
        "queues": listed("sqs", "list_queues", "QueueUrls[]"),
        "topics": listed("sns", "list_topics", "Topics[].TopicArn"),
        "roles": listed("iam", "list_roles", "Roles[].RoleName"),
        "policies": listed("iam", "list_policies", "Policies[].Arn", Scope="Local"),
        "rules": plain("events", "list_rules", "Rules", "Name"),
        "buses": plain("events", "list_event_buses", "EventBuses", "Name"),
        "schedules": listed("scheduler", "list_schedules", "Schedules[].Name"),
        "streams": listed("kinesis", "list_streams", "StreamNames[]"),
        "machines": listed("stepfunctions", "list_state_machines", "stateMachines[].stateMachineArn"),
        "REST APIs": listed("apigateway", "get_rest_apis", "items[].id"),
        "HTTP APIs": listed("apigatewayv2", "get_apis", "Items[].ApiId"),
        "alarms": listed("cloudwatch", "describe_alarms", "MetricAlarms[].AlarmName"),
        "parameters": listed("ssm", "describe_parameters", "Parameters[].Name"),
        "secrets": listed("secretsmanager", "list_secrets", "SecretList[].ARN"),
        "pools": listed("cognito-idp", "list_user_pools", "UserPools[].Id", MaxResults=60),
        "repositories": listed("ecr", "describe_repositories", "repositories[].repositoryName"),
    }
    s3 = account.client("s3", region)
    found["buckets"] = plain("s3", "list_buckets", "Buckets", "Name")
    for bucket in found["buckets"]:
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
            found.setdefault(f"in {bucket}", []).extend(one["Key"] for one in page.get("Versions") or ())
    return {kind: Counter(names) for kind, names in found.items() if names}


def function(named: LambdaFunction, digest: str) -> dict[str, Any]:
    """A function with its role, version and alias, as a rendered template has them."""
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    name = named.logical_id
    return {
        f"{name}Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]}},
        },
        name: {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Handler": "index.handler",
                "Runtime": "python3.11",
                "Role": {"Fn::GetAtt": [f"{name}Role", "Arn"]},
                "Code": {"S3Bucket": BUCKET, "S3Key": f"{digest}.zip"},
            },
        },
        named.version_id: {
            "Type": "AWS::Lambda::Version",
            "DeletionPolicy": "Retain",
            "Properties": {"FunctionName": {"Ref": name}},
        },
        named.alias_id: {
            "Type": "AWS::Lambda::Alias",
            "Properties": {
                "Name": "live",
                "FunctionName": {"Ref": name},
                "FunctionVersion": {"Fn::GetAtt": [named.version_id, "Version"]},
            },
        },
    }


def table(**more: Any) -> dict[str, Any]:
    """A table."""
    properties = {
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    }
    return {"Type": "AWS::DynamoDB::Table", "Properties": {**properties, **more}}


def physical(beach: Beach, stack: str, logical_id: str) -> str:
    found = beach.client("cloudformation").describe_stack_resource(StackName=stack, LogicalResourceId=logical_id)
    return str(found["StackResourceDetail"]["PhysicalResourceId"])


def gone(beach: Beach, bucket: str) -> None:
    """Take the artifact bucket away, so that an account can be compared with an empty one."""
    s3 = beach.client("s3")
    with suppress(s3.exceptions.NoSuchBucket):
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
            for one in page.get("Versions") or ():
                s3.delete_object(Bucket=bucket, Key=one["Key"], VersionId=one["VersionId"])
        s3.delete_bucket(Bucket=bucket)
