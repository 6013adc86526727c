"""An application on the embedded cloud, in the words of the tests."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from botocore.awsrequest import AWSResponse

from shoreward.adapters.aws import AwsAdapters, Retry, Sessions, connect, role_template
from shoreward.domain import BUCKET, Artifact, LambdaFunction, Pipeline, Revision, StagedFunction, Target, Terminal
from shoreward.testing.cloud import CloudAccount, archive, isolated_session


class Crash(BaseException):
    """The process ends here."""


class Store:
    """Blobs and artifacts in memory."""

    def __init__(self) -> None:
        self._held: dict[str, bytes] = {}
        self.opened: Counter[str] = Counter()

    def put(self, content: bytes) -> str:
        digest = hashlib.sha256(content).hexdigest()
        self._held[digest] = content
        return digest

    def get(self, digest: str) -> bytes:
        return self._held[digest]

    def all(self) -> Sequence[bytes]:
        """Everything that is kept."""
        return tuple(self._held.values())

    def lose(self, digest: str) -> bytes:
        """What is not here any more."""
        return self._held.pop(digest)

    def open(self, digest: str) -> bytes:
        if digest not in self._held:
            raise Terminal("ARTIFACT_MISSING", f"{digest} was not built here.")
        self.opened[digest] += 1
        return self._held[digest]


def says(word: str) -> str:
    """Code of a function that answers with a word."""
    return f"def handler(event, context):\n    return {{'says': '{word}', 'event': event}}\n"


@dataclass
class Bench:
    """A target in an account of its own, the adapters, and plain clients to look at what they did."""

    account: CloudAccount
    region: str = "us-east-1"
    stack: str = "shop"
    parameters: tuple[tuple[str, str], ...] = ()
    store: Store = field(default_factory=Store)
    retry: Retry = field(default_factory=Retry)
    hour: float = 0.0
    limit: float = 3600.0

    def __post_init__(self) -> None:
        self.session = isolated_session(self.account.account_id, self.region)
        self.adapters = self.connected()

    def connected(self) -> AwsAdapters:
        """Adapters as a freshly started process has them."""
        sessions = Sessions(self.session, retry=self.retry, clock=lambda: time.time() + self.hour)
        return connect(self.store, self.store, sessions=sessions, retry=self.retry, limit=self.limit)

    @property
    def target(self) -> Target:
        return Target(account=self.account.account_id, region=self.region, stack=self.stack, parameters=self.parameters)

    @property
    def pipeline(self) -> Pipeline:
        return Pipeline(application="shop", template="template.yaml", waves=())

    @property
    def lambda_(self) -> Any:
        return self.account.client("lambda", self.region)

    @property
    def cloudformation(self) -> Any:
        return self.account.client("cloudformation", self.region)

    def revision(
        self,
        code: str,
        *,
        functions: Sequence[str] = ("Hello",),
        extra: Mapping[str, Any] | None = None,
        parameters: Mapping[str, Any] | None = None,
        memory: int = 128,
    ) -> Revision:
        """A revision as the builder makes it: template and artifacts in the store."""
        content = archive({"index.py": code})
        digest = self.store.put(content)
        template: dict[str, Any] = {"Resources": {}, **({"Parameters": dict(parameters)} if parameters else {})}
        named = tuple(
            LambdaFunction(
                logical_id=name, alias="live", alias_id=f"{name}Aliaslive", version_id=f"{name}Version{digest[:10]}"
            )
            for name in functions
        )
        for function in named:
            template["Resources"] |= _function(function, digest, memory)
        template["Resources"] |= dict(extra or {})
        blob = self.store.put(json.dumps(template).encode())
        return Revision(
            digest=hashlib.sha256(blob.encode()).hexdigest(),
            commit=digest[:40],
            template=blob,
            functions=named,
            artifacts=(Artifact(digest=digest, size=len(content), used_by=tuple(functions)),),
        )

    def release(self, revision: Revision, key: str = "release") -> None:
        """Carry a revision all the way, without a judge."""
        stacks, traffic = self.adapters.stacks, self.adapters.traffic
        snapshot = stacks.inspect(self.pipeline, self.target, revision)
        staged = stacks.stage(self.pipeline, self.target, revision, snapshot, f"{key}/stage")
        traffic.shift(self.target, staged.functions, 100.0, 0.0)
        stacks.finish(self.pipeline, self.target, revision, staged, f"{key}/finish")

    def alias(self, logical_id: str = "Hello") -> tuple[str, dict[str, float]]:
        """The version and the weights of a function's alias."""
        found = self.lambda_.get_alias(FunctionName=self.name_of(logical_id), Name="live")
        return found["FunctionVersion"], found.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})

    def name_of(self, logical_id: str = "Hello") -> str:
        detail = self.cloudformation.describe_stack_resource(StackName=self.stack, LogicalResourceId=logical_id)
        return str(detail["StackResourceDetail"]["PhysicalResourceId"])

    def says(self, logical_id: str = "Hello") -> set[str]:
        """What customers hear."""
        heard: set[str] = set()
        for _ in range(6):
            answer = self.lambda_.invoke(FunctionName=self.name_of(logical_id), Qualifier="live", Payload=b"{}")
            heard.add(json.loads(answer["Payload"].read())["says"])
        return heard

    def status(self) -> str | None:
        """The stack's status, or None when there is no stack."""
        client = self.cloudformation
        try:
            return str(client.describe_stacks(StackName=self.stack)["Stacks"][0]["StackStatus"])
        except client.exceptions.ClientError:
            return None

    def drift(self) -> str:
        """Whether stack and reality agree."""
        client = self.cloudformation
        detection = client.detect_stack_drift(StackName=self.stack)["StackDriftDetectionId"]
        while True:
            found = client.describe_stack_drift_detection_status(StackDriftDetectionId=detection)
            if found["DetectionStatus"] != "DETECTION_IN_PROGRESS":
                return str(found["StackDriftStatus"])

    def change_sets(self) -> list[str]:
        """Change sets that wait to be executed."""
        found = self.cloudformation.list_change_sets(StackName=self.stack)["Summaries"]
        return [one["ChangeSetName"] for one in found if one["ExecutionStatus"] == "AVAILABLE"]

    @contextmanager
    def crashing_at(self, number: int) -> Iterator[list[str]]:
        """The process ends before its n-th call to AWS (counting from 1); yields the calls that were made."""
        calls, crash = self._watching(lambda made: len(made) == number)
        with crash:
            yield calls

    @contextmanager
    def crashing_after(self, call: str) -> Iterator[list[str]]:
        """The process ends before the call that follows a certain one."""
        calls, crash = self._watching(lambda made: call in made[:-1])
        with crash:
            yield calls

    @contextmanager
    def watched(self) -> Iterator[list[str]]:
        """Yields the names of the calls that are made."""
        calls, watch = self._watching(lambda made: False)
        with watch:
            yield calls

    def _watching(self, ends: Callable[[list[str]], bool]) -> tuple[list[str], Any]:
        calls: list[str] = []
        guard = threading.Lock()

        def before(model: Any, **_: Any) -> None:
            with guard:
                calls.append(f"{model.service_model.service_name}:{model.name}")
                if ends(calls):
                    raise Crash

        @contextmanager
        def around() -> Iterator[None]:
            self.session.events.register_first("before-call", before)
            self.adapters = self.connected()  # clients copy the handlers of their session when they are made
            try:
                yield
            finally:
                self.session.events.unregister("before-call", before)
                self.adapters = self.connected()

        return calls, around()

    def neighbour(self) -> str:
        """Another account, which lets this one assume its deploy role; returns its id."""
        account = CloudAccount(self.account.endpoint, str(int(self.account.account_id) + 50_000))
        client = account.client("cloudformation", "us-east-1")
        template = role_template("shop", f"arn:aws:iam::{self.account.account_id}:root", stacks="shop*")
        client.create_stack(StackName="roles", TemplateBody=template, Capabilities=["CAPABILITY_NAMED_IAM"])
        client.get_waiter("stack_create_complete").wait(StackName="roles", WaiterConfig={"Delay": 0.05})  # type: ignore[typeddict-item]
        return account.account_id


class _Raw:
    """A response's body."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, **_: object) -> list[bytes]:
        return [self._content]


def refusing(code: str, status: int, body: bytes, times: int = 1_000) -> Callable[..., AWSResponse | None]:
    """Answers requests with an error in AWS's stead, so many times."""
    left = [times]

    def answer(request: Any, **_: Any) -> AWSResponse | None:
        if left[0] == 0:
            return None
        left[0] -= 1
        return AWSResponse(request.url, status, {"x-amzn-errortype": code}, _Raw(body))  # type: ignore[arg-type]

    return answer


def code_digest(code: str) -> str:
    """What Lambda calls CodeSha256."""
    return base64.b64encode(hashlib.sha256(archive({"index.py": code})).digest()).decode()


def staged_function(baseline: str | None = "1", candidate: str = "2", name: str = "f") -> StagedFunction:
    return StagedFunction(logical_id="Hello", name=name, alias="live", baseline=baseline, candidate=candidate)


def table(name: str | None = None, key: str = "id") -> dict[str, Any]:
    """A table, which keeps what customers gave it."""
    properties: dict[str, Any] = {
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": key, "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": key, "KeyType": "HASH"}],
    }
    return {"Type": "AWS::DynamoDB::Table", "Properties": {**properties, **({"TableName": name} if name else {})}}


def impossible(after: str = "HelloRole") -> dict[str, Any]:
    """A resource that cannot be made, tried once another one is there."""
    properties = {
        "Handler": "index.handler",
        "Runtime": "python3.11",
        "Role": {"Fn::GetAtt": ["HelloRole", "Arn"]},
        "Code": {"S3Bucket": BUCKET, "S3Key": "never-uploaded.zip"},
    }
    return {"Type": "AWS::Lambda::Function", "DependsOn": [after], "Properties": properties}


def _function(function: LambdaFunction, digest: str, memory: int) -> dict[str, Any]:
    name = function.logical_id
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
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
                "MemorySize": memory,
                "Role": {"Fn::GetAtt": [f"{name}Role", "Arn"]},
                "Code": {"S3Bucket": BUCKET, "S3Key": f"{digest}.zip"},
            },
        },
        function.version_id: {
            "Type": "AWS::Lambda::Version",
            "DeletionPolicy": "Retain",
            "Properties": {"FunctionName": {"Ref": name}},
        },
        function.alias_id: {
            "Type": "AWS::Lambda::Alias",
            "Properties": {
                "Name": "live",
                "FunctionName": {"Ref": name},
                "FunctionVersion": {"Fn::GetAtt": [function.version_id, "Version"]},
            },
        },
    }
