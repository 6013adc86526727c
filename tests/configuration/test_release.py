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

import boto3

ssm, appconfig = boto3.client("ssm"), boto3.client("appconfigdata")
PRICES = {
    "ApplicationIdentifier": "shop",
    "EnvironmentIdentifier": "production",
    "ConfigurationProfileIdentifier": "prices",
}


def handler(event, context):
    limit = int(ssm.get_parameter(Name="/shop/limit")["Parameter"]["Value"])
    token = appconfig.start_configuration_session(**PRICES)["InitialConfigurationToken"]
    prices = json.load(appconfig.get_latest_configuration(ConfigurationToken=token)["Configuration"])
    return {"limit": limit, "price": 100 - int(prices["discount"])}
"""

PIPELINE = """\
application: settings
configuration:
  - parameters: /shop
    file: settings/shop.yaml
    schema: settings/shop.schema.json
  - appconfig: shop/production/prices
    file: settings/prices.json
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

    def open(self, *, served: int = 0) -> None:
        """Deploy the function, as somebody else's pipeline does, with values that were set by hand.

        Args:
            served: seconds in which metrics tell of customers although none come, which costs less.
        """
        code = archive({"checkout.py": CODE})
        trust = {"Principal": {"Service": "lambda.amazonaws.com"}, "Effect": "Allow", "Action": "sts:AssumeRole"}
        iam = self.account.client("iam")
        role = iam.create_role(
            RoleName="checkout",
            AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
        )["Role"]["Arn"]
        actions = ["ssm:GetParameter", "appconfig:StartConfigurationSession", "appconfig:GetLatestConfiguration"]
        may = {"Effect": "Allow", "Action": actions, "Resource": "*"}
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
            self._price(region)
            self._customers(region, range(-200, served))

    def _price(self, region: str) -> None:
        """AppConfig as somebody set it up by hand."""
        client = self.account.client("appconfig", region)
        application = client.create_application(Name="shop")["Id"]
        profile = {
            "ApplicationId": application,
            "ConfigurationProfileId": client.create_configuration_profile(
                ApplicationId=application, Name="prices", LocationUri="hosted"
            )["Id"],
        }
        client.create_hosted_configuration_version(
            **profile, Content=b'{"discount": 0}', ContentType="application/json"
        )
        strategy = client.create_deployment_strategy(
            Name="at-once", DeploymentDurationInMinutes=0, GrowthFactor=100, ReplicateTo="NONE"
        )
        client.start_deployment(
            **profile,
            EnvironmentId=client.create_environment(ApplicationId=application, Name="production")["Id"],
            ConfigurationVersion="1",
            DeploymentStrategyId=strategy["Id"],
        )

    def _customers(self, region: str, seconds: range) -> None:
        """What metrics tell of customers who are served well, in seconds from now; nobody waits for them."""
        now, client = int(time.time()), self.account.client("cloudwatch", region)
        for name, value in (("Invocations", 10.0), ("Errors", 0.0)):
            figures: list[dict[str, Any]] = [
                {
                    "MetricName": name,
                    "Dimensions": [{"Name": "FunctionName", "Value": FUNCTION}],
                    "Timestamp": datetime.fromtimestamp(now + second, UTC),
                    "Value": value,
                }
                for second in seconds
            ]
            client.put_metric_data(Namespace="AWS/Lambda", MetricData=figures)

    def set(self, text: str, subject: str, *, discount: object = 0) -> str:
        """Commit values."""
        self.write("settings/shop.yaml", text)
        self.write("settings/prices.json", json.dumps({"discount": discount}))
        return self.commit(subject)

    def release(self) -> tuple[int, dict[str, Any]]:
        """Release the newest commit in a process of its own, as a person does; how it ended, and what it said."""
        with self.running("release", "--json") as process:
            out, err = process.communicate()
            assert out, err
            return process.returncode, json.loads(out)

    def held(self, region: str) -> dict[str, str]:
        found = self.account.client("ssm", region).get_parameters_by_path(Path="/shop")["Parameters"]
        return {one["Name"]: one["Value"] for one in found}

    def discount(self, region: str) -> object:
        """What clients of AppConfig are served."""
        data = self.account.client("appconfigdata", region)
        token = data.start_configuration_session(
            ApplicationIdentifier="shop", EnvironmentIdentifier="production", ConfigurationProfileIdentifier="prices"
        )["InitialConfigurationToken"]
        return json.load(data.get_latest_configuration(ConfigurationToken=token)["Configuration"])["discount"]

    @contextmanager
    def customers(self) -> Iterator[None]:
        """Requests in both regions, for the time of a block."""
        over = threading.Event()

        def come(region: str) -> None:
            client = self.account.client("lambda", region)
            while not over.wait(0.25):
                client.invoke(FunctionName=FUNCTION, Payload=b"{}")

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
    good = shop.set("limit: 5\nmode: calm\n", "A tenth off", discount=10)

    planned = shop.run("plan", "--diff")
    assert planned.code == 0, planned.all
    for word in (
        "modify /shop/limit",
        "add /shop/mode",
        '"3" -> "5"',
        "shop/production/prices",
        "all customers of a target at once",
    ):
        assert word in planned.out, planned.out
    for word in ("stack", "template", "alias", "canary"):
        assert word not in planned.out, planned.out

    with shop.customers():
        released = shop.run("release", "--json")
        assert (released.code, released.json["outcome"]) == (0, "succeeded"), released.all
        assert [shop.held(region) for region in (NORTH, SOUTH)] == [{"/shop/limit": "5", "/shop/mode": "calm"}] * 2
        assert [shop.discount(region) for region in (NORTH, SOUTH)] == [10, 10]

        bad = shop.set("limit: 6\nmode: calm\n", "A tenth off, in words", discount="a tenth")
        code, told = shop.release()
    assert (code, told["outcome"]) == (1, "rolled_back"), told
    assert [shop.held(region) for region in (NORTH, SOUTH)] == [{"/shop/limit": "5", "/shop/mode": "calm"}] * 2
    assert [shop.discount(region) for region in (NORTH, SOUTH)] == [10, 10]
    state = shop.state("settings-2")
    assert state.outcome is Outcome.ROLLED_BACK
    assert [each.target.region for each in state.deployments.values() if each.touched] == [NORTH], "one wave met it"

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
    assert [shop.discount(region) for region in (NORTH, SOUTH)] == [0, 0]


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
    shop.open(served=700)
    first = shop.set("limit: 5\n", "Five")
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
