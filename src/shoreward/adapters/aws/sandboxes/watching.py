"""How far a stack operation is, told while it is waited for."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager

from shoreward.adapters.aws.calls import Aws
from shoreward.adapters.aws.stacks.stack import resources
from shoreward.app.sandboxes.ports import Progress
from shoreward.domain import OperationError, Target

_EVERY = 3.0
"""Seconds between two looks; an operation that takes less is not told of."""


@contextmanager
def watched(aws: Aws, target: Target, stack_id: str, total: int, progress: Progress) -> Generator[None]:
    """Say now and then how many of a stack's resources are done, until the block ends."""
    ended = threading.Event()

    def tell() -> None:
        while not ended.wait(_EVERY):
            try:
                held = resources(aws, target, stack_id).values()
            except OperationError:
                continue  # whoever waits for the operation itself meets what matters
            done = sum(one.status.endswith("_COMPLETE") for one in held)
            busy = [one.logical_id for one in held if one.status.endswith("_IN_PROGRESS")]
            progress.say(f"{min(done, total)} of {total} done{', now ' + ', '.join(busy[:3]) if busy else ''}")

    thread = threading.Thread(target=tell, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
