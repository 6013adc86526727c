"""Runtimes that AWS no longer maintains, or soon will not.

The dates are those of AWS's page "Lambda runtimes" (docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html) as
cfn-lint carries them in its data, so that they are renewed with it and no table of ours grows old.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from functools import cache
from typing import TYPE_CHECKING

from shoreward.adapters.policy.engine_data import cfn_lint_data
from shoreward.domain import Finding, Severity
from shoreward.spec.template.plain import Json, mapping

if TYPE_CHECKING:
    from shoreward.adapters.policy.origins import Origins  # which reads templates; a key needs dates only

DEPRECATED = "RUNTIME_DEPRECATED"
_SOON = timedelta(days=90)


def standing(today: date) -> list[str]:
    """Runtimes with what is to be said of them today, for a key: it changes when a day changes something."""
    return [f"{name} {severity}" for name in sorted(_dates()) if (severity := _severity(name, today))]


def runtime_findings(made: Mapping[str, Json], origins: Origins, today: date) -> Iterator[Finding]:
    """RUNTIME_DEPRECATED for each function whose runtime has an end in sight."""
    for name, resource in mapping(made.get("Resources")).items():
        runtime = mapping(resource.get("Properties")).get("Runtime")
        if resource.get("Type") != "AWS::Lambda::Function" or not isinstance(runtime, str):
            continue
        severity = _severity(runtime, today)
        if severity is None:
            continue
        dates = _dates()[runtime]
        gone, blocked = dates["deprecated"], dates.get("create-block")
        past = "is deprecated since" if gone <= today.isoformat() else "will be deprecated on"
        block = f"; no new function may have it from {blocked} on" if blocked else ""
        yield Finding(
            rule=DEPRECATED,
            severity=severity,
            what=f"{name} runs on {runtime}, which {past} {gone}{block}.",
            why="A deprecated runtime gets no security updates, and later no new code.",
            fix=f"Move to {dates['successor']}." if dates.get("successor") else "Move to a newer runtime.",
            where=origins.place(name, ("Properties", "Runtime")),
            subject=origins.subject(name),
            details=(("runtime", runtime), ("deprecated", gone)),
        )


def _severity(runtime: str, today: date) -> Severity | None:
    dates = _dates().get(runtime)
    if dates is None or not dates.get("deprecated"):
        return None
    if date.fromisoformat(dates["deprecated"]) - _SOON > today:
        return None
    if dates["deprecated"] > today.isoformat():
        return Severity.NOTE
    for key, severity in (("update-block", Severity.HIGH), ("create-block", Severity.MEDIUM)):
        if (blocked := dates.get(key)) and blocked <= today.isoformat():
            return severity
    return Severity.LOW


@cache
def _dates() -> dict[str, dict[str, str]]:
    return json.loads(cfn_lint_data("AdditionalSpecs", "LmbdRuntimeLifecycle.json"))
