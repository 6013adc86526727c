"""Being told that nobody waits any more: whoever asked for something long may take the wish back, from any thread."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Abandoned(Exception):
    """Nobody wants the answer any more, and what was begun for it has ended."""


class Interruption:
    """Lets another thread end what goes on."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._used = False
        self._tell: Callable[[], None] | None = None

    @property
    def used(self) -> bool:
        """Whether somebody has used it."""
        return self._used

    def use(self) -> None:
        """End what goes on, or what is about to begin; once is enough."""
        with self._lock:
            if self._used:
                return
            self._used = True
            if self._tell:
                self._tell()

    def listen(self, tell: Callable[[], None]) -> None:
        """Somebody is to be told, at once when it has been used already."""
        with self._lock:
            self._tell = tell
            if self._used:
                tell()
