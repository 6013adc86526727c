"""How broad a grant is, as a severity.

The more actions on the more resources for the more people, the worse; a condition makes it one step better. Which
actions cannot be limited to a resource at all (`ec2:DescribeRegions`) is read from the service descriptions that
cfn-lint carries, so that nobody is blamed for a `*` that AWS asks for.
"""

from __future__ import annotations

import json
import re
from functools import cache, lru_cache
from typing import Any

from shoreward.adapters.policy.engine_data import cfn_lint_data
from shoreward.adapters.policy.iam.grants import Grant, Names
from shoreward.adapters.policy.iam.statements import BOUNDARY, GROUP, MANAGED, ROLE, UNREAD
from shoreward.domain import Severity

_VARIABLE = re.compile(r"\$\{[^}]*\}")
_ALL_OF_THEM = re.compile(r"([a-z-]+[/:])?\*+([/:]\*+)*")
_MANAGED = (
    (re.compile(r"/(AdministratorAccess|PowerUserAccess|IAMFullAccess)$"), Severity.CRITICAL),
    (re.compile(r"/service-role/AWS[A-Za-z]*(ExecutionRole|LogsRole)$"), Severity.NOTE),
    (re.compile(r"/(AWSXRayDaemonWriteAccess|AWSXrayWriteOnlyAccess|CloudWatchLambdaInsightsExecutionRolePolicy)$"),
     Severity.NOTE),
    (re.compile(r"FullAccess[A-Za-z_]*$"), Severity.HIGH),
    (re.compile(r"ReadOnlyAccess$|ReadOnly$"), Severity.LOW),
)  # fmt: skip
_TELEMETRY = re.compile(
    r"logs:(createlog(group|stream)|putlogevents|describelog(groups|streams))|xray:put\w+|cloudwatch:putmetricdata"
)
_READING = re.compile(r"[a-z0-9-]+:(batchget|describe|get|list|query|scan|head|lookup|search|select)[a-z0-9*?]*")
_RISING = re.compile(
    r"iam:(\*|passrole|create\w*|put\w*|attach\w*|add\w*|update\w*|set\w*|delete\w*)|sts:(\*|assumerole\w*)"
    r"|lambda:(addpermission|updatefunctioncode\w*)|kms:(creategrant|putkeypolicy)|organizations:.*"
    r"|secretsmanager:getsecretvalue"
)
"""Actions that give more rights than they name: rights to rights, to code that runs with others, and to secrets."""
_FOR_ANYBODY = tuple(f"{name}.amazonaws.com" for name in ("apigateway", "events", "iot", "s3", "ses", "sns"))
"""Services that invoke functions for whoever tells them to, in any account, unless a condition says for whom."""

_CONFIDANTS = ("iam:passrole", "sts:assumerole", "secretsmanager:getsecretvalue")


def severity_of(grant: Grant) -> Severity:
    """How bad it is that a grant exists, were it not wanted; of a denial: that it is gone."""
    action = grant.action.patterns[0] if grant.action.patterns and not grant.action.negated else ""
    if action == MANAGED:
        arn = str(grant.resource)
        return next((severity for pattern, severity in _MANAGED if pattern.search(arn)), Severity.MEDIUM)
    if action == BOUNDARY:
        return Severity.HIGH
    if action in (UNREAD, GROUP, ROLE):
        return Severity.MEDIUM
    severity = _worse(_by_rights(grant), _by_people(grant))
    return _better(severity) if grant.conditions and severity.rank > Severity.LOW.rank else severity


def unlimited(grant: Grant) -> bool:
    """Whether a grant is one that no application needs, whoever asked for it and since when."""
    far = grant.principal.patterns != ("",) or grant.action.patterns == (MANAGED,) or _resources(grant) > 0
    return grant.effect == "Allow" and far and severity_of(grant).rank >= Severity.HIGH.rank


def _by_rights(grant: Grant) -> Severity:
    if grant.holder.startswith("trust ") or _left_to_account(grant):
        return Severity.LOW
    actions, resources = _actions(grant.action), _resources(grant)
    if actions == 3:
        return (Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL)[resources]
    if actions == 2:
        return (Severity.MEDIUM, Severity.HIGH, Severity.HIGH)[resources]
    action = grant.action.patterns[0]
    if _TELEMETRY.fullmatch(action):
        return Severity.LOW
    if _RISING.fullmatch(action):
        return Severity.HIGH if resources else Severity.LOW if action in _CONFIDANTS else Severity.MEDIUM
    if actions == 1 and _READING.fullmatch(action):
        return Severity.LOW
    return Severity.MEDIUM if resources and not _only_on_everything(action) else Severity.LOW


def _left_to_account(grant: Grant) -> bool:
    """Whether a resource's policy says no more than that the account's own policies count, as a key's must."""
    return grant.holder.startswith("on ") and grant.principal.patterns == ("AWS ${AWS::AccountId}",)


def _actions(action: Names) -> int:
    """0 one action, 1 some of a service, 2 a whole service, 3 everything."""
    if action.negated or "*" in action.patterns:
        return 3
    service, _, name = action.patterns[0].partition(":")
    if "*" in service or name == "*":
        return 2 if "*" not in service else 3
    return 1 if "*" in name or "?" in name else 0


def _resources(grant: Grant) -> int:
    """0 some, 1 all of a service or nearly, 2 everything."""
    if grant.holder.startswith("on "):
        return 0  # a policy on a resource reaches no further than the resource
    if grant.resource.negated or "*" in grant.resource.patterns:
        return 2
    return 1 if all(map(_whole_service, grant.resource.patterns)) else 0


@lru_cache(maxsize=8192)
def _whole_service(resource: str) -> bool:
    if resource.startswith("${"):
        return False  # whatever it stands for, it is one thing, and the rest is inside of it
    parts = _VARIABLE.sub("x", resource).split(":", 5)
    inside = parts[2:3] == ["s3"] and not parts[-1].startswith(
        "*"
    )  # `shells/*` is one bucket, `table/*` are all tables
    return _ALL_OF_THEM.fullmatch(parts[-1]) is not None and not inside


def _by_people(grant: Grant) -> Severity:
    """How bad the principals are."""
    if grant.principal.patterns == ("",) or grant.effect == "Deny":
        return Severity.NOTE
    if grant.principal.negated or "*" in grant.principal.patterns:
        return Severity.CRITICAL if _actions(grant.action) >= 2 or grant.holder.startswith("trust ") else Severity.HIGH
    kind, _, name = grant.principal.patterns[0].partition(" ")
    match kind:
        case "Service":
            anybodys = name in _FOR_ANYBODY and grant.action.patterns == ("lambda:invokefunction",)
            return Severity.MEDIUM if anybodys and not grant.conditions else Severity.NOTE
        case "AWS" if "${AWS::AccountId}" in name or not re.search(r"[0-9]{12}", name):
            return Severity.MEDIUM if grant.holder.startswith("trust ") else Severity.LOW
        case _:
            return Severity.HIGH


def _worse(one: Severity, other: Severity) -> Severity:
    return one if one.rank >= other.rank else other


def _better(severity: Severity) -> Severity:
    return next(step for step in Severity if step.rank == severity.rank - 1)


@cache
def _services() -> dict[str, Any]:
    return json.loads(cfn_lint_data("AdditionalSpecs", "Policies.json"))


def _only_on_everything(action: str) -> bool:
    """Whether an action knows no resources, so that it can be granted on `*` only."""
    service, _, name = action.partition(":")
    found = _services().get(service, {}).get("Actions", {}).get(name)
    return found is not None and not found.get("Resources")
