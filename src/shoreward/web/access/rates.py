"""How often somebody may ask: a bucket for each, that fills again with time."""

from __future__ import annotations

import threading
from collections import OrderedDict

from shoreward.app.ports import Clock
from shoreward.web.access.policy import Caller, Denied

_KEPT = 10_000
"""Buckets that are remembered; those that nobody drew from longest are forgotten, which is as if they were full."""


class Rate:
    """So many a minute, of each; as many may come at once.

    Args:
        what: is counted, for the error.
    """

    def __init__(self, per_minute: int, clock: Clock, what: str) -> None:
        self._most = float(per_minute)
        self._clock = clock
        self._what = what
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str, caller: Caller | None = None, *, count: float = 1.0) -> None:
        """Count one, or with 0 only look; raises `Denied` (TOO_MANY) when there is none left."""
        now = self._clock.now()
        with self._lock:
            left, at = self._buckets.get(key, (self._most, now))
            left = min(self._most, left + max(0.0, now - at) * self._most / 60)
            enough = left >= 1
            self._buckets[key] = (left - count if enough else left, now)
            self._buckets.move_to_end(key)
            while len(self._buckets) > _KEPT:
                self._buckets.popitem(last=False)
        if not enough:
            raise Denied(
                "TOO_MANY",
                f"These are more than {self._most:.0f} {self._what} in a minute.",
                status=429,
                next="Wait as long as Retry-After says.",
                after=(1 - left) * 60 / self._most,
                caller=caller,
            )
