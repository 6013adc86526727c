"""What is in a sandbox: the resources of its stack, and the logs that they write beside it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from shoreward.adapters.aws.calls import Aws
from shoreward.adapters.aws.faults import code_of
from shoreward.adapters.aws.sandboxes.kinds import FUNCTION, LOG_GROUP, STACK
from shoreward.adapters.aws.stacks.stack import Resource, resources
from shoreward.app.sandboxes import Thing
from shoreward.domain import Parameters, Target, Terminal
from shoreward.spec.template.plain import mapping
from shoreward.spec.template.resolving import properties

RETENTION = 7
"""Days that a sandbox's logs are kept, should everything else fail to remove them."""

_LOGS: Mapping[str, str] = {
    FUNCTION: "/aws/lambda/{}",
    "AWS::AppSync::GraphQLApi": "/aws/appsync/apis/{}",
    "AWS::CodeBuild::Project": "/aws/codebuild/{}",
}
"""Log groups that services make by themselves, by type of resource: what nobody asked for outlives its stack."""


def things_of(stack_id: str, held: Iterable[Resource]) -> tuple[Thing, ...]:
    """A stack, what is in it, and the log groups that this writes to, sorted."""
    found = {Thing(type=one.type, id=one.physical_id) for one in held if one.physical_id}
    return tuple(sorted(found | {Thing(type=STACK, id=stack_id)} | _logs(found)))


def stack_things(aws: Aws, target: Target, stack_id: str) -> tuple[Thing, ...]:
    """The same, as CloudFormation tells it now."""
    return things_of(stack_id, resources(aws, target, stack_id).values())


def prepare_logs(aws: Aws, target: Target, things: Collection[Thing], tags: Parameters) -> None:
    """Make the functions' log groups before the functions do, so that they carry the sandbox's tags and end some day.

    A group that is there already is tagged.
    """
    client = aws.logs(target)
    wanted = dict(tags)

    def make(thing: Thing) -> None:
        try:
            aws.call(target, client.create_log_group, logGroupName=thing.id, tags=wanted)
        except Terminal as error:
            if code_of(error) != "ResourceAlreadyExistsException":
                raise
            arn = f"arn:{_partition(target)}:logs:{target.region}:{target.account}:log-group:{thing.id}"
            aws.call(target, client.tag_resource, resourceArn=arn, tags=wanted)
        aws.call(target, client.put_retention_policy, logGroupName=thing.id, retentionInDays=RETENTION)

    aws.together(make, [one for one in things if one.type == LOG_GROUP])


def function_logs(things: Iterable[Thing], template: Mapping[str, Any], held: Mapping[str, Resource]) -> set[Thing]:
    """The log groups that functions will make for themselves: not those of the template, nor of functions it sends
    elsewhere.
    """
    declared = {one.id for one in things if one.type == LOG_GROUP and _in_stack(one, held)}
    elsewhere = {
        held[name].physical_id
        for name, resource in mapping(template.get("Resources")).items()
        if name in held and "LogGroup" in mapping(properties(resource).get("LoggingConfig"))
    }
    functions = {one for one in things if one.type == FUNCTION and one.id not in elsewhere}
    return {group for group in _logs(functions) if group.id not in declared}


def _in_stack(thing: Thing, held: Mapping[str, Resource]) -> bool:
    return any(one.physical_id == thing.id and one.type == thing.type for one in held.values())


def _logs(found: Iterable[Thing]) -> set[Thing]:
    return {
        Thing(type=LOG_GROUP, id=_LOGS[one.type].format(one.id.rpartition("/")[2]))
        for one in found
        if one.type in _LOGS
    }


def _partition(target: Target) -> str:
    if target.region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if target.region.startswith("us-gov-") else "aws"
