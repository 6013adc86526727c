"""Retries and waits: the one place where AWS is asked again.

botocore's own retries are switched off (`sessions`), for they know no budget: a rollback must know within a second
or two that it went through, whatever part of the calls fails. Every call therefore gets a *budget* in seconds, and is
asked again with exponential backoff and full jitter until it goes through, fails for good, or the budget is spent.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from shoreward.domain import OperationError, Retryable

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Time and chance, as arguments.

    Attributes:
        clock: seconds that only ever rise.
        sleep: waits for seconds.
        chance: gives a number in [0, 1).
    """

    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random

    def poll(self, look: Callable[[], T | None], *, limit: float, late: Callable[[], OperationError]) -> T:
        """Look again and again, 50 ms apart at first and 5 s at last, until there is something to see.

        Raises what `late` makes once `limit` seconds have passed.
        """
        deadline = self.clock() + limit
        pause = 0.05
        while (seen := look()) is None:
            if self.clock() + pause > deadline:
                raise late()
            self.sleep(pause)
            pause = min(pause * 1.4, 5.0)
        return seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """How long and how densely a call is asked again.

    Attributes:
        budget: seconds after the first attempt within which another one may start.
        first: upper bound of the first pause, seconds; each later bound is twice the one before ...
        longest: ... up to this one.
    """

    budget: float = 30.0
    first: float = 0.05
    longest: float = 3.0
    timing: Timing = field(default_factory=Timing)

    def run(self, attempt: Callable[[], T]) -> T:
        """Call `attempt` until it answers or fails for good; raises the last `Retryable` when the budget is spent."""
        timing = self.timing
        deadline = timing.clock() + self.budget
        bound = self.first
        while True:
            try:
                return attempt()
            except Retryable:
                pause = timing.chance() * bound
                if timing.clock() + pause > deadline:
                    raise
            timing.sleep(pause)
            bound = min(bound * 2, self.longest)
