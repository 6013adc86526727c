"""Names, tags and variables of sandboxes: what others read of them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoreward.app.sandboxes import MARK, Lease, State
from shoreward.app.sandboxes.environment import environment_of
from shoreward.app.sandboxes.naming import LONGEST, is_sandbox_name, sandbox_name, slug_of
from shoreward.app.sandboxes.tags import read_tags, tags_of
from shoreward.domain import Target

NORTH = Target(account="111111111111", region="eu-north-1", stack="shop-sandbox")
AWS_TAG_VALUE = re.compile(r"[\w\s.:/=+@-]{0,256}")

branches = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=80)
stacks = st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,127}", fullmatch=True)


def name(branch: str = "main", owner: str = "kim", place: Target = NORTH, **more: str) -> str:
    return sandbox_name(place, application="shop", owner=owner, branch=branch, **more)


def test_a_sandbox_is_named_after_its_branch():
    assert re.fullmatch("shop-sandbox-fix-the-prices--[0-9a-f]{6}", name("fix/The_Prices"))


@given(branches, stacks)
def test_cloudformation_takes_any_name(branch: str, stack: str):
    made = name(branch, place=Target(account="111111111111", region="eu-north-1", stack=stack))
    assert re.fullmatch(r"[A-Za-z][A-Za-z0-9-]*", made)
    assert len(made) <= max(LONGEST, len(stack) + len("----123456"))
    assert len(made) <= 128
    assert is_sandbox_name(made)


@given(st.lists(branches, min_size=2, max_size=2, unique=True))
def test_branches_that_look_alike_have_sandboxes_of_their_own(pair: list[str]):
    assert name(pair[0]) != name(pair[1])


def test_owners_places_and_purposes_have_sandboxes_of_their_own():
    south = Target(account="111111111111", region="sa-east-1", stack="shop-sandbox")
    made = [name(), name(owner="pat"), name(place=south), name(nonce="a"), name(nonce="b")]
    assert len(set(made)) == len(made)


@given(branches, branches)
def test_no_name_begins_the_names_of_what_is_in_another(first: str, second: str):
    # Given what CloudFormation calls things in the second sandbox
    inside = f"{name(second)}-Hello-1A2B3C"
    assert first == second or not inside.startswith(f"{name(first)}-")


def test_a_text_that_no_name_can_hold_leaves_the_mark_alone():
    assert slug_of("продажи") == ""
    assert re.fullmatch("shop-sandbox--[0-9a-f]{6}", name("продажи"))


def lease(branch: str = "main", owner: str = "kim") -> Lease:
    return Lease(
        target=NORTH,
        application="shop",
        owner=owner,
        branch=branch,
        commit="0123456789",
        state=State.UP,
        created=1_800_000_000.0,
        used=1_800_000_100.0,
        expires=1_800_014_400.0,
    )


def test_the_tags_of_a_sandbox_tell_its_lease():
    seen = read_tags(dict(tags_of(lease())), NORTH, "CREATE_COMPLETE")
    assert seen.marked
    assert (seen.application, seen.owner, seen.branch, seen.commit) == ("shop", "kim", "main", "0123456789")
    assert (seen.created, seen.expires) == (1_800_000_000.0, 1_800_014_400.0)


@given(branches, branches)
def test_aws_takes_the_tags_of_any_branch_and_owner(branch: str, owner: str):
    assert all(AWS_TAG_VALUE.fullmatch(value) for _, value in tags_of(lease(branch, owner)))


def test_a_stack_of_another_name_is_no_sandbox_whatever_its_tags_say():
    assert not read_tags({MARK: "shop-sandbox-main--123456"}, NORTH, "CREATE_COMPLETE").marked


@pytest.mark.parametrize("text", ["", "soon", "2027-13-01T00:00:00Z", "1800000000"])
def test_a_tag_that_is_no_time_says_nothing(text: str):
    assert read_tags({"shoreward:expires": text}, NORTH, "CREATE_COMPLETE").expires is None


def test_programs_find_a_sandbox_as_they_find_a_stack_of_sam():
    found = environment_of(NORTH, {"ApiUrl": "http://127.0.0.1/", "HTTPApiURL2": "x"})
    assert found["AWS_SAM_STACK_NAME"] == "shop-sandbox"
    assert (found["AWS_REGION"], found["AWS_DEFAULT_REGION"]) == ("eu-north-1", "eu-north-1")
    assert (found["ApiUrl"], found["API_URL"], found["HTTP_API_URL2"]) == ("http://127.0.0.1/",) * 2 + ("x",)


@pytest.mark.parametrize("output", ["Path", "Home", "PYTHONPATH", "AwsEndpointUrl", "LdPreload", "User"])
def test_an_output_changes_no_variable_that_programs_steer_by(output: str):
    found = environment_of(NORTH, {output: "/tmp/elsewhere"})
    assert "/tmp/elsewhere" not in [value for key, value in found.items() if key == key.upper()]
