"""A key that a mapping lacks is refused, as soon as one target would ask for it."""

from __future__ import annotations

import pytest

from shoreward.domain import SpecError
from shoreward.spec.template import parameter_values, read_template, render

from .support import FILE

TEMPLATE = """\
Parameters: {Season: {Type: String, Default: summer}, Image: {Type: "AWS::SSM::Parameter::Value<String>", Default: x}}
Mappings:
  Rates: {summer: {High: 3}, winter: {High: 2}}
  Images: {eu-north-1: {Id: a}, us-east-1: {Id: b}}
Conditions: {Never: !Equals [a, b]}
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties:
      DisplayName: LOOKUP
"""


def look(lookup: str, *, regions: tuple[str, ...] = ("eu-north-1",), **parameters: str) -> None:
    template = read_template(TEMPLATE.replace("LOOKUP", lookup), FILE)
    values = parameter_values(template, [("here", parameters)])
    render(template, values, [], {}, lambda path: None, None, regions)


@pytest.mark.parametrize(
    ("lookup", "says", "near"),
    [
        ("!FindInMap [Rates, sumer, High]", "The mapping Rates has no 'sumer'.", "'summer'"),
        ("!FindInMap [Rates, summer, Hihg]", "The mapping Rates has no 'summer' with 'Hihg'.", "'High'"),
        ("!If [Never, !FindInMap [Rates, sumer, High], x]", "The mapping Rates has no 'sumer'.", "'summer'"),
    ],
)
def test_a_key_that_is_not_there_is_refused_with_the_nearest(lookup: str, says: str, near: str) -> None:
    with pytest.raises(SpecError) as caught:
        look(lookup)
    error = caught.value
    assert (error.code, error.what) == ("MAPPING_KEY_MISSING", says)
    assert str(error.where).startswith(f"{FILE}:10:")
    assert near in error.next


def test_each_target_s_values_and_regions_are_asked_for() -> None:
    look("!FindInMap [Rates, !Ref Season, High]", Season="winter")
    look("!FindInMap [Images, !Ref AWS::Region, Id]", regions=("eu-north-1", "us-east-1"))
    with pytest.raises(SpecError, match="no 'autumn'"):
        look("!FindInMap [Rates, !Ref Season, High]", Season="autumn")
    with pytest.raises(SpecError, match="no 'sa-east-1'"):
        look("!FindInMap [Images, !Ref AWS::Region, Id]", regions=("eu-north-1", "sa-east-1"))


@pytest.mark.parametrize(
    "lookup",
    [
        "!FindInMap [Rates, !Ref Image, High]",
        "!FindInMap [Rates, !Select [0, [spring]], High]",
        "!FindInMap [Rates, spring, High, {DefaultValue: 1}]",
        "!If [Never, !FindInMap [Images, !Ref AWS::Region, Id], x]",
    ],
)
def test_what_only_aws_can_tell_is_left_alone(lookup: str) -> None:
    look(lookup, regions=("sa-east-1",))
