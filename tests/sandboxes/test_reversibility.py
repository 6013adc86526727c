"""A change goes there and back in a sandbox of its own, and what cannot go back is told with its line."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .shop import Said, Shop, shoreward

TEMPLATE = """\
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Resources:
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.11
      Timeout: 20
      CodeUri: code/
      Handler: hello.handler
      Policies: [DynamoDBCrudPolicy: {TableName: !Ref Guests}]
      Environment: {Variables: {GUESTS: !Ref Guests}}
  Guests:
    Type: AWS::DynamoDB::Table
    DeletionPolicy: Retain
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: name, AttributeType: S}]
      KeySchema: [{AttributeName: name, KeyType: HASH}]
Outputs:
  HelloName: {Value: !Ref Hello}
"""

PIPELINE = """\
application: shop
template: template.yaml
accounts:
  main: {id: "ACCOUNT"}
waves:
  - {name: north, targets: [main/eu-west-1]}
checks:
  discover: false
  skip: [security, secrets, sbom, template, policies, vulnerabilities, parity]
  sandbox: {target: main/eu-north-1}
"""

SUITE = f"""\
  suites:
    - name: integration
      kind: integration
      run: {sys.executable} -m pytest -q -p no:cacheprovider tests
      inputs: [code/**, tests/**]
      environment: [AWS_ENDPOINT_URL]
"""

HELLO = """\
import os

import boto3

guests = boto3.resource("dynamodb").Table(os.environ["GUESTS"])


def handler(event, context):
    # Each guest comes with company.
    guests.put_item(Item={"name": event["name"], "party": 2})
    return {"coming": sum(int(one["party"]) for one in guests.scan()["Items"])}
"""

# What it writes stays there: only so may old code meet what new code wrote.
TEST = """\
import json
import os
import uuid

import boto3


def test_whoever_comes_is_counted():
    answer = boto3.client("lambda").invoke(
        FunctionName=os.environ["HelloName"], Qualifier="live", Payload=json.dumps({"name": uuid.uuid4().hex})
    )
    said = json.load(answer["Payload"])
    assert "FunctionError" not in answer, said["errorMessage"]
    assert said["coming"] >= 2
"""

PROBE = """\
probes:
  - payload: {name: kim}
    expect: {coming: 3}
    function: Hello
"""


@contextmanager
def counting(shop: Shop, pipeline: str) -> Iterator[str]:
    """The shop with an application that counts guests; gives the commit. Afterwards nothing of it is left."""
    empty = shop.left()
    shop.write("template.yaml", TEMPLATE)
    shop.write("code/hello.py", HELLO)
    shop.write("tests/test_guests.py", TEST)
    shop.write("shoreward.yaml", pipeline.replace("ACCOUNT", shop.account.account_id))
    yield shop.commit()
    shop.run("down")
    assert shop.left() == empty


def checked(shop: Shop, name: str, base: str) -> Any:
    """What a check says of the work tree, compared with a commit."""
    said: Said = shoreward("check", "--json", "--only", name, "--base", base, at=shop.root)
    results = {one["check"]: one for one in said.json["checks"]}
    assert name in results, said
    mine = [one for one in said.json["findings"] if one["check"] == name]
    found = [{**one, **{each["name"]: each["value"] for each in one["details"]}} for one in mine]
    return {**results[name], "findings": found}


def test_a_change_that_old_code_gets_along_with_goes_there_and_back_and_leaves_nothing(shop: Shop):
    with counting(shop, PIPELINE + SUITE) as before:
        # When new code writes something more, which nobody has to read
        shop.edit("code/hello.py", '"party": 2}', '"party": 2, "city": "Oslo"}')
        shop.commit()
        found = checked(shop, "reversibility", before)
        # Then it has been at all five stations
        assert (found["verdict"], found["summary"]) == ("pass", "goes there and back"), found
        assert found["measures"] == {"stations": 5.0}
        # And the same question needs no sandbox again
        assert checked(shop, "reversibility", before)["kept"]


def test_data_that_old_code_cannot_read_is_told_at_the_line_that_writes_it(shop: Shop):
    with counting(shop, PIPELINE + SUITE) as before:
        # When new code writes another form, and reads both
        shop.edit("code/hello.py", '"party": 2}', '"party": {"adults": 2}}')
        shop.edit("code/hello.py", 'int(one["party"])', 'int(getattr(one["party"], "get", one.get)("adults", 2))')
        shop.commit()
        found = checked(shop, "reversibility", before)
        # Then old code fails wherever it serves after new code alone has written: chance says at which station first
        assert found["verdict"] == "fail", found
        [finding] = found["findings"]
        assert (finding["rule"], finding["file"], finding["line"]) == ("IRREVERSIBLE", "code/hello.py", 10)
        assert finding["station"] in ("mixed on the way back", "old again")
        assert "test_whoever_comes_is_counted" in finding["what"]
        assert finding["seen_at"].startswith("tests/test_guests.py:")


def test_a_wrong_answer_to_a_synthetic_request_is_told_at_the_probe(shop: Shop):
    with counting(shop, PIPELINE + PROBE) as before:
        found = checked(shop, "synthetic", before)
        [finding] = found["findings"]
        line = (shop.root / "shoreward.yaml").read_text().splitlines().index("    function: Hello") + 1
        assert found["verdict"] == "fail"
        assert (finding["rule"], finding["subject"]) == ("synthetic-failed", "Hello")
        assert (finding["file"], finding["line"]) == ("shoreward.yaml", line)
        assert "$.coming is 2 where 3 was expected" in finding["what"]
