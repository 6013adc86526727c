"""Clocks for tests and demonstrations."""

from __future__ import annotations

import time
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
