"""Hands: the threads that perform effects.

Every aspect of a target (its traffic, its stack, judging it) has a pool of its own. However many stacks are being
worked on, and however long that takes, there is a thread to take traffic back at once.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self


class Hands:
    """A pool of threads for each aspect; used by one thread, as a context.

    Leaving the context drops what has not begun and waits for what has.

    Args:
        workers: threads of each pool at most.
    """

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._pools: dict[str, ThreadPoolExecutor] = {}

    def submit(self, lane: str, work: Callable[[], None]) -> None:
        """Do some work; the lane's first part is its aspect."""
        aspect = lane.partition("/")[0]
        if aspect not in self._pools:
            self._pools[aspect] = ThreadPoolExecutor(self._workers, thread_name_prefix=aspect)
        self._pools[aspect].submit(work)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for pool in self._pools.values():
            pool.shutdown(wait=False, cancel_futures=True)
        for pool in self._pools.values():
            pool.shutdown(wait=True)
