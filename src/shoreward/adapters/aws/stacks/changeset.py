"""Change sets: how every change to a stack is made, looked at before it happens, and made once only.

A change set's name comes from the effect's idempotency key, so a repeated effect finds what the first attempt left:
a change set not yet executed is executed, one under way is waited for, and one that is done leaves nothing to change.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from shoreward.adapters.aws.artifacts import Artifacts
from shoreward.adapters.aws.calls import Aws, pages
from shoreward.adapters.aws.faults import code_of, message_of
from shoreward.adapters.aws.stacks.stack import HIDDEN, Stack, advice, describe, failures, invalid, is_absent
from shoreward.adapters.aws.stacks.templates import INLINE_LIMIT, too_large
from shoreward.adapters.aws.stacks.waiting import LIMIT, busy, settled
from shoreward.domain import Change, Parameters, Retryable, Target, Terminal

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import (
        ChangeTypeDef,
        DescribeChangeSetOutputTypeDef,
        ParameterTypeDef,
    )

_NOTHING = ("didn't contain changes", "no updates are to be performed")
_DONE = ("EXECUTE_COMPLETE", "EXECUTE_FAILED")
RETAINED = "Retain"
"""The action of a change that takes a resource out of the stack and leaves it be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A change to ask CloudFormation for.

    Attributes:
        bucket: artifact bucket, through which a large template travels.
        parameters: values; `HIDDEN` means: the value that the stack has.
        tags: the stack's tags, given when it is created.
        nested: whether to read the changes of stacks inside the stack.
    """

    name: str
    content: bytes
    bucket: str
    parameters: Parameters = ()
    tags: Parameters = ()
    nested: bool = False
    execution_role: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeSet:
    """A change set that can be executed."""

    id: str
    stack_id: str
    changes: tuple[Change, ...]


class ChangeSets:
    """Creates, reads and executes change sets on a target's stack."""

    def __init__(self, aws: Aws, artifacts: Artifacts, *, limit: float = LIMIT) -> None:
        self._aws = aws
        self._artifacts = artifacts
        self._limit = limit

    def create(self, target: Target, plan: Plan, kind: Literal["CREATE", "UPDATE"]) -> ChangeSet | None:
        """The change set of a plan, made or found; None when the stack is as planned already."""
        for _ in range(3):
            self._request(target, plan, kind)
            seen = self._await_creation(target, plan.name)
            if seen is None or seen["ExecutionStatus"] in ("OBSOLETE", *_DONE):
                self.delete(target, plan.name)  # left from before the stack changed
                continue
            if seen["ExecutionStatus"] == "EXECUTE_IN_PROGRESS":
                self._await_execution(target, plan.name)
                self.delete(target, plan.name)
                continue
            if seen["Status"] == "CREATE_COMPLETE":
                changes = self._changes(target, seen)
                return ChangeSet(id=seen["ChangeSetId"], stack_id=seen["StackId"], changes=changes)
            reason = seen.get("StatusReason", "") or seen["Status"]
            why = invalid(self._aws, target, reason, ChangeSetName=seen["ChangeSetId"]) or reason
            self.delete(target, plan.name)
            if any(words in reason.lower() for words in _NOTHING):
                return None
            raise Terminal(
                "CHANGE_SET_FAILED",
                f"CloudFormation refuses the change: {why}",
                where=target.key,
                next=advice(why) or "Correct the template or its parameters.",
            )
        raise Retryable("STACK_BUSY", "The stack kept changing under the change set.", where=target.key)

    def execute(self, target: Target, found: ChangeSet) -> None:
        """Execute a change set and wait for the stack's end of it.

        Raises `Terminal` (STACK_FAILED) naming the resources that failed when the stack rolled back, and `Retryable`
        when the change set became obsolete before it could begin.
        """
        client = self._aws.cloudformation(target)
        before = describe(self._aws, target, found.stack_id)
        try:
            self._aws.call(
                target,
                client.execute_change_set,
                ChangeSetName=found.id,
                ClientRequestToken=f"shoreward-{uuid.uuid4()}",
            )
        except Terminal as error:
            # The answer to an earlier attempt may have been lost: look whether it began.
            if code_of(error) not in ("InvalidChangeSetStatus", "ValidationError", "ChangeSetNotFound"):
                raise
            status = self._execution_status(target, found.id)
            if status not in ("EXECUTE_IN_PROGRESS", *_DONE):
                raise Retryable("STACK_BUSY", f"The change set is {status}: {error.what}", where=target.key) from error
        after = self._await_stack(target, found, before)
        if after.status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            why = failures(self._aws, target, after.id) or after.reason
            raise Terminal(
                "STACK_FAILED",
                f"The stack went to {after.status}: {why}",
                where=target.key,
                next=(advice(why) or "Mend what the message names.")
                + (" The stack is back where it was." if after.condition == "usable" else ""),
            )

    def delete(self, target: Target, name: str) -> None:
        """Remove a change set, if it is there."""
        client = self._aws.cloudformation(target)
        try:
            self._aws.call(target, client.delete_change_set, StackName=target.stack, ChangeSetName=name)
        except Terminal as error:
            if not is_absent(error) and code_of(error) != "ChangeSetNotFound":
                raise

    def sweep(self, target: Target) -> None:
        """Remove change sets of ours that were never executed."""
        client = self._aws.cloudformation(target)
        found = [
            one.get("ChangeSetName", "")
            for page in pages(
                lambda more: self._aws.call(target, client.list_change_sets, StackName=target.stack, **more)
            )
            for one in page.get("Summaries", [])
            if one.get("ExecutionStatus") in ("AVAILABLE", "UNAVAILABLE")
        ]
        for name in found:
            if name.startswith("shoreward-"):
                self.delete(target, name)

    def _request(self, target: Target, plan: Plan, kind: Literal["CREATE", "UPDATE"]) -> None:
        client = self._aws.cloudformation(target)
        if (error := too_large(plan.content, target)) is not None:
            raise error
        optional: dict[str, Any] = {}
        if len(plan.content) <= INLINE_LIMIT:
            optional["TemplateBody"] = plan.content.decode()
        else:
            optional["TemplateURL"] = self._artifacts.template_url(target, plan.bucket, plan.content)
        if plan.execution_role:
            optional["RoleARN"] = plan.execution_role
        if plan.tags:
            optional["Tags"] = [{"Key": key, "Value": value} for key, value in plan.tags]
        try:
            self._aws.call(
                target,
                client.create_change_set,
                StackName=target.stack,
                ChangeSetName=plan.name,
                ChangeSetType=kind,
                Parameters=[_parameter(name, value) for name, value in plan.parameters],
                Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
                ClientToken=f"shoreward-{uuid.uuid4()}",
                IncludeNestedStacks=plan.nested,
                **optional,
            )
        except Terminal as error:
            if code_of(error) == "AlreadyExistsException":
                return  # by an earlier attempt: the caller looks at it
            if code_of(error) == "ValidationError" and "IN_PROGRESS state" in message_of(error):
                settled(self._aws, target, limit=self._limit)
                raise Retryable("STACK_BUSY", error.what, where=target.key) from error
            raise

    def _read(self, target: Target, name: str, token: str | None = None) -> DescribeChangeSetOutputTypeDef | None:
        client = self._aws.cloudformation(target)
        asked: dict[str, Any] = {"ChangeSetName": name}
        if not name.startswith("arn:"):
            asked["StackName"] = target.stack
        if token:
            asked["NextToken"] = token
        try:
            return self._aws.call(target, client.describe_change_set, **asked)
        except Terminal as error:
            if code_of(error) == "ChangeSetNotFound" or is_absent(error):
                return None
            raise

    def _await_creation(self, target: Target, name: str) -> DescribeChangeSetOutputTypeDef | None:
        """The change set once it is no longer being made; None when it does not show up."""
        missing = 0

        def look() -> tuple[DescribeChangeSetOutputTypeDef | None] | None:
            nonlocal missing
            seen = self._read(target, name)
            if seen is None:
                missing += 1
                return (None,) if missing > 5 else None
            pending = ("CREATE_PENDING", "CREATE_IN_PROGRESS", "DELETE_PENDING", "DELETE_IN_PROGRESS")
            return None if seen["Status"] in pending else (seen,)

        late = Retryable("STACK_BUSY", "CloudFormation is still making the change set.", where=target.key)
        return self._aws.timing.poll(look, limit=self._limit, late=lambda: late)[0]

    def _changes(self, target: Target, seen: DescribeChangeSetOutputTypeDef) -> tuple[Change, ...]:
        """All changes of a change set, page by page, those of nested stacks included."""
        changes: list[Change] = []
        name = seen["ChangeSetId"]
        while True:
            for one in seen.get("Changes", []):
                changes.append(_change(one))
                if inner := one.get("ResourceChange", {}).get("ChangeSetId"):
                    changes.extend(self._nested(target, inner, changes[-1].logical_id))
            if not (token := seen.get("NextToken")):
                return tuple(changes)
            page = self._read(target, name, token)
            if page is None:
                raise Retryable("STACK_BUSY", "The change set vanished while it was read.", where=target.key)
            seen = page

    def _nested(self, target: Target, name: str, parent: str) -> Sequence[Change]:
        seen = self._await_creation(target, name)
        if seen is None or seen["Status"] != "CREATE_COMPLETE":
            return ()  # a nested stack without changes
        return [replace(one, logical_id=f"{parent}/{one.logical_id}") for one in self._changes(target, seen)]

    def _execution_status(self, target: Target, name: str) -> str:
        seen = self._read(target, name)
        return seen["ExecutionStatus"] if seen is not None else "gone"

    def _await_execution(self, target: Target, name: str) -> None:
        late = Retryable("STACK_BUSY", "CloudFormation is still at work.", where=target.key)
        self._poll(lambda: None if self._execution_status(target, name) == "EXECUTE_IN_PROGRESS" else True, late)
        settled(self._aws, target, limit=self._limit)

    def _await_stack(self, target: Target, found: ChangeSet, before: Stack | None) -> Stack:
        """The stack at rest after an execution.

        The first looks may still show the stack as it was before: its end counts only once its beginning was seen.
        """
        latest: list[Stack] = []

        def look() -> Stack | None:
            now = describe(self._aws, target, found.stack_id)
            if now is None:
                raise Terminal("STACK_GONE", "The stack was deleted while it was updated.", where=target.key)
            latest[:] = [now]
            if now.status.endswith("_IN_PROGRESS"):
                return None
            begun = before is None or (now.changed, now.status) != (before.changed, before.status)
            return now if begun or self._execution_status(target, found.id) in (*_DONE, "gone") else None

        return self._aws.timing.poll(
            look, limit=self._limit, late=lambda: busy(target, latest[0] if latest else None, self._limit)
        )

    def _poll(self, look: Callable[[], bool | None], late: Retryable) -> None:
        self._aws.timing.poll(look, limit=self._limit, late=lambda: late)


def _parameter(name: str, value: str) -> ParameterTypeDef:
    if value == HIDDEN:
        return {"ParameterKey": name, "UsePreviousValue": True}
    return {"ParameterKey": name, "ParameterValue": value}


def _change(one: ChangeTypeDef) -> Change:
    about = one.get("ResourceChange", {})
    action = about.get("Action", "")
    if action == "Remove" and about.get("PolicyAction") == "Retain":
        action = RETAINED
    return Change(
        action=action,
        logical_id=about.get("LogicalResourceId", ""),
        type=about.get("ResourceType", ""),
        replacement=about.get("Replacement", "False") or "False",
    )
