"""Values are tried in a sandbox before customers meet them: of the application that reads them, by its own suites."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from cli.conftest import environment, kiosk
from cli.support import NORTH, SOUTH, Kiosk
from shoreward.adapters.build.trial import laid_out
from shoreward.domain import Parameter, Profile, Values

__all__ = ["environment", "kiosk"]

PIPELINE = f"""\
application: settings
configuration:
  - parameters: /shop
    file: settings/shop.yaml
  - appconfig: shop/production/prices
    file: settings/prices.json
judged-by: [shop]
accounts: {{main: {{id: "ACCOUNT"}}}}
defaults: {{bake: {{minimum: 10m}}}}
waves: [{{name: north, targets: [main/{NORTH}]}}]
checks:
  discover: false
  skip: [secrets]
  sandbox:
    target: main/{SOUTH}
    template: shop/template.yaml
    parameters: {{Settings: "/{{sandbox}}/shop", Prices: "{{sandbox}}-shop"}}
  suites:
    - {{name: buys, kind: acceptance, run: {sys.executable} shop/buys.py}}
"""

TEMPLATE = """\
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Parameters:
  Settings: {Type: String, Default: /shop}
  Prices: {Type: String, Default: shop}
Resources:
  Checkout:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.11
      Timeout: 10
      CodeUri: code/
      Handler: checkout.handler
      Environment:
        Variables: {SETTINGS: !Ref Settings, PRICES: !Ref Prices}
      Policies:
        - Statement:
            - Effect: Allow
              Action: ["ssm:GetParameter", "appconfig:StartConfigurationSession", "appconfig:GetLatestConfiguration"]
              Resource: "*"
Outputs:
  Checkout: {Value: !Ref Checkout}
"""

CODE = """\
import json
import os

import boto3

ssm, appconfig = boto3.client("ssm"), boto3.client("appconfigdata")


def handler(event, context):
    limit = int(ssm.get_parameter(Name=os.environ["SETTINGS"] + "/limit")["Parameter"]["Value"])
    token = appconfig.start_configuration_session(
        ApplicationIdentifier=os.environ["PRICES"],
        EnvironmentIdentifier="production",
        ConfigurationProfileIdentifier="prices",
    )["InitialConfigurationToken"]
    prices = json.load(appconfig.get_latest_configuration(ConfigurationToken=token)["Configuration"])
    return {"limit": limit, "price": 100 - prices["discount"]}
"""

BUYS = """\
import json
import os

import boto3

answer = boto3.client("lambda").invoke(FunctionName=os.environ["CHECKOUT"])
bought = json.load(answer["Payload"])
assert "FunctionError" not in answer, bought
assert bought["price"] > 0, bought
"""


@pytest.fixture
def shop(kiosk: Kiosk, tmp_path: Path) -> Kiosk:
    """The application, and its settings, in one repository."""
    made = Kiosk(tmp_path / "shop", kiosk.account)
    made.write("shoreward.yaml", PIPELINE.replace("ACCOUNT", kiosk.account.account_id))
    made.write("shop/template.yaml", TEMPLATE)
    made.write("shop/code/checkout.py", CODE)
    made.write("shop/buys.py", BUYS)
    made.git("init", "-q", "-b", "main")
    return made


def priced(shop: Kiosk, discount: int) -> None:
    shop.write("settings/shop.yaml", "limit: 5\n")
    shop.write("settings/prices.json", json.dumps({"discount": discount}))
    shop.commit(f"{discount} off")


def there(shop: Kiosk, region: str) -> list[str]:
    """Names of all values in a region."""
    found = shop.account.client("ssm", region).describe_parameters()["Parameters"]
    applications = shop.account.client("appconfig", region).list_applications()["Items"]
    return [*(one["Name"] for one in found), *(one["Name"] for one in applications)]


def test_values_are_met_by_the_application_in_a_sandbox_first(shop: Kiosk):
    priced(shop, 10)
    checked = shop.run("check")
    assert checked.code == 0, checked.all
    assert "CONFIGURATION_UNTRIED" not in checked.all
    parameter, application = there(shop, SOUTH)
    sandbox = application.removesuffix("-shop")
    assert parameter == f"/{sandbox}/shop/limit"
    assert sandbox.startswith("settings-sandbox-main--")
    assert there(shop, NORTH) == [], "customers have met nothing"
    assert f"{sandbox} is up as it was" in " ".join(shop.run("sandbox", "up").out.split())

    priced(shop, 110)
    released = shop.run("release", "--json")
    assert (released.code, released.json["outcome"]) == (1, "failed"), released.all
    told = shop.run("why", released.json["id"]).out
    assert "buys" in told, told
    assert there(shop, NORTH) == [], "customers have met nothing"
    assert there(shop, SOUTH) == [parameter, application], "the release's own sandbox is gone"

    gone = shop.run("sandbox", "down")
    assert gone.code == 0, gone.all
    assert there(shop, SOUTH) == []


def test_a_sandbox_that_nothing_runs_in_is_refused(shop: Kiosk):
    shop.edit("shoreward.yaml", "kind: acceptance", "kind: unit")
    priced(shop, 10)
    refused = shop.run("check")
    assert refused.code == 2, refused.all
    assert "SANDBOX_NO_SUITE" in refused.err


def test_values_are_resources_of_the_stack_that_reads_them():
    template: dict[str, Any] = {"Resources": {"Checkout": {"Type": "AWS::Lambda::Function"}}}
    values = Values(
        parameters=(
            Parameter(name="/shop/{region}/countries", type="StringList", value="fr,de"),
            Parameter(name="motd", type="String", value="ahoy" * 2_000),
            Parameter(name="/shop/key", type="SecureString", secret="/vault/key:1"),
        ),
        profiles=tuple(
            Profile(
                application="shop",
                environment="production",
                profile=name,
                flags=name == "flags",
                content="{}",
                content_type="application/json",
            )
            for name in ("flags", "prices")
        ),
    )
    made = laid_out(template, values)["Resources"]
    assert made["Checkout"] == template["Resources"]["Checkout"]
    of = {kind: [one for one in made.values() if one["Type"] == f"AWS::{kind}"] for kind in ("SSM::Parameter",)}
    countries, motd = (one["Properties"] for one in of["SSM::Parameter"])
    assert countries == {
        "Name": {"Fn::Sub": "/${AWS::StackName}/shop/${AWS::Region}/countries"},
        "Type": "StringList",
        "Value": "fr,de",
    }
    assert motd["Tier"] == "Intelligent-Tiering"
    first, second = (name for name, one in made.items() if one["Type"] == "AWS::AppConfig::Deployment")
    assert made[second]["DependsOn"] == [first], "an environment deploys one profile at a time"
    kinds = [one["Type"].rpartition("::")[2] for one in made.values() if one["Type"].startswith("AWS::AppConfig")]
    assert sorted(kinds) == sorted(
        ["Application", "Environment", "DeploymentStrategy"]
        + ["ConfigurationProfile", "HostedConfigurationVersion", "Deployment"] * 2
    )
