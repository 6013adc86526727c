"""Bakery: a shop that asks an oven and writes orders into a queue; with and without anything to fall back on."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandboxes.shop import Said, Shop, shoreward
from sandboxes.support import REGION
from shoreward.testing.cloud import CloudAccount

TEMPLATE = """\
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Globals:
  Function: {Runtime: python3.11, Timeout: 10, MemorySize: 256, AutoPublishAlias: live}
Resources:
  Counter:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: code/
      Handler: counter.handler
      Environment:
        Variables:
          OVEN: !Ref Oven.Alias
          ORDERS: !Ref Orders
      Policies:
        - LambdaInvokePolicy: {FunctionName: !Ref Oven}
        - SQSSendMessagePolicy: {QueueName: !GetAtt Orders.QueueName}
  Oven:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: code/
      Handler: oven.handler
  Baker:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: code/
      Handler: baker.handler
      Events:
        Orders:
          Type: SQS
          Properties: {Queue: !GetAtt Orders.Arn, BatchSize: 10}
  Orders:
    Type: AWS::SQS::Queue
    Properties:
      VisibilityTimeout: VISIBLE
      RedrivePolicy: {deadLetterTargetArn: !GetAtt Burnt.Arn, maxReceiveCount: TRIES}
  Burnt:
    Type: AWS::SQS::Queue
Outputs:
  CounterName: {Value: !Ref Counter}
"""

PIPELINE = """\
application: bakery
template: template.yaml
accounts:
  main: {id: "ACCOUNT"}
waves:
  - {name: north, targets: [main/eu-west-1]}
probes:
  - {function: Counter, payload: {bread: rye}, expect: {taken: true}}
checks:
  discover: false
  skip: [security, secrets, sbom, template, policies, vulnerabilities, parity]
  sandbox: {target: main/eu-north-1}
"""

# Asks the oven and tells the baker; whatever fails, the customer is told so.
FRAGILE = """\
import json
import os

import boto3
from botocore.config import Config

once = Config(retries={"total_max_attempts": 1})
functions, queues = boto3.client("lambda", config=once), boto3.client("sqs", config=once)


def warm():
    answer = functions.invoke(FunctionName=os.environ["OVEN"])
    if "FunctionError" in answer:
        raise RuntimeError("the oven failed")
    return json.load(answer["Payload"])["warm"]


def tell(bread):
    queues.send_message(QueueUrl=os.environ["ORDERS"], MessageBody=bread)
    return True


def handler(event, context):
    return {"warm": warm(), "taken": tell(event.get("bread", "wheat"))}
"""

# The same, with something to fall back on.
STURDY = FRAGILE.replace(
    """    return {"warm": warm(), "taken": tell(event.get("bread", "wheat"))}
""",
    """    try:
        known = warm()
    except Exception:
        known = None  # nobody has to know that to order
    try:
        tell(event.get("bread", "wheat"))
    except Exception as error:
        print("kept for later", event, error)
    return {"warm": known, "taken": True}
""",
)

OVEN = "import time\n\n\ndef handler(event, context):\n    time.sleep(PAUSE)\n    return {'warm': True}\n"
BAKER = "def handler(event, context):\n    print(len(event['Records']))\n"


@dataclass(frozen=True, slots=True)
class Bakery:
    """The repository and the account."""

    shop: Shop

    @classmethod
    def founded(cls, root: Path, account: CloudAccount) -> Bakery:
        """A repository with one commit, of a counter that falls back on nothing."""
        bakery = cls(Shop(root, account))
        bakery.build()
        bakery.declare("")
        bakery.shop.git("init", "-q", "-b", "main")
        bakery.shop.commit()
        return bakery

    def build(self, counter: str = FRAGILE, *, pause: float = 0.0, visible: int = 30, tries: int = 5) -> None:
        """Write the application."""
        template = TEMPLATE.replace("VISIBLE", str(visible)).replace("TRIES", str(tries))
        self.shop.write("template.yaml", template)
        self.shop.write("code/counter.py", counter)
        self.shop.write("code/oven.py", OVEN.replace("PAUSE", str(pause)))
        self.shop.write("code/baker.py", BAKER)

    def declare(self, resilience: str, pipeline: str = PIPELINE) -> None:
        """Write the pipeline, with lines for `resilience`."""
        self.shop.write("shoreward.yaml", pipeline.replace("ACCOUNT", self.shop.account.account_id) + resilience)

    def check(self, *more: str) -> Any:
        """What `faults` says: its result, with its findings."""
        said: Said = shoreward("check", "--json", "--only", "faults", *more, at=self.shop.root)
        results = {one["check"]: one for one in said.json["checks"]}
        assert "faults" in results, said
        found = [
            {**one, **{each["name"]: each["value"] for each in one["details"]}}
            for one in said.json["findings"]
            if one["check"] == "faults"
        ]
        return {**results["faults"], "findings": found}

    def client(self, service: str) -> Any:
        return self.shop.account.client(service, REGION)

    def stack(self) -> str:
        """The name of the sandbox that is up."""
        [found] = [
            one["StackName"]
            for one in self.client("cloudformation").describe_stacks()["Stacks"]
            if one["StackStatus"] != "DELETE_COMPLETE"
        ]
        return str(found)

    def physical(self, logical_id: str) -> str:
        found = self.client("cloudformation").describe_stack_resource(
            StackName=self.stack(), LogicalResourceId=logical_id
        )
        return str(found["StackResourceDetail"]["PhysicalResourceId"])

    def state(self) -> dict[str, Any]:
        """All that a fault may change, as the account has it."""
        functions = self.client("lambda")
        found: dict[str, Any] = {}
        for one in ("Counter", "Oven", "Baker"):
            name = self.physical(one)
            latest = functions.get_function_configuration(FunctionName=name)
            found[one] = {
                "reserved": functions.get_function_concurrency(FunctionName=name).get("ReservedConcurrentExecutions"),
                "alias": functions.get_alias(FunctionName=name, Name="live")["FunctionVersion"],
                "versions": [
                    each["Version"] for each in functions.list_versions_by_function(FunctionName=name)["Versions"]
                ],
                "configuration": {key: latest.get(key) for key in ("Environment", "Timeout", "MemorySize")},
            }
        found["sources"] = [each["State"] for each in functions.list_event_source_mappings()["EventSourceMappings"]]
        return found

    def ask(self) -> Any:
        """What a customer hears."""
        answer = self.client("lambda").invoke(
            FunctionName=self.physical("Counter"), Qualifier="live", Payload=json.dumps({"bread": "rye"})
        )
        return {**json.load(answer["Payload"]), "failed": "FunctionError" in answer}

    def closed(self) -> None:
        """Remove the sandbox."""
        self.shop.run("down")
