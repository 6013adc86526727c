"""Definitions of state machines hang together, or are refused at their line, wherever they are written."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shoreward.domain import SpecError, SpecErrors

from .support import rendered

GOOD: dict[str, Any] = {
    "StartAt": "Ask",
    "States": {
        "Ask": {"Type": "Task", "Resource": "${Function}", "Next": "Which", "Catch": [{"Next": "Bad"}]},
        "Which": {"Type": "Choice", "Choices": [{"Variable": "$.a", "IsNull": True, "Next": "Bad"}], "Default": "Both"},
        "Both": {
            "Type": "Parallel",
            "End": True,
            "Branches": [{"StartAt": "One", "States": {"One": {"Type": "Pass", "End": True}}}],
        },
        "Bad": {"Type": "Fail"},
    },
}
FROM_A_FILE = """
Resources:
  Machine:
    Type: AWS::Serverless::StateMachine
    Properties:
      Role: arn:aws:iam::111111111111:role/machine
      DefinitionUri: machine.json
      DefinitionSubstitutions: {Function: arn}
"""


def changed(*path: str | int, to: object) -> dict[str, Any]:
    """The good definition, otherwise in one place; None takes something out."""
    definition = json.loads(json.dumps(GOOD))
    inside = definition
    for step in path[:-1]:
        inside = inside[step]
    if to is None:
        del inside[path[-1]]
    else:
        inside[path[-1]] = to
    return definition


def refusals(definition: object) -> list[SpecError]:
    text = definition if isinstance(definition, str) else json.dumps(definition, indent=1)
    with pytest.raises(SpecError) as caught:
        rendered(FROM_A_FILE, files={"app/machine.json": text})
    error = caught.value
    return list(error.errors) if isinstance(error, SpecErrors) else [error]


def line_of(definition: object, part: str) -> int:
    lines = json.dumps(definition, indent=1).splitlines()
    [number] = [number for number, line in enumerate(lines, 1) if part in line]
    return number


def test_a_good_definition_passes() -> None:
    rendered(FROM_A_FILE, files={"app/machine.json": json.dumps(GOOD)})


@pytest.mark.parametrize(
    ("definition", "part", "says"),
    [
        (changed("StartAt", to="Aks"), '"Aks"', "it starts at 'Aks'"),
        (changed("States", "Ask", "Next", to="Wich"), '"Wich"', "leads to 'Wich'"),
        (changed("States", "Ask", "Catch", 0, "Next", to="Bda"), '"Bda"', "leads to 'Bda'"),
        (changed("States", "Which", "Choices", 0, "Next", to="Bed"), '"Bed"', "leads to 'Bed'"),
        (changed("States", "Both", "Type", to="Paralel"), '"Paralel"', "has the type 'Paralel'"),
        (changed("States", "Both", "Branches", 0, "StartAt", to="Two"), '"Two"', "it starts at 'Two'"),
        (changed("States", "Ask", "Resource", to="${Functoin}"), "Functoin", "nothing is substituted for ${Functoin}"),
    ],
)
def test_what_dangles_is_refused_at_its_line(definition: object, part: str, says: str) -> None:
    error = refusals(definition)[0]
    assert error.code == "STATE_MACHINE_INVALID"
    assert f"Machine: {says}" in error.what or says in error.what
    assert str(error.where).startswith(f"app/machine.json:{line_of(definition, part)}:")


def test_a_state_that_nothing_leads_to_is_refused() -> None:
    [error] = refusals(changed("States", "Lost", to={"Type": "Succeed"}))
    assert "no state leads to Lost" in error.what


def test_a_state_that_neither_leads_on_nor_ends_is_refused() -> None:
    [error] = refusals(changed("States", "Both", "Branches", 0, "States", "One", "End", to=None))
    assert "the state One neither leads on nor ends" in error.what


def test_the_nearest_state_is_offered() -> None:
    assert "'Which'" in refusals(changed("States", "Ask", "Next", to="Wich"))[0].next


IN_THE_TEMPLATE = """
Resources:
  Machine:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      RoleArn: arn:aws:iam::111111111111:role/machine
      Definition:
        StartAt: One
        States:
          One: {Type: Pass, Next: Two}
"""
AS_TEXT = """
Resources:
  Machine:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      RoleArn: arn:aws:iam::111111111111:role/machine
      DefinitionString: TEXT
"""


def test_a_definition_in_the_template_is_refused_at_its_line() -> None:
    with pytest.raises(SpecError) as caught:
        rendered(IN_THE_TEMPLATE)
    assert (caught.value.code, str(caught.value.where)) == ("STATE_MACHINE_INVALID", "app/template.yaml:13:35")


@pytest.mark.parametrize(
    "text",
    [
        json.dumps('{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}}}'),
        '!Sub \'{"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "${AWS::Region}", "Next": "B"}}}\'',
        "'{\"StartAt\": '",
    ],
)
def test_a_definition_that_is_a_text_is_refused_at_its_property(text: str) -> None:
    with pytest.raises(SpecError) as caught:
        rendered(AS_TEXT.replace("TEXT", text))
    assert (caught.value.code, str(caught.value.where)[:21]) == ("STATE_MACHINE_INVALID", "app/template.yaml:10:")


@pytest.mark.parametrize(
    "text",
    [
        '!Sub \'{"StartAt": "A", "TimeoutSeconds": ${Seconds}, "States": {}}\'',
        '!Join ["", [\'{"StartAt": \', \'"A"}\']]',
    ],
)
def test_what_only_aws_can_read_is_left_alone(text: str) -> None:
    rendered(AS_TEXT.replace("TEXT", text) + "  Seconds: {Type: AWS::SNS::Topic}\n")
