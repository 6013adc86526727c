"""A change is compared with the commit that it is based on."""

from dataclasses import replace
from pathlib import Path

import pytest

from policy.support import HEAD, Yard, finding, line_of, summary
from shoreward.adapters.policy import Engines
from shoreward.domain import Severity, SpecError

TEMPLATE = (
    HEAD
    + """\
Parameters:
  Stage: {Type: String, AllowedValues: [dev, prod]}
Resources:
  Tide:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: tide/
      Handler: app.handler
      Runtime: python3.13
      Tracing: Active
      Environment: {Variables: {STAGE: !Ref Stage}}
      Policies:
        - DynamoDBReadPolicy: {TableName: !Ref Castles}
  Castles:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: castles
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
"""
)


@pytest.fixture
def yard(tmp_path: Path, engines: Engines) -> Yard:
    made = Yard(tmp_path, {"template.yaml": TEMPLATE, "tide/app.py": "def handler(event, context): ..."}, engines)
    made.parameters({"Stage": "dev"}, {"Stage": "prod"})
    return made


def test_a_change_of_code_brings_no_new_rights(yard: Yard) -> None:
    base = yard.head()
    yard.commit({"tide/app.py": "def handler(event, context): return 1"})
    before = {one[0] for one in summary(yard.policies(base=base))}
    assert before == {"STATEFUL_UNPROTECTED", "TABLE_WITHOUT_RECOVERY"}


def test_new_rights_and_lost_data_are_told_together(yard: Yard) -> None:
    base = yard.head()
    text = TEMPLATE.replace("DynamoDBReadPolicy: {TableName: !Ref Castles}", "AmazonDynamoDBFullAccess").replace(
        "TableName: castles", "TableName: towers"
    )
    yard.commit({"template.yaml": text})
    report = yard.policies(base=base)
    broader, replaced = finding(report, "IAM_BROADENED"), finding(report, "STATEFUL_REPLACED")
    assert (broader.severity, broader.subject) == (Severity.HIGH, "Tide")
    assert broader.where is not None
    assert broader.where.line == line_of(text, "AmazonDynamoDBFullAccess")
    assert (replaced.severity, replaced.subject) == (Severity.CRITICAL, "Castles")
    assert replaced.where is not None
    assert replaced.where.line == line_of(text, "TableName: towers")
    assert f"compared with {base[:10]}" in report.summary


def test_what_the_pipeline_allows_to_be_replaced_may_be(yard: Yard) -> None:
    base = yard.head()
    yard.commit({"template.yaml": TEMPLATE.replace("TableName: castles", "TableName: towers")})
    before = yard.key("policies", base=base)
    yard.pipeline = replace(yard.pipeline, allow_replacement=("Castles",))
    assert yard.key("policies", base=base) != before
    assert "STATEFUL_REPLACED" not in {one.rule for one in yard.policies(base=base).findings}


def test_of_a_base_that_was_built_only_its_outline_and_its_pipeline_count(yard: Yard) -> None:
    first = yard.head()
    yard.commit({"README.md": "words"})
    second = yard.head()
    assert yard.key("policies", base=first) != yard.key("policies", base=second)
    yard.outlines = {first: "outline", second: "outline"}
    before = yard.key("policies", base=first)
    assert yard.key("policies", base=second) == before
    yard.before = replace(yard.pipeline, allow_replacement=("Castles",))
    assert yard.key("policies", base=second) != before
    yard.before, yard.outlines[second] = None, "another"
    assert yard.key("policies", base=second) != before
    yard.outlines[second], yard.refusal = "outline", SpecError("SPEC_FILE_MISSING", "There is none.")
    assert yard.key("policies", base=second) != before


def test_a_parameter_that_comes_or_goes_does_not_hinder_the_comparison(yard: Yard) -> None:
    base = yard.head()
    text = TEMPLATE.replace("Stage: {Type: String, AllowedValues: [dev, prod]}", "Tier: {Type: String}")
    yard.commit({"template.yaml": text.replace("!Ref Stage", "!Ref Tier")})
    yard.parameters({"Tier": "one"}, {"Tier": "two"})
    report = yard.policies(base=base)
    assert f"compared with {base[:10]}" in report.summary
    assert not {one.rule for one in report.findings} & {"BASE_UNREADABLE", "IAM_BROADENED"}


def test_a_base_that_cannot_be_read_is_told_to_a_person(yard: Yard) -> None:
    yard.commit({"template.yaml": TEMPLATE.replace("Resources:", "Resourcen:")})
    base = yard.head()
    yard.commit({"template.yaml": TEMPLATE})
    found = finding(yard.policies(base=base), "BASE_UNREADABLE")
    assert found.severity == Severity.MEDIUM
    assert base[:10] in found.what


def test_a_template_that_was_somewhere_else_is_not_taken_for_a_new_one(yard: Yard) -> None:
    base = yard.head()
    yard.git("mv", "template.yaml", "beach.yaml")
    yard.commit({})
    yard.pipeline = replace(yard.pipeline, template="beach.yaml")
    assert finding(yard.policies(base=base), "BASE_UNREADABLE").where is not None


SHARED = (
    TEMPLATE.replace(
        "- DynamoDBReadPolicy: {TableName: !Ref Castles}",
        """- Statement: [{Effect: Allow, Action: "s3:*", Resource: !Ref Bucket}]
        - !If
          - Open
          - Statement: [{Effect: Allow, Action: "sqs:SendMessage", Resource: "arn:aws:sqs:*:*:tide"}]
          - !Ref AWS::NoValue
""",
    )
    .replace("  Stage:", "  Bucket: {Type: String}\n  Stage:")
    .replace("Resources:\n  Tide", "Conditions:\n  Open: !Equals [!Ref Stage, dev]\nResources:\n  Tide")
)


@pytest.mark.parametrize(
    ("bucket", "stage", "what"),
    [
        ("arn:aws:s3:::*", "prod", "Tide may now do s3:* on arn:aws:s3:::*: Bucket was 'arn:aws:s3:::a' and is"),
        ("arn:aws:s3:::b", "prod", "Tide may now do s3:* on arn:aws:s3:::b: Bucket was 'arn:aws:s3:::a' and is"),
        ("arn:aws:s3:::a", "dev", "Tide may now do sqs:SendMessage on arn:aws:sqs:*:*:tide: Stage was 'prod' and is"),
    ],
)
def test_a_parameter_in_shoreward_yaml_may_widen_rights(yard: Yard, bucket: str, stage: str, what: str) -> None:
    yard.commit({"template.yaml": SHARED})
    base = yard.head()
    yard.commit({"shoreward.yaml": "# another value"})
    yard.parameters({"Stage": "prod", "Bucket": "arn:aws:s3:::a"}, {"Stage": "prod", "Bucket": "arn:aws:s3:::c"})
    yard.before = yard.pipeline
    before = {one.rule for one in yard.policies(base=base).findings}
    assert "IAM_BROADENED" not in before
    yard.parameters({"Stage": stage, "Bucket": bucket}, {"Stage": "prod", "Bucket": "arn:aws:s3:::c"})
    assert finding(yard.policies(base=base), "IAM_BROADENED").what.startswith(what)


def test_a_base_whose_pipeline_cannot_be_read_is_told_to_a_person(yard: Yard) -> None:
    base = yard.head()
    yard.commit({"tide/app.py": "# another"})
    yard.refusal = SpecError("SPEC_UNKNOWN_KEY", "There is no key 'wave'.")
    assert "no key 'wave'" in finding(yard.policies(base=base), "BASE_UNREADABLE").what
    yard.refusal = SpecError("SPEC_FILE_MISSING", "No such file.")  # it was not a pipeline's yet
    assert f"compared with {base[:10]}" in yard.policies(base=base).summary


def test_the_template_of_the_base_is_where_the_base_has_it(yard: Yard) -> None:
    base = yard.head()
    yard.git("mv", "template.yaml", "beach.yaml")
    yard.commit({"beach.yaml": TEMPLATE.replace("TableName: castles", "TableName: towers")})
    yard.before = yard.pipeline
    yard.pipeline = replace(yard.pipeline, template="beach.yaml")
    assert finding(yard.policies(base=base), "STATEFUL_REPLACED").where is not None


def test_the_first_template_of_a_repository_is_compared_with_nothing(tmp_path: Path, engines: Engines) -> None:
    yard = Yard(tmp_path, {"README.md": "A beach.", "config.yaml": "a: 1"}, engines)
    base = yard.head()
    yard.commit({"template.yaml": TEMPLATE, "tide/app.py": ""})
    yard.parameters({"Stage": "dev"})
    report = yard.policies(base=base)
    assert "BASE_UNREADABLE" not in {one.rule for one in report.findings}
    assert "compared" not in report.summary
