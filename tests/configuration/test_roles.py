"""The role of a configuration: enough for what the adapters do, and no more."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from shoreward.adapters.aws import configuration_role_template
from shoreward.adapters.aws.values import parameters, profiles
from shoreward.adapters.aws.values.role import configuration_statements, laying_out
from shoreward.domain import Configuration, Judged, ParameterSource, Pipeline, ProfileSource

WHOLE = Configuration(
    parameters=(
        ParameterSource(name="/shop/{region}/limits", file="limits.yaml", tree=True),
        ParameterSource(name="/shop/key", type="SecureString", secret="/vault/key:3"),
    ),
    profiles=(ProfileSource(application="shop", environment="production", profile="flags", file="flags.json"),),
    judged_by=(Judged(stack="shop"), Judged(function="checkout-{region}")),
)
TRUSTED = "arn:aws:iam::111122223333:role/controller"


def allowed(configuration: Configuration, service: str) -> set[str]:
    actions = {action for each in configuration_statements(configuration) for action in each["Action"]}
    return {action.partition(":")[2] for action in actions if action.startswith(f"{service}:")}


def called(module: Any) -> set[str]:
    """Operations that a module's source names."""
    found = re.findall(r"\bclient\.([a-z_]+)", Path(module.__file__).read_text())
    return {"".join(word.capitalize() for word in name.split("_")) for name in found}


def test_the_role_allows_exactly_what_the_adapters_call():
    assert len(called(parameters) | called(profiles)) > 15
    assert allowed(WHOLE, "ssm") == called(parameters)
    assert allowed(WHOLE, "appconfig") == called(profiles)


def test_names_limit_the_role():
    statements = {each["Sid"]: each["Resource"] for each in configuration_statements(WHOLE)}
    ssm = "arn:${AWS::Partition}:ssm:*:${AWS::AccountId}:parameter"
    assert statements["Parameters"] == [{"Fn::Sub": f"{ssm}/shop/*/limits/*"}, {"Fn::Sub": f"{ssm}/shop/key"}]
    assert statements["Secrets"] == [{"Fn::Sub": f"{ssm}/vault/key"}]
    everywhere = [name for name, resources in statements.items() if "*" in resources]
    assert everywhere == ["Metrics", "ParameterList"]


def test_what_a_pipeline_does_not_carry_is_not_allowed():
    judged = replace(WHOLE, parameters=(), profiles=())
    assert [each["Sid"] for each in configuration_statements(judged)] == ["Metrics", "JudgedStacks", "JudgedFunctions"]


def test_sandboxes_may_have_profiles_made_for_them_where_there_are_any():
    assert [each["Action"] for each in laying_out(WHOLE)] == [["appconfig:*"]]
    assert laying_out(replace(WHOLE, profiles=())) == laying_out(None) == []


def test_the_template_has_one_role():
    pipeline = Pipeline(application="settings", template="", waves=(), configuration=WHOLE)
    template = yaml.safe_load(configuration_role_template(pipeline, TRUSTED))
    assert list(template["Resources"]) == ["DeployRole"]
    assert template["Resources"]["DeployRole"]["Properties"]["RoleName"] == "shoreward-settings-deploy"
