"""Quotas of an account, as far as its services tell them, looked at before a sandbox is created.

One that cannot be read (a service without such a call, a role that may not ask) is said to be so: it neither stops
the sandbox nor is it taken for room.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from shoreward.adapters.aws.calls import Aws, pages
from shoreward.adapters.aws.sandboxes.kinds import BY_TYPE, ROLE
from shoreward.adapters.aws.sandboxes.shelves import items
from shoreward.app.sandboxes.ports import Needs, Quota
from shoreward.domain import OperationError, Target

_UNRESERVED = 100
"""Concurrent executions that Lambda keeps for functions without a reservation, where an account has so many."""

_BY_CODE: Mapping[str, tuple[str, str]] = {
    "AWS::DynamoDB::Table": ("dynamodb", "L-F98FE922"),
    "AWS::S3::Bucket": ("s3", "L-DC2B2D3D"),
}
"""Types whose quota Service Quotas tells: the service and the quota's code."""

_ALIVE = (
    "CREATE_IN_PROGRESS CREATE_FAILED CREATE_COMPLETE ROLLBACK_IN_PROGRESS ROLLBACK_FAILED ROLLBACK_COMPLETE "
    "DELETE_IN_PROGRESS DELETE_FAILED UPDATE_IN_PROGRESS UPDATE_COMPLETE_CLEANUP_IN_PROGRESS UPDATE_COMPLETE "
    "UPDATE_FAILED UPDATE_ROLLBACK_IN_PROGRESS UPDATE_ROLLBACK_FAILED UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS "
    "UPDATE_ROLLBACK_COMPLETE REVIEW_IN_PROGRESS IMPORT_IN_PROGRESS IMPORT_COMPLETE IMPORT_ROLLBACK_IN_PROGRESS "
    "IMPORT_ROLLBACK_FAILED IMPORT_ROLLBACK_COMPLETE"
)

Look = Callable[[Aws, Target, Needs], tuple[Quota, ...]]


def quotas(aws: Aws, target: Target, needs: Needs) -> tuple[Quota, ...]:
    """The quotas that a sandbox draws on; those that have no room first, then by name."""
    looks: dict[str, Look] = {"stacks": _stacks}
    if "AWS::Lambda::Function" in needs.types:
        looks["Lambda's concurrency and code"] = _lambda
    if ROLE in needs.types:
        looks["roles"] = _roles
    for type_ in _BY_CODE.keys() & needs.types.keys():
        looks[BY_TYPE[type_].label] = _counted(type_)

    def look(name: str) -> tuple[Quota, ...]:
        try:
            return looks[name](aws, target, needs)
        except OperationError as error:
            return (Quota(name=name, unread=error.what),)

    found = [one for some in aws.together(look, looks) for one in some]
    return tuple(sorted(found, key=lambda one: (one.fits, one.name)))


def _lambda(aws: Aws, target: Target, needs: Needs) -> tuple[Quota, ...]:
    settings = aws.call(target, aws.lambda_(target).get_account_settings)
    limit, usage = settings.get("AccountLimit", {}), settings.get("AccountUsage", {})
    concurrent = limit.get("ConcurrentExecutions", 0)
    free = limit.get("UnreservedConcurrentExecutions", concurrent)
    kept = min(_UNRESERVED, concurrent)
    code = Quota(
        name="bytes of Lambda code",
        limit=limit.get("TotalCodeSize", 0),
        used=usage.get("TotalCodeSize", 0),
        needed=needs.code,
    )
    if not needs.reserved:
        return (code,)
    reserved = Quota(
        name="reserved concurrency", limit=concurrent - kept, used=concurrent - free, needed=needs.reserved
    )
    return (reserved, code)


def _stacks(aws: Aws, target: Target, needs: Needs) -> tuple[Quota, ...]:
    del needs
    client = aws.cloudformation(target)
    limits = aws.call(target, client.describe_account_limits)["AccountLimits"]
    limit = next((one.get("Value", 0) for one in limits if one.get("Name") == "StackLimit"), None)
    if limit is None:
        return (Quota(name="stacks", unread="CloudFormation does not tell it."),)
    alive = sum(
        len(page.get("StackSummaries", ()))
        for page in pages(
            lambda more: aws.call(target, client.list_stacks, StackStatusFilter=_ALIVE.split(), **more)  # pyright: ignore[reportArgumentType] -- a status is a text
        )
    )
    return (Quota(name="stacks", limit=limit, used=alive, needed=1),)


def _roles(aws: Aws, target: Target, needs: Needs) -> tuple[Quota, ...]:
    client = aws.sessions.client("iam", target)
    told = aws.call(target, client.get_account_summary)["SummaryMap"]
    return (Quota(name="roles", limit=told["RolesQuota"], used=told["Roles"], needed=needs.types[ROLE]),)


def _counted(type_: str) -> Look:
    kind, (service, code) = BY_TYPE[type_], _BY_CODE[type_]

    def look(aws: Aws, target: Target, needs: Needs) -> tuple[Quota, ...]:
        client = aws.sessions.client("service-quotas", target)
        told = aws.call(target, client.get_service_quota, ServiceCode=service, QuotaCode=code)["Quota"]
        used = len(items(aws, target, kind))
        return (Quota(name=kind.label, limit=told["Value"], used=used, needed=needs.types[type_]),)

    return look
