"""Callers that name a function are pointed to the alias that it gets, where that is sure to be what they mean."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shoreward.domain import canonical
from shoreward.spec.template import Rendered
from shoreward.spec.template.references import references

from .support import HEAD, codes, of_type, rendered, resource, versions

WORK = """
Conditions:
  Always: !Equals [1, 1]
Resources:
  Work:
    Type: AWS::Serverless::Function
    Properties: {InlineCode: x, Handler: a.b, Runtime: python3.12}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {Version: 2012-10-17, Statement: []}
      Policies:
        - PolicyName: calls
          PolicyDocument:
            Version: 2012-10-17
            Statement: [{Effect: Allow, Action: lambda:InvokeFunction, Resource: !GetAtt Work.Arn}]
"""
_CASES = (Path(__file__).parent / "callers.txt").read_text().split("=== ")[1:]
CASES = {f"{kind}: {name}": text for kind, name, text in (re.split(r": |\n", case, maxsplit=2) for case in _CASES)}
POINTED = [name for name in CASES if name.startswith("pointed")]
LEFT = [name for name in CASES if name.startswith("left")]
SILENT = [name for name in CASES if name.startswith("silent")]


def told(made: Rendered) -> list[tuple[str, str | None, int | None]]:
    """Notes about callers: their code, who calls, and the line."""
    found = [note for note in made.notes if note.code in ("ALIAS_POINTED_TO", "ALIAS_PASSED_BY")]
    return [(note.code, note.resource, getattr(note.where, "line", None)) for note in found]


def marked(text: str) -> int:
    (line,) = [number for number, line in enumerate((HEAD + text).splitlines(), 1) if line.endswith("# here")]
    return line


def named(value: Any) -> set[str]:
    return {reference.name for reference in references(value)} & {"Work", "WorkAliaslive"}


@pytest.mark.parametrize("name", POINTED)
def test_a_caller_is_pointed_to_the_alias_and_it_is_said_where(name: str) -> None:
    made = rendered(WORK + CASES[name])
    assert named(resource(made, "Caller")) == {"WorkAliaslive"}
    assert told(made) == [("ALIAS_POINTED_TO", "Caller", marked(WORK + CASES[name]))]


@pytest.mark.parametrize("name", LEFT)
def test_a_caller_stays_as_it_is_where_an_alias_might_not_do_and_it_is_said(name: str) -> None:
    made = rendered(WORK + CASES[name])
    assert named(resource(made, "Caller")) == {"Work"}
    assert told(made) == [("ALIAS_PASSED_BY", "Caller", marked(WORK + CASES[name]))]
    assert {"ALIAS_INCLUDED", "DEPLOYMENT_RENAMED"}.isdisjoint(code for code, _ in codes(made))


@pytest.mark.parametrize("name", SILENT)
def test_who_names_a_function_without_calling_it_is_left_alone(name: str) -> None:
    made = rendered(WORK + CASES[name])
    assert named(resource(made, "Caller")) == {"Work"}
    assert told(made) == []


@pytest.mark.parametrize("name", POINTED)
def test_an_alias_that_the_template_has_already_is_passed_by_only_where_a_person_wrote_so(name: str) -> None:
    text = WORK.replace("InlineCode: x", "InlineCode: x, AutoPublishAlias: live") + CASES[name]
    made = rendered(text)
    assert named(resource(made, "Caller")) == {"Work"}
    assert [(code, caller) for code, caller, _ in told(made)] == [("ALIAS_PASSED_BY", "Caller")]


def test_a_caller_that_names_the_alias_is_where_it_should_be() -> None:
    made = rendered(WORK + CASES["pointed: a rule"].replace("!GetAtt Work.Arn", "!Ref Work.Alias"))
    assert named(resource(made, "Caller")) == {"WorkAliaslive"}
    assert told(made) == []


def test_a_function_with_an_alias_by_hand_is_its_persons_own_affair() -> None:
    alias = (
        "  Own: {Type: AWS::Lambda::Alias, Properties: {FunctionName: !Ref Work, Name: own, FunctionVersion: '1'}}\n"
    )
    made = rendered(WORK + alias + CASES["pointed: an event source"])
    assert [code for code, _, _ in told(made)] == ["ALIAS_PASSED_BY"]


@pytest.mark.parametrize("name", ["a method", "a method that joins its address"])
def test_the_text_around_a_function_stays(name: str) -> None:
    uri = resource(rendered(WORK + CASES[f"pointed: {name}"]), "Caller")["Integration"]["Uri"]["Fn::Sub"]
    assert uri == "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${WorkAliaslive}/invocations"


def test_a_service_may_call_the_alias_as_it_may_call_the_function() -> None:
    made = rendered(WORK + CASES["pointed: a user pool"])
    first, second = of_type(made, "AWS::Lambda::Permission").values()
    assert first["FunctionName"] == {"Ref": "Work"}
    assert second == first | {"FunctionName": {"Ref": "WorkAliaslive"}}
    assert ("ALIAS_INCLUDED", "Permission") in codes(made)


def test_a_role_may_call_the_alias_as_it_may_call_the_function() -> None:
    made = rendered(WORK + CASES["pointed: a schedule"])
    assert resource(made, "Role") == resource(rendered(WORK), "Role")
    (policy,) = of_type(made, "AWS::IAM::Policy").values()
    assert policy["Roles"] == [{"Ref": "Role"}]
    assert policy["PolicyDocument"]["Statement"] == [
        {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": [{"Ref": "WorkAliaslive"}]}
    ]
    assert ("ALIAS_INCLUDED", "Role") in codes(made)


@pytest.mark.parametrize(
    "reach",
    [
        '"*"',
        '!Sub "${Work.Arn}*"',
        '[!GetAtt Work.Arn, !Sub "${Work.Arn}:*"]',
        '!Sub "arn:aws:lambda:${AWS::Region}:${AWS::AccountId}:function:${AWS::StackName}-*"',
        '!Sub ["arn:aws:lambda:*:*:function:${Of}*", {Of: !Ref Work}]',
    ],
)
def test_a_right_that_reaches_as_far_as_the_alias_is_not_repeated(reach: str) -> None:
    text = WORK.replace("Resource: !GetAtt Work.Arn", f"Resource: {reach}") + CASES["pointed: a schedule"]
    made = rendered(text)
    assert [code for code, _, _ in told(made)] == ["ALIAS_POINTED_TO"]
    assert of_type(made, "AWS::IAM::Policy") == {}


@pytest.mark.parametrize(
    "right",
    [
        'Resource: "arn:aws:lambda:eu-west-1:123456789012:function:another"',
        'Resource: !Sub "arn:aws:s3:::${Work}/*"',
    ],
)
def test_a_right_to_something_else_is_none(right: str) -> None:
    text = WORK.replace("Resource: !GetAtt Work.Arn", right) + CASES["pointed: a schedule"]
    assert [code for code, _, _ in told(rendered(text))] == ["ALIAS_PASSED_BY"]


def test_a_denial_is_no_right() -> None:
    text = WORK.replace("Effect: Allow", "Effect: Deny") + CASES["pointed: a schedule"]
    assert [code for code, _, _ in told(rendered(text))] == ["ALIAS_PASSED_BY"]


@pytest.mark.parametrize(
    ("kind", "policy"),
    [
        ("Policy", "PolicyName: p, Roles: [!Ref Role]"),
        ("ManagedPolicy", "Roles: [!Ref Role]"),
        ("RolePolicy", "PolicyName: p, RoleName: !Ref Role"),
    ],
)
def test_a_right_may_stand_in_a_policy_of_its_own(kind: str, policy: str) -> None:
    statement = "{Effect: Allow, Action: 'lambda:Invoke*', Resource: !GetAtt Work.Arn}"
    text = WORK.replace("Action: lambda:InvokeFunction", "Action: sns:Publish") + CASES["pointed: a schedule"]
    more = (
        f"  Policy: {{Type: AWS::IAM::{kind}, Properties: {{{policy}, PolicyDocument: {{Statement: {statement}}}}}}}\n"
    )
    assert [code for code, _, _ in told(rendered(text + more))] == ["ALIAS_POINTED_TO"]


def test_what_is_set_for_asynchronous_calls_is_set_for_those_of_the_alias_too() -> None:
    config = """\
  Config:
    Type: AWS::Lambda::EventInvokeConfig
    Properties: {FunctionName: !Ref Work, Qualifier: $LATEST, MaximumRetryAttempts: 0}
"""
    made = rendered(WORK + config)
    first, second = of_type(made, "AWS::Lambda::EventInvokeConfig").values()
    assert second == first | {"Qualifier": "live"}
    assert ("ALIAS_INCLUDED", "Config") in codes(made)


def test_what_the_alias_has_for_asynchronous_calls_is_its_own() -> None:
    own = WORK.replace("InlineCode: x", "InlineCode: x, EventInvokeConfig: {MaximumRetryAttempts: 1}")
    config = (
        "  Config: {Type: AWS::Lambda::EventInvokeConfig, Properties: {FunctionName: !Ref Work, Qualifier: $LATEST}}\n"
    )
    made = rendered(own + config)
    found = of_type(made, "AWS::Lambda::EventInvokeConfig").values()
    assert sorted(one["Qualifier"] for one in found) == ["$LATEST", "live"]
    assert "ALIAS_INCLUDED" not in {code for code, _ in codes(made)}


def test_a_caller_comes_after_its_right_where_the_right_does_not_wait_for_the_caller() -> None:
    bucket = rendered(WORK + CASES["pointed: a bucket"]).template["Resources"]["Caller"]
    assert bucket["DependsOn"] == ["Permission", "PermissionAliaslive"]
    rule = rendered(WORK + CASES["pointed: a rule"]).template["Resources"]["Caller"]
    assert "DependsOn" not in rule


DEPLOYED = """\
  Permission:
    Type: AWS::Lambda::Permission
    Properties:
      FunctionName: !Ref Work
      Action: lambda:InvokeFunction
      Principal: apigateway.amazonaws.com
      SourceArn: !Sub "arn:aws:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/*"
  Api: {Type: AWS::ApiGateway::RestApi, Properties: {Name: works}}
  Caller:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Api
      ResourceId: !GetAtt Api.RootResourceId
      HttpMethod: GET
      Integration:
        Type: AWS_PROXY
        Uri: !Sub "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Work.Arn}/invocations"
  Deployment: {Type: AWS::ApiGateway::Deployment, DependsOn: Caller, Properties: {RestApiId: !Ref Api}}
  Stage:
    Type: AWS::ApiGateway::Stage
    Properties: {StageName: Deployment, RestApiId: !Ref Api, DeploymentId: !Ref Deployment}
  Elsewhere: {Type: AWS::ApiGateway::Deployment, Properties: {RestApiId: another}}
  Settings: {Type: AWS::AppConfig::Deployment, Properties: {ApplicationId: a}}
Outputs:
  Deployed: {Value: !Sub "${Deployment}"}
"""


def deployment(made: Rendered) -> str:
    (name,) = of_type(made, "AWS::ApiGateway::Deployment").keys() - {"Elsewhere"}
    return name


def test_an_api_is_deployed_anew_with_its_alias() -> None:
    made = rendered(WORK + DEPLOYED)
    name = deployment(made)
    assert name.startswith("Deployment")
    assert name != "Deployment"
    assert resource(made, "Stage") == {
        "StageName": "Deployment",
        "RestApiId": {"Ref": "Api"},
        "DeploymentId": {"Ref": name},
    }
    assert made.template["Outputs"]["Deployed"]["Value"] == {"Fn::Sub": f"${{{name}}}"}
    assert made.template["Resources"][name]["DependsOn"] == ["Caller", "PermissionAliaslive"]
    assert [one for code, one in codes(made) if code == "DEPLOYMENT_RENAMED"] == ["Deployment"]


def test_an_api_is_deployed_once_and_not_at_every_release() -> None:
    name = deployment(rendered(WORK + DEPLOYED))
    assert deployment(rendered(WORK.replace("InlineCode: x", "InlineCode: new") + DEPLOYED)) == name
    again = WORK + DEPLOYED.replace("Type: AWS_PROXY", "Type: AWS").replace("Deployment:", "Deployment2:", 1)
    again = again.replace("!Ref Deployment", "!Ref Deployment2").replace("${Deployment}", "${Deployment2}")
    assert deployment(rendered(again)).startswith("Deployment2")


def test_an_api_of_sam_is_deployed_anew_too() -> None:
    made, plain = (
        rendered(text + CASES["pointed: an API that is written out"])
        for text in (WORK, WORK.replace("InlineCode: x", "InlineCode: x, AutoPublishAlias: live"))
    )
    assert of_type(made, "AWS::ApiGateway::Deployment").keys() != of_type(plain, "AWS::ApiGateway::Deployment").keys()
    (stage,) = of_type(made, "AWS::ApiGateway::Stage").values()
    assert stage["DeploymentId"]["Ref"] in made.template["Resources"]


def test_a_destination_that_sam_writes_is_pointed_to_the_alias() -> None:
    text = (
        WORK
        + """\
  Caller:
    Type: AWS::Serverless::Function
    Properties:
      InlineCode: y
      Handler: a.b
      Runtime: python3.12
      EventInvokeConfig: {DestinationConfig: {OnSuccess: {Type: Lambda, Destination: !GetAtt Work.Arn}}}
"""
    )
    made = rendered(text)
    (config,) = of_type(made, "AWS::Lambda::EventInvokeConfig").values()
    assert config["DestinationConfig"]["OnSuccess"]["Destination"] == {"Ref": "WorkAliaslive"}
    (policy,) = of_type(made, "AWS::IAM::Policy").values()
    assert policy["Roles"] == [{"Ref": "CallerRole"}]
    assert [code for code, _, _ in told(made)] == ["ALIAS_POINTED_TO"]


def test_a_connector_of_sam_holds_for_the_alias_too() -> None:
    text = (
        WORK
        + """\
  Connector:
    Type: AWS::Serverless::Connector
    Properties: {Source: {Id: Caller}, Destination: {Id: Work}, Permissions: [Write]}
  Caller:
    Type: AWS::Serverless::Function
    Properties:
      {InlineCode: y, Handler: a.b, Runtime: python3.12, Environment: {Variables: {WORK: !Ref Work}}}
"""
    )
    made = rendered(text)
    assert resource(made, "Caller")["Environment"]["Variables"]["WORK"] == {"Ref": "WorkAliaslive"}
    assert [policy["Roles"] for policy in of_type(made, "AWS::IAM::Policy").values()] == [[{"Ref": "CallerRole"}]]


def test_a_function_that_is_pointed_to_an_alias_gets_a_version_for_it() -> None:
    text = CASES["pointed: a variable with the name"]
    pointed, plain = rendered(WORK + text), rendered(WORK.replace("Runtime", "AutoPublishAlias: live, Runtime") + text)
    assert versions(pointed)["Caller"] != versions(plain)["Caller"]


def test_outputs_are_for_people_and_stay() -> None:
    made = rendered(WORK + "Outputs:\n  Work: {Value: !GetAtt Work.Arn}\n")
    assert made.template["Outputs"]["Work"]["Value"] == {"Fn::GetAtt": ["Work", "Arn"]}


def among_others(number: int, name: str) -> str:
    """A case's resources under names of their own, so that several cases stand in one template."""
    own = re.findall(r"^  (\w+):", CASES[name], re.MULTILINE)
    return re.sub(rf"(?<!::)\b({'|'.join(own)})\b", rf"\g<1>{number}", CASES[name])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(POINTED + LEFT + SILENT), unique=True, max_size=8), st.booleans())
def test_no_caller_waits_for_itself_and_the_order_of_writing_does_not_matter(names: list[str], reverse: bool) -> None:
    # A cycle would be refused (TEMPLATE_CYCLE), and so would a reference to nothing.
    texts = [among_others(number, name) for number, name in enumerate(names)]
    made = rendered(WORK + "".join(texts))
    again = rendered(WORK + "".join(reversed(texts) if reverse else texts))
    assert sorted(made.template["Resources"]) == sorted(again.template["Resources"])
    callers = {caller for code, caller, _ in told(made) if code == "ALIAS_POINTED_TO"}
    assert callers >= {f"Caller{number}" for number, name in enumerate(names) if name in POINTED}
    assert canonical(made.template) == canonical(rendered(WORK + "".join(texts)).template)
