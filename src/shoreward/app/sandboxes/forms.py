"""A revision's template in a sandbox's form: everything in it can be removed again.

`Retain` and `Snapshot` keep data when production's stack is deleted. In a sandbox they would leave things behind that
nobody asked for, also when a creation fails half way; so they are taken out before anything is made. Nothing else of
the template differs. Versions keep theirs: they go with their function, and an older one may be wanted until then.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from shoreward.app.sandboxes.ports import Needs
from shoreward.domain import Pipeline, Revision, Target
from shoreward.spec.template.plain import mapping
from shoreward.spec.template.resolving import Resolved

_VERSION = "AWS::Lambda::Version"
_SNAPSHOT_BY_DEFAULT = ("AWS::RDS::DBCluster", "AWS::RDS::DBInstance")
_POLICIES = ("DeletionPolicy", "UpdateReplacePolicy")


def sandboxed(template: Mapping[str, Any]) -> dict[str, Any]:
    """The template with nothing in it that outlives its stack."""
    resources = cast("Mapping[str, Mapping[str, Any]]", mapping(template.get("Resources")))
    return {**template, "Resources": {name: _removable(resource) for name, resource in resources.items()}}


def _removable(resource: Mapping[str, Any]) -> Mapping[str, Any]:
    kind = resource.get("Type")
    if kind == _VERSION or not (kind in _SNAPSHOT_BY_DEFAULT or any(name in resource for name in _POLICIES)):
        return resource
    return {**resource, **dict.fromkeys(_POLICIES, "Delete")}


def bucket_of(pipeline: Pipeline, place: Target) -> str:
    """The artifact bucket of a pipeline's sandboxes: one for all of them, whose content is named by its digest."""
    filled = pipeline.artifacts.replace("{account}", place.account).replace("{region}", place.region)
    return filled.replace("{stack}", place.stack)


def kept_in_production(template: Mapping[str, Any]) -> tuple[str, ...]:
    """Logical ids of resources that outlive production's stack and not a sandbox's, sorted."""
    resources = cast("Mapping[str, Mapping[str, Any]]", mapping(template.get("Resources")))
    return tuple(sorted(name for name, one in resources.items() if _removable(one) != one))


def needs_of(resolved: Resolved, revision: Revision) -> Needs:
    """What creating a sandbox draws on."""
    types: dict[str, int] = {}
    for resource in resolved.resources.values():
        kind = str(resource.get("Type", ""))
        types[kind] = types.get(kind, 0) + 1
    reserved = [one.get("ReservedConcurrentExecutions") for one in resolved.of_type("AWS::Lambda::Function").values()]
    return Needs(
        types=types,
        reserved=sum(int(amount) for amount in reserved if isinstance(amount, int | str) and str(amount).isdigit()),
        code=sum(artifact.size for artifact in revision.artifacts),
    )
