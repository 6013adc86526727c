"""Clocks for tests and demonstrations."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaledClock:
    """A clock that says `start` when it is made, and runs `speed` times as fast as the machine's from there on."""

    speed: float
    start: float = field(default_factory=time.time)
    _made: float = field(default_factory=time.monotonic, init=False)

    def now(self) -> float:
        """UNIX seconds, UTC."""
        return self.start + (time.monotonic() - self._made) * self.speed


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedClock:
    """A clock that goes on by `step` seconds whenever somebody reads it: a busy machine sees no more time than an idle
    one. Safe between threads.
    """

    step: float
    start: float = field(default_factory=time.time)
    _readings: Iterator[int] = field(default_factory=itertools.count, init=False)

    def now(self) -> float:
        """UNIX seconds, UTC."""
        return self.start + next(self._readings) * self.step
