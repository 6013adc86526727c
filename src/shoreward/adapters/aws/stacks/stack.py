"""What CloudFormation says of a target's stack: its state, its resources, and why an operation failed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from shoreward.adapters.aws.calls import Aws, pages
from shoreward.adapters.aws.faults import code_of, message_of
from shoreward.domain import OperationError, Parameters, Target, Terminal

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import StackEventTypeDef

HIDDEN = "****"
"""What CloudFormation shows instead of a NoEcho parameter's value."""

Condition = Literal["usable", "busy", "stillborn", "stuck", "unusable"]

_STILLBORN = frozenset({"REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED"})
_UNUSABLE = frozenset({"DELETE_FAILED", "UPDATE_FAILED", "IMPORT_ROLLBACK_FAILED"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """A stack as CloudFormation describes it.

    Attributes:
        changed: when the newest operation on it began.
        parameters: as they were given; a NoEcho one reads `HIDDEN`.
    """

    id: str
    status: str
    reason: str
    changed: datetime
    parameters: Parameters
    tags: Parameters

    @property
    def condition(self) -> Condition:
        """What can be done with it.

        usable: can be updated. busy: an operation is under way. stillborn: its creation never finished, it can only be
        deleted. stuck: a rollback of an update failed and may be continued. unusable: a person has to mend it.
        """
        if self.status in _STILLBORN:
            return "stillborn"
        if self.status.endswith("_IN_PROGRESS"):
            return "busy"
        if self.status == "UPDATE_ROLLBACK_FAILED":
            return "stuck"
        return "unusable" if self.status in _UNUSABLE else "usable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A resource of a stack."""

    logical_id: str
    physical_id: str
    type: str
    status: str


def describe(aws: Aws, target: Target, stack_id: str | None = None) -> Stack | None:
    """The target's stack, or None when there is none; with an id, that very stack, even after its deletion."""
    client = aws.cloudformation(target)
    try:
        found = aws.call(target, client.describe_stacks, StackName=stack_id or target.stack)["Stacks"]
    except Terminal as error:
        if is_absent(error):
            return None
        raise
    if not found or (stack_id is None and found[0]["StackStatus"] == "DELETE_COMPLETE"):
        return None
    one = found[0]
    return Stack(
        id=one.get("StackId", target.stack),
        status=one["StackStatus"],
        reason=one.get("StackStatusReason", ""),
        changed=one.get("LastUpdatedTime", one["CreationTime"]),
        parameters=_pairs((p.get("ParameterKey", ""), p.get("ParameterValue", "")) for p in one.get("Parameters", [])),
        tags=_pairs((t["Key"], t["Value"]) for t in one.get("Tags", [])),
    )


def is_absent(error: Terminal) -> bool:
    """Whether CloudFormation said that there is no such stack."""
    return code_of(error) == "ValidationError" and "does not exist" in message_of(error)


def resources(aws: Aws, target: Target, stack_id: str | None = None) -> dict[str, Resource]:
    """The stack's resources by logical id; empty when there is no stack."""
    client = aws.cloudformation(target)
    name = stack_id or target.stack
    try:
        return {
            one["LogicalResourceId"]: Resource(
                logical_id=one["LogicalResourceId"],
                physical_id=one.get("PhysicalResourceId", ""),
                type=one["ResourceType"],
                status=one["ResourceStatus"],
            )
            for page in pages(lambda more: aws.call(target, client.list_stack_resources, StackName=name, **more))
            for one in page.get("StackResourceSummaries", [])
        }
    except Terminal as error:
        if is_absent(error):
            return {}
        raise


def failures(aws: Aws, target: Target, stack_id: str) -> str:
    """Why the newest operation on a stack failed: the first resources that did, in words."""
    events = _newest_operation(aws, target, stack_id)
    failed = [event for event in events if _is_failure(event, stack_id)]
    told = [(one.get("LogicalResourceId"), one.get("ResourceType"), one.get("ResourceStatusReason")) for one in failed]
    reasons = " ".join(event.get("ResourceStatusReason", "") for event in events)
    return _words(told) or invalid(aws, target, reasons, StackName=stack_id)


def invalid(aws: Aws, target: Target, reason: str, **subject: str) -> str:
    """What CloudFormation found wrong before it touched a resource, if its reason says to ask DescribeEvents for it.

    Args:
        subject: StackName, for the newest operation on a stack, or ChangeSetName.

    Returns:
        '' when there is nothing to ask for, or no answer: whoever asks has a failure to report already.
    """
    if "DescribeEvents" not in reason:
        return ""
    client = aws.cloudformation(target)
    try:
        answer = aws.call(target, client.describe_events, Filters={"FailedEvents": True}, **subject)
    except OperationError:
        return ""  # such as a role that was made before this was among its actions
    events = answer.get("OperationEvents", [])
    newest = events[0].get("OperationId") if events else None
    found = [one for one in events if one.get("OperationId") == newest and one.get("ValidationStatusReason")]
    return _words(
        [(one.get("LogicalResourceId"), one.get("ResourceType"), one.get("ValidationStatusReason")) for one in found]
    )


def _words(told: Sequence[tuple[str | None, str | None, str | None]]) -> str:
    """The first three of (logical id, type, reason)."""
    return "; ".join(f"{name} ({kind}): {(reason or '').strip()}" for name, kind, reason in told[:3])


def advice(why: str) -> str:
    """What to do about a failure that says that a name is taken; '' for any other."""
    if not re.search(r"already ?exist", why, re.IGNORECASE):
        return ""
    return (
        "Something of that name exists and is not the stack's. Give yours another name in the template, or delete the "
        "other; to keep what it holds, import it into the stack with CloudFormation. Then release again."
    )


def _newest_operation(aws: Aws, target: Target, stack_id: str) -> list[StackEventTypeDef]:
    """Events of the newest operation, oldest first."""
    client = aws.cloudformation(target)
    begun = ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS")
    events: list[StackEventTypeDef] = []
    for page in pages(lambda more: aws.call(target, client.describe_stack_events, StackName=stack_id, **more)):
        for event in page.get("StackEvents", []):
            events.append(event)
            if event.get("PhysicalResourceId") == stack_id and event.get("ResourceStatus") in begun:
                return events[::-1]
    return events[::-1]


def _is_failure(event: StackEventTypeDef, stack_id: str) -> bool:
    """The resource's own failure, not one that was cancelled because another failed first."""
    return (
        event.get("ResourceStatus", "").endswith("_FAILED")
        and event.get("PhysicalResourceId") != stack_id
        and "cancelled" not in event.get("ResourceStatusReason", "").lower()
    )


def _pairs(pairs: Iterable[tuple[str, str]]) -> Parameters:
    return tuple(sorted(pairs))
