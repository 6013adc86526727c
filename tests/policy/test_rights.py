"""What a change lets policies allow in addition."""

import json
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.support import HEAD, line_of, made_of
from shoreward.adapters.policy.iam import Grant, Names, broadened, grants_of, iam_findings
from shoreward.adapters.policy.iam.breadth import severity_of
from shoreward.adapters.policy.iam.grants import Clause
from shoreward.adapters.policy.iam.patterns import covers, meets
from shoreward.adapters.policy.origins import Origins
from shoreward.domain import Finding, Severity

# --- templates that people write


FUNCTION = (
    HEAD
    + """\
Resources:
  Tide:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: s3://beach/tide
      Handler: app.handler
      Runtime: python3.12
      Policies:
        - Statement:
            - Effect: Allow
              Action: dynamodb:GetItem
              Resource: arn:aws:dynamodb:eu-west-1:123456789012:table/castles
"""
)


def found(before: str | None, after: str, **parameters: str) -> list[Finding]:
    template, made = made_of(after, **parameters)
    base = made_of(before, **parameters)[1] if before is not None else None
    values = {name: (value,) for name, value in parameters.items()}
    return iam_findings(made, base, Origins(template, made), values)


def test_an_action_that_is_added_is_named_with_its_resource_and_line() -> None:
    after = FUNCTION.replace(
        "Action: dynamodb:GetItem", "Action:\n                - dynamodb:GetItem\n                - dynamodb:DeleteItem"
    )
    [finding] = found(FUNCTION, after)
    assert finding.rule == "IAM_BROADENED"
    assert finding.severity == Severity.LOW
    assert finding.subject == "Tide"
    assert "dynamodb:DeleteItem on arn:aws:dynamodb:eu-west-1:123456789012:table/castles" in finding.what
    assert "GetItem" not in finding.what
    assert finding.where is not None
    assert finding.where.line == line_of(after, "dynamodb:DeleteItem")


def test_nothing_is_said_of_what_is_the_same_or_less() -> None:
    wider = FUNCTION.replace("dynamodb:GetItem", "dynamodb:*Item")
    assert found(FUNCTION, FUNCTION) == []
    assert found(wider, FUNCTION) == []


@pytest.mark.parametrize(
    ("action", "resource", "severity"),
    [
        ("'*'", "'*'", Severity.CRITICAL),
        ("s3:*", "'*'", Severity.HIGH),
        ("s3:*", "arn:aws:s3:::*", Severity.HIGH),
        ("s3:*", "arn:aws:s3:::shells/*", Severity.MEDIUM),
        ("s3:GetObject", "'*'", Severity.MEDIUM),
        ("s3:GetObject", "arn:aws:s3:::shells/*", Severity.LOW),
        ("s3:List*", "'*'", Severity.LOW),
        ("s3:Put*", "'*'", Severity.MEDIUM),
        ("ec2:DescribeRegions", "'*'", Severity.LOW),
        ("logs:PutLogEvents", "'*'", Severity.LOW),
        ("iam:PassRole", "'*'", Severity.HIGH),
        ("iam:PassRole", "arn:aws:iam::123456789012:role/crew", Severity.LOW),
        ("iam:AttachRolePolicy", "arn:aws:iam::123456789012:role/crew", Severity.MEDIUM),
        ("dynamodb:PutItem", "arn:aws:dynamodb:*:*:table/*", Severity.MEDIUM),
        ("s3:GetObject", "!Sub '${AWS::StackId}/*'", Severity.LOW),  # all of one thing is no service
        ("lambda:InvokeFunction", "arn:aws:lambda:eu-west-1:123456789012:function:*", Severity.MEDIUM),
        ("lambda:InvokeFunction", "arn:aws:lambda:eu-west-1:123456789012:function:**", Severity.MEDIUM),
        ("secretsmanager:GetSecretValue", "'*'", Severity.HIGH),
    ],
)
def test_the_broader_the_worse(action: str, resource: str, severity: Severity) -> None:
    more = f"            - {{Effect: Allow, Action: {action}, Resource: {resource}}}\n"
    [finding] = found(FUNCTION, FUNCTION + more)
    assert (finding.rule, finding.severity) == ("IAM_BROADENED", severity)
    assert finding.where is not None
    assert finding.where.line == len((FUNCTION + more).splitlines())


def test_without_a_base_only_what_nobody_needs_is_told() -> None:
    more = "".join(
        f"            - {{Effect: Allow, Action: {one}, Resource: '*'}}\n" for one in ("'*'", "s3:GetObject")
    )
    [finding] = found(None, FUNCTION + more)
    assert (finding.rule, finding.severity) == ("IAM_UNLIMITED", Severity.CRITICAL)


def test_what_was_unlimited_before_is_still_told_and_not_as_new() -> None:
    more = "            - {Effect: Allow, Action: '*', Resource: '*'}\n"
    [finding] = found(FUNCTION + more, FUNCTION + more)
    assert finding.rule == "IAM_UNLIMITED"


@pytest.mark.parametrize(
    ("more", "alone", "standing"),
    [
        ("            - {Effect: Allow, Action: '*', Resource: '*'}\n", Severity.CRITICAL, Severity.CRITICAL),
        ("            - {Effect: Allow, Action: s3:*, Resource: '*'}\n", Severity.HIGH, Severity.LOW),
        ("        - AdministratorAccess\n", Severity.CRITICAL, Severity.CRITICAL),
        ("        - AmazonDynamoDBFullAccess\n", Severity.LOW, Severity.LOW),
    ],
)
def test_what_an_application_always_had_does_not_hold_every_change_up(
    more: str, alone: Severity, standing: Severity
) -> None:
    assert [one.severity for one in found(None, FUNCTION + more)] == [alone]
    assert [one.severity for one in found(FUNCTION + more, FUNCTION + more)] == [standing]


def test_everything_but_one_action_is_everything() -> None:
    more = "            - {Effect: Allow, NotAction: iam:*, Resource: '*'}\n"
    [finding] = found(FUNCTION, FUNCTION + more)
    assert (finding.rule, finding.severity) == ("IAM_BROADENED", Severity.CRITICAL)
    assert "everything but iam:*" in finding.what


def test_a_condition_that_is_taken_away_is_named() -> None:
    condition = "              Condition: {StringEquals: {aws:SourceVpc: vpc-1}}\n"
    [finding] = found(FUNCTION + condition, FUNCTION)
    assert "without the condition on aws:sourcevpc" in finding.what


def test_a_condition_that_lets_more_in_is_a_broadening_and_one_that_lets_in_less_is_none() -> None:
    one = FUNCTION + "              Condition: {StringEquals: {aws:SourceVpc: [vpc-1]}}\n"
    two = FUNCTION + "              Condition: {StringEquals: {aws:SourceVpc: [vpc-1, vpc-2]}}\n"
    assert [each.rule for each in found(one, two)] == ["IAM_BROADENED"]
    assert found(two, one) == []


def test_a_denial_that_goes_is_told() -> None:
    denial = "            - {Effect: Deny, Action: s3:DeleteBucket, Resource: '*'}\n"
    [finding] = found(FUNCTION + denial, FUNCTION)
    assert "no longer kept back by the denial of s3:DeleteBucket on everything (*)" in finding.what
    assert finding.subject == "Tide"
    assert found(FUNCTION, FUNCTION + denial) == []


def test_managed_policies_are_judged_by_their_names() -> None:
    def with_policy(name: str) -> str:
        return FUNCTION + f"        - {name}\n"

    severities = {
        "AdministratorAccess": Severity.CRITICAL,
        "AmazonS3FullAccess": Severity.HIGH,
        "AmazonS3ReadOnlyAccess": Severity.LOW,
        "AWSXRayDaemonWriteAccess": Severity.NOTE,
        "arn:aws:iam::123456789012:policy/crew": Severity.MEDIUM,
    }
    for name, severity in severities.items():
        [finding] = found(FUNCTION, with_policy(name))
        assert finding.severity == severity, name
        assert "all that the managed policy" in finding.what
        assert finding.where is not None
        assert finding.where.line == len(with_policy(name).splitlines())


ROLE = """\
Resources:
  Crew:
    Type: AWS::IAM::Role
    Properties:
      PermissionsBoundary: arn:aws:iam::123456789012:policy/fence
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Action: sts:AssumeRole
            Principal:
              Service: lambda.amazonaws.com
"""


@pytest.mark.parametrize(
    ("principal", "severity"),
    [
        ("{Service: events.amazonaws.com}", Severity.LOW),
        ("{AWS: '123456789012'}", Severity.HIGH),
        ("{AWS: !Sub 'arn:aws:iam::${AWS::AccountId}:root'}", Severity.MEDIUM),
        ("{AWS: '*'}", Severity.CRITICAL),
        ("'*'", Severity.CRITICAL),
        ("{Federated: accounts.google.com}", Severity.HIGH),
    ],
)
def test_whoever_may_take_on_a_role_in_addition_is_told(principal: str, severity: Severity) -> None:
    more = f"          - {{Effect: Allow, Action: sts:AssumeRole, Principal: {principal}}}\n"
    [finding] = found(ROLE, ROLE + more)
    assert finding.severity == severity
    assert "take on the role of Crew" in finding.what
    assert finding.where is not None
    assert finding.where.line == len((ROLE + more).splitlines())


def test_a_boundary_that_goes_is_told() -> None:
    without = "".join(line for line in ROLE.splitlines(keepends=True) if "Boundary" not in line)
    [finding] = found(ROLE, without)
    assert finding.severity == Severity.HIGH
    assert "the permissions boundary arn:aws:iam::123456789012:policy/fence" in finding.what
    assert found(without, ROLE) == []


def test_rights_that_move_to_another_policy_of_the_role_are_not_new() -> None:
    statement = "{Effect: Allow, Action: sqs:SendMessage, Resource: arn:aws:sqs:eu-west-1:123456789012:q}"
    document = f"{{Version: '2012-10-17', Statement: [{statement}]}}"
    inline = ROLE + f"      Policies: [{{PolicyName: p, PolicyDocument: {document}}}]\n"
    apart = ROLE + (
        f"  Beside:\n    Type: AWS::IAM::Policy\n"
        f"    Properties: {{PolicyName: p, Roles: [!Ref Crew], PolicyDocument: {document}}}\n"
    )
    managed = ROLE + (
        f"      ManagedPolicyArns: [!Ref Beside]\n  Beside:\n    Type: AWS::IAM::ManagedPolicy\n"
        f"    Properties: {{PolicyDocument: {document}}}\n"
    )
    for before in (inline, apart, managed):
        for after in (inline, apart, managed):
            assert found(before, after) == []


def test_a_policy_that_is_attached_to_one_more_role_gives_that_role_its_rights() -> None:
    both = ROLE + ROLE.removeprefix("Resources:\n").replace("  Crew:", "  Mate:")
    policy = (
        "  Beside:\n    Type: AWS::IAM::ManagedPolicy\n    Properties:\n"
        "      PolicyDocument: {Statement: [{Effect: Allow, Action: sqs:SendMessage, Resource: '*'}]}\n"
    )
    given = both.replace("  Mate:", "      ManagedPolicyArns: [!Ref Beside]\n  Mate:") + policy
    more = both.replace("  Mate:", "      ManagedPolicyArns: [!Ref Beside]\n  Mate:") + (
        "      ManagedPolicyArns: [!Ref Beside]\n" + policy
    )
    [finding] = found(given, more)
    assert dict(finding.details)["holder"] == "Mate"


BUCKET = """\
Resources:
  Shells:
    Type: AWS::S3::Bucket
  ShellsPolicy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref Shells
      PolicyDocument:
        Statement:
          - Effect: Deny
            Action: s3:*
            Resource: !Sub ${Shells.Arn}/*
            Principal: "*"
            Condition: {Bool: {aws:SecureTransport: "false"}}
"""


def test_a_bucket_that_is_opened_to_everybody_is_told() -> None:
    more = "          - {Effect: Allow, Action: s3:GetObject, Resource: !Sub '${Shells.Arn}/*', Principal: '*'}\n"
    [finding] = found(BUCKET, BUCKET + more)
    assert finding.severity == Severity.HIGH
    assert finding.what.startswith("anybody may now do s3:GetObject on Shells")


def test_a_denial_that_goes_with_its_policy_is_told_and_one_that_goes_with_its_bucket_is_not() -> None:
    bucket, _, policy = BUCKET.partition("  ShellsPolicy:")
    [finding] = found(BUCKET, bucket)
    assert "no longer kept back by the denial of s3:*" in finding.what
    other = "Resources:\n  Pearls:\n    Type: AWS::S3::Bucket\n"
    assert found(BUCKET, other) == []
    assert policy


def test_a_permission_to_call_a_function_is_a_right_too() -> None:
    function = FUNCTION + "  Other:\n    Type: AWS::SNS::Topic\n"
    permission = (
        "  Call:\n    Type: AWS::Lambda::Permission\n    Properties:\n"
        "      {Action: lambda:InvokeFunction, FunctionName: !Ref Tide, Principal: WHO}\n"
    )
    severities = {
        "s3.amazonaws.com": Severity.MEDIUM,  # whose buckets?
        "s3.amazonaws.com, SourceAccount: '123456789012'": Severity.LOW,
        "events.amazonaws.com, SourceArn: !Ref Other": Severity.LOW,
        "elasticloadbalancing.amazonaws.com": Severity.LOW,
        "'*'": Severity.HIGH,
        "'210987654321'": Severity.HIGH,
    }
    for who, severity in severities.items():
        [finding] = found(function, function + permission.replace("WHO", who))
        assert finding.severity == severity, who
        assert finding.where is not None
        assert finding.where.line == line_of(function + permission, "Principal: WHO")


def test_who_is_let_in_is_told_on_the_line_that_names_them() -> None:
    trust = """\
  Guest:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal: {AWS: "*"}
            Action: sts:AssumeRole
"""
    [finding] = found(FUNCTION, FUNCTION + trust)
    assert finding.severity == Severity.CRITICAL
    assert finding.where is not None
    assert finding.where.line == line_of(FUNCTION + trust, "Principal: ")


def test_a_key_whose_rights_are_left_to_its_account_is_as_every_key_is() -> None:
    key = """\
  Key:
    Type: AWS::KMS::Key
    Properties:
      KeyPolicy:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal: {AWS: !Sub "arn:aws:iam::${AWS::AccountId}:WHO"}
            Action: kms:*
            Resource: "*"
"""
    for who, severity in (("root", Severity.LOW), ("role/captain", Severity.MEDIUM)):
        [finding] = found(FUNCTION, FUNCTION + key.replace("WHO", who))
        assert finding.severity == severity


def test_a_resource_is_the_same_by_its_name_and_by_its_arn() -> None:
    shells = """\
  Shells:
    Type: AWS::DynamoDB::Table
    Properties:
      AttributeDefinitions: [{AttributeName: name, AttributeType: S}]
      KeySchema: [{AttributeName: name, KeyType: HASH}]
  Post:
    Type: AWS::SQS::Queue
  Chest:
    Type: AWS::S3::Bucket
"""
    by_name = (
        "{DynamoDBCrudPolicy: {TableName: !Ref Shells}}",
        "{SQSPollerPolicy: {QueueName: !GetAtt Post.QueueName}}",
        "{S3ReadPolicy: {BucketName: !Ref Chest}}",
    )
    by_arn = (
        ("dynamodb:PutItem", "!GetAtt Shells.Arn", "${Shells.Arn}"),
        ("sqs:ReceiveMessage", "!GetAtt Post.Arn", "${Post.Arn}"),
        ("s3:GetObject", "!Sub '${Chest.Arn}/pearls/*'", "${Chest.Arn}/pearls/*"),
    )
    for wide, (action, arn, told) in zip(by_name, by_arn, strict=True):
        narrow = f"{{Statement: [{{Effect: Allow, Action: '{action}', Resource: {arn}}}]}}"
        assert found(f"{FUNCTION}        - {wide}\n{shells}", f"{FUNCTION}        - {narrow}\n{shells}") == []
        [finding] = found(FUNCTION + shells, f"{FUNCTION}        - {narrow}\n{shells}")
        assert finding.what.endswith(f"{action} on {told}.")


def test_what_grows_in_a_statement_is_told_on_its_line() -> None:
    trust = """\
  Guest:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal:
              Service:
                - lambda.amazonaws.com
            Action: sts:AssumeRole
"""
    poller = "        - SQSPollerPolicy: {QueueName: tide}\n"
    before = FUNCTION.replace("        - Statement:", f"{poller}        - Statement:") + trust
    grown = {
        "table/castles": ("table/*", "Resource: "),
        "dynamodb:GetItem": ("dynamodb:*", "Action: dynamodb"),
        "QueueName: tide": ("QueueName: '*'", "- SQSPollerPolicy"),
        "- lambda.amazonaws.com": ("- lambda.amazonaws.com\n                - ec2.amazonaws.com", "ec2."),
    }
    for old, (new, line) in grown.items():
        after = before.replace(old, new)
        [finding] = found(before, after)
        assert finding.where is not None
        assert finding.where.line == line_of(after, line), old


def test_a_right_in_one_of_two_branches_is_told_on_its_line() -> None:
    head = "Conditions: {Prod: !Equals [a, b]}\n"
    branch = """\
        - Fn::If:
            - Prod
            - Statement:
                - Effect: Allow
                  Action: "*"
                  Resource: "*"
            - !Ref AWS::NoValue
"""
    [finding] = found(FUNCTION + head, FUNCTION + branch + head)
    assert finding.severity == Severity.CRITICAL
    assert finding.where is not None
    assert finding.where.line == line_of(FUNCTION + branch, 'Action: "*"')


def test_a_role_of_elsewhere_may_do_what_nobody_can_tell() -> None:
    head, policies, _ = FUNCTION.partition("      Policies:")
    assert policies
    after = head + "      Role: arn:aws:iam::123456789012:role/captain\n"
    [finding] = found(FUNCTION, after)
    assert (finding.rule, finding.severity, finding.subject) == ("IAM_BROADENED", Severity.MEDIUM, "Tide")
    assert "Tide may now do all that the role arn:aws:iam::123456789012:role/captain may" in finding.what
    assert finding.where is not None
    assert finding.where.line == line_of(after, "role/captain")
    # Whoever runs with it already is not told again, and neither is another function beside it.
    another = after + after.partition("Resources:\n")[2].replace("Tide", "Ebb")
    assert found(after, after) == found(after, another) == []


def test_what_is_granted_under_a_condition_of_the_template_is_granted() -> None:
    condition = (
        "Parameters:\n  Stage: {Type: String, Default: dev}\nConditions:\n  Dev: !Equals [!Ref Stage, dev]\n" + FUNCTION
    )
    narrow = condition.replace("Action: dynamodb:GetItem", "Action: !If [Dev, 'dynamodb:*', dynamodb:GetItem]")
    wide = condition.replace("Action: dynamodb:GetItem", "Action: 'dynamodb:*'")
    assert [each.rule for each in found(condition, narrow)] == ["IAM_BROADENED"]
    assert [each.rule for each in found(narrow, wide)] == ["IAM_BROADENED"]
    assert found(wide, narrow) == []


def test_a_condition_that_holds_more_often_is_a_broadening() -> None:
    text = (
        "Parameters:\n  Stage: {Type: String, Default: dev}\nConditions:\n  Dev: !Equals [!Ref Stage, dev]\n"
        + FUNCTION.replace("Action: dynamodb:GetItem", "Action: !If [Dev, 'dynamodb:*', dynamodb:GetItem]")
    )
    after = text.replace("[!Ref Stage, dev]", "[!Ref Stage, !Ref Stage]")
    assert {each.rule for each in found(text, after)} == {"IAM_BROADENED"}


def test_a_parameter_with_a_star_in_it_is_a_star() -> None:
    text = """\
Parameters:
  What: {Type: String, Default: "arn:aws:s3:::shells"}
Resources:
  Crew:
    Type: AWS::IAM::User
    Properties:
      Policies:
        - PolicyName: p
          PolicyDocument: {Statement: [{Effect: Allow, Action: "s3:*", Resource: !Ref What}]}
"""
    after = text.replace('"arn:aws:s3:::shells"', '"*"')
    [finding] = found(text, after)
    assert (finding.rule, finding.severity) == ("IAM_BROADENED", Severity.HIGH)


def test_a_new_function_brings_rights_that_do_not_hold_it_up() -> None:
    more = FUNCTION + "".join(
        FUNCTION.partition("Resources:\n")[2].replace("  Tide:", "  Moon:").splitlines(keepends=True)
    ).replace(
        "        - Statement:\n            - Effect: Allow\n              Action: dynamodb:GetItem\n"
        "              Resource: arn:aws:dynamodb:eu-west-1:123456789012:table/castles\n",
        "        - SQSSendMessagePolicy: {QueueName: waves}\n",
    )
    assert {each.severity for each in found(FUNCTION, more)} <= {Severity.LOW, Severity.NOTE}


def test_a_policy_in_a_text_is_read_or_told_as_unread() -> None:
    text = """\
Resources:
  Logs:
    Type: AWS::Logs::ResourcePolicy
    Properties:
      PolicyName: p
      PolicyDocument: POLICY
"""
    open_ = json.dumps({"Statement": [{"Effect": "Allow", "Action": "logs:*", "Resource": "*", "Principal": "*"}]})
    [known] = found(text.replace("POLICY", "none"), text.replace("POLICY", f"'{open_}'"))
    assert known.severity == Severity.CRITICAL
    [unknown] = found(text.replace("POLICY", "none"), text.replace("POLICY", "'{\"Effect\": what is it?'"))
    assert "cannot be compared" in unknown.what


def test_an_effect_that_depends_on_a_condition_allows_where_it_does() -> None:
    text = (
        "Parameters:\n  What: {Type: String, Default: Deny}\nConditions:\n  Dev: !Equals [a, b]\n"
        + FUNCTION.replace("Effect: Allow", "Effect: EFFECT")
    )
    deny, either, asked, allow = (
        text.replace("EFFECT", effect) for effect in ("Deny", "!If [Dev, Allow, Deny]", "!Ref What", "Allow")
    )
    for before, after in ((deny, either), (either, allow), (deny, asked), (asked, allow)):
        assert [one.rule for one in found(before, after)][:1] == ["IAM_BROADENED"]
    assert found(allow, either) == []


def test_a_user_that_joins_a_group_may_what_the_group_may() -> None:
    text = "Resources:\n  Admins: {Type: AWS::IAM::Group}\n  Ada:\n    Type: AWS::IAM::User\n    Properties: {GROUPS}\n"
    [finding] = found(text.replace("GROUPS", "Path: /"), text.replace("GROUPS", "Groups: [!Ref Admins]"))
    assert (finding.severity, finding.subject) == (Severity.MEDIUM, "Ada")
    assert "all that the group ${Admins} may" in finding.what


# --- laws

ACTIONS = st.sampled_from(["s3:*", "s3:Get*", "s3:GetObject", "s3:PutObject", "*", "sqs:SendMessage", "s3:Get?bject"])
RESOURCES = st.sampled_from(["*", "arn:aws:s3:::a", "arn:aws:s3:::a/*", "arn:aws:s3:::*", "arn:aws:s3:::a/b"])
CONDITIONS = st.sampled_from([
    {},
    {"StringEquals": {"aws:SourceVpc": ["one"]}},
    {"StringEquals": {"aws:SourceVpc": ["one", "two"]}},
    {"StringNotEquals": {"aws:SourceVpc": ["one"]}},
    {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::a*"}},
])  # fmt: skip


@st.composite
def statements(draw: st.DrawFn, effect: str = "") -> dict[str, Any]:
    no = draw(st.sampled_from(["", "", "Not"]))
    made = {
        "Effect": effect or draw(st.sampled_from(["Allow", "Deny"])),
        f"{no}Action": draw(st.lists(ACTIONS, min_size=1, max_size=2)),
        "Resource": draw(st.lists(RESOURCES, min_size=1, max_size=2)),
    }
    condition = draw(CONDITIONS)
    return made | ({"Condition": condition} if condition else {})


def role(found: list[dict[str, Any]]) -> dict[str, Any]:
    policy = {"PolicyName": "p", "PolicyDocument": {"Statement": found}}
    return {"Resources": {"Crew": {"Type": "AWS::IAM::Role", "Properties": {"Policies": [policy]}}}}


def new(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> set[tuple[Any, ...]]:
    return {(grant.effect, grant.rights) for grant in broadened(grants_of(role(before)), grants_of(role(after)))}


LISTS = st.lists(statements(), max_size=3)


@given(LISTS)
def test_nothing_is_broader_than_itself(found: list[dict[str, Any]]) -> None:
    assert new(found, found) == set()
    assert new(found, list(reversed(found))) == set()


@given(LISTS, st.data())
def test_taking_an_allowance_away_is_never_told(found: list[dict[str, Any]], data: st.DataObject) -> None:
    kept = [one for one in found if one["Effect"] == "Deny" or data.draw(st.booleans())]
    assert new(found, kept) == set()


@given(LISTS, statements("Deny"))
def test_adding_a_denial_is_never_told(found: list[dict[str, Any]], denial: dict[str, Any]) -> None:
    assert new(found, [*found, denial]) == set()


@given(LISTS, statements("Allow"))
def test_adding_an_allowance_is_told_unless_what_was_there_covers_it(
    found: list[dict[str, Any]], allowance: dict[str, Any]
) -> None:
    before, added = grants_of(role(found)), grants_of(role([allowance]))
    covered = all(any(former.covers(grant) for former in before) for grant in added)
    assert (new(found, [*found, allowance]) == set()) == covered


@given(LISTS, LISTS, LISTS)
def test_whoever_allows_more_is_told_more(
    before: list[dict[str, Any]], after: list[dict[str, Any]], more: list[dict[str, Any]]
) -> None:
    added = [one for one in more if one["Effect"] == "Allow"]
    assert new(before, after) <= new(before, [*after, *added])


@given(LISTS, LISTS, LISTS)
def test_against_a_base_that_allowed_less_more_is_told(
    before: list[dict[str, Any]], after: list[dict[str, Any]], less: list[dict[str, Any]]
) -> None:
    fewer = [one for one in before if one["Effect"] == "Deny"]
    told = {one for one in new(before, after) if one[0] == "Allow"}
    assert told <= {one for one in new(fewer, after) if one[0] == "Allow"}


GLOBS = st.text("ab*?", max_size=5)
TEXTS = st.text("abc", max_size=5)


@given(GLOBS, GLOBS, TEXTS)
def test_a_pattern_covers_another_only_if_it_matches_all_that_the_other_does(wide: str, narrow: str, text: str) -> None:
    if covers(wide, narrow) and fnmatchcase(text, narrow):
        assert fnmatchcase(text, wide)


@given(GLOBS, GLOBS, TEXTS)
def test_patterns_that_do_not_meet_match_nothing_in_common(one: str, other: str, text: str) -> None:
    if fnmatchcase(text, one) and fnmatchcase(text, other):
        assert meets(one, other)


@given(GLOBS)
def test_every_pattern_covers_and_meets_itself(pattern: str) -> None:
    assert covers(pattern, pattern)
    assert meets(pattern, pattern)
    assert covers("*", pattern)


NAMES = st.builds(Names, st.lists(GLOBS, min_size=1, max_size=2).map(tuple), st.booleans())


@given(NAMES, NAMES, TEXTS)
def test_a_set_of_names_covers_another_only_if_it_has_all_of_its_names(wide: Names, narrow: Names, text: str) -> None:
    def has(names: Names) -> bool:
        return any(fnmatchcase(text, pattern) for pattern in names.patterns) != names.negated

    if wide.covers(narrow) and has(narrow):
        assert has(wide)


@given(st.sampled_from(["stringequals", "stringnotequals", "stringlike", "bool", "ipaddress"]), st.data())
def test_a_clause_implies_itself_and_what_is_weaker(operator: str, data: st.DataObject) -> None:
    values = data.draw(st.frozensets(st.sampled_from("abc"), min_size=1))
    more = values | data.draw(st.frozensets(st.sampled_from("abc")))
    one, other = Clause(operator, "k", values), Clause(operator, "k", more)
    assert one.implies(one)
    if values != more:
        assert one.implies(other) == (operator in ("stringequals", "stringlike", "ipaddress"))
        assert other.implies(one) == (operator == "stringnotequals")


@given(statements("Allow"))
def test_a_condition_never_makes_a_grant_worse(statement: dict[str, Any]) -> None:
    for grant in grants_of(role([statement])):
        free: Grant = replace(grant, clauses=frozenset())
        assert severity_of(grant).rank <= severity_of(free).rank
