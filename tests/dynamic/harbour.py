"""Harbour: an API in which boats are entered, with handlers that are sound, or not."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandboxes.shop import Said, Shop, shoreward
from shoreward.testing.cloud import CloudAccount

TEMPLATE = """\
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Globals:
  Function: {Runtime: python3.11, Timeout: 10, CodeUri: code/, AutoPublishAlias: live}
Resources:
  Harbour:
    Type: AWS::Serverless::HttpApi
    Properties:
      Auth:
        Authorizers:
          Guard:
            FunctionArn: !GetAtt Guard.Arn
            EnableFunctionDefaultPermissions: true
            EnableSimpleResponses: true
            AuthorizerPayloadFormatVersion: "2.0"
            Identity: {Headers: [], ReauthorizeEvery: 0}
  Guard:
    Type: AWS::Serverless::Function
    Properties: {Handler: guard.handler}
  Boats:
    Type: AWS::Serverless::Function
    Properties:
      Handler: boats.handler
      Events:
        Show:
          Type: HttpApi
          Properties: {ApiId: !Ref Harbour, Method: GET, Path: "/boats/{name}"}
        Enter:
          Type: HttpApi
          Properties: {ApiId: !Ref Harbour, Method: PUT, Path: "/boats/{name}"}
        Log:
          Type: HttpApi
          Properties: {ApiId: !Ref Harbour, Method: GET, Path: /log, Auth: {Authorizer: Guard}}
Outputs:
  HarbourUrl: {Value: !Sub "https://${Harbour}.execute-api.${AWS::Region}.amazonaws.com"}
"""

PIPELINE = """\
application: harbour
template: template.yaml
accounts:
  main: {id: "ACCOUNT"}
waves:
  - {name: north, targets: [main/eu-west-1]}
probes:
  - function: Boats
    payload: {routeKey: "PUT /boats/{name}", pathParameters: {name: gull}, body: '{"length": 12, "flag": "se"}'}
checks:
  discover: false
  skip: [security, secrets, sbom, template, policies, vulnerabilities, parity]
  sandbox: {target: main/eu-north-1}
"""

GUARD = """\
def handler(event, context):
    return {"isAuthorized": event["headers"].get("authorization") == "sesame"}
"""

# It answers everything that it is asked with what anybody may know.
BOATS = """\
import json


def handler(event, context):
    return answer(event, *respond(event))


def answer(event, status, body):
    return {"statusCode": status, "headers": {"content-type": "application/json"}, "body": json.dumps(body)}


def respond(event):
    if event["routeKey"] == "GET /log":
        return 200, {"entries": 3}
    name = event["pathParameters"]["name"]
    if event["routeKey"] == "GET /boats/{name}":
        return 404, {"error": f"there is no boat {name!r}"}
    try:
        boat = read(event.get("body") or "")
    except (ValueError, RecursionError):
        return 400, {"error": "this is no boat"}
    return 200, {"name": name, **boat}


def read(text):
    boat = json.loads(text)
    if not isinstance(boat, dict) or type(boat.get("length")) is not int or not isinstance(boat.get("flag"), str):
        raise ValueError
    return {"length": boat["length"], "flag": boat["flag"]}
"""


@dataclass(frozen=True, slots=True)
class Harbour:
    """The repository and the account."""

    shop: Shop

    @classmethod
    def founded(cls, root: Path, account: CloudAccount) -> Harbour:
        """A repository with one commit, of an application that is sound."""
        harbour = cls(Shop(root, account))
        harbour.build()
        harbour.declare()
        harbour.shop.git("init", "-q", "-b", "main")
        harbour.shop.commit()
        return harbour

    def build(self, boats: str = BOATS, guard: str = GUARD, template: str = TEMPLATE) -> None:
        """Write the application."""
        self.shop.write("template.yaml", template)
        self.shop.write("code/boats.py", boats)
        self.shop.write("code/guard.py", guard)

    def declare(self, dynamic: str = "  dynamic: {}\n") -> None:
        """Write the pipeline."""
        self.shop.write("shoreward.yaml", PIPELINE.replace("ACCOUNT", self.shop.account.account_id) + dynamic)

    def check(self, *more: str) -> Any:
        """What `attacks` says: its result, with its findings."""
        said: Said = shoreward("check", "--json", "--only", "attacks", *more, at=self.shop.root)
        results = {one["check"]: one for one in said.json["checks"]}
        assert "attacks" in results, said
        found = [
            {**one, **{each["name"]: each["value"] for each in one["details"]}}
            for one in said.json["findings"]
            if one["check"] == "attacks"
        ]
        return {**results["attacks"], "findings": found}

    def closed(self) -> None:
        """Remove the sandbox."""
        self.shop.run("down")


def line_of(text: str, words: str) -> int:
    """The line of a template on which some words stand first."""
    return next(number for number, line in enumerate(text.splitlines(), 1) if words in line)
