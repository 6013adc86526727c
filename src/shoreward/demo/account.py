"""What the demo reports: what the journal says of a release, beside what its customers went through."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shoreward.app.ports import Recorded
from shoreward.app.story import summary
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

    `detected_after_s` runs from the first request that the bad release failed to the decision to go back, and
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
        report.update(_customers(state, customers, incident, began))
    return report


def _customers(state: Release, customers: Customers, incident: Incident | None, began: float | None) -> dict[str, Any]:
    account = customers.account(since=state.opened.at, until=state.ended_at)
    first = account.first_failure(state.opened.at)
    shared = [moment for moment in account.failures if incident and incident[0] <= moment <= incident[1]]
    return {
        "requests": account.requests,
        "failed_requests": account.failed,
        # What old code would have failed as well: all that the incident did. Without one, old code fails nothing.
        "excess_failed_requests": account.failed - len(shared),
        "detected_after_s": round(began - first, 3) if began and first and first < began else None,
    }
