"""What a revision publishes on a target: its functions with the version that served and the one that is to serve."""

from __future__ import annotations

import base64

from shoreward.adapters.aws.stacks.stack import Resource
from shoreward.domain import Change, Revision, Snapshot, StagedFunction


def checked_codes(revision: Revision) -> dict[str, str]:
    """The code of the revision's functions by logical id: a zip's sha256 is what Lambda calls CodeSha256."""
    return {
        user: base64.b64encode(bytes.fromhex(artifact.digest)).decode()
        for artifact in revision.artifacts
        for user in artifact.used_by
    }


def codes(revision: Revision, snapshot: Snapshot) -> dict[str, str]:
    """The code that the revision will publish, by the names of functions that are there already."""
    wanted = checked_codes(revision)
    return {one.name: wanted[one.logical_id] for one in snapshot.functions if one.logical_id in wanted}


def staged(revision: Revision, snapshot: Snapshot, held: dict[str, Resource]) -> tuple[StagedFunction, ...]:
    """The functions as they are now; a function that was replaced by another one has no baseline."""
    serving = {function.logical_id: function for function in snapshot.functions}
    found: list[StagedFunction] = []
    for function in revision.functions:
        resource, version = held.get(function.logical_id), held.get(function.version_id)
        if resource is None or version is None:
            continue  # its condition does not hold on this target
        before = serving.get(function.logical_id)
        found.append(
            StagedFunction(
                logical_id=function.logical_id,
                name=resource.physical_id,
                alias=function.alias,
                baseline=before.version if before is not None and before.name == resource.physical_id else None,
                candidate=version.physical_id.rpartition(":")[2],
            )
        )
    return tuple(found)


def foreseen(revision: Revision, snapshot: Snapshot, changes: tuple[Change, ...]) -> tuple[StagedFunction, ...]:
    """The functions as a change set would leave them; a name or version that is not there yet is ''."""
    serving = {function.logical_id: function for function in snapshot.functions}
    published = {change.logical_id for change in changes if change.action == "Add"}
    found: list[StagedFunction] = []
    for function in revision.functions:
        before = serving.get(function.logical_id)
        unchanged = before is not None and function.version_id not in published
        found.append(
            StagedFunction(
                logical_id=function.logical_id,
                name=before.name if before is not None else "",
                alias=function.alias,
                baseline=before.version if before is not None else None,
                candidate=before.version if before is not None and unchanged else "",
            )
        )
    return tuple(found)
