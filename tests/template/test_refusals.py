"""What is wrong with a template is told with its code and its line."""

import re
from pathlib import Path

import pytest

from shoreward.domain import SpecError, SpecErrors

from .support import FILE, HEAD, rendered

FUNCTION = "{Type: AWS::Serverless::Function, Properties: {CodeUri: f, Handler: a.b, Runtime: python3.12}}"
GOOD = "Type: AWS::Serverless::Function, Properties: {InlineCode: x, Handler: a.b, Runtime: python3.12"
_CASES = (Path(__file__).parent / "refused.txt").read_text().split("=== ")[1:]
REFUSED = {name: (code, text) for code, name, text in (re.split(r": |\n", case, maxsplit=2) for case in _CASES)}


@pytest.mark.parametrize("name", REFUSED)
def test_a_mistake_is_named_at_its_line(name: str) -> None:
    code, text = REFUSED[name]
    head = HEAD.replace("Serverless-2016-10-31", "LanguageExtensions") if name == "another transform" else HEAD
    with pytest.raises(SpecError) as error:
        rendered(text, head=head)
    assert error.value.code == code
    where = error.value.where
    assert where is not None
    assert getattr(where, "file", "") == FILE
    if marked := [number for number, line in enumerate((head + text).splitlines(), start=1) if "# here" in line]:
        assert [getattr(where, "line", None)] == marked


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("Memorysize: 1", "'MemorySize'"),
        ("TimeOut: 1", "'Timeout'"),
        ("Policies: [AmazonS3FulAccess]", "'AmazonS3FullAccess'"),
        ("Role: !GetAtt Rolle.Arn", "'Role'"),
    ],
)
def test_the_nearest_known_word_is_offered(text: str, near: str) -> None:
    with pytest.raises(SpecError) as error:
        rendered(f"Resources:\n  F: {{{GOOD}, {text}}}}}\n  Role: {{Type: AWS::IAM::Role}}\n")
    assert near in error.value.next


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"Stage": "prod", "Stagee": "x"}, "PARAMETER_UNKNOWN"),
        ({"Stage": "moon"}, "PARAMETER_NOT_ALLOWED"),
        ({}, "PARAMETER_MISSING"),
    ],
)
def test_parameters_of_targets_must_fit(given: dict[str, str], code: str) -> None:
    text = f"Parameters: {{Stage: {{Type: String, AllowedValues: [test, prod]}}}}\nResources:\n  F: {FUNCTION}\n"
    with pytest.raises(SpecError) as error:
        rendered(text, parameters=[given])
    assert error.value.code == code


def test_several_mistakes_are_told_together() -> None:
    with pytest.raises(SpecErrors) as error:
        rendered("Resource: {}\nResources:\n  a-b: {Type: AWS::SNS::Topic}\n  C: {}\n")
    assert [one.code for one in error.value.errors] == [
        "TEMPLATE_SECTION_UNKNOWN",
        "TEMPLATE_INVALID",
        "TEMPLATE_INVALID",
    ]


def test_cloudformations_limits_hold_for_what_is_rendered() -> None:
    topics = "".join(f"  T{number}: {{Type: AWS::SNS::Topic}}\n" for number in range(499))
    with pytest.raises(SpecError) as error:
        rendered(f"Resources:\n  F: {FUNCTION}\n{topics}")
    assert error.value.code == "TEMPLATE_TOO_MANY_RESOURCES"
    with pytest.raises(SpecError) as error:
        rendered(f"Metadata: {{Long: {'x' * 1_050_000}}}\nResources:\n  F: {FUNCTION}\n")
    assert error.value.code == "TEMPLATE_TOO_LARGE"
