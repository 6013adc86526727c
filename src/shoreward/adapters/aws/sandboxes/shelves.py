"""What a service lists of a kind, and which of it is a sandbox's: by what was noted of it, or by its name."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, cast

from shoreward.adapters.aws.calls import Aws
from shoreward.adapters.aws.sandboxes.kinds import LAYER, LOG_GROUP, RULE, Kind
from shoreward.app.sandboxes import Thing
from shoreward.domain import Target


@dataclass(frozen=True, slots=True)
class Item:
    """A thing in a listing: its physical id, and the name that it was given."""

    id: str
    name: str


def items(aws: Aws, target: Target, kind: Kind) -> tuple[Item, ...]:
    """All things of a kind in the account and region (of services that have no regions: in the account)."""
    if kind.type == LAYER:
        return _layers(aws, target, kind)
    if kind.type == RULE:
        return _rules(aws, target, kind)
    return tuple(_item(kind, one) for one in _listing(aws, target, kind.service, kind.listing, kind.items, kind.asks))


def own(kind: Kind, found: Iterable[Item], known: Collection[Thing], sandbox: str) -> tuple[Thing, ...]:
    """Those that are the sandbox's, by what is known of it or by their names."""
    noted = {_plain(one.id) for one in known if one.type == kind.type}
    logs = tuple(f"API-Gateway-Execution-Logs_{one.id}/" for one in known if one.type == "AWS::ApiGateway::RestApi")
    return tuple(
        sorted(
            Thing(type=kind.type, id=item.id)
            for item in found
            if {_plain(item.id), _plain(item.name)} & noted
            or is_named(item.name, sandbox)
            or (kind.type == LOG_GROUP and item.name.startswith(logs))
        )
    )


def is_named(name: str, sandbox: str) -> bool:
    """Whether a name holds a sandbox's own, which no other sandbox's holds (`naming`): `/aws/lambda/<sandbox>-Hello`.

    Buckets are in small letters.
    """
    _, found, rest = name.lower().partition(sandbox.lower())
    return bool(found) and not rest[:1].isalnum()


def _listing(aws: Aws, target: Target, service: str, operation: str, member: str, asks: Any, **more: Any) -> list[Any]:
    client = aws.sessions.client(service, target)
    method = getattr(client, operation)

    def everything() -> list[Any]:
        if not client.can_paginate(operation):
            return list(cast("dict[str, Any]", method(**asks, **more)).get(member) or ())
        pages = client.get_paginator(operation).paginate(**asks, **more)
        return [one for page in pages for one in page.get(member) or ()]

    everything.__name__ = operation
    return aws.call(target, everything)


def _item(kind: Kind, one: Any) -> Item:
    id_ = str(one[kind.id]) if kind.id else str(one)
    return Item(id_, str(one.get(kind.name) or id_) if kind.name else id_)


def _layers(aws: Aws, target: Target, kind: Kind) -> tuple[Item, ...]:
    """Layers are listed by name, and removed version by version."""
    found: list[Item] = []
    for layer in _listing(aws, target, kind.service, kind.listing, kind.items, kind.asks):
        versions = _listing(
            aws, target, "lambda", "list_layer_versions", "LayerVersions", {}, LayerName=layer["LayerName"]
        )
        found += [Item(str(one["LayerVersionArn"]), str(layer["LayerName"])) for one in versions]
    return tuple(found)


def _rules(aws: Aws, target: Target, kind: Kind) -> tuple[Item, ...]:
    """Rules are listed by bus; one that is not on the default bus has `bus|rule` for an id."""
    found: list[Item] = []
    for bus in _listing(aws, target, "events", "list_event_buses", "EventBuses", {}):
        name = str(bus["Name"])
        for one in _listing(aws, target, "events", kind.listing, kind.items, {}, EventBusName=name):
            rule = str(one["Name"])
            found.append(Item(rule if name == "default" else f"{name}|{rule}", rule))
    return tuple(found)


def _plain(name: str) -> str:
    """An id or name as it can be compared: of a queue's address only what follows the host, which has several names."""
    return "/".join(name.split("/")[3:]) if name.startswith(("http://", "https://")) else name
