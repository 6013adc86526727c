"""Wreckage: what somebody else made of a target that is on its way back, found, and mended where that serves customers.

Beside `manager`. A rollback goes over what it finds, because customers come first; so it says what that was. Looking is
never a reason to stop: what cannot be looked at is not told.
"""

from __future__ import annotations

from collections.abc import Iterator

from shoreward.adapters.aws.artifacts import Artifacts
from shoreward.adapters.aws.calls import Aws, pages
from shoreward.adapters.aws.naming import fill
from shoreward.adapters.aws.serving import alias_state, alike, configuration
from shoreward.adapters.aws.stacks.drift import changed
from shoreward.adapters.aws.stacks.stack import Stack
from shoreward.domain import (
    Difference,
    OperationError,
    Pipeline,
    Revision,
    ServingFunction,
    Snapshot,
    Staged,
    Target,
    Terminal,
)
from shoreward.domain.drift import STACK

APPLICATION = "shoreward:application"
"""The tag of a stack that Shoreward created."""


def made_by(aws: Aws, target: Target, stack: Stack, application: str) -> bool:
    """Whether a stack that was not there before is the release's own, and not one that somebody else made meanwhile."""
    if stack.status != "REVIEW_IN_PROGRESS":
        return dict(stack.tags).get(APPLICATION) == application
    return all(name.startswith("shoreward-") for name in change_sets(aws, target))


def change_sets(aws: Aws, target: Target) -> tuple[str, ...]:
    """Names of the change sets of the target's stack."""
    client = aws.cloudformation(target)
    return tuple(
        one.get("ChangeSetName", "")
        for page in pages(lambda more: aws.call(target, client.list_change_sets, StackName=target.stack, **more))
        for one in page.get("Summaries", [])
    )


def somebody_elses(stack: Stack) -> Difference:
    """A stack that the release did not make, and leaves alone."""
    actual = f"a stack in {stack.status} that somebody else made, which is left as it is"
    return Difference(resource=STACK, path="", expected="none", actual=actual)


def gone(stack: Stack | None) -> Difference:
    """A stack that somebody deleted: nothing of the release is there any more, nor of what was before."""
    actual = "deleted" if stack is None else f"deleted, and another one in {stack.status}"
    actual = f"{actual}; it is not made again: release a commit to do so"
    return Difference(resource=STACK, path="", expected="there", actual=actual)


def bring_back_code(artifacts: Artifacts, pipeline: Pipeline, target: Target, revision: Revision | None) -> None:
    """Upload code of a release that a rollback of CloudFormation's may miss."""
    if revision is not None:
        artifacts.bring_back(target, fill(pipeline.artifacts, target), [one.digest for one in revision.artifacts])


def artifacts_gone(target: Target, bucket: str, missing: tuple[str, ...], error: Terminal) -> Terminal:
    """The error for a way back that needs code which is nowhere any more."""
    places = ", ".join(f"s3://{bucket}/{key}" for key in missing)
    return Terminal(
        "ARTIFACT_GONE",
        f"The code that served before is not to be had: somebody deleted {places}. {error.what}",
        where=target.key,
        next="Put it back from a machine that built it (.shoreward/artifacts) or from a backup: "
        f"`aws s3 cp {missing[0]} s3://{bucket}/{missing[0]}`. Shoreward tries again every minute.",
    )


def strays(aws: Aws, target: Target, snapshot: Snapshot, staged: Staged) -> tuple[Difference, ...]:
    """Aliases that are at a version which neither the release nor the snapshot knows."""
    candidates = {function.name: function.candidate for function in staged.functions}

    def look(one: ServingFunction) -> Difference | None:
        now = alias_state(aws, target, one.name, one.alias)
        known = {one.version, candidates.get(one.name)}
        if now is None or {now.version, *now.weights} <= known or _same_code(aws, target, one, now.version):
            return None
        expected = f"version {one.version} or {candidates.get(one.name)}"
        return Difference(resource=one.logical_id, path=f"alias {one.alias}", expected=expected, actual=str(now))

    try:
        found = aws.together(look, snapshot.functions)
    except OperationError:
        return ()
    return tuple(one for one in found if one is not None)


def hand_made(aws: Aws, target: Target, snapshot: Snapshot, staged: Staged | None) -> tuple[Difference, ...]:
    """What somebody changed in the functions themselves, beside the versions that were published from them."""
    if staged is None:
        return ()
    known = {function.name for function in snapshot.functions}

    def look(name: str, logical_id: str, version: str) -> Iterator[Difference]:
        latest = configuration(aws, target, name, "$LATEST")
        published = configuration(aws, target, name, version)
        if latest is None:
            yield Difference(resource=logical_id, path="", expected="there", actual="deleted")
        elif published is not None:
            yield from changed(logical_id, published, latest)

    try:
        found = aws.together(
            lambda one: tuple(look(one.name, one.logical_id, one.candidate)),
            [one for one in staged.functions if one.name in known],
        )
    except OperationError:
        return ()
    return tuple(each for some in found for each in some)


def _same_code(aws: Aws, target: Target, one: ServingFunction, version: str) -> bool:
    """An earlier attempt may have published the code of the snapshot anew."""
    theirs, ours = (configuration(aws, target, one.name, each) for each in (version, one.version))
    if theirs is None:
        return False
    return theirs.get("CodeSha256") == one.code or (ours is not None and alike(ours, theirs, inline=True))
