"""The parity report: what differs between a sandbox and production, where that is written, and if it was declared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from shoreward.app.sandboxes.parity import FunctionFacts, Observed, differences, parity
from shoreward.app.sandboxes.places import locator
from shoreward.domain import Finding, Place, Retryable, SandboxPlan, Severity, Target

HERE = Place(file="shoreward.yaml", line=12, column=3)


def target(account: str = "111111111111", region: str = "eu-north-1", stack: str = "shop", **parameters: str) -> Target:
    return Target(account=account, region=region, stack=stack, parameters=tuple(sorted(parameters.items())))


def plan(**parameters: str) -> SandboxPlan:
    return SandboxPlan(target=target("999999999999", stack="shop-sandbox", **parameters), where=HERE)


def template(properties: Mapping[str, Any] | None = None, **resources: Any) -> dict[str, Any]:
    function = {"Type": "AWS::Lambda::Function", "Properties": {"Runtime": "python3.12", **(properties or {})}}
    return {
        "Parameters": {
            "Stage": {"Type": "String", "Default": "dev"},
            "Memory": {"Type": "Number", "Default": 128},
            "Key": {"Type": "String", "NoEcho": True, "Default": "none"},
        },
        "Conditions": {
            "IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]},
            "InNorth": {"Fn::Equals": [{"Ref": "AWS::Region"}, "eu-north-1"]},
            "Given": {"Fn::Equals": [{"Fn::ImportValue": "a"}, "b"]},
        },
        "Resources": {"Hello": function, **resources},
    }


def at_template(resource: str, key: str) -> Place | None:
    return Place(file="template.yaml", line=len(resource), column=len(key) + 1)


def report(made: Mapping[str, Any], production: Target, planned: SandboxPlan, **more: Any) -> dict[str, Finding]:
    found = parity(made, [production], planned, at_template, **more)
    assert len({one.fingerprint for one in found}) == len(found)
    return {one.rule: one for one in found}


PROD = {"Fn::If": ["IsProd", 1, 2]}
LESS = {"Ref": "AWS::NoValue"}


@pytest.mark.parametrize(
    ("properties", "rule", "severity"),
    [
        ({"MemorySize": {"Ref": "Memory"}}, "PARITY_MEMORY", Severity.LOW),
        ({"Timeout": PROD}, "PARITY_TIMEOUT", Severity.LOW),
        ({"ReservedConcurrentExecutions": {"Fn::If": ["IsProd", 50, LESS]}}, "PARITY_CONCURRENCY", Severity.LOW),
        ({"Runtime": {"Fn::If": ["IsProd", "python3.12", "python3.13"]}}, "PARITY_RUNTIME", Severity.MEDIUM),
        ({"Architectures": {"Fn::If": ["IsProd", ["arm64"], LESS]}}, "PARITY_RUNTIME", Severity.MEDIUM),
        ({"Layers": {"Fn::If": ["IsProd", ["arn:layer:1"], LESS]}}, "PARITY_LAYERS", Severity.MEDIUM),
        ({"Role": {"Fn::If": ["IsProd", "arn:a", "arn:b"]}}, "PARITY_PERMISSIONS", Severity.MEDIUM),
        (
            {"Environment": {"Variables": {"A": "1", "B": {"Fn::If": ["IsProd", "x", LESS]}}}},
            "PARITY_ENVIRONMENT",
            Severity.MEDIUM,
        ),
        ({"EphemeralStorage": {"Size": PROD}}, "PARITY_CONFIGURATION", Severity.LOW),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_difference_that_nobody_declared_is_found_with_its_line(
    properties: dict[str, Any], rule: str, severity: Severity
):
    # Given production's parameters, of which the sandbox was not told
    found = report(template(properties), target(Stage="prod", Memory="1024"), plan())
    assert found[rule].severity is severity
    assert found[rule].subject == "Hello"
    [name] = properties
    assert found[rule].where == at_template("Hello", "Environment.Variables.B" if name == "Environment" else name)
    assert found["PARITY_PARAMETER"].where == HERE


def line_at(place: Place | None) -> int | None:
    return place.line if place else None


def test_a_policy_that_differs_is_told_where_it_is_written():
    text = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      Environment:
        Variables:
          B: x
      Policies:
        - SQSPollerPolicy:
            QueueName: a
        - SQSSendMessagePolicy:
            QueueName: b
        - Statement: []
"""
    locate = locator(text.encode(), "template.yaml")
    where = {"Policies": 9, "Policies.0": 11, "Policies.1": 13, "Policies.2": 14, "Policies.9": 10, "": 3}
    for key, line in where.items():
        assert line_at(locate("HelloRole", key)) == line, key
    assert line_at(locate("Hello", "Environment.Variables.B")) == 8
    rights = [{"PolicyName": f"HelloRolePolicy{n}", "PolicyDocument": {"Fn::If": ["IsProd", n, 9]}} for n in (0, 1)]
    role = {"Type": "AWS::IAM::Role", "Properties": {"Policies": rights}}
    found = report(template(HelloRole=role), target(Stage="prod"), plan())
    assert found["PARITY_PERMISSIONS"].where == at_template("HelloRole", "Policies.0")


def test_a_difference_that_the_plans_own_parameters_make_is_declared():
    made = template({"MemorySize": {"Ref": "Memory"}})
    found = parity(made, [target(Memory="1024")], plan(Memory="256"), at_template)
    assert {(one.rule, one.severity) for one in found} == {("PARITY_DECLARED", Severity.NOTE)}
    assert any("1024 in production and 256 in sandboxes, as declared" in one.what for one in found)


def test_what_one_declared_parameter_explains_does_not_excuse_another():
    made = template({"MemorySize": {"Ref": "Memory"}, "Timeout": PROD})
    found = report(made, target(Memory="1024", Stage="prod"), plan(Memory="256"))
    assert found["PARITY_TIMEOUT"].severity is Severity.LOW
    assert "PARITY_MEMORY" not in found


def test_targets_that_differ_in_name_only_are_alike():
    names = {"FunctionName": {"Fn::Sub": "${AWS::StackName}-hello"}, "Role": {"Fn::Sub": "arn:${AWS::AccountId}:x"}}
    assert differences(template(names), target(), plan().target) == ()


def test_numbers_and_their_texts_are_alike():
    made = template({"Timeout": {"Fn::If": ["IsProd", "3", 3]}})
    assert differences(made, target(Stage="prod"), plan().target) == ()


def test_permissions_that_a_condition_gives_in_production_only():
    statement = {"Effect": "Allow", "Action": {"Fn::If": ["IsProd", "s3:*", "s3:GetObject"]}, "Resource": "*"}
    role = {"Type": "AWS::IAM::Role", "Properties": {"Policies": [{"PolicyDocument": {"Statement": [statement]}}]}}
    found = report(template(HelloRole=role), target(Stage="prod"), plan())
    assert found["PARITY_PERMISSIONS"].severity is Severity.MEDIUM
    assert found["PARITY_PERMISSIONS"].subject == "HelloRole"


def test_a_resource_that_is_in_production_only():
    queue = {"Type": "AWS::SQS::Queue", "Condition": "IsProd", "Properties": {}}
    found = report(template(Letters=queue), target(Stage="prod"), plan())
    assert found["PARITY_PRESENCE"].what == "Letters (AWS::SQS::Queue) is in production only."
    assert found["PARITY_PRESENCE"].severity is Severity.MEDIUM


def test_a_region_of_its_own_decides_conditions():
    queue = {"Type": "AWS::SQS::Queue", "Condition": "InNorth", "Properties": {}}
    found = report(template(Letters=queue), target(region="eu-west-1"), plan())
    assert "sandboxes only" in found["PARITY_PRESENCE"].what
    assert found["PARITY_REGION"].severity is Severity.NOTE


def test_values_of_variables_and_secrets_are_never_shown():
    made = template({"Environment": {"Variables": {"KEY": {"Ref": "Key"}, "B": PROD}}, "Token": {"Ref": "Key"}})
    found = parity(made, [target(Key="sesame", Stage="prod")], plan(Key="hush"), at_template)
    assert "sesame" not in str(found)
    assert "hush" not in str(found)
    assert any(one.subject == "Key" for one in found)


def test_what_outlives_production_and_no_sandbox_is_noted():
    table = {"Type": "AWS::DynamoDB::Table", "DeletionPolicy": "Retain", "Properties": {}}
    version = {"Type": "AWS::Lambda::Version", "DeletionPolicy": "Retain", "Properties": {}}
    found = report(template(Guests=table, HelloVersion=version), target(), plan())
    assert found["PARITY_REMOVABLE"].subject == "Guests"


def test_a_name_that_every_stack_would_give():
    made = template({"FunctionName": "hello"})
    assert report(made, target(), plan())["PARITY_FIXED_NAME"].severity is Severity.LOW
    # and worse, where production is beside it
    beside = SandboxPlan(target=target(stack="shop-sandbox"), where=HERE)
    found = report(made, target(), beside)
    assert found["PARITY_FIXED_NAME"].severity is Severity.MEDIUM
    assert found["PARITY_SHARED_ACCOUNT"].severity is Severity.LOW


def test_a_condition_that_a_template_does_not_tell_is_said():
    queue = {"Type": "AWS::SQS::Queue", "Condition": "Given", "Properties": {}}
    assert report(template(Letters=queue), target(), plan())["PARITY_UNDECIDED"].subject == "Given"


def test_an_execution_role_that_only_production_has():
    made = Target(account="1", region="eu-north-1", stack="shop", execution_role="arn:aws:iam::1:role/x")
    assert report(template(), made, plan())["PARITY_EXECUTION_ROLE"].severity is Severity.LOW


def test_the_targets_of_a_wave_that_differ_alike_are_told_once():
    made = template({"MemorySize": {"Ref": "Memory"}})
    found = parity(made, [target(Memory="1024"), target("222222222222", Memory="1024")], plan(), at_template)
    assert [one.rule for one in found] == ["PARITY_PARAMETER", "PARITY_MEMORY"]


@dataclass
class Sight:
    """Looks at targets that are as a test says."""

    seen: Mapping[str, Observed] = field(default_factory=dict[str, Observed])

    def observe(self, target: Target) -> Observed:
        if target.stack not in self.seen:
            raise Retryable("AWS_UNREACHABLE", "AWS did not answer.")
        return self.seen[target.stack]


def facts(**more: Any) -> FunctionFacts:
    usual: dict[str, Any] = {
        "memory": 128,
        "timeout": 3,
        "runtime": "python3.12",
        "architectures": ("x86_64",),
        "layers": 0,
        "environment": (),
    }
    return FunctionFacts(**{**usual, **more})


def live(concurrency: float | None = 1000, parameters: Mapping[str, str] | None = None, **more: Any) -> Observed:
    return Observed(
        exists=True,
        template=template(),
        parameters=parameters or {},
        functions={"Hello": facts(**more)},
        concurrency=concurrency,
    )


NOTHING = Observed(exists=False, template={}, parameters={}, functions={}, concurrency=1000)


def looked(seen: Observed, production: Target | None = None, here: Observed = NOTHING) -> Sequence[Finding]:
    sight = Sight({"shop": seen, "shop-sandbox": here})
    return parity(template(), [production or target()], plan(), at_template, sight)


def test_production_that_is_as_declared_has_no_differences():
    assert list(looked(live())) == []


@pytest.mark.parametrize(
    ("changed", "property"),
    [
        ({"memory": 2048}, "MemorySize"),
        ({"timeout": 30}, "Timeout"),
        ({"runtime": "python3.11"}, "Runtime"),
        ({"architectures": ("arm64",)}, "Architectures"),
        ({"layers": 1}, "Layers"),
        ({"environment": ("DEBUG",)}, "Environment"),
        ({"reserved": 5}, "ReservedConcurrentExecutions"),
    ],
)
def test_what_somebody_changed_by_hand_is_in_no_sandbox(changed: dict[str, Any], property: str):
    (found,) = looked(live(**changed))
    assert (found.rule, found.severity) == ("PARITY_DRIFT", Severity.MEDIUM)
    assert found.details == (("property", property),)
    assert found.where == at_template("Hello", property)


def test_a_reservation_that_may_not_be_read_is_not_compared():
    assert list(looked(live(reserved=None, unread="not allowed"))) == []


def test_a_parameter_that_production_does_not_have_yet():
    (found,) = looked(live(parameters={"Stage": "old"}), target(Stage="dev"))
    assert (found.rule, found.subject) == ("PARITY_LIVE_PARAMETER", "Stage")


def test_quotas_that_differ():
    found = looked(live(concurrency=10))
    assert [one.rule for one in found] == ["PARITY_QUOTA"]


def test_production_that_nobody_can_look_at_is_said_to_be_so():
    found = report(template(), target(), plan(), observer=Sight())
    assert found["PARITY_UNSEEN"].severity is Severity.NOTE
