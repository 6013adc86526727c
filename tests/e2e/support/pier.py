"""Pier: a function with a table, released by the real command line, with the checks that a test wants."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.support import Said, shoreward
from shoreward.adapters.journal import SqliteJournal
from shoreward.app.releases import latest
from shoreward.core import Event, Release
from shoreward.testing.cloud import CloudAccount

SANDBOXES, WEST, EAST = "eu-north-1", "eu-west-1", "us-east-1"

_TEMPLATE = """\
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Resources:
  Moor:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: !Sub "${AWS::StackName}-moor"
      Runtime: python3.11
      Timeout: 20
      CodeUri: code/
      Handler: moor.handler
      AutoPublishAlias: live
      Policies: [DynamoDBCrudPolicy: {TableName: !Ref Boats}]
      Environment: {Variables: {BOATS: !Ref Boats}}
  Boats:
    Type: AWS::DynamoDB::Table
    DeletionPolicy: Retain
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: name, AttributeType: S}]
      KeySchema: [{AttributeName: name, KeyType: HASH}]
Outputs:
  MoorName: {Value: !Ref Moor}
"""

_PIPELINE = """\
application: pier
template: template.yaml
accounts:
  main: {id: "ACCOUNT"}
defaults:
  steps: [50%]
  bake: {minimum: 1s, requests: 4, deadline: 2m, on-deadline: rollback}
  soak: 0s
waves:
  - {name: west, targets: [main/WEST]}
  - {name: east, targets: [main/EAST]}
judge:
  interval: 1s
  delay: 1s
  dispersion: 1
  alpha: 5%
  beta: 10%
  promote-margin: {ratio: 1.5, points: 30%}
  skip: [latency]
"""

IN_A_SANDBOX = """\
probes:
  - {function: Moor, payload: {ask: depth}, expect: {depth: 7}}
checks:
  discover: false
  skip: [security, secrets, sbom, template, policies, vulnerabilities, parity]
  sandbox: {target: main/eu-north-1}
  suites:
    - name: integration
      kind: integration
      run: PYTHON -m pytest -q -p no:cacheprovider tests
      inputs: [code/**, tests/**]
      environment: [AWS_ENDPOINT_URL, SEEN]
"""

AGAINST_ADVISORIES = """\
checks:
  discover: false
  skip: [security, secrets, sbom, template, policies]
  advisories: {source: "SOURCE", poll: 2s, on-new: HOLD}
"""

_CODE = """\
import os

import boto3

boats = boto3.resource("dynamodb").Table(os.environ["BOATS"])


def handler(event, context):
    if event.get("ask") == "depth":
        return {"depth": 7}
    boats.put_item(Item={"name": event["name"], "crew": 2})
    return {"crews": sum(int(one["crew"]) for one in boats.scan()["Items"])}
"""

_TEST = """\
import json
import os
import uuid

import boto3


def test_a_crew_is_counted():
    client, name = boto3.client("lambda"), os.environ["MoorName"]
    with open(os.environ["SEEN"], "a") as seen:
        print(client.get_function_configuration(FunctionName=name, Qualifier="live")["CodeSha256"], file=seen)
    answer = client.invoke(FunctionName=name, Qualifier="live", Payload=json.dumps({"name": uuid.uuid4().hex}))
    said = json.load(answer["Payload"])
    assert "FunctionError" not in answer, said["errorMessage"]
    assert said["crews"] >= 2
"""


@dataclass(frozen=True, slots=True)
class Pier:
    """The repository, and the account that it is released to."""

    root: Path
    account: CloudAccount

    @classmethod
    def founded(cls, root: Path, account: CloudAccount, checks: str) -> Pier:
        """A repository with one commit."""
        pier = cls(root, account)
        pipeline = _PIPELINE.replace("ACCOUNT", account.account_id).replace("WEST", WEST).replace("EAST", EAST)
        pier.write("shoreward.yaml", pipeline + checks.replace("PYTHON", sys.executable))
        pier.write("template.yaml", _TEMPLATE)
        pier.write("code/moor.py", _CODE)
        pier.write("tests/test_moor.py", _TEST)
        pier.git("init", "-q", "-b", "main")
        pier.commit()
        return pier

    def write(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def edit(self, path: str, old: str, new: str) -> None:
        """Change a file, one text for another that is there, and commit."""
        text = (self.root / path).read_text()
        assert old in text
        self.write(path, text.replace(old, new))
        self.commit()

    def commit(self) -> None:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "A change")

    def git(self, *arguments: str) -> None:
        who = {f"GIT_{who}_{what}": "kim@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        subprocess.run(["git", "-C", str(self.root), *arguments], check=True, env={**os.environ, **who})

    def run(self, *arguments: str) -> Said:
        """Run a command in the repository."""
        return shoreward(*arguments, at=self.root)

    @contextmanager
    def releasing(self) -> Iterator[subprocess.Popen[str]]:
        """`shoreward release` in a process of its own, which is ended, whatever happens."""
        process = subprocess.Popen(
            [sys.executable, "-m", "shoreward", "release"],
            cwd=self.root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            yield process
        finally:
            process.kill()
            process.communicate()

    @property
    def release(self) -> Release:
        """The newest release as it stands."""
        with closing(SqliteJournal(self.root / ".shoreward" / "journal.db")) as journal:
            return latest(journal)

    def events(self) -> list[Event]:
        """All that happened to the newest release."""
        with closing(SqliteJournal(self.root / ".shoreward" / "journal.db")) as journal:
            return [recorded.event for recorded in journal.events(latest(journal).id)]

    @property
    def artifacts(self) -> set[str]:
        """The artifacts of the newest release, as Lambda names code."""
        revision = self.release.revision
        assert revision is not None
        return {base64.b64encode(bytes.fromhex(one.digest)).decode() for one in revision.artifacts}

    def weights(self, region: str) -> Mapping[str, float]:
        """The canary's weight on the alias."""
        alias = self.account.client("lambda", region).get_alias(FunctionName="pier-moor", Name="live")
        return dict(alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {}))

    def serving(self, region: str) -> str:
        """The code that customers meet, by its sha256."""
        client = self.account.client("lambda", region)
        return str(client.get_function_configuration(FunctionName="pier-moor", Qualifier="live")["CodeSha256"])

    def there_is(self, region: str) -> Mapping[str, list[str]]:
        """What the account lists in a region: stacks, functions, tables and logs."""
        stacks = self.account.client("cloudformation", region).describe_stacks()["Stacks"]
        found: dict[str, Any] = {
            "stacks": [one["StackName"] for one in stacks if one["StackStatus"] != "DELETE_COMPLETE"],
            "functions": [
                one["FunctionName"] for one in self.account.client("lambda", region).list_functions()["Functions"]
            ],
            "tables": self.account.client("dynamodb", region).list_tables()["TableNames"],
            "logs": [
                one["logGroupName"] for one in self.account.client("logs", region).describe_log_groups()["logGroups"]
            ],
        }
        return {kind: names for kind, names in found.items() if names}

    @contextmanager
    def customers(self) -> Iterator[None]:
        """Somebody asks the alias in both regions all the time."""
        closed = threading.Event()

        def come(region: str) -> None:
            client = self.account.client("lambda", region)
            while not closed.wait(0.03):
                with suppress(Exception):
                    client.invoke(FunctionName="pier-moor", Qualifier="live", Payload=json.dumps({"ask": "depth"}))

        threads = [threading.Thread(target=come, args=(region,)) for region in (WEST, EAST)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            closed.set()
            for thread in threads:
                thread.join()


@contextmanager
def at_home(account: CloudAccount, **more: str) -> Iterator[None]:
    """The environment of whoever releases to an account, and nothing of the person at this machine."""
    before = dict(os.environ)
    for name in before:
        if name.startswith(("AWS_", "SHOREWARD_", "FORCE_COLOR", "NO_COLOR", "COLUMNS")):
            del os.environ[name]
    os.environ |= {
        "AWS_ENDPOINT_URL": account.endpoint,
        "AWS_ACCESS_KEY_ID": account.account_id,
        "AWS_SECRET_ACCESS_KEY": "embedded-cloud",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        **more,
    }
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
