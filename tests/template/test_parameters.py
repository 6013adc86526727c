"""Values of parameters are held against what the template allows, and blamed on the line that gives them."""

from __future__ import annotations

import copy
import json

import pytest

from shoreward.domain import Place, SpecError, SpecErrors, Written
from shoreward.spec.load import parse
from shoreward.spec.template import parameter_values, read_template

from .support import FILE

TEMPLATE = """
Parameters:
  Berths: {Type: Number, MinValue: 1, MaxValue: 400, Default: 40}
  Stage: {Type: String, AllowedPattern: "[a-z]+", ConstraintDescription: lower-case letters, Default: dev}
  Code: {Type: String, MinLength: 4, MaxLength: 8, NoEcho: true, Default: "1234"}
  Image: {Type: "AWS::SSM::Parameter::Value<String>", AllowedPattern: "ami-.*", Default: /images/new}
Resources: {Topic: {Type: "AWS::SNS::Topic"}}
"""
HERE = Place(file="shoreward.yaml", line=7, column=3)


def refused(**given: str) -> SpecError:
    with pytest.raises(SpecError) as caught:
        parameter_values(read_template(TEMPLATE, FILE), [("north", given), ("south", given)])
    assert not isinstance(caught.value, SpecErrors), "the same mistake is told once, however many targets have it"
    return caught.value


@pytest.mark.parametrize(
    ("given", "advice"),
    [
        ({"Berths": "0"}, "It is a number of at least 1 and of at most 400."),
        ({"Berths": "1200"}, "It is a number of at least 1 and of at most 400."),
        ({"Berths": "many"}, "It is a number."),
        ({"Stage": "Prod"}, "lower-case letters"),
        ({"Stage": "prod1"}, "lower-case letters"),
        ({"Code": "123"}, "Its length is of at least 4 and of at most 8."),
    ],
)
def test_a_value_that_the_template_does_not_allow_is_refused(given: dict[str, str], advice: str) -> None:
    error = refused(**given)
    assert (error.code, error.next) == ("PARAMETER_NOT_ALLOWED", advice)
    assert "north" in error.what


def test_a_value_that_nobody_may_see_is_not_repeated() -> None:
    assert "123" not in str(refused(Code="123"))


def test_a_value_is_blamed_on_the_line_that_gives_it() -> None:
    assert refused(Berths=Written("1200", HERE)).where == HERE
    assert refused(Berth=Written("12", HERE)).where == HERE


def test_names_of_what_aws_looks_up_are_not_the_value() -> None:
    given = {"Image": "/images/old", "Berths": "400", "Stage": "prod", "Code": "12345678"}
    assert parameter_values(read_template(TEMPLATE, FILE), [("north", given)]).shared["Berths"] == "400"


PIPELINE = """\
application: harbour
parameters: {Stage: prod}
accounts:
  main: {id: "111111111111", parameters: {Owner: kim}}
waves:
  - name: north
    targets:
      - target: main/eu-north-1
        parameters:
          Berths: 12
"""


def test_the_closest_value_wins_and_knows_where_it_was_written() -> None:
    [target] = parse(PIPELINE, "shoreward.yaml").targets
    places = {name: str(value.where) for name, value in target.parameters if isinstance(value, Written)}
    assert dict(target.parameters) == {"Stage": "prod", "Owner": "kim", "Berths": "12"}
    assert places == {"Stage": "shoreward.yaml:2:21", "Owner": "shoreward.yaml:4:50", "Berths": "shoreward.yaml:10:19"}


def test_a_written_text_is_a_text_like_others() -> None:
    written = Written("12", HERE)
    assert written == "12"
    assert json.dumps({"Berths": written}) == '{"Berths": "12"}'
    assert copy.deepcopy(written).where == HERE
