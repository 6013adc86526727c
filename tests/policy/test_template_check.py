"""cfn-lint's findings stand on the lines that people wrote."""

import json
from pathlib import Path

import pytest

from policy.support import HEAD, Yard, finding, line_of, summary
from shoreward.adapters.policy import Engines
from shoreward.domain import Severity, SpecError

TEMPLATE = (
    HEAD
    + """\
Parameters:
  Seconds: {Type: Number, Default: 10}
  Stage: {Type: String, Default: dev}
Globals:
  Function:
    Runtime: python3.13
    Handler: app.handler
Resources:
  Tide:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: s3://beach/tide
      Timeout: !Ref Seconds
      Environment: {Variables: {STAGE: !Ref Stage}}
      Events:
        Wash:
          Type: SQS
          Properties:
            Queue: !GetAtt Flotsam.Arn
            BatchSize: 10
  Flotsam:
    Type: AWS::SQS::Queue
    Properties:
      VisibilityTimeout: 60
"""
)


def yard_of(tmp_path: Path, engines: Engines, text: str = TEMPLATE, **files: str) -> Yard:
    return Yard(tmp_path, {"template.yaml": text, **files}, engines)


def test_a_good_template_is_passed_in_silence(tmp_path: Path, engines: Engines) -> None:
    report = yard_of(tmp_path, engines).template()
    assert report.findings == ()
    assert report.summary == "2 resources, 1 region"


@pytest.mark.parametrize(
    ("before", "after", "rule", "severity", "subject"),
    [
        ("VisibilityTimeout: 60", "VisibilityTimeout: 99999999", "E3034", Severity.HIGH, "Flotsam"),
        ("VisibilityTimeout: 60", "VisibilityTimout: 60", "E3002", Severity.HIGH, "Flotsam"),
        ("Timeout: !Ref Seconds", "Timeout: 9999  # Seconds", "E3034", Severity.HIGH, "Tide"),
        ("BatchSize: 10", "BatchSize: 100000", "E3034", Severity.HIGH, "Tide"),
        ("    Handler: app.handler", "    Handler: app.handler\n    MemorySize: 64", "E3034", Severity.HIGH, "Tide"),
        ("Type: AWS::SQS::Queue", "Type: AWS::SQS::Qeue", "E3006", Severity.HIGH, "Flotsam"),
    ],
)
def test_a_mistake_is_found_on_its_line(
    tmp_path: Path, engines: Engines, before: str, after: str, rule: str, severity: Severity, subject: str
) -> None:
    text = TEMPLATE.replace(before, after)
    found = finding(yard_of(tmp_path, engines, text).template(), rule)
    assert (found.severity, found.subject) == (severity, subject)
    assert found.where is not None
    assert found.where.file == "template.yaml"
    assert found.where.line == line_of(text, after.splitlines()[-1].strip())
    assert found.what
    assert found.why
    assert found.fix


TABLE = """\
  Shells:
    Type: AWS::DynamoDB::Table
    DeletionPolicy: Retain
    UpdateReplacePolicy: Retain
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions:
        - {AttributeName: shell, AttributeType: S}
        - {AttributeName: beach, AttributeType: S}
      KeySchema:
        - {AttributeName: shell, KeyType: HASH}
      GlobalSecondaryIndexes:
        - IndexName: ByBeach
          Projection: {ProjectionType: ALL}
          KeySchema:
            - {AttributeName: beach, KeyType: HASH}
"""


@pytest.mark.parametrize(
    ("before", "after", "rule"),
    [
        ("beach, KeyType: HASH", "bech, KeyType: HASH", "E3039"),
        ("{AttributeName: beach, AttributeType: S}", "{AttributeName: bech, AttributeType: S}", "E3039"),
        ("        - {AttributeName: shell, KeyType: HASH}", "        - {AttributeName: sand, KeyType: HASH}", "E3039"),
        ("    DeletionPolicy: Retain", "    DeletonPolicy: Retain", "E3001"),
    ],
)
def test_what_cfn_lint_says_of_all_of_a_resource_is_found_on_its_line(
    tmp_path: Path, engines: Engines, before: str, after: str, rule: str
) -> None:
    text = TEMPLATE + TABLE.replace(before, after)
    found = finding(yard_of(tmp_path, engines, text).template(), rule)
    assert found.where is not None
    line = "beach, KeyType: HASH" if "AttributeType" in after else after.strip()
    assert found.where.line == line_of(text, line)


def test_what_nobody_uses_is_a_warning_that_holds_nothing_up(tmp_path: Path, engines: Engines) -> None:
    text = TEMPLATE.replace("Environment: {Variables: {STAGE: !Ref Stage}}", "Description: none")
    found = finding(yard_of(tmp_path, engines, text).template(), "W2001")
    assert found.severity == Severity.LOW
    assert found.where is not None
    assert found.where.line == line_of(text, "Stage:")


def test_what_sam_s_transform_used_up_is_not_unused(tmp_path: Path, engines: Engines) -> None:
    yard = yard_of(tmp_path, engines)
    yard.parameters({"Stage": "prod"})
    assert "W2001" not in {one.rule for one in yard.template().findings}


def test_an_action_that_iam_does_not_have_is_found_in_what_sam_makes(tmp_path: Path, engines: Engines) -> None:
    policy = (
        "      Policies:\n        - Statement:\n            - {Effect: Allow, Action: s3:GetObjectt, Resource: '*'}\n"
    )
    text = TEMPLATE.replace("      Events:\n", f"{policy}      Events:\n")
    found = finding(yard_of(tmp_path, engines, text).template(), "W3037")
    assert (found.severity, found.subject) == (Severity.LOW, "Tide")
    assert found.where is not None
    assert found.where.line == line_of(text, "s3:GetObjectt")
    assert len(found.what) < 400


def test_a_value_that_a_target_has_and_cannot_have_is_an_error_before_it_is_deployed(
    tmp_path: Path, engines: Engines
) -> None:
    yard = yard_of(tmp_path, engines)
    yard.parameters({"Seconds": "10"}, {"Seconds": "9999"})
    found = finding(yard.template(), "W1030")
    assert found.severity == Severity.HIGH
    assert "9999" in found.what
    assert found.where is not None
    assert found.where.line == line_of(TEMPLATE, "Timeout: !Ref")


def test_what_only_one_of_the_regions_lacks_is_found(tmp_path: Path, engines: Engines) -> None:
    bot = """\
  Parrot:
    Type: AWS::Lex::Bot
    Properties:
      Name: parrot
      RoleArn: arn:aws:iam::123456789012:role/parrot
      DataPrivacy: {ChildDirected: false}
      IdleSessionTTLInSeconds: 60
"""
    yard = yard_of(tmp_path, engines, TEMPLATE + bot)
    yard.regions("eu-west-1")
    assert "E3006" not in {one.rule for one in yard.template().findings}
    yard.regions("eu-west-1", "eu-north-1")
    assert finding(yard.template(), "E3006").subject == "Parrot"


def test_a_region_that_cfn_lint_does_not_know_is_said_aloud(tmp_path: Path, engines: Engines) -> None:
    yard = yard_of(tmp_path, engines)
    yard.regions("eu-west-1", "moon-west-1")
    found = finding(yard.template(), "REGION_UNKNOWN")
    assert (found.severity, found.subject) == (Severity.NOTE, "moon-west-1")


def test_the_settings_of_the_repository_are_respected(tmp_path: Path, engines: Engines) -> None:
    text = TEMPLATE.replace("VisibilityTimeout: 60", "VisibilityTimeout: 99999999")
    yard = yard_of(tmp_path, engines, text)
    before = yard.key("template")
    yard.commit({".cfnlintrc": "ignore_checks: [E3034]\ninclude_checks: [I]\n"})
    assert yard.key("template") != before
    report = yard.template()
    assert {one.rule for one in report.findings} == {"I3011", "I3013"}
    assert {one.severity for one in report.findings} == {Severity.NOTE}


def test_settings_of_the_template_itself_are_respected(tmp_path: Path, engines: Engines) -> None:
    metadata = "    Metadata: {cfn-lint: {config: {ignore_checks: [E3034]}}}\n"
    text = TEMPLATE.replace(
        "    Properties:\n      VisibilityTimeout: 60", f"{metadata}    Properties:\n      VisibilityTimeout: -1"
    )
    text = text.replace("    Properties:\n      CodeUri", f"{metadata}    Properties:\n      CodeUri").replace(
        "BatchSize: 10", "BatchSize: 100000"
    )
    assert summary(yard_of(tmp_path, engines, text).template()) == []


def test_rules_of_one_s_own_are_taken_along(tmp_path: Path, engines: Engines) -> None:
    rule = """\
from cfnlint.rules import CloudFormationLintRule, RuleMatch


class Named(CloudFormationLintRule):
    id = "E9001"
    shortdesc = "Queues are named"
    description = "Queues are named"
    source_url = ""
    tags = []

    def match(self, cfn):
        for name in cfn.get_resources("AWS::SQS::Queue"):
            yield RuleMatch(["Resources", name, "Type"], f"{name} has no name")
"""
    yard = yard_of(tmp_path, engines, **{".cfnlintrc.yaml": "append_rules: [linting]\n", "linting/Named.py": rule})
    found = finding(yard.template(), "E9001")
    assert (found.severity, found.subject) == (Severity.HIGH, "Flotsam")
    assert found.where is not None
    assert found.where.line == line_of(TEMPLATE, "Type: AWS::SQS::Queue")
    yard.commit({".cfnlintrc.yaml": "{}\n"})
    assert yard.template().findings == ()


@pytest.mark.parametrize(
    "settings", ["ignore_cheks: [E3034]\n", "ignore_checks: 3\n", "append_rules: [../elsewhere]\n", "a: [\n"]
)
def test_settings_that_cannot_be_read_are_a_mistake_in_the_change(
    tmp_path: Path, engines: Engines, settings: str
) -> None:
    yard = yard_of(tmp_path, engines, **{".cfnlintrc": settings})
    with pytest.raises(SpecError) as caught:
        yard.template()
    assert str(caught.value.where).startswith(".cfnlintrc")


def test_a_template_without_sam_is_looked_at_as_it_is(tmp_path: Path, engines: Engines) -> None:
    text = "Resources:\n  Flotsam:\n    Type: AWS::SQS::Queue\n    Properties:\n      VisibilityTimeout: -1\n"
    found = finding(yard_of(tmp_path, engines, text).template(), "E3034")
    assert found.where is not None
    assert found.where.line == 5


@pytest.mark.parametrize("name", ["template", "policies"])
def test_of_what_was_built_only_the_outline_is_seen(tmp_path: Path, engines: Engines, name: str) -> None:
    check = yard_of(tmp_path, engines).check(name)
    first = {"revision": "1", "template": "filled", "outline": "blank", "artifacts": [], "functions": []}
    assert check.sees("build", json.dumps(first)) == check.sees("build", json.dumps(first | {"template": "other"}))
    assert json.loads(check.sees("build", json.dumps(first))) == {"template": "blank"}
