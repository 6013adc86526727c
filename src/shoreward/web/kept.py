"""Pages that were just drawn: fifty people who look at the same release are served by one drawing."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable

_KEPT = 256


class Kept:
    """Texts by what they show; one is drawn anew when there is a newer version, or it is older than it may be.

    Args:
        longest: seconds that a drawing holds: what waits for a time changes without any event.
    """

    def __init__(self, longest: float = 0.5) -> None:
        self._longest = longest
        self._lock = threading.Lock()
        self._turns: OrderedDict[Hashable, threading.Lock] = OrderedDict()
        self._drawn: dict[Hashable, tuple[int, float, str]] = {}

    def of(self, key: Hashable, version: int, draw: Callable[[], str]) -> str:
        """The drawing of a version, or of a newer one."""
        with self._lock:
            turn = self._turns.setdefault(key, threading.Lock())
            self._turns.move_to_end(key)
            while len(self._turns) > _KEPT:
                oldest, _ = self._turns.popitem(last=False)
                self._drawn.pop(oldest, None)
        with turn:
            known = self._drawn.get(key)
            if known and known[0] >= version and time.monotonic() - known[1] < self._longest:
                return known[2]
            text = draw()
            self._drawn[key] = (version, time.monotonic(), text)
            return text
