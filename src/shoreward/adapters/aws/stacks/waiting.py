"""Waiting until a stack is at rest, whoever is at work on it.

A stack takes one operation at a time. It may be ours from before a crash, or somebody else's: either way it is waited
for, and what it left is what the next step works with. Operations are watched by polling, for CloudFormation tells
nobody when it is done.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from shoreward.adapters.aws.calls import Aws
from shoreward.adapters.aws.faults import code_of
from shoreward.adapters.aws.stacks.stack import Stack, describe, failures, resources
from shoreward.domain import OperationError, Retryable, Target, Terminal

LIMIT = 3600.0
"""Seconds to watch one operation before handing back; the next attempt watches on."""
PATIENCE = 120.0
"""Seconds to wait for what somebody else does before saying that it is waited for; the next attempt waits on."""


def settled(aws: Aws, target: Target, *, limit: float = LIMIT) -> Stack | None:
    """The stack once no operation is under way, or None when there is none.

    Raises `Retryable` (STACK_BUSY) when one is still under way after `limit` seconds.
    """
    found: list[Stack | None] = []

    def look() -> bool | None:
        found[:] = [describe(aws, target)]
        return None if found[0] is not None and found[0].condition == "busy" else True

    aws.timing.poll(look, limit=limit, late=lambda: busy(target, found[0], limit))
    return found[0]


def mended(
    aws: Aws, target: Target, *, limit: float = LIMIT, helping: Callable[[], object] | None = None
) -> Stack | None:
    """The stack at rest and fit for an update, stillborn, or None when there is none.

    A rollback that CloudFormation could not finish is continued, once. Raises `Terminal` when only a person can mend
    the stack.

    Args:
        helping: is done before a rollback is continued.
    """
    stack = settled(aws, target, limit=limit)
    if stack is not None and stack.condition == "stuck":
        if helping is not None:
            helping()
        _continue_rollback(aws, target, stack)
        stack = settled(aws, target, limit=limit)
    if stack is None or stack.condition in ("usable", "stillborn"):
        return stack
    why = failures(aws, target, stack.id) or stack.reason
    if stack.condition == "stuck":
        raise Terminal(
            "STACK_STUCK",
            f"The stack is in {stack.status} and does not roll back: {why}",
            where=target.key,
            next="Mend what the message names: Shoreward goes on with the rollback by itself, every minute. What is "
            f"gone and cannot be mended is skipped: `{_skip(aws, target, stack)}`",
        )
    raise Terminal(
        "STACK_UNUSABLE",
        f"The stack is in {stack.status}, where it cannot be updated: {why}",
        where=target.key,
        next=_way_out(aws, target, stack),
    )


def _skip(aws: Aws, target: Target, stack: Stack) -> str:
    """The command that continues a rollback without what failed in it."""
    named = re.search(r"resource\(s\) failed to \w+: \[([^\]]+)\]", stack.reason)
    failed = named[1].split(", ") if named else _failed(aws, target)
    return f"{command('continue-update-rollback', target)} --resources-to-skip {' '.join(failed) or 'RESOURCE'}"


def _failed(aws: Aws, target: Target) -> list[str]:
    try:
        held = resources(aws, target).values()
    except OperationError:
        return []  # whoever asks has a failure to report already
    return [one.logical_id for one in held if one.status.endswith("_FAILED")]


def _way_out(aws: Aws, target: Target, stack: Stack) -> str:
    if stack.status == "UPDATE_FAILED":
        return f"Send back the update that somebody left unfinished: `{command('rollback-stack', target)}`"
    if stack.status == "DELETE_FAILED":
        kept = " ".join(_failed(aws, target)) or "RESOURCE"
        return (
            "Let the deletion come to its end, which keeps what could not be deleted: "
            f"`{command('delete-stack', target)} --retain-resources {kept}`"
        )
    return f"Bring it to a state that can be updated: `{command('describe-stack-events', target)}` shows what failed."


def command(operation: str, target: Target) -> str:
    """What a person types to do something to a target's stack."""
    return f"aws cloudformation {operation} --stack-name {target.stack} --region {target.region}"


def deleted(aws: Aws, target: Target, stack: Stack, *, limit: float = LIMIT) -> None:
    """Wait for the end of a stack that is being deleted. Raises `Terminal` (STACK_NOT_DELETED) when it does not go."""
    found: list[Stack | None] = []

    def look() -> bool | None:
        found[:] = [describe(aws, target, stack.id)]
        now = found[0]
        return True if now is None or now.status in ("DELETE_COMPLETE", "DELETE_FAILED") else None

    aws.timing.poll(look, limit=limit, late=lambda: busy(target, found[0], limit))
    if found[0] is not None and found[0].status == "DELETE_FAILED":
        why = failures(aws, target, stack.id) or found[0].reason
        raise Terminal(
            "STACK_NOT_DELETED",
            f"The stack cannot be deleted: {why}",
            where=target.key,
            next="Empty or detach what the message names, then delete the stack.",
        )


def busy(target: Target, stack: Stack | None, limit: float) -> Retryable:
    """The error for a stack that is still at it."""
    status = stack.status if stack is not None else "absent"
    return Retryable("STACK_BUSY", f"The stack is still in {status} after {limit:.0f} s.", where=target.key)


def _continue_rollback(aws: Aws, target: Target, stack: Stack) -> None:
    client = aws.cloudformation(target)
    try:
        aws.call(target, client.continue_update_rollback, StackName=stack.id)
    except Terminal as error:
        # An answer was lost and the rollback is under way, or somebody else continued it: the wait will tell.
        if code_of(error) != "ValidationError":
            raise

    def begun() -> bool | None:
        now = describe(aws, target)
        return True if now is None or (now.status, now.changed) != (stack.status, stack.changed) else None

    try:
        aws.timing.poll(begun, limit=10.0, late=lambda: busy(target, stack, 10.0))
    except Retryable:
        return
