"""The snapshot: a target as it is before a release touches it, which is what a rollback returns to."""

from __future__ import annotations

import json

from shoreward.adapters.aws.calls import Aws
from shoreward.adapters.aws.serving import alias_state, configuration
from shoreward.adapters.aws.stacks.stack import HIDDEN, Resource, Stack, resources
from shoreward.adapters.aws.stacks.waiting import LIMIT, settled
from shoreward.app.ports import Blobs
from shoreward.domain import LambdaFunction, Parameters, Retryable, Revision, ServingFunction, Snapshot, Target


def take(aws: Aws, blobs: Blobs, target: Target, revision: Revision, *, limit: float = LIMIT) -> Snapshot:
    """Look at a target; changes nothing. An operation under way is waited for, since what it leaves is what counts.

    Raises `Retryable` (ALIAS_BUSY) when an alias splits its traffic: something else is in the middle of a deployment.
    """
    stack = settled(aws, target, limit=limit)
    if stack is None or stack.condition == "stillborn":
        return Snapshot(exists=False)
    held = resources(aws, target)
    found = aws.together(lambda function: _serving(aws, target, function, held), revision.functions)
    return Snapshot(
        exists=True,
        template=blobs.put(original(aws, target)),
        parameters=stack.parameters,
        tags=stack.tags,
        functions=tuple(function for function in found if function is not None),
    )


def earlier_values(snapshot: Snapshot, now: Stack, target: Target) -> Parameters:
    """Parameter values for going back.

    CloudFormation does not tell the value of a NoEcho parameter. It stays as the stack has it; when the release took
    the parameter away, the value that the target gives is the best there is.
    """
    present = {name for name, _ in now.parameters}
    given = dict(target.parameters)
    return tuple(
        (name, value if value != HIDDEN or name in present else given.get(name, HIDDEN))
        for name, value in snapshot.parameters
    )


def original(aws: Aws, target: Target) -> bytes:
    """The template of the target's stack as somebody applied it."""
    client = aws.cloudformation(target)
    answer = aws.call(target, client.get_template, StackName=target.stack, TemplateStage="Original")
    body: object = answer["TemplateBody"]  # botocore has parsed it already where it was JSON
    return (
        body.encode() if isinstance(body, str) else json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
    )


def _serving(aws: Aws, target: Target, function: LambdaFunction, held: dict[str, Resource]) -> ServingFunction | None:
    resource = held.get(function.logical_id)
    if resource is None or not resource.physical_id:
        return None
    name = resource.physical_id
    alias = alias_state(aws, target, name, function.alias)
    if alias is None or alias.version == "$LATEST":
        return None
    if alias.weights:
        raise Retryable(
            "ALIAS_BUSY",
            f"The alias {function.alias} of {name} splits its traffic ({alias}): another deployment is under way, or "
            "Lambda is moving provisioned concurrency.",
            where=target.key,
            next="Let that deployment end, or take the weights off the alias, then retry.",
        )
    about = configuration(aws, target, name, alias.version)
    return ServingFunction(
        logical_id=function.logical_id,
        name=name,
        alias=function.alias,
        version=alias.version,
        code=about.get("CodeSha256", "") if about is not None else "",
    )
