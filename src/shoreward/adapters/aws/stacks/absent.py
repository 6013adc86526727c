"""Functions and aliases that somebody deleted, while CloudFormation takes them to be there: it cannot update either.

Beside `manager`. Nobody but a person can make a function again; its alias is made again before the stack is touched.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from shoreward.adapters.aws.calls import Aws
from shoreward.adapters.aws.faults import code_of
from shoreward.adapters.aws.serving import alias_state, configuration, version_of, versions
from shoreward.adapters.aws.stacks.stack import Resource, resources
from shoreward.domain import Difference, LambdaFunction, ServingFunction, Target, Terminal


def remedy(target: Target, name: str) -> str:
    """What a person does about a function that is gone."""
    command = f"aws lambda create-function --function-name {name} --region {target.region}"
    return f"Make it again by its name, with the configuration and permissions that it had: `{command} ...`"


def require_functions(aws: Aws, target: Target, functions: Sequence[ServingFunction]) -> None:
    """Raise `Terminal` (FUNCTION_GONE) for functions that are not there: a change to their stack would fail."""
    found = aws.together(lambda one: configuration(aws, target, one.name, "$LATEST"), functions)
    missing = [one for one, about in zip(functions, found, strict=True) if about is None]
    known = {one.physical_id for one in resources(aws, target).values()} if missing else set[str]()
    gone = [one for one in missing if one.name in known]
    if gone:
        names = ", ".join(f"{one.logical_id} ({one.name})" for one in gone)
        raise Terminal(
            "FUNCTION_GONE",
            f"Somebody deleted {names}, and CloudFormation cannot update what is gone.",
            where=target.key,
            next=f"{remedy(target, gone[0].name)}. Shoreward tries again every minute.",
        )


def revive(aws: Aws, target: Target, functions: Sequence[ServingFunction]) -> tuple[Difference, ...]:
    """Make aliases again that somebody deleted while CloudFormation takes them to be there; customers need them.

    Returns those, whether that went well or not.
    """
    missing = [one for one in functions if alias_state(aws, target, one.name, one.alias) is None]
    if not missing:
        return ()
    known = _aliases(resources(aws, target).values())
    deleted = [one for one in missing if f"{one.name}:{one.alias}" in known]
    aws.together(lambda one: _make(aws, target, one), deleted)
    return tuple(
        Difference(resource=one.logical_id, path=f"alias {one.alias}", expected="there", actual="deleted")
        for one in deleted
    )


def revive_unserved(
    aws: Aws, target: Target, functions: Sequence[LambdaFunction], served: Sequence[ServingFunction]
) -> None:
    """The same for functions that serve nobody now; their aliases come to what the stack has published, or will."""
    idle = [one for one in functions if one.logical_id not in {each.logical_id for each in served}]
    if not idle:
        return
    held = resources(aws, target)
    known = [(one, held[one.logical_id].physical_id) for one in idle if one.logical_id in held]
    revive(
        aws,
        target,
        [
            ServingFunction(logical_id=one.logical_id, name=name, alias=one.alias, version="", code="")
            for one, name in known
            if name
        ],
    )


def _aliases(held: Collection[Resource]) -> set[str]:
    return {one.physical_id.partition(":function:")[2] for one in held if one.type == "AWS::Lambda::Alias"}


def _make(aws: Aws, target: Target, function: ServingFunction) -> None:
    if configuration(aws, target, function.name, "$LATEST") is None:
        return  # with its function; what CloudFormation says of that is told
    client = aws.lambda_(target)
    try:
        version = _version(aws, target, function)
        aws.call(target, client.create_alias, FunctionName=function.name, Name=function.alias, FunctionVersion=version)
    except Terminal as error:
        if code_of(error) != "ResourceConflictException" and error.code != "VERSION_GONE":
            raise


def _version(aws: Aws, target: Target, function: ServingFunction) -> str:
    """What served; of a function that a person has made again by hand, what they put there."""
    published = versions(aws, target, function.name)
    if published and function.version:
        return version_of(aws, target, function)
    if published:
        return published[-1][0]
    client = aws.lambda_(target)
    return aws.call(target, client.publish_version, FunctionName=function.name)["Version"]
