"""CloudFormation at its slowest and worst, as a script: what the embedded cloud is too quick or too kind to show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from shoreward.adapters.aws import Artifacts, Aws, Retry, Sessions, Timing
from shoreward.adapters.aws.stacks.changeset import ChangeSet, ChangeSets, Plan
from shoreward.adapters.aws.stacks.removal import remove
from shoreward.adapters.aws.stacks.stack import Stack
from shoreward.adapters.aws.stacks.waiting import mended, settled
from shoreward.domain import Retryable, Target, Terminal

TARGET = Target(account="111111111111", region="eu-north-1", stack="shop")
ID = "arn:aws:cloudformation:eu-north-1:111111111111:stack/shop/1"
T0 = datetime(2026, 1, 1, tzinfo=UTC)


def error(code: str, message: str = "") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "Operation")


@dataclass
class Script:
    """Answers as AWS would, one after the other; the last one for ever."""

    stacks: Sequence[tuple[str, int]]
    change_sets: Sequence[dict[str, Any]] = ()
    events: Sequence[tuple[str, str, str]] = ()
    refusals: dict[str, list[ClientError]] = field(default_factory=dict[str, list[ClientError]])
    calls: list[str] = field(default_factory=list[str])
    now: float = 0.0

    def client(self, service: str, target: Target, *, read_timeout: float = 0.0) -> Script:
        return self

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    @property
    def aws(self) -> Aws:
        timing = Timing(clock=lambda: self.now, sleep=self.sleep, chance=lambda: 0.5)
        return Aws(cast("Sessions", self), Retry(timing=timing))

    @property
    def sets(self) -> ChangeSets:
        return ChangeSets(self.aws, cast("Artifacts", None), limit=600.0)

    def _next(self, name: str, answers: Sequence[Any]) -> Any:
        self.calls.append(name)
        if refused := self.refusals.get(name):
            raise refused.pop(0)
        return answers[min(self.calls.count(name), len(answers)) - 1] if answers else {}

    def describe_stacks(self, **_: Any) -> Any:
        status, hour = self._next("describe_stacks", self.stacks)
        changed = T0 + timedelta(hours=hour)
        one = {"StackId": ID, "StackStatus": status, "CreationTime": T0, "LastUpdatedTime": changed}
        return {"Stacks": [one]}

    def describe_stack_events(self, **_: Any) -> Any:
        return {
            "StackEvents": [
                {
                    "LogicalResourceId": name,
                    "PhysicalResourceId": ID if name == "shop" else name,
                    "ResourceType": "AWS::X",
                    "ResourceStatus": status,
                    "ResourceStatusReason": reason,
                }
                for name, status, reason in self.events
            ]
        }

    def list_stack_resources(self, **_: Any) -> Any:
        about = {"ResourceType": "AWS::X", "PhysicalResourceId": "x"}
        return {
            "StackResourceSummaries": [
                {**about, "LogicalResourceId": name, "ResourceStatus": status} for name, status, _ in self.events
            ]
        }

    def describe_change_set(self, **asked: Any) -> Any:
        inner = [one for one in self.change_sets if one.get("ChangeSetId") == asked["ChangeSetName"]]
        if asked["ChangeSetName"].startswith("arn:nested"):
            return inner[0]
        return self._next(
            "describe_change_set", [one for one in self.change_sets if "nested" not in str(one["ChangeSetId"])]
        )

    def create_change_set(self, **_: Any) -> Any:
        return self._next("create_change_set", [])

    def execute_change_set(self, **_: Any) -> Any:
        return self._next("execute_change_set", [])

    def delete_change_set(self, **_: Any) -> Any:
        return self._next("delete_change_set", [])

    def delete_stack(self, **_: Any) -> Any:
        return self._next("delete_stack", [])

    def continue_update_rollback(self, **_: Any) -> Any:
        return self._next("continue_update_rollback", [])


def change_set(status: str = "CREATE_COMPLETE", execution: str = "AVAILABLE", **more: Any) -> dict[str, Any]:
    held = {"Status": status, "ExecutionStatus": execution, "ChangeSetId": "arn:cs", "StackId": ID, "Changes": []}
    return {**held, **more}


def change(name: str, kind: str = "AWS::SQS::Queue", **more: Any) -> dict[str, Any]:
    return {"ResourceChange": {"Action": "Modify", "LogicalResourceId": name, "ResourceType": kind, **more}}


PLAN = Plan(name="shoreward-x", content=b"{}", bucket="bucket")
FOUND = ChangeSet(id="arn:cs", stack_id=ID, changes=())


def stack(status: str) -> Stack:
    return Stack(id=ID, status=status, reason="", changed=T0, parameters=(), tags=())


def test_somebody_elses_operation_is_waited_for() -> None:
    script = Script(
        [("UPDATE_IN_PROGRESS", 1)] * 4 + [("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", 1), ("UPDATE_COMPLETE", 1)]
    )
    found = settled(script.aws, TARGET)
    assert found is not None
    assert (found.status, len(script.calls)) == ("UPDATE_COMPLETE", 6)


def test_an_operation_without_end_is_handed_back_to_be_watched_later() -> None:
    script = Script([("UPDATE_IN_PROGRESS", 1)])
    with pytest.raises(Retryable) as late:
        settled(script.aws, TARGET, limit=120.0)
    assert (late.value.code, script.now <= 120.0, len(script.calls) < 60) == ("STACK_BUSY", True, True)


def test_a_rollback_that_got_stuck_is_continued_once() -> None:
    script = Script(
        [("UPDATE_ROLLBACK_FAILED", 1), ("UPDATE_ROLLBACK_IN_PROGRESS", 2), ("UPDATE_ROLLBACK_COMPLETE", 2)]
    )
    found = mended(script.aws, TARGET)
    assert found is not None
    assert (found.condition, script.calls.count("continue_update_rollback")) == ("usable", 1)


def test_a_rollback_that_stays_stuck_is_a_persons_to_mend() -> None:
    events = [("shop", "UPDATE_ROLLBACK_COMPLETE", ""), ("Orders", "UPDATE_FAILED", "no such table")]
    stuck = [("UPDATE_ROLLBACK_FAILED", 1), ("UPDATE_ROLLBACK_IN_PROGRESS", 2), ("UPDATE_ROLLBACK_FAILED", 2)]
    script = Script(stuck, events=events)
    with pytest.raises(Terminal, match=r"Orders \(AWS::X\): no such table") as failed:
        mended(script.aws, TARGET)
    assert (failed.value.code, script.calls.count("continue_update_rollback")) == ("STACK_STUCK", 1)
    command = "continue-update-rollback --stack-name shop --region eu-north-1 --resources-to-skip Orders"
    assert command in failed.value.next


@pytest.mark.parametrize("status", ["UPDATE_FAILED", "DELETE_FAILED", "IMPORT_ROLLBACK_FAILED"])
def test_a_stack_that_cannot_be_updated_is_left_to_a_person(status: str) -> None:
    with pytest.raises(Terminal) as failed:
        mended(Script([(status, 1)]).aws, TARGET)
    assert (failed.value.code, failed.value.next != "") == ("STACK_UNUSABLE", True)


def test_a_look_that_still_shows_the_time_before_is_not_taken_for_the_end() -> None:
    before = [("UPDATE_COMPLETE", 1)] * 4
    script = Script(
        [*before, ("UPDATE_IN_PROGRESS", 2), ("UPDATE_ROLLBACK_COMPLETE", 2)],
        change_sets=[change_set(execution="EXECUTE_IN_PROGRESS")],
        events=[("Bad", "CREATE_FAILED", "no"), ("shop", "UPDATE_IN_PROGRESS", "User Initiated")],
    )
    with pytest.raises(Terminal, match=r"Bad \(AWS::X\): no") as failed:
        script.sets.execute(TARGET, FOUND)
    assert failed.value.code == "STACK_FAILED"


def test_an_execution_whose_answer_was_lost_is_not_made_twice() -> None:
    script = Script(
        [("UPDATE_COMPLETE", 1), ("UPDATE_IN_PROGRESS", 2), ("UPDATE_COMPLETE", 2)],
        change_sets=[change_set(execution="EXECUTE_IN_PROGRESS")],
        refusals={"execute_change_set": [error("Throttling"), error("InvalidChangeSetStatus")]},
    )
    script.sets.execute(TARGET, FOUND)
    assert script.calls.count("execute_change_set") == 2


def test_a_change_set_that_became_obsolete_is_tried_again_later() -> None:
    script = Script(
        [("UPDATE_COMPLETE", 1)],
        change_sets=[change_set(execution="OBSOLETE")],
        refusals={"execute_change_set": [error("InvalidChangeSetStatus")]},
    )
    with pytest.raises(Retryable) as later:
        script.sets.execute(TARGET, FOUND)
    assert later.value.code == "STACK_BUSY"


def test_a_change_set_of_an_earlier_attempt_is_taken_up() -> None:
    script = Script(
        [("UPDATE_COMPLETE", 1)],
        change_sets=[change_set(status="CREATE_IN_PROGRESS", execution="UNAVAILABLE"), change_set()],
        refusals={"create_change_set": [error("AlreadyExistsException")]},
    )
    assert script.sets.create(TARGET, PLAN, "UPDATE") == FOUND
    assert "delete_change_set" not in script.calls


@pytest.mark.parametrize("execution", ["OBSOLETE", "EXECUTE_COMPLETE", "EXECUTE_FAILED"])
def test_a_change_set_of_an_earlier_time_is_made_anew(execution: str) -> None:
    script = Script(
        [("UPDATE_COMPLETE", 1)],
        change_sets=[change_set(execution=execution), change_set()],
        refusals={"create_change_set": [error("AlreadyExistsException")]},
    )
    assert script.sets.create(TARGET, PLAN, "UPDATE") == FOUND
    assert script.calls == [
        "create_change_set",
        "describe_change_set",
        "delete_change_set",
        "create_change_set",
        "describe_change_set",
    ]


@pytest.mark.parametrize(
    "reason", ["The submitted information didn't contain changes. Submit ...", "No updates are to be performed."]
)
def test_no_changes_is_no_failure(reason: str) -> None:
    script = Script([], change_sets=[change_set("FAILED", "UNAVAILABLE", StatusReason=reason)])
    assert script.sets.create(TARGET, PLAN, "UPDATE") is None
    assert "delete_change_set" in script.calls


def test_a_change_that_cloudformation_refuses_is_told() -> None:
    script = Script([], change_sets=[change_set("FAILED", "UNAVAILABLE", StatusReason="Circular dependency")])
    with pytest.raises(Terminal, match="Circular dependency") as refused:
        script.sets.create(TARGET, PLAN, "UPDATE")
    assert refused.value.code == "CHANGE_SET_FAILED"


def test_changes_are_read_page_by_page_and_in_nested_stacks_too() -> None:
    nested = change_set(
        ChangeSetId="arn:nested", Changes=[change("Orders", "AWS::DynamoDB::Table", Replacement="True")]
    )
    script = Script(
        [],
        change_sets=[
            change_set(Changes=[change("One")], NextToken="more"),
            change_set(Changes=[change("Inner", "AWS::CloudFormation::Stack", ChangeSetId="arn:nested")]),
            nested,
        ],
    )
    found = script.sets.create(TARGET, PLAN, "UPDATE")
    assert found is not None
    assert [(one.logical_id, one.replacement) for one in found.changes] == [
        ("One", "False"),
        ("Inner", "False"),
        ("Inner/Orders", "True"),
    ]


def test_the_first_failure_is_told_and_not_what_it_cancelled() -> None:
    script = Script(
        [("CREATE_COMPLETE", 0), ("UPDATE_ROLLBACK_COMPLETE", 2)],
        events=[
            ("Later", "UPDATE_FAILED", "Resource update cancelled"),
            ("Queue", "UPDATE_FAILED", "access denied"),
            ("shop", "UPDATE_IN_PROGRESS", "User Initiated"),
            ("Old", "UPDATE_FAILED", "of last week"),
        ],
    )
    with pytest.raises(Terminal) as failed:
        script.sets.execute(TARGET, FOUND)
    assert "Queue (AWS::X): access denied" in failed.value.what
    assert not any(word in failed.value.what for word in ("Later", "Old"))


def test_a_stack_that_does_not_go_is_told_with_what_holds_it() -> None:
    events = [("Files", "DELETE_FAILED", "The bucket is not empty"), ("shop", "DELETE_IN_PROGRESS", "User Initiated")]
    script = Script([("DELETE_IN_PROGRESS", 1), ("DELETE_FAILED", 1)], events=events)
    with pytest.raises(Terminal, match="The bucket is not empty") as failed:
        remove(script.aws, TARGET, stack("CREATE_COMPLETE"))
    assert failed.value.code == "STACK_NOT_DELETED"


def test_an_operation_that_began_in_between_is_waited_for_and_the_effect_comes_again() -> None:
    in_between = error("ValidationError", "Stack:shop is in UPDATE_IN_PROGRESS state and can not be updated.")
    script = Script([("UPDATE_IN_PROGRESS", 1), ("UPDATE_COMPLETE", 1)], refusals={"create_change_set": [in_between]})
    with pytest.raises(Retryable) as later:
        script.sets.create(TARGET, PLAN, "UPDATE")
    assert (later.value.code, script.calls) == ("STACK_BUSY", ["create_change_set", *["describe_stacks"] * 2])
