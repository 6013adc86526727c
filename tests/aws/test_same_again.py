"""Releasing what is live already: a target that serves it is left alone, and one that may not is released to."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from shoreward.domain import Revision, Snapshot, Staged, Terminal

from .support import Bench, impossible, says

WORD = {"Word": {"Type": "String"}}
HANDLE = {"Type": "AWS::CloudFormation::WaitConditionHandle", "Metadata": {"Word": {"Ref": "Word"}}}


def staged(bench: Bench, revision: Revision, key: str) -> tuple[Snapshot, Staged]:
    snapshot = bench.adapters.stacks.inspect(bench.pipeline, bench.target, revision)
    return snapshot, bench.adapters.stacks.stage(bench.pipeline, bench.target, revision, snapshot, f"{key}/stage")


def finish(bench: Bench, revision: Revision, staged: Staged, key: str) -> None:
    bench.adapters.traffic.shift(bench.target, staged.functions, 100.0, 0.0)
    bench.adapters.stacks.finish(bench.pipeline, bench.target, revision, staged, f"{key}/finish")


def made(calls: list[str]) -> list[str]:
    """Calls that ask CloudFormation or Lambda for a change."""
    return [call for call in calls if not call.split(":")[1].startswith(("Describe", "Get", "Head", "List"))]


def test_a_target_that_serves_the_very_revision_is_asked_for_no_change(bench: Bench) -> None:
    # Given a revision that is live
    bench.parameters = (("Word", "tide"),)
    defaults: dict[str, Any] = {**WORD, "Count": {"Type": "Number", "Default": 3}}
    revision = bench.revision(says("one"), functions=("Bye", "Hello"), parameters=defaults)
    bench.release(revision, "r1")
    alias = bench.alias()

    # When it is released again
    with bench.watched() as calls:
        snapshot, again = staged(bench, revision, "r2")
        finish(bench, revision, again, "r2")

    # Then nothing is asked for, and every function is where it was
    assert made(calls) == []
    assert again.changes == ()
    assert [(one.logical_id, one.baseline, one.candidate, one.shifts) for one in again.functions] == [
        ("Bye", "1", "1", False),
        ("Hello", "1", "1", False),
    ]
    assert (bench.alias(), bench.drift()) == (alias, "IN_SYNC")

    # And taking it back leaves it so
    bench.adapters.stacks.restore(bench.pipeline, bench.target, snapshot, again, "r2/restore")
    assert (bench.alias(), bench.says(), bench.drift()) == (alias, {"one"}, "IN_SYNC")


def another_value(bench: Bench, revision: Revision) -> Revision:
    bench.parameters = (("Word", "ebb"),)
    return revision


def another_commit(bench: Bench, revision: Revision) -> Revision:
    return replace(revision, commit="c" * 40)


def after_a_rollback_of_cloudformation(bench: Bench, revision: Revision) -> Revision:
    broken = bench.revision(says("one"), parameters=WORD, extra={"Handle": HANDLE, "Bad": impossible()})
    with pytest.raises(Terminal, match="Bad"):
        staged(bench, broken, "broken")
    return revision


def after_somebodys_change(bench: Bench, revision: Revision) -> Revision:
    template = bench.cloudformation.get_template(StackName=bench.stack)["TemplateBody"]
    template["Resources"]["Other"] = HANDLE
    bench.cloudformation.update_stack(
        StackName=bench.stack,
        TemplateBody=json.dumps(template),
        Parameters=[{"ParameterKey": "Word", "UsePreviousValue": True}],
        Capabilities=["CAPABILITY_IAM"],
    )
    bench.cloudformation.get_waiter("stack_update_complete").wait(StackName=bench.stack, WaiterConfig={"Delay": 0.05})
    return revision


CASES = [another_value, another_commit, after_a_rollback_of_cloudformation, after_somebodys_change]


@pytest.mark.parametrize("differ", CASES)
def test_a_target_that_differs_is_released_to(bench: Bench, differ: Callable[[Bench, Revision], Revision]) -> None:
    # Given a target on which the revision is live, and something that is not quite so
    bench.parameters = (("Word", "tide"),)
    revision = bench.revision(says("one"), parameters=WORD, extra={"Handle": HANDLE})
    bench.release(revision, "r1")
    revision = differ(bench, revision)

    # When it is released again, change sets say what there is to do
    with bench.watched() as calls:
        _, again = staged(bench, revision, "r2")
        finish(bench, revision, again, "r2")
    assert "cloudformation:ExecuteChangeSet" in calls
    assert (bench.alias(), bench.says(), bench.drift()) == (("1", {}), {"one"}, "IN_SYNC")


@pytest.mark.parametrize(
    ("declared", "value"),
    [
        ({"Word": {"Type": "String", "NoEcho": True}}, "tide"),
        ({"Word": {"Type": "AWS::SSM::Parameter::Value<String>"}}, "/word"),
    ],
    ids=["secret", "looked up"],
)
def test_what_only_cloudformation_knows_is_left_for_it_to_say(
    bench: Bench, declared: dict[str, Any], value: str
) -> None:
    # Given a revision that is live, with a value that a stack does not show, or one that may have changed meanwhile
    bench.account.client("ssm", bench.region).put_parameter(Name="/word", Type="String", Value="tide")
    bench.parameters = (("Word", value),)
    revision = bench.revision(says("one"), parameters=declared)
    bench.release(revision, "r1")

    # When it is released again, CloudFormation is asked
    with bench.watched() as calls:
        staged(bench, revision, "r2")
    assert "cloudformation:CreateChangeSet" in calls


def test_an_alias_that_somebody_moved_since_is_not_passed_over(bench: Bench) -> None:
    # Given a revision that is live, an inspection, and somebody who moves the alias after it
    revision = bench.revision(says("one"))
    bench.release(revision, "r1")
    snapshot = bench.adapters.stacks.inspect(bench.pipeline, bench.target, revision)
    other = bench.store.get(bench.revision(says("x")).artifacts[0].digest)
    version = bench.lambda_.update_function_code(FunctionName=bench.name_of(), ZipFile=other, Publish=True)["Version"]
    bench.lambda_.update_alias(FunctionName=bench.name_of(), Name="live", FunctionVersion=version)

    # When the release stages, it says so
    with pytest.raises(Terminal) as moved:
        bench.adapters.stacks.stage(bench.pipeline, bench.target, revision, snapshot, "r2/stage")
    assert moved.value.code == "ALIAS_MOVED"
