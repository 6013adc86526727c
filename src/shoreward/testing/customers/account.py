"""What customers say of how they were served: the values that whoever judges a change reads.

They are made of tallies, in `tally`.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """How many requests one revision answered, and how many of these failed."""

    requests: int
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Second:
    """The requests sent within one second. `time` is in whole Unix seconds; latencies are in milliseconds, to 1 %.

    Latency runs from sending (connecting included) to the last byte or the failure; dropped requests have none,
    and without any the quantiles are None.
    """

    time: int
    requests: int
    failed: int
    latency_sum: float
    p50: float | None
    p99: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What became of the requests that have ended; those under way are in no account yet.

    outcomes: how often each status ("200", "502") or failure ("timeout", "connection", "dropped") came about.
        "connection" is a refused, broken or garbled exchange; "dropped" one too many at once, never sent.
    failed: statuses of 500 and above, and everything that is not a status.
    versions: by the value of the version header, where the answer had one.
    failures: when each failed request was sent, in Unix seconds, ascending.
    seconds: ascending; seconds without requests are absent.
    """

    requests: int
    failed: int
    outcomes: Mapping[str, int]
    versions: Mapping[str, Served]
    failures: tuple[float, ...]
    seconds: tuple[Second, ...]

    def first_failure(self, since: float = -math.inf) -> float | None:
        """When the first failed request at or after `since` was sent, in Unix seconds; None if there was none."""
        return next((moment for moment in self.failures if moment >= since), None)
