"""A target that somebody changed by hand since it was released: told by resource and property, and not gone over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from shoreward.app.people import levers
from shoreward.core import Phase
from shoreward.domain import Outcome

from .support import FAR, NEAR, NOTE, Coast, at


def code(coast: Coast) -> None:
    digest = coast.bench.revision("changed = 1").artifacts[0].digest
    coast.client("lambda").update_function_code(FunctionName=coast.name(), ZipFile=coast.bench.store.get(digest))


def configuration(coast: Coast) -> None:
    coast.client("lambda").update_function_configuration(
        FunctionName=coast.name(), Timeout=77, Environment={"Variables": {"TOKEN": "very secret"}}
    )


def weights(coast: Coast) -> None:
    coast.point("1", {coast.publish("mine"): 0.3})


def another_version(coast: Coast) -> None:
    coast.point(coast.publish("mine"))


def template(coast: Coast) -> None:
    def change(body: dict[str, Any]) -> None:
        body["Resources"]["Hello"]["Properties"]["MemorySize"] = 512
        body["Resources"]["Theirs"] = {"Type": "AWS::SQS::Queue"}

    coast.template(change)


def parameter(coast: Coast) -> None:
    def change(body: dict[str, Any]) -> None:
        body["Parameters"] = {"Size": {"Type": "Number", "Default": 1}}

    coast.template(change, Parameters=[{"ParameterKey": "Size", "ParameterValue": "7"}])


def no_alias(coast: Coast) -> None:
    coast.client("lambda").delete_alias(FunctionName=coast.name(), Name="live")


def no_stack(coast: Coast) -> None:
    client = coast.client("cloudformation")
    client.delete_stack(StackName=coast.bench.stack)
    client.get_waiter("stack_delete_complete").wait(StackName=coast.bench.stack, WaiterConfig={"Delay": 0.05})


@dataclass(frozen=True)
class Case:
    change: Callable[[Coast], None]
    words: tuple[str, ...]


CASES = [
    Case(code, ("Hello.Code is",)),
    Case(configuration, ("Hello.Timeout is 77, and was left as 3", "Hello.Environment.TOKEN is set")),
    Case(weights, ("HelloAliaslive.RoutingConfig is version 1, 30.00% to version",)),
    Case(another_version, ("HelloAliaslive.FunctionVersion is version 2, and was left as version 1",)),
    Case(template, ("Hello.MemorySize is 512, and was left as 128", "Theirs is added to it")),
    Case(parameter, ("Stack.Parameters is a value", "Parameters.Size is 7, and was left as not set")),
    Case(no_alias, ("HelloAliaslive is deleted",)),
    Case(no_stack, ("Stack is deleted",)),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.change.__name__)
def test_a_target_that_was_changed_is_held_before_it_is_touched(coast: Coast, case: Case) -> None:
    # Given that somebody changed something by hand in the second region
    case.change(coast)

    # When the next release comes there
    release = coast.open("two")
    state = coast.sail(release)

    # Then the first region has it, the second one is held, and what differs is told, secrets aside
    assert (coast.serves(NEAR), at(state, FAR).phase, state.rollback) == ("two", Phase.WAITING, None)
    waits = coast.waits_for(release)
    assert all(words in waits for words in ("TARGET_DRIFTED", "shoreward resume", "allow-drift", *case.words)), waits
    assert "very secret" not in waits
    assert [blocker.person for blocker in coast.blockers(release)] == [True]

    # And taking the release back touches nothing of the second region
    before = coast.bench.account.client("cloudformation", FAR).list_stacks()["StackSummaries"]
    coast.abort(release)
    assert coast.sail(release).outcome is Outcome.ABORTED
    assert coast.bench.account.client("cloudformation", FAR).list_stacks()["StackSummaries"] == before


def test_a_person_goes_on_over_it_and_only_over_what_they_were_told(coast: Coast) -> None:
    # Given a release that is held, because an alias points elsewhere
    version = coast.publish("mine")
    coast.point(version)
    release = coast.open("two")
    coast.sail(release)

    # When a person goes on, and something else was changed meanwhile, it is held again for that alone
    configuration(coast)
    levers.resume(coast.journal, release, coast.wish, target=at(coast.sail(release), FAR).target.key)
    state = coast.sail(release)
    assert (at(state, FAR).phase, "Timeout" in coast.waits_for(release)) == (Phase.WAITING, True)
    assert "FunctionVersion is" not in coast.waits_for(release)

    # And when they go on over that, too, what they had pointed to is what serves beside the canary
    levers.resume(coast.journal, release, coast.wish, target=at(state, FAR).target.key)
    coast.baking(release)
    assert coast.alias()[0] == version
    assert coast.sail(release).outcome is Outcome.SUCCEEDED
    assert (coast.serves(NEAR), coast.serves(FAR)) == ("two", "two")


def test_a_stack_that_is_gone_is_made_anew_on_a_persons_word(coast: Coast) -> None:
    no_stack(coast)
    release = coast.open("two")
    state = coast.sail(release)
    levers.resume(coast.journal, release, coast.wish, target=at(state, FAR).target.key)
    assert (coast.sail(release).outcome, coast.serves(FAR)) == (Outcome.SUCCEEDED, "two")


def test_what_was_changed_back_is_no_drift_any_more(coast: Coast) -> None:
    version = coast.publish("mine")
    coast.point(version)
    release = coast.open("two")
    state = coast.sail(release)
    coast.point("1")
    levers.resume(coast.journal, release, coast.wish, target=at(state, FAR).target.key)
    assert coast.sail(release).outcome is Outcome.SUCCEEDED


@pytest.mark.parametrize("allowed", ["Hello", "Hello.Timeout"])
def test_what_a_pipeline_lets_differ_stops_nothing(coast: Coast, allowed: str) -> None:
    coast.client("lambda").update_function_configuration(FunctionName=coast.name(), Timeout=77)
    assert coast.sail(coast.open("two", allow_drift=(allowed,))).outcome is Outcome.SUCCEEDED


def test_a_rollback_and_a_release_that_stayed_leave_no_drift(coast: Coast) -> None:
    second = coast.open("two")
    coast.baking(second)
    coast.abort(second)
    assert coast.sail(second).outcome is Outcome.ABORTED
    assert coast.sail(coast.open("three")).outcome is Outcome.SUCCEEDED
    assert coast.sail(coast.open("four")).outcome is Outcome.SUCCEEDED


def test_a_template_that_somebody_applied_in_mid_release_is_not_written_over(coast: Coast) -> None:
    # Given a release that has all of the second region's traffic, where somebody then updates the stack
    release = coast.open("two")
    coast.moved(release)
    coast.template(lambda body: body["Resources"].update(Theirs=NOTE))

    # When the stack is to be made to agree, the release waits for a person instead
    state = coast.sail(release)
    assert (at(state, FAR).phase, "Theirs is added to it" in coast.waits_for(release)) == (Phase.MOVED, True)

    # And on their word it goes on
    levers.resume(coast.journal, release, coast.wish, target=at(state, FAR).target.key)
    assert coast.sail(release).outcome is Outcome.SUCCEEDED
