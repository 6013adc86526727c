"""The graph: what it refuses, what it leaves out, and what a verdict is kept under."""

from __future__ import annotations

import pytest

from shoreward.app.checking.check import Outside
from shoreward.app.checking.graph import graph_of, variables, whole_key
from shoreward.domain import Place, ShorewardError

from .support import toy

HERE = Place(file="shoreward.yaml", line=3)
CHECKS = (
    toy("unit"),
    toy("integration", needs=("sandbox",)),
    toy("sandbox", needs=("build",)),
    toy("build"),
    toy("parity", needs=("sandbox",)),
)


def refusal(*checks: object) -> tuple[str, str]:
    with pytest.raises(ShorewardError) as raised:
        graph_of(checks)  # type: ignore[arg-type]
    assert raised.value.where == HERE
    return raised.value.code, raised.value.what


def test_each_check_stands_behind_what_it_needs() -> None:
    assert graph_of(CHECKS).names == ("unit", "build", "sandbox", "integration", "parity")


def test_two_checks_of_one_name_are_refused_at_the_second_ones_place() -> None:
    assert refusal(toy("unit"), toy("unit", where=HERE))[0] == "CHECK_TWICE"


def test_the_name_under_which_waivers_are_reported_is_taken() -> None:
    assert refusal(toy("waivers", where=HERE))[0] == "CHECK_TWICE"


def test_a_check_that_needs_what_is_not_there_is_refused() -> None:
    assert refusal(toy("unit", needs=("sandbox",), where=HERE)) == (
        "CHECK_NEEDS",
        "The check unit needs sandbox, and there is no such check.",
    )


def test_checks_that_need_each_other_are_refused_with_their_names() -> None:
    code, what = refusal(toy("a", needs=("b",), where=HERE), toy("b", needs=("c",)), toy("c", needs=("a",)))
    assert code == "CHECK_CYCLE"
    assert all(name in what for name in "abc")


def test_one_check_is_asked_for_with_all_that_it_needs() -> None:
    assert graph_of(CHECKS).only(["integration"]).names == ("build", "sandbox", "integration")


def test_a_name_that_is_nearly_right_is_told_the_right_one() -> None:
    with pytest.raises(ShorewardError) as raised:
        graph_of(CHECKS).only(["integrations"])
    assert (raised.value.code, raised.value.next) == ("CHECK_UNKNOWN", "Did you mean integration?")


def test_what_needs_a_check_that_is_left_out_is_left_out_and_says_why() -> None:
    assert graph_of(CHECKS).without({"sandbox": "skipped, as you asked"}) == {
        "sandbox": "skipped, as you asked",
        "integration": "skipped: it needs sandbox",
        "parity": "skipped: it needs sandbox",
    }


def test_leaving_out_what_this_application_does_not_have_is_no_mistake() -> None:
    assert graph_of(CHECKS).without({"performance": "skipped"}) == {}


def test_leaving_out_what_nobody_has_is_one() -> None:
    with pytest.raises(ShorewardError, match="CHECK_UNKNOWN"):
        graph_of(CHECKS).without({"performanse": "skipped"})


UNIT = toy("unit", needs=("build",), depends=Outside(environment=("TZ", "UV_*")))
KEPT_UNDER = {
    "own": "own",
    "products": {"build": "product", "other": "x"},
    "environment": {"TZ": "UTC", "UV_INDEX": "a", "HOME": "/"},
    "engine": "1",
}


@pytest.mark.parametrize(
    "change",
    [
        {"own": "other"},
        {"products": {"build": "other"}},
        {"environment": {"TZ": "CET", "UV_INDEX": "a"}},
        {"environment": {"UV_INDEX": "a"}},
        {"environment": {"TZ": "UTC", "UV_INDEX": "a", "UV_CACHE": ""}},
        {"engine": "2"},
    ],
    ids=str,
)
def test_a_verdict_is_kept_under_all_that_it_depends_on(change: dict[str, object]) -> None:
    before = whole_key(UNIT, **KEPT_UNDER)  # type: ignore[arg-type]
    assert before != whole_key(UNIT, **KEPT_UNDER | change)  # type: ignore[arg-type]


def test_what_it_does_not_depend_on_changes_nothing() -> None:
    other = KEPT_UNDER | {"products": {"build": "product"}, "environment": {"TZ": "UTC", "UV_INDEX": "a"}}
    assert whole_key(UNIT, **KEPT_UNDER) == whole_key(UNIT, **other)  # type: ignore[arg-type]


def test_a_variable_that_is_not_set_is_not_one_that_is_empty() -> None:
    assert variables(["A"], {}) == [("A", None)] != variables(["A"], {"A": ""})
