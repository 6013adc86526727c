"""The proof that nothing is left of a sandbox: every service is asked, and so are the tags and CloudFormation."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shoreward.adapters.aws.calls import Aws, pages
from shoreward.adapters.aws.sandboxes.kinds import BY_TYPE, KINDS, STACK, WITH_ANOTHER, Kind, kind_of_arn
from shoreward.adapters.aws.sandboxes.shelves import Item, items, own
from shoreward.adapters.aws.stacks.stack import describe, is_absent
from shoreward.app.sandboxes import MARK, Thing
from shoreward.app.sandboxes.ports import Proof
from shoreward.domain import OperationError, Target, Terminal

_KEPT = ("DELETE_SKIPPED", "DELETE_FAILED")


def survivors(aws: Aws, target: Target, known: Collection[Thing], types: Collection[str]) -> tuple[Thing, ...]:
    """What services still list of a sandbox, of some types; a service that cannot be asked raises."""
    kinds = [kind for kind in KINDS if kind.type in types]
    found = aws.together(lambda kind: own(kind, items(aws, target, kind), known, target.stack), kinds)
    return tuple(thing for things in found for thing in things)


@dataclass(slots=True)
class _Looks:
    """What was looked at so far."""

    looked: list[str] = field(default_factory=list[str])
    left: set[Thing] = field(default_factory=set[Thing])
    unseen: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])


def prove(aws: Aws, target: Target, known: Sequence[Thing]) -> Proof:
    """Ask the cloud whether anything of a sandbox is left.

    The services' own listings decide. Of types that are in no table CloudFormation's word is taken: what it kept or
    could not delete is left. The tags find what nobody noted; where a listing says that it is gone, it is (the index
    of tags lags behind).

    Raises `OperationError` when a service cannot be asked of which the sandbox is known to have had something.
    """
    looks = _Looks()
    stack = describe(aws, target)
    looks.looked.append("the stack")
    if stack is not None:
        looks.left.add(Thing(type=STACK, id=stack.id))
    listed = _shelves(aws, target, known, looks)
    deleted = _kept_by_stacks(aws, target, known, looks)
    _tagged(aws, target, listed, deleted, looks)
    return Proof(looked=tuple(looks.looked), left=tuple(sorted(looks.left)), unseen=tuple(sorted(looks.unseen)))


def _shelves(aws: Aws, target: Target, known: Sequence[Thing], looks: _Looks) -> dict[str, tuple[Item, ...]]:
    """Everything that the services list, by type."""
    had = {one.type for one in known}

    def look(kind: Kind) -> tuple[Kind, tuple[Item, ...] | OperationError]:
        try:
            return kind, items(aws, target, kind)
        except OperationError as error:
            if kind.type in had:
                raise
            return kind, error

    listed: dict[str, tuple[Item, ...]] = {}
    for kind, found in aws.together(look, KINDS):
        if isinstance(found, OperationError):
            looks.unseen.append((kind.label, found.what))
            continue
        listed[kind.type] = found
        looks.looked.append(kind.label)
        looks.left |= set(own(kind, found, known, target.stack))
    return listed


def _kept_by_stacks(aws: Aws, target: Target, known: Sequence[Thing], looks: _Looks) -> set[tuple[str, str]]:
    """Find what CloudFormation kept of types that nobody can list here.

    Returns what it deleted, by stack id and logical id.
    """
    deleted: set[tuple[str, str]] = set()
    for stack in (one.id for one in known if one.type == STACK):
        for logical_id, (status, thing) in _fates(aws, target, stack).items():
            if status == "DELETE_COMPLETE":
                deleted.add((stack, logical_id))
            elif status in _KEPT and thing.type not in {*BY_TYPE, *WITH_ANOTHER, STACK}:
                looks.left.add(thing)
    return deleted


def _fates(aws: Aws, target: Target, stack: str) -> dict[str, tuple[str, Thing]]:
    """The last that happened to each resource of a stack, by logical id; nothing after AWS's 90 days."""
    client = aws.cloudformation(target)
    fates: dict[str, tuple[str, Thing]] = {}
    try:
        for page in pages(lambda more: aws.call(target, client.describe_stack_events, StackName=stack, **more)):
            for event in page.get("StackEvents", []):  # newest first
                thing = Thing(type=event.get("ResourceType", ""), id=event.get("PhysicalResourceId", ""))
                fates.setdefault(event.get("LogicalResourceId", ""), (event.get("ResourceStatus", ""), thing))
    except Terminal as error:
        if not is_absent(error):
            raise
    return fates


def _tagged(
    aws: Aws,
    target: Target,
    listed: Mapping[str, tuple[Item, ...]],
    deleted: Collection[tuple[str, str]],
    looks: _Looks,
) -> None:
    """Find what carries the sandbox's tag; the index lags behind, so listings and CloudFormation overrule it."""
    client = aws.sessions.client("resourcegroupstaggingapi", target)
    asked = {"TagFilters": [{"Key": MARK, "Values": [target.stack]}]}
    try:
        found: list[dict[str, Any]] = [
            one
            for page in pages(
                lambda more: aws.call(target, client.get_resources, **asked, **more),
                asks="PaginationToken",
                tells="PaginationToken",
            )
            for one in page["ResourceTagMappingList"]
        ]
    except OperationError as error:
        looks.unseen.append(("tags", error.what))
        return
    looks.looked.append("tags of all services")
    for one in found:
        arn, tags = str(one["ResourceARN"]), {str(tag["Key"]): str(tag["Value"]) for tag in one.get("Tags", [])}
        kind = kind_of_arn(arn)
        made_by = tags.get("aws:cloudformation:stack-id", ""), tags.get("aws:cloudformation:logical-id", "")
        if kind is not None and kind.type in listed:
            looks.left |= {Thing(type=kind.type, id=item.id) for item in listed[kind.type] if _names(arn, item)}
        elif ":cloudformation:" not in arn and made_by not in deleted:  # the stack itself was asked for
            looks.left.add(Thing(type="tagged", id=arn))


def _names(arn: str, item: Item) -> bool:
    """Whether an ARN is that of an item of a listing."""
    return arn == item.id or arn.endswith((f":{item.id}", f"/{item.id}", f":{item.id.rpartition('/')[2]}"))
