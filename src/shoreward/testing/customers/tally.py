"""How customers fared, second by second and beach by beach, and the account that sums it up.

Tallies grow in the process of the customers and cross the pipe as they are, so that a span or a beach can be chosen on
either side of it; only the parent makes an account of them.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from shoreward.testing.customers.account import Account, Second, Served
from shoreward.testing.customers.latency import bucket_of, quantile


@dataclass(slots=True)
class Tally:
    """What became of the requests that one beach was sent in one second; grows as they end."""

    name: str
    time: int
    outcomes: dict[str, int] = field(default_factory=dict[str, int])
    versions: dict[str, list[int]] = field(default_factory=dict[str, list[int]])
    failures: list[float] = field(default_factory=list[float])
    latency_sum: float = 0.0
    spread: dict[str, int] = field(default_factory=dict[str, int])

    def note(self, sent: float, outcome: str, version: str | None, latency: float | None) -> None:
        """Count one that has ended. `sent` is in Unix seconds, `latency` in milliseconds; a dropped one has none."""
        failed = _is_failure(outcome)
        self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1
        if failed:
            self.failures.append(sent)
        if version is not None:
            served = self.versions.setdefault(version, [0, 0])
            served[0] += 1
            served[1] += failed
        if latency is not None:
            bucket = str(bucket_of(latency))
            self.latency_sum += latency
            self.spread[bucket] = self.spread.get(bucket, 0) + 1


def _is_failure(outcome: str) -> bool:
    return not outcome.isdigit() or int(outcome) >= 500


def read_tallies(rows: list[dict[str, Any]]) -> list[Tally]:
    """Tallies as they come out of the pipe."""
    return [Tally(**row) for row in rows]


def chosen(tallies: Iterable[Tally], name: str | None, since: float | None, until: float | None) -> list[Tally]:
    """Those of one beach, or of all, for the seconds from `since` up to, not with, `until`; see `Customers.account`."""
    first = -math.inf if since is None else math.floor(since)
    end = math.inf if until is None else math.floor(until)
    return [tally for tally in tallies if name in (None, tally.name) and first <= tally.time < end]


def account_of(tallies: Iterable[Tally]) -> Account:
    """The sum of tallies, of whatever beaches and seconds."""
    outcomes, served, failed_by = Counter[str](), Counter[str](), Counter[str]()
    failures: list[float] = []
    by_time: dict[int, list[Tally]] = {}
    for tally in tallies:
        outcomes.update(tally.outcomes)
        failures.extend(tally.failures)
        by_time.setdefault(tally.time, []).append(tally)
        for version, (requests, failed) in tally.versions.items():
            served[version] += requests
            failed_by[version] += failed
    return Account(
        requests=outcomes.total(),
        failed=len(failures),
        outcomes=dict(outcomes),
        versions={version: Served(requests=served[version], failed=failed_by[version]) for version in sorted(served)},
        failures=tuple(sorted(failures)),
        seconds=tuple(_second(moment, by_time[moment]) for moment in sorted(by_time)),
    )


def _second(moment: int, tallies: Sequence[Tally]) -> Second:
    spread = Counter[int]()
    for tally in tallies:
        spread.update({int(bucket): count for bucket, count in tally.spread.items()})
    return Second(
        time=moment,
        requests=sum(sum(tally.outcomes.values()) for tally in tallies),
        failed=sum(len(tally.failures) for tally in tallies),
        latency_sum=sum(tally.latency_sum for tally in tallies),
        p50=quantile(spread, 0.50),
        p99=quantile(spread, 0.99),
    )
