"""A template on a target: parameters filled in and conditions decided, and no more than a template tells."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoreward.domain import Target
from shoreward.spec.template.resolving import Resolved, resolve, settle

TARGET = Target(
    account="111111111111", region="eu-north-1", stack="shop", parameters=(("Memory", "512"), ("Stage", "prod"))
)
PARAMETERS = {
    "Stage": {"Type": "String", "Default": "dev"},
    "Memory": {"Type": "Number", "Default": 128},
    "Zones": {"Type": "CommaDelimitedList", "Default": "a, b"},
    "Secret": {"Type": "String", "NoEcho": True, "Default": "hush"},
}
CONDITIONS = {
    "IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]},
    "IsDev": {"Fn::Not": [{"Condition": "IsProd"}]},
    "InNorth": {"Fn::Equals": [{"Ref": "AWS::Region"}, "eu-north-1"]},
    "Both": {"Fn::And": [{"Condition": "IsProd"}, {"Condition": "InNorth"}]},
    "Either": {"Fn::Or": [{"Condition": "IsDev"}, {"Condition": "InNorth"}]},
    "Imported": {"Fn::Equals": [{"Fn::ImportValue": "x"}, "y"]},
}
MAPPINGS = {"Sizes": {"prod": {"memory": 1024}, "dev": {"memory": 128}, "eu-north-1": {"memory": 64}}}


def template(value: Any, condition: str | None = None) -> dict[str, Any]:
    thing: dict[str, Any] = {"Type": "T", "Properties": {"Value": value}}
    if condition:
        thing["Condition"] = condition
    return {"Parameters": PARAMETERS, "Conditions": CONDITIONS, "Mappings": MAPPINGS, "Resources": {"Thing": thing}}


def resolved(value: Any, condition: str | None = None) -> Resolved:
    return resolve(template(value, condition), TARGET)


SUBBED = "${Stage}-${AWS::StackName}-${Thing.Arn}-${!Literal}"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ({"Ref": "Stage"}, "prod"),
        ({"Ref": "Memory"}, 512),
        ({"Ref": "Zones"}, ["a", "b"]),
        ({"Fn::Sub": SUBBED}, "prod-${AWS::StackName}-${Thing.Arn}-${!Literal}"),
        ({"Fn::Sub": ["${a}-${Stage}", {"a": {"Ref": "Memory"}}]}, "512-prod"),
        ({"Fn::Join": ["-", ["a", {"Ref": "Stage"}]]}, "a-prod"),
        ({"Fn::Join": ["-", ["a", {"Ref": "Thing"}]]}, {"Fn::Join": ["-", ["a", {"Ref": "Thing"}]]}),
        ({"Fn::Select": [1, {"Ref": "Zones"}]}, "b"),
        ({"Fn::Select": ["0", {"Fn::Split": [",", "x,y"]}]}, "x"),
        ({"Fn::If": ["IsProd", 1, 2]}, 1),
        ({"Fn::If": ["IsDev", 1, {"Ref": "AWS::NoValue"}]}, None),
        ({"Fn::FindInMap": ["Sizes", {"Ref": "Stage"}, "memory"]}, 1024),
        ({"Fn::FindInMap": ["Sizes", {"Ref": "AWS::Region"}, "memory"]}, 64),
        ({"Fn::FindInMap": ["Sizes", "no", "memory", {"DefaultValue": 7}]}, 7),
        ({"Fn::GetAtt": ["Thing", "Arn"]}, {"Fn::GetAtt": ["Thing", "Arn"]}),
        ([{"Ref": "AWS::NoValue"}, {"Ref": "Stage"}], ["prod"]),
    ],
    ids=str,
)
def test_a_value_is_what_the_target_makes_of_it(written: Any, meant: Any):
    found = resolved(written).resources["Thing"]["Properties"]
    assert found.get("Value") == meant


def test_a_property_without_a_value_is_not_there():
    assert "Value" not in resolved({"Fn::If": ["IsDev", 1, {"Ref": "AWS::NoValue"}]}).resources["Thing"]["Properties"]


@pytest.mark.parametrize(
    ("condition", "holds"), [("IsProd", True), ("IsDev", False), ("InNorth", True), ("Both", True), ("Either", True)]
)
def test_a_resource_is_there_when_its_condition_holds(condition: str, holds: bool):
    assert ("Thing" in resolved(1, condition).resources) is holds


def test_what_nobody_can_decide_is_said_and_kept():
    found = resolved({"Fn::If": ["Imported", 1, 2]}, "Imported")
    assert found.undecided == ("Imported",)
    assert found.resources["Thing"]["Properties"]["Value"] == {"Fn::If": ["Imported", 1, 2]}


def test_a_secret_is_never_filled_in():
    found = resolved({"a": {"Ref": "Secret"}, "b": {"Fn::Sub": "x${Secret}"}})
    assert "hush" not in str(found)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just({"Ref": "Stage"}),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["Ref", "Fn::If", "Fn::Sub", "Fn::Join", "Fn::Select", "a"]), inner, max_size=2
        )
    ),
    max_leaves=10,
)


@given(values)
def test_any_value_is_read_without_a_crash(value: Any):
    assert "Thing" in resolved(value).resources


def test_settling_fills_in_what_it_is_given_and_leaves_the_rest_as_it_is_written():
    written = template({"Fn::If": ["IsProd", {"Ref": "Memory"}, {"Ref": "Stage"}]}, "IsDev")
    made = settle(written, TARGET, {"Stage": "dev"})
    assert made["Resources"]["Thing"] == {"Type": "T", "Properties": {"Value": "dev"}}
    assert made["Conditions"]["IsProd"] == {"Fn::Equals": ["dev", "prod"]}
    assert settle(written, TARGET, {"Stage": "prod"})["Resources"] == {}
    assert settle(written, TARGET, {"Memory": "1"})["Resources"]["Thing"]["Condition"] == "IsDev"


def test_settling_with_a_secret_tells_it_from_another_and_from_nothing_else():
    values = [settle(template({"Ref": "Secret"}), TARGET, {"Secret": one}) for one in ("one", "two", "one")]
    assert values[0] == values[2] != values[1]
    assert "one" not in str(values[0]["Resources"])
