"""Clocks for tests and demonstrations."""

from __future__ import annotations

import time
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaledClock:
    """The machine's clock, running `speed` times as fast from the moment `since` on.

    With the same speed and moment it is the same clock in every process, so it goes on over a crash.
    """

    speed: float
    since: float = field(default_factory=time.time)

    def now(self) -> float:
        """UNIX seconds, UTC: the machine's at `since`, ahead of them after that."""
        return self.since + (time.time() - self.since) * self.speed
