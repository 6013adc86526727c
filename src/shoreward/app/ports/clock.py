"""The clock."""

from __future__ import annotations

from typing import Protocol


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> float:
        """UNIX seconds, UTC."""
        ...
