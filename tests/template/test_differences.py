"""What differs between two templates is named property by property."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from shoreward.spec.template import ABSENT, Difference, as_deployed, differences

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text("ab", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=1), inner, max_size=3),
    max_leaves=12,
)


def test_a_changed_property_is_told_with_both_values() -> None:
    before = {"Resources": {"Fn": {"Properties": {"Timeout": 3, "Tags": [1, 2]}}, "Old": {}}}
    after = {"Resources": {"Fn": {"Properties": {"Timeout": 9, "Tags": [1, 3]}}, "New": {}}}
    assert list(differences(before, after)) == [
        Difference(path=("Resources", "Fn", "Properties", "Tags", 1), before=2, after=3),
        Difference(path=("Resources", "Fn", "Properties", "Timeout"), before=3, after=9),
        Difference(path=("Resources", "New"), before=ABSENT, after={}),
        Difference(path=("Resources", "Old"), before={}, after=ABSENT),
    ]


def test_true_is_no_number_and_null_is_not_nothing() -> None:
    assert [one.path for one in differences({"a": True, "b": 1}, {"a": 1, "b": 1.0})] == [("a",)]
    assert [one.after for one in differences({"a": None}, {})] == [ABSENT]


def test_lists_of_two_lengths_differ_as_a_whole() -> None:
    assert [one.path for one in differences({"a": [1, 2, 3]}, {"a": [1, 3]})] == [("a",)]


def test_the_order_of_keys_is_no_difference() -> None:
    assert list(differences({"a": 1, "b": 2}, {"b": 2, "a": 1})) == []


@given(JSON, JSON)
def test_nothing_differs_exactly_when_both_are_the_same_json(before: Any, after: Any) -> None:
    same = json.dumps(before, sort_keys=True) == json.dumps(after, sort_keys=True)
    assert (list(differences(before, after)) == []) == same


@given(JSON, JSON)
def test_putting_the_differences_in_makes_one_of_the_other(before: Any, after: Any) -> None:
    made: Any = {"top": json.loads(json.dumps(before))}
    for one in differences({"top": before}, {"top": after}):
        *way, last = one.path
        holder = made
        for step in way:
            holder = holder[step]
        if one.after is ABSENT:
            del holder[last]
        else:
            holder[last] = one.after
    assert made == {"top": after}


def test_cloudformation_takes_numbers_and_truths_for_their_texts_and_null_for_nothing() -> None:
    assert as_deployed({"a": 1, "b": True, "c": None, "d": [], "e": [1.5, "x"]}) == {
        "a": "1",
        "b": "true",
        "e": ["1.5", "x"],
    }


@given(JSON)
def test_what_is_deployed_is_deployed_alike_again(value: Any) -> None:
    assert as_deployed(as_deployed(value)) == as_deployed(value)
