"""Deleting a stack that should not be there: the way back from a first deployment, and from a creation that failed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from shoreward.adapters.aws.calls import Aws
from shoreward.adapters.aws.stacks.leftovers import remove_logs
from shoreward.adapters.aws.stacks.stack import Stack, resources
from shoreward.adapters.aws.stacks.waiting import LIMIT, deleted, settled
from shoreward.domain import Target


def remove(aws: Aws, target: Target, stack: Stack, *, limit: float = LIMIT) -> None:
    """Delete a stack at rest and wait for its end."""
    client = aws.cloudformation(target)
    # A token for this very state: a repeated request is the same one, a later deletion after a failure is a new one.
    state = f"{stack.id} {stack.status} {stack.changed.isoformat()}"
    token = f"shoreward-delete-{hashlib.sha256(state.encode()).hexdigest()[:24]}"
    aws.call(target, client.delete_stack, StackName=stack.id, ClientRequestToken=token)
    deleted(aws, target, stack, limit=limit)


def remove_wholly(aws: Aws, target: Target, known: Iterable[str], *, limit: float = LIMIT) -> None:
    """Delete the target's stack with the log groups of its functions; harmless when it is gone.

    Args:
        known: names of functions that the release is known to have made, for when a crash came between stack and logs.
    """
    names = set(known)
    stack = settled(aws, target, limit=limit)
    if stack is not None:
        held = resources(aws, target, stack.id)
        names |= {one.physical_id for one in held.values() if one.type == "AWS::Lambda::Function" and one.physical_id}
        remove(aws, target, stack, limit=limit)
    remove_logs(aws, target, names)
