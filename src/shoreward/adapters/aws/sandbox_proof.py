"""The proof that nothing is left of a sandbox: every service is asked, and so are the tags and CloudFormation."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from shoreward.adapters.aws.calls import Aws, pages
from shoreward.adapters.aws.faults import code_of
from shoreward.adapters.aws.sandbox_kinds import BY_TYPE, KINDS, STACK, WITH_ANOTHER, Kind, kind_of_arn
from shoreward.adapters.aws.sandbox_shelves import Item, items, own
from shoreward.adapters.aws.stack import describe, is_absent
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
    _kept_by_stacks(aws, target, known, looks)
    _tagged(aws, target, listed, looks)
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


def _kept_by_stacks(aws: Aws, target: Target, known: Sequence[Thing], looks: _Looks) -> None:
    """What CloudFormation kept of types that nobody can list here."""
    client = aws.cloudformation(target)
    for stack in (one.id for one in known if one.type == STACK):
        fates: dict[str, tuple[str, Thing]] = {}
        try:
            for page in pages(
                lambda more, one=stack: aws.call(target, client.describe_stack_events, StackName=one, **more)
            ):
                for event in page.get("StackEvents", []):  # newest first
                    thing = Thing(type=event.get("ResourceType", ""), id=event.get("PhysicalResourceId", ""))
                    fates.setdefault(event.get("LogicalResourceId", ""), (event.get("ResourceStatus", ""), thing))
        except Terminal as error:
            if not is_absent(error):
                raise
            continue  # AWS tells of deleted stacks for 90 days
        looks.left |= {
            thing
            for status, thing in fates.values()
            if status in _KEPT and thing.type not in BY_TYPE and thing.type not in WITH_ANOTHER and thing.type != STACK
        }


def _tagged(aws: Aws, target: Target, listed: dict[str, tuple[Item, ...]], looks: _Looks) -> None:
    client = aws.sessions.client("resourcegroupstaggingapi", target)
    try:
        arns = [
            str(one["ResourceARN"])
            for page in pages(
                lambda more: aws.call(
                    target, client.get_resources, TagFilters=[{"Key": MARK, "Values": [target.stack]}], **more
                ),
                asks="PaginationToken",
                tells="PaginationToken",
            )
            for one in page["ResourceTagMappingList"]
        ]
    except OperationError as error:
        looks.unseen.append(("tags", f"{code_of(error)}: {error.what}" if code_of(error) else error.what))
        return
    looks.looked.append("tags of all services")
    for arn in arns:
        if ":cloudformation:" in arn:
            continue  # the stack itself was asked for
        kind = kind_of_arn(arn)
        if kind is None or kind.type not in listed:
            looks.left.add(Thing(type="tagged", id=arn))
        else:
            looks.left |= {Thing(type=kind.type, id=one.id) for one in listed[kind.type] if _names(arn, one)}


def _names(arn: str, item: Item) -> bool:
    """Whether an ARN is that of an item of a listing."""
    return arn == item.id or arn.endswith((f":{item.id}", f"/{item.id}", f":{item.id.rpartition('/')[2]}"))
