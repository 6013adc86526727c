"""What is live in production, compared with what is declared: what somebody changed by hand is in no sandbox."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from shoreward.domain import Target
from shoreward.spec.template.plain import Json, mapping, several
from shoreward.spec.template.resolving import resolve


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionFacts:
    """A function as Lambda runs it.

    Attributes:
        reserved: concurrent executions that are reserved for it, None for no reservation.
        unread: why the reservation could not be read, "" when it was.
        environment: names of its environment variables.
    """

    memory: int
    timeout: int
    runtime: str
    architectures: tuple[str, ...]
    layers: int
    environment: tuple[str, ...]
    reserved: int | None = None
    unread: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """A target as it is.

    Attributes:
        exists: whether there is a stack.
        template: the one that the stack was made from, empty when it is no JSON.
        parameters: the stack's.
        functions: by logical id; of those that the stack holds.
        concurrency: concurrent executions that the account may have in the region; None when it does not tell.
    """

    exists: bool
    template: Mapping[str, Json]
    parameters: Mapping[str, str]
    functions: Mapping[str, FunctionFacts]
    concurrency: float | None = None


class Observer(Protocol):
    """Looks at targets, and changes nothing."""

    def observe(self, target: Target) -> Observed:
        """A target as it is; raises `OperationError` when nobody can look."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """A function that is not as its stack's template says.

    Attributes:
        property: the template's property.
    """

    resource: str
    property: str
    template: Json
    live: Json


def drifts(target: Target, observed: Observed) -> Iterator[Drift]:
    """What was changed by hand: functions that differ from the template and parameters that they were made from."""
    declared = resolve(observed.template, target, observed.parameters).of_type("AWS::Lambda::Function")
    for name, facts in observed.functions.items():
        if (wanted := declared.get(name)) is None:
            continue
        for key, template, live in _pairs(wanted, facts):
            if not isinstance(template, dict) and str(template) != str(live):  # a reference: nobody knows here
                yield Drift(resource=name, property=key, template=template, live=live)


def _pairs(wanted: Mapping[str, Json], facts: FunctionFacts) -> Iterator[tuple[str, Json, Json]]:
    yield "MemorySize", wanted.get("MemorySize", 128), facts.memory
    yield "Timeout", wanted.get("Timeout", 3), facts.timeout
    if "Runtime" in wanted:
        yield "Runtime", wanted["Runtime"], facts.runtime
    yield "Architectures", several(wanted.get("Architectures", ["x86_64"])), list(facts.architectures)
    yield "Layers", len(several(wanted.get("Layers"))), facts.layers
    names = sorted(mapping(mapping(wanted.get("Environment")).get("Variables")))
    yield "Environment", names, sorted(facts.environment)
    if not facts.unread:
        yield "ReservedConcurrentExecutions", wanted.get("ReservedConcurrentExecutions"), facts.reserved
