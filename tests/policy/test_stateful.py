"""Stateful resources that a change would replace, remove, or leave without protection."""

import pytest

from policy.support import HEAD, line_of, made_of
from shoreward.adapters.aws.stacks.stateful import STATEFUL
from shoreward.adapters.policy.deployments import Deployment
from shoreward.adapters.policy.origins import Origins
from shoreward.adapters.policy.replaced import stateful_findings
from shoreward.domain import Finding, Severity, Target

CASTLES = """\
Parameters:
  Name: {Type: String, Default: castles}
Resources:
  Castles:
    Type: AWS::DynamoDB::Table
    DeletionPolicy: Delete
    Properties:
      TableName: !Ref Name
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions:
        - {AttributeName: id, AttributeType: S}
      KeySchema:
        - {AttributeName: id, KeyType: HASH}
  Beach:
    Type: AWS::SNS::Topic
"""


def found(
    before: str | None,
    after: str,
    *,
    allowed: tuple[str, ...] = (),
    parameters: tuple[dict[str, str], ...] = ({},),
    formerly: tuple[dict[str, str], ...] = (),
) -> list[Finding]:
    """Findings on a target for each set of parameters, which were the same before where nothing else is said."""
    template, made = made_of(after)
    base = made_of(before)[1] if before is not None else None
    return stateful_findings(
        made,
        base,
        Origins(template, made),
        stateful=STATEFUL,
        allowed=allowed,
        deployments=[
            Deployment(target=Target(account=f"{index:012}", region="eu-west-1", stack="beach"), before=old, after=new)
            for index, (old, new) in enumerate(zip(formerly or parameters, parameters, strict=True), 1)
        ],
    )


def test_a_stateful_resource_that_is_removed_is_told() -> None:
    after = CASTLES[: CASTLES.index("  Castles:")] + CASTLES[CASTLES.index("  Beach:") :]
    [finding] = found(CASTLES, after)
    assert (finding.rule, finding.severity, finding.subject) == ("STATEFUL_REMOVED", Severity.CRITICAL, "Castles")
    assert finding.where is not None
    assert finding.where.line == line_of(after, "Resources:")
    assert found(CASTLES, after, allowed=("Castles",)) == []


@pytest.mark.parametrize("policy", ["Retain", "RetainExceptOnCreate"])
def test_one_that_its_stack_keeps_may_be_removed(policy: str) -> None:
    before = CASTLES.replace("DeletionPolicy: Delete", f"DeletionPolicy: {policy}")
    after = CASTLES[: CASTLES.index("  Castles:")] + CASTLES[CASTLES.index("  Beach:") :]
    assert found(before, after) == []


def test_the_policy_that_counts_is_the_one_that_is_deployed() -> None:
    after = CASTLES[: CASTLES.index("  Castles:")] + CASTLES[CASTLES.index("  Beach:") :]
    assert [one.severity for one in found(CASTLES.replace("Policy: Delete", "Policy: Snapshot"), after)] == [
        Severity.MEDIUM
    ]


def test_one_that_is_renamed_is_told_with_both_names() -> None:
    after = CASTLES.replace("  Castles:", "  Towers:")
    [finding] = found(CASTLES, after)
    assert finding.rule == "STATEFUL_REMOVED"
    assert "Castles (AWS::DynamoDB::Table) is now called Towers" in finding.what
    assert finding.where is not None
    assert finding.where.line == line_of(after, "  Towers:")


def test_one_that_becomes_another_type_is_told() -> None:
    after = CASTLES.replace("AWS::SNS::Topic", "AWS::SQS::Queue")
    [finding] = found(CASTLES, after)
    assert "Beach was a AWS::SNS::Topic and becomes a AWS::SQS::Queue" in finding.what


def test_a_property_that_replaces_is_told_on_its_line() -> None:
    after = CASTLES.replace("TableName: !Ref Name", "TableName: towers")
    [finding] = found(CASTLES, after)
    assert (finding.rule, finding.severity) == ("STATEFUL_REPLACED", Severity.CRITICAL)
    assert finding.what.startswith("TableName of Castles")
    assert finding.where is not None
    assert finding.where.line == line_of(after, "TableName")
    assert found(CASTLES, after, allowed=("Castles",)) == []


def test_a_property_that_may_replace_is_told_as_such() -> None:
    after = CASTLES.replace("id", "key")
    [finding] = found(CASTLES, after)
    assert (finding.rule, finding.severity) == ("STATEFUL_REPLACED", Severity.HIGH)
    assert "perhaps makes a new one" in finding.what


def test_one_that_is_kept_when_it_is_replaced_leaves_its_data_behind() -> None:
    after = CASTLES.replace("TableName: !Ref Name", "TableName: towers").replace(
        "DeletionPolicy: Delete", "UpdateReplacePolicy: Retain\n    DeletionPolicy: Delete"
    )
    [finding] = found(CASTLES, after)
    assert finding.severity == Severity.HIGH
    assert "nobody reads it" in finding.what


def test_properties_that_change_in_place_are_nothing() -> None:
    assert found(CASTLES, CASTLES.replace("PAY_PER_REQUEST", "PROVISIONED")) == []
    assert found(CASTLES, CASTLES.replace("!Ref Name", "castles")) == []


def test_a_parameter_s_value_counts_and_not_how_it_is_written() -> None:
    after = CASTLES.replace("Default: castles", "Default: towers")
    [finding] = found(CASTLES, after)
    assert finding.rule == "STATEFUL_REPLACED"
    # Where a target gives the parameter a value, its default means nothing.
    assert found(CASTLES, after, parameters=({"Name": "mine"},)) == []
    assert len(found(CASTLES, after, parameters=({"Name": "mine"}, {}))) == 1


def test_a_condition_that_was_not_there_may_take_it_away() -> None:
    after = "Conditions: {Dev: !Equals [a, b]}\n" + CASTLES.replace("  Beach:\n", "  Beach:\n    Condition: Dev\n")
    [finding] = found(CASTLES, after)
    assert (finding.rule, finding.severity, finding.subject) == ("STATEFUL_REMOVED", Severity.HIGH, "Beach")
    assert finding.where is not None
    assert finding.where.line == line_of(after, "Condition: Dev")


def test_a_condition_that_means_something_else_now_may_take_it_away() -> None:
    before = "Conditions:\n  Here: !Not [!Condition Gone]\n  Gone: !Equals [!Ref Name, gone]\n" + CASTLES.replace(
        "  Beach:\n", "  Beach:\n    Condition: Here\n"
    )
    after = before.replace("[!Ref Name, gone]", "[!Ref Name, castles]")
    [finding] = found(before, after)
    assert (finding.rule, finding.subject) == ("STATEFUL_REMOVED", "Beach")
    assert found(before, before) == []


def test_what_sam_writes_is_told_where_a_person_wrote_it() -> None:
    before = (
        HEAD
        + """\
Resources:
  Tide:
    Type: AWS::Serverless::SimpleTable
    DeletionPolicy: Retain
    Properties:
      PrimaryKey:
        Name: hour
        Type: String
"""
    )
    after = before.replace("Name: hour", "Name: minute")
    [finding] = found(before, after)
    assert finding.what.startswith("KeySchema of Tide")
    assert finding.where is not None
    assert finding.where.line == line_of(after, "PrimaryKey")


def test_a_table_that_goes_with_its_stack_is_noted_without_a_base_too() -> None:
    bare = CASTLES.replace("    DeletionPolicy: Delete\n", "")
    [finding] = found(None, bare)
    assert (finding.rule, finding.severity, finding.subject) == ("STATEFUL_UNPROTECTED", Severity.LOW, "Castles")
    assert finding.where is not None
    assert finding.where.line == line_of(bare, "  Castles:")
    assert found(None, bare.replace("BillingMode:", "DeletionProtectionEnabled: true\n      BillingMode:")) == []


def test_other_resources_come_and_go() -> None:
    role = (
        "  Crew:\n    Type: AWS::IAM::Role\n"
        "    Properties: {AssumeRolePolicyDocument: {Version: '2012-10-17', Statement: []}}\n"
    )
    assert found(CASTLES + role, CASTLES) == []


def test_a_parameter_s_new_value_replaces_as_a_line_of_the_template_does() -> None:
    [finding] = found(CASTLES, CASTLES, formerly=({"Name": "castles"},), parameters=({"Name": "towers"},))
    assert (finding.rule, finding.severity) == ("STATEFUL_REPLACED", Severity.CRITICAL)
    assert "Name was 'castles' and is 'towers' in 000000000001/eu-west-1" in finding.what
    assert finding.where is not None
    assert finding.where.line == line_of(CASTLES, "TableName")


def test_a_value_that_becomes_the_default_or_is_pinned_before_it_changes_replaces_nothing() -> None:
    assert found(CASTLES, CASTLES, formerly=({"Name": "castles"},), parameters=({},)) == []
    pinned = CASTLES.replace("Default: castles", "Default: towers")
    assert found(CASTLES, pinned, formerly=({},), parameters=({"Name": "castles"},)) == []
    assert found(CASTLES, CASTLES.replace("!Ref Name", "castles"), formerly=({"Name": "castles"},)) == []


def test_values_that_change_places_between_targets_are_told_of_both() -> None:
    before, after = ({"Name": "a"}, {"Name": "b"}), ({"Name": "b"}, {"Name": "a"})
    [finding] = found(CASTLES, CASTLES, formerly=before, parameters=after)
    assert "and 1 more" in finding.what


def test_a_secret_parameter_is_told_without_its_value() -> None:
    secret = CASTLES.replace("Default: castles", "Default: castles, NoEcho: true")
    [finding] = found(secret, secret, formerly=({"Name": "old"},), parameters=({"Name": "new"},))
    assert finding.what.endswith("deletes the old one: Name has another value in 000000000001/eu-west-1.")


CONDITIONAL = "Conditions:\n  Here: !Equals [!Ref Name, castles]\n" + CASTLES.replace(
    "  Beach:\n", "  Beach:\n    Condition: Here\n"
).replace("!Ref Name\n", "castles\n")


def test_a_parameter_that_ends_a_condition_takes_the_resource_away() -> None:
    [finding] = found(CONDITIONAL, CONDITIONAL, formerly=({},), parameters=({"Name": "towers"},))
    assert (finding.rule, finding.severity, finding.subject) == ("STATEFUL_REMOVED", Severity.CRITICAL, "Beach")
    assert finding.where is not None
    assert finding.where.line == line_of(CONDITIONAL, "Condition: Here")
    kept = CONDITIONAL.replace("    Condition: Here\n", "    Condition: Here\n    DeletionPolicy: Retain\n")
    assert found(kept, kept, formerly=({},), parameters=({"Name": "towers"},)) == []


def test_a_key_of_another_type_replaces_its_table_and_an_attribute_that_comes_does_not() -> None:
    id_ = "        - {AttributeName: id, AttributeType: S}\n"
    after = CASTLES.replace(id_, id_.replace("Type: S", "Type: N"))
    [finding] = found(CASTLES, after)
    assert (finding.rule, finding.severity) == ("STATEFUL_REPLACED", Severity.CRITICAL)
    assert finding.where is not None
    assert finding.where.line == line_of(after, "AttributeDefinitions:")
    assert found(CASTLES, CASTLES.replace(id_, f"{id_}        - {{AttributeName: beach, AttributeType: N}}\n")) == []
