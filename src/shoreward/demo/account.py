"""What the demo reports: what the journal says of a release, beside what its customers went through."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from shoreward.app.ports import Recorded
from shoreward.app.words.story import summary, weights
from shoreward.core import Release
from shoreward.core import events as e
from shoreward.demo.scenarios import Scenario
from shoreward.testing.customers import Customers

Incident = tuple[float, float]
"""From when to when, UNIX seconds."""


def release_report(
    scenario: Scenario,
    state: Release,
    recorded: Sequence[Recorded],
    customers: Customers | None,
    incident: Incident | None,
) -> dict[str, Any]:
    """One release of the demo as JSON; times are seconds.

    `detected_after_s` runs from the first request that the bad release failed, or from the first that a slow one may
    have served, to the decision to go back, and
    `rolled_back_after_s` from there until no customer anywhere was served by it.
    """
    told = summary(state, recorded)
    began = next((each.event.at for each in recorded if isinstance(each.event, e.RollbackBegan)), None)
    back = [each.event.at for each in recorded if isinstance(each.event, e.TrafficRestored)]
    report: dict[str, Any] = {
        "id": told["id"],
        "revision": told["revision"],
        "commit": told["commit"],
        "scenario": scenario.name,
        "expected": scenario.outcome.value,
        "outcome": told["outcome"],
        "seconds": told["seconds"],
        "waves": told["waves"],
        "detected_after_s": None,
        "rolled_back_after_s": round(max(back) - began, 3) if began and back else None,
        "requests": 0,
        "failed_requests": 0,
        "excess_failed_requests": 0,
        "why": told["why"],
    }
    if customers:
        report.update(_customers(state, recorded, customers, incident, began))
    if scenario.slow and began:
        exposed = min(changes[0][0] for changes in weights(recorded).values() if changes)
        report["detected_after_s"] = round(began - exposed, 3)
    return report


def _customers(
    state: Release,
    recorded: Sequence[Recorded],
    customers: Customers,
    incident: Incident | None,
    began: float | None,
) -> dict[str, Any]:
    # An account's bounds are whole seconds; the failures in it are told exactly.
    account = customers.account(since=state.opened.at, until=state.ended_at + 1)
    harmed = sorted(_harmed(weights(recorded), state.ended_at, customers, incident))
    return {
        "requests": account.requests,
        "failed_requests": sum(state.opened.at <= moment <= state.ended_at for moment in account.failures),
        "excess_failed_requests": len(harmed),
        "detected_after_s": round(began - harmed[0], 3) if began and harmed and harmed[0] < began else None,
    }


def _harmed(
    shifts: dict[str, list[tuple[float, float]]], end: float, customers: Customers, incident: Incident | None
) -> Iterator[float]:
    """When requests failed that old code would have served.

    Old code fails nothing but what the incident makes it fail; and where the release had no traffic, it was old code.
    """
    for target, changes in shifts.items():
        failures = customers.account(target).failures
        for (since, percent), (until, _) in pairwise([*changes, (end, 0.0)]):
            for moment in failures:
                shared = incident is not None and incident[0] <= moment <= incident[1]
                if percent and since <= moment < until and not shared:
                    yield moment
