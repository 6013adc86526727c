"""The same template on two targets: which resources and which of their properties differ, and whether by declaration.

What the sandbox's own parameters say is declared: somebody wrote that it shall differ. What differs although nobody
did (production's targets have a parameter that the sandbox was not given, say) is what people overlook.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from shoreward.domain import Target
from shoreward.spec.template.differences import as_deployed
from shoreward.spec.template.plain import Json, mapping
from shoreward.spec.template.resolving import Resolved, properties, resolve

_UNTOLD = ("Description", "Tags")
"""Properties that no behaviour depends on."""

_DEFAULTS: Mapping[tuple[str, str], Json] = {
    ("AWS::Lambda::Function", "MemorySize"): 128,
    ("AWS::Lambda::Function", "Timeout"): 3,
    ("AWS::Lambda::Function", "Architectures"): ["x86_64"],
}

_ASPECTS: Mapping[tuple[str, str], str] = {
    ("AWS::Lambda::Function", "MemorySize"): "memory",
    ("AWS::Lambda::Function", "Timeout"): "timeout",
    ("AWS::Lambda::Function", "ReservedConcurrentExecutions"): "concurrency",
    ("AWS::Lambda::Alias", "ProvisionedConcurrencyConfig"): "concurrency",
    ("AWS::Lambda::Version", "ProvisionedConcurrencyConfig"): "concurrency",
    ("AWS::Lambda::Function", "Runtime"): "runtime",
    ("AWS::Lambda::Function", "Architectures"): "runtime",
    ("AWS::Lambda::Function", "Layers"): "layers",
    ("AWS::Lambda::Function", "Environment"): "environment",
    ("AWS::Lambda::Function", "Role"): "permissions",
    ("AWS::DynamoDB::Table", "BillingMode"): "capacity",
    ("AWS::DynamoDB::Table", "ProvisionedThroughput"): "capacity",
    ("AWS::Kinesis::Stream", "ShardCount"): "capacity",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that differs.

    Attributes:
        resource: logical id.
        aspect: presence, memory, timeout, concurrency, runtime, layers, environment, permissions, capacity, or
            configuration for everything else.
        property: the resource's property, "" when the whole resource is in one of them only.
        production, sandbox: the values; of environment variables only their names.
        declared: whether the sandbox's own parameters make the difference.
    """

    resource: str
    type: str
    aspect: str
    property: str = ""
    production: Json = None
    sandbox: Json = None
    declared: bool = False


def differences(template: Mapping[str, Json], production: Target, sandbox: Target) -> tuple[Difference, ...]:
    """How a template's resources differ between two targets, in the template's order."""
    there, here = resolve(template, production), resolve(template, sandbox)
    # Production's parameters, but where the sandbox has a value of its own, that: what differs then is declared.
    mixed = {**dict(production.parameters), **dict(sandbox.parameters)}
    declared = {(one.resource, one.property) for one in _compare(there, resolve(template, production, mixed))}
    found = _compare(there, here)
    return tuple(replace(one, declared=(one.resource, one.property) in declared) for one in found)


def _compare(production: Resolved, sandbox: Resolved) -> Iterator[Difference]:
    for name in dict.fromkeys((*production.resources, *sandbox.resources)):
        there, here = production.resources.get(name), sandbox.resources.get(name)
        kind = str((there or here or {}).get("Type", ""))
        if there is None or here is None:
            yield Difference(
                resource=name, type=kind, aspect="presence", production=there is not None, sandbox=here is not None
            )
            continue
        yield from _properties(name, kind, properties(there), properties(here))


def _properties(name: str, kind: str, there: Mapping[str, Json], here: Mapping[str, Json]) -> Iterator[Difference]:
    for key in sorted({*there, *here} - {*_UNTOLD}):
        default = _DEFAULTS.get((kind, key))
        first, second = _told(kind, key, there.get(key, default)), _told(kind, key, here.get(key, default))
        if as_deployed(first) != as_deployed(second):
            aspect = "permissions" if kind.startswith("AWS::IAM::") else _ASPECTS.get((kind, key), "configuration")
            yield Difference(resource=name, type=kind, aspect=aspect, property=key, production=first, sandbox=second)


def _told(kind: str, key: str, value: Json) -> Json:
    """A value as it may be compared and shown: of environment variables the names only, for values may be secret."""
    if (kind, key) == ("AWS::Lambda::Function", "Environment"):
        return sorted(mapping(mapping(value).get("Variables")))
    return value
