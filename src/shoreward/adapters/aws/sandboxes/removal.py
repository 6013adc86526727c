"""Removing a sandbox: its stack, what the stack keeps, and what functions made beside it.

A stack is only deleted when its tags call it this very sandbox (or when there is nothing in it): this is the one
place that deletes what it finds, so it looks twice.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from typing import Any

from shoreward.adapters.aws.calls import Aws
from shoreward.adapters.aws.sandboxes.hands import HOLDS, take_away, unblock
from shoreward.adapters.aws.sandboxes.kinds import BY_TYPE, KINDS, ROLE
from shoreward.adapters.aws.sandboxes.proof import survivors
from shoreward.adapters.aws.stacks.stack import Resource, Stack, describe, failures, resources
from shoreward.adapters.aws.stacks.waiting import busy, settled
from shoreward.app.sandboxes import MARK, Thing
from shoreward.app.sandboxes.ports import Progress
from shoreward.domain import Target, Terminal

ATTEMPTS = 3
"""How often a stack is deleted: a bucket may be written to while it is emptied."""

_STALE = 7
"""Looks (over a second or so) that may still show the end of an earlier deletion."""


def remove_sandbox(
    aws: Aws, target: Target, known: Sequence[Thing], progress: Progress, *, abandon: bool, limit: float
) -> None:
    """Delete the stack and everything that is known of a sandbox; harmless when it is gone.

    Args:
        abandon: whether what CloudFormation cannot delete is left behind.

    Raises `Terminal`: SANDBOX_TAKEN for a stack that is none of ours, SANDBOX_HELD when CloudFormation cannot delete
    a resource.
    """
    stack = settled(aws, target, limit=limit)
    inside: tuple[Thing, ...] = ()
    if stack is not None:
        require_ours(target, stack)
        inside = _delete(aws, target, stack, progress, abandon=abandon, limit=limit)
    everything = {*known, *inside}
    rest = survivors(aws, target, everything, {one.type for one in everything} & BY_TYPE.keys())
    if rest:
        progress.say(f"removing {len(rest)} more: {', '.join(sorted({BY_TYPE[one.type].label for one in rest}))}")
    for kind in KINDS:
        aws.together(lambda one: take_away(aws, target, one), [one for one in rest if one.type == kind.type])


def require_ours(target: Target, stack: Stack) -> None:
    """Raise `Terminal` (SANDBOX_TAKEN) unless a stack is this sandbox, or has nothing in it."""
    if dict(stack.tags).get(MARK) == target.stack or stack.status == "REVIEW_IN_PROGRESS":
        return
    what = f"The stack {target.stack} does not carry the tag {MARK} of a sandbox; it is not touched."
    raise Terminal("SANDBOX_TAKEN", what, where=target.key, next="Delete it yourself if it should go.")


def _delete(
    aws: Aws, target: Target, stack: Stack, progress: Progress, *, abandon: bool, limit: float
) -> tuple[Thing, ...]:
    """Delete a stack; returns what was in it."""
    client = aws.cloudformation(target)
    held = resources(aws, target, stack.id)
    _unprotect(aws, target, stack)
    keep: tuple[str, ...] = ()
    why = ""
    for attempt in range(1, ATTEMPTS + 1):
        _unblock(aws, target, held.values(), first=attempt == 1)
        progress.say(f"deleting the stack{'' if attempt == 1 else ' again'}: {len(held)} resources")
        asked: dict[str, Any] = {"RetainResources": list(keep)} if keep else {}
        if target.execution_role:
            asked["RoleARN"] = target.execution_role
        token = f"shoreward-{uuid.uuid4()}"
        aws.call(target, client.delete_stack, StackName=stack.id, ClientRequestToken=token, **asked)
        after = _await(aws, target, stack, limit, again=attempt > 1)
        if after is None or after.status == "DELETE_COMPLETE":
            return tuple(Thing(type=one.type, id=one.physical_id) for one in held.values() if one.physical_id)
        failed = [one for one in resources(aws, target, stack.id).values() if one.status == "DELETE_FAILED"]
        progress.say(f"held up by {', '.join(one.logical_id for one in failed)}")
        why = why or failures(aws, target, stack.id)  # later ones may be failures that this one brought about
        if attempt == ATTEMPTS - 1:
            # What is ours to remove is taken out of the stack's hands, and removed behind it.
            keep = tuple(one.logical_id for one in failed if abandon or one.type in BY_TYPE)
    raise Terminal(
        "SANDBOX_HELD",
        f"CloudFormation cannot delete the stack: {why or 'it does not say why'}",
        where=target.key,
        next="Mend what the message names and try again, or leave it behind with --abandon.",
    )


def _unprotect(aws: Aws, target: Target, stack: Stack) -> None:
    client = aws.cloudformation(target)
    found = aws.call(target, client.describe_stacks, StackName=stack.id)["Stacks"]
    if found and found[0].get("EnableTerminationProtection"):
        aws.call(target, client.update_termination_protection, StackName=stack.id, EnableTerminationProtection=False)


def _unblock(aws: Aws, target: Target, held: Collection[Resource], *, first: bool) -> None:
    """Take away what would hold the deletion up; at first only what surely would."""
    types = HOLDS if first else HOLDS | {ROLE}
    blocking = [Thing(type=one.type, id=one.physical_id) for one in held if one.type in types and one.physical_id]
    aws.together(lambda one: unblock(aws, target, one), blocking)


def _await(aws: Aws, target: Target, stack: Stack, limit: float, *, again: bool) -> Stack | None:
    """The stack once its deletion has ended, well or not.

    Args:
        again: whether it had failed to be deleted before: then the first looks may still show that end.
    """
    latest: list[Stack | None] = [stack]
    earlier = _STALE if again or stack.status == "DELETE_FAILED" else 0

    def look() -> tuple[Stack | None] | None:
        nonlocal earlier
        latest[:] = [describe(aws, target, stack.id)]
        now = latest[0]
        if now is None or now.status == "DELETE_COMPLETE":
            return (now,)
        if now.status != "DELETE_FAILED":
            earlier = 0
            return None
        earlier -= 1
        return None if earlier > 0 else (now,)

    return aws.timing.poll(look, limit=limit, late=lambda: busy(target, latest[0], limit))[0]
