"""End to end: a value goes through the waves; one that harms comes back by itself, and does not start again."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cli.conftest import environment, kiosk
from cli.support import NORTH, SOUTH, Kiosk
from shoreward.core import events as e
from shoreward.domain import Outcome
from shoreward.testing.builders import NO_CHECKS
from shoreward.testing.cloud import archive

__all__ = ["environment", "kiosk"]

FUNCTION = "shop-checkout"

CODE = """\
import json
import re
import os

import boto3

ssm = boto3.client("ssm")


def handler(event, context):
    limit = int(ssm.get_parameter(Name="/shop/limit")["Parameter"]["Value"])
    return {"limit": limit}
"""

PIPELINE = """\
application: settings
configuration:
  - parameters: /shop
    file: settings/shop.yaml
    schema: settings/shop.schema.json
judged-by:
  - function: shop-checkout
accounts:
  main: {id: "ACCOUNT"}
defaults:
  bake: {minimum: 2s, requests: 10, deadline: 1m, on-deadline: rollback}
waves:
  - {name: north, targets: [main/eu-north-1]}
  - {name: south, targets: [main/us-east-1]}
judge: {interval: 1s, delay: 1s, dispersion: 1, alpha: 5%, beta: 20%, first-deployment-ceiling: 10%}
"""


class Shop(Kiosk):
    """Settings in a repository of their own, and the function that reads them, in two regions."""

    __slots__ = ()

    def open(self) -> None:
        """Deploy the function, as somebody else's pipeline does, with values that were set by hand."""
        code = archive({"checkout.py": CODE})
        trust = {"Principal": {"Service": "lambda.amazonaws.com"}, "Effect": "Allow", "Action": "sts:AssumeRole"}
        iam = self.account.client("iam")
        role = iam.create_role(
            RoleName="checkout",
            AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
        )["Role"]["Arn"]
        may = {"Effect": "Allow", "Action": "ssm:GetParameter", "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [may]})
        iam.put_role_policy(RoleName="checkout", PolicyName="reads", PolicyDocument=document)
        for region in (NORTH, SOUTH):
            self.account.client("ssm", region).put_parameter(Name="/shop/limit", Value="3", Type="String")
            self.account.client("lambda", region).create_function(
                FunctionName=FUNCTION,
                Runtime="python3.11",
                Handler="checkout.handler",
                Role=role,
                Code={"ZipFile": code},
                Timeout=10,
            )
            self._remember(region)

    def _remember(self, region: str) -> None:
        """Minutes of customers before the test, which it does not wait for."""
        now = int(time.time())
        dimensions = [{"Name": "FunctionName", "Value": FUNCTION}]
        figures: list[dict[str, Any]] = [
            {
                "MetricName": name,
                "Dimensions": dimensions,
                "Timestamp": datetime.fromtimestamp(now - ago, UTC),
                "Value": value,
            }
            for ago in range(1, 200)
            for name, value in (("Invocations", 10.0), ("Errors", 0.0))
        ]
        self.account.client("cloudwatch", region).put_metric_data(Namespace="AWS/Lambda", MetricData=figures)

    def set(self, text: str, subject: str) -> str:
        """Commit values."""
        self.write("settings/shop.yaml", text)
        return self.commit(subject)

    def held(self, region: str) -> dict[str, str]:
        found = self.account.client("ssm", region).get_parameters_by_path(Path="/shop")["Parameters"]
        return {one["Name"]: one["Value"] for one in found}

    @contextmanager
    def customers(self) -> Iterator[None]:
        """Requests in both regions, for the time of a block."""
        over = threading.Event()

        def come(region: str) -> None:
            client = self.account.client("lambda", region)
            while not over.is_set():
                client.invoke(FunctionName=FUNCTION, Payload=b"{}")
                over.wait(0.04)

        threads = [threading.Thread(target=come, args=(region,)) for region in (NORTH, SOUTH)]
        for each in threads:
            each.start()
        try:
            yield
        finally:
            over.set()
            for each in threads:
                each.join()


@pytest.fixture
def shop(tmp_path: Path, kiosk: Kiosk) -> Shop:
    made = Shop(tmp_path / "settings", kiosk.account)
    made.write("shoreward.yaml", PIPELINE.replace("ACCOUNT", kiosk.account.account_id) + NO_CHECKS)
    rules = {"type": "object", "required": ["limit"], "properties": {"mode": {"enum": ["calm", "busy"]}}}
    made.write("settings/shop.schema.json", json.dumps(rules))
    made.git("init", "-q", "-b", "main")
    return made


def test_good_values_go_everywhere_and_bad_ones_come_back(shop: Shop):
    shop.open()
    good = shop.set("limit: 5\nmode: calm\n", "Five at a time")

    planned = shop.run("plan", "--diff")
    assert planned.code == 0, planned.all
    for word in ("modify /shop/limit", "add /shop/mode", '"3" -> "5"', "all customers of a target at once"):
        assert word in planned.out, planned.out
    for word in ("stack", "template", "alias", "canary"):
        assert word not in planned.out, planned.out

    with shop.customers():
        released = shop.run("release", "--json")
        assert (released.code, released.json["outcome"]) == (0, "succeeded"), released.all
        assert [shop.held(region) for region in (NORTH, SOUTH)] == [{"/shop/limit": "5", "/shop/mode": "calm"}] * 2

        bad = shop.set("limit: five\nmode: calm\n", "Five in words")
        ended = shop.run("release", "--json")
    assert (ended.code, ended.json["outcome"]) == (1, "rolled_back"), ended.all
    assert [shop.held(region) for region in (NORTH, SOUTH)] == [{"/shop/limit": "5", "/shop/mode": "calm"}] * 2
    assert shop.state("settings-2").outcome is Outcome.ROLLED_BACK

    told = shop.run("why", "settings-2").out
    for word in ("values written", f"{FUNCTION}: errors", SOUTH, "values are back"):
        assert word in told, told
    for word in ("stack", "traffic", "version"):
        assert word not in told, told

    again = shop.run("release")
    assert (again.code, "QUARANTINED" in again.err) == (2, True), again.all
    assert bad[:10] in shop.run("quarantine").out
    history = shop.run("history").out
    assert good[:10] in history
    status = shop.run("status", "settings-1").out
    assert "values" in status
    for word in ("stack", "alias"):
        assert word not in status, status

    back = shop.run("rollback", "settings-1", "--why", "not today")
    assert back.code == 0, back.all
    assert [shop.held(region) for region in (NORTH, SOUTH)] == [{"/shop/limit": "3"}] * 2


def test_a_configuration_is_checked_for_what_it_can_have_wrong(shop: Shop):
    whole = (shop.root / "shoreward.yaml").read_text().removesuffix(NO_CHECKS)
    shop.write("shoreward.yaml", whole)
    shop.set("limit: 5\n", "Five")
    checked = shop.run("check")
    assert checked.code == 0, checked.all
    assert re.findall(r"✔ (\S+) ", checked.out) == ["build", "secrets"], checked.out

    shop.set('limit: 5\nkey: "AKIAIOSFODNN7ABCDEFG"\n', "A key")
    assert "settings/shop.yaml:2" in shop.run("check").out


def test_values_that_break_their_schema_are_named_with_their_line(shop: Shop):
    shop.set("limit: 5\nmode: hectic\n", "Hectic")
    planned = shop.run("plan")
    assert planned.code == 2
    assert "settings/shop.yaml:2" in planned.err
    assert "CONFIGURATION_SCHEMA" in planned.err


def test_what_somebody_changed_by_hand_holds_its_target_and_an_earlier_revision_is_brought_back(shop: Shop):
    shop.open()
    first = shop.set("limit: 5\n", "Five")
    with shop.customers():
        assert shop.run("release").code == 0
        north = shop.account.client("ssm", NORTH)
        north.put_parameter(Name="/shop/limit", Value="77", Type="String", Overwrite=True)
        shop.set("limit: 6\n", "Six")
        with shop.running("release"):
            shop.wait_for("settings-2", e.HoldPlaced)
        status = shop.run("status", "settings-2").out
        assert "/shop/limit is 77, and was left as 5" in " ".join(status.split()), status
        target = f"{shop.account.account_id}/{NORTH}/settings"
        assert shop.run("resume", "settings-2", "--target", target, "--why", "theirs is gone over").code == 0
        assert shop.run("run").code == 0
        assert [shop.held(region) for region in (NORTH, SOUTH)] == [{"/shop/limit": "6"}] * 2

        back = shop.run("rollback", "--to", first, "--why", "six were too many")
    assert back.code == 0, back.all
    assert [shop.held(region) for region in (NORTH, SOUTH)] == [{"/shop/limit": "5"}] * 2
