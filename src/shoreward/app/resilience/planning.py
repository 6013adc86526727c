"""From the faults that are declared, by logical ids, to what is done to a sandbox.

faults + rendered template + what the stack holds ──► a trial for each fault
"""

from __future__ import annotations

import json
import math
import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from shoreward.app.resilience.ports import Sabotage
from shoreward.app.sandboxes import Thing
from shoreward.domain import Fault, LambdaFunction, Resilience, SpecError, Terminal
from shoreward.spec.template import did_you_mean
from shoreward.spec.template.plain import mapping
from shoreward.spec.template.references import references
from shoreward.spec.template.resolving import Resolved

FUNCTION = "AWS::Lambda::Function"
_MAPPING = "AWS::Lambda::EventSourceMapping"
_QUEUE = "AWS::SQS::Queue"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A fault, and what it means in a sandbox.

    Attributes:
        sabotages: what is done.
        queues: addresses of the queues, by logical id, whose backlog must be gone in the end.
    """

    fault: Fault
    sabotages: tuple[Sabotage, ...]
    queues: tuple[tuple[str, str], ...] = ()

    def counts(self, function: str) -> bool:
        """Whether requests to a function tell anything: nobody is surprised when a throttled one does not answer."""
        return not (self.fault.kind == "throttle" and self.fault.function == function)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """A sandbox's stack.

    Attributes:
        aliases: functions with an alias.
        members: what is in it, by logical id.
    """

    resolved: Resolved
    aliases: tuple[LambdaFunction, ...]
    members: Mapping[str, Thing]

    def alias(self, function: str) -> str:
        """The name of a function's alias, "" when it has none."""
        return next((one.alias for one in self.aliases if one.logical_id == function), "")

    def dead_letters(self) -> tuple[tuple[str, str], ...]:
        """Queues for what could not be done: logical id and address."""
        found = {
            name
            for properties in self.resolved.of_type(_QUEUE).values()
            for name in _named(mapping(properties.get("RedrivePolicy")).get("deadLetterTargetArn"))
        }
        return tuple((name, self.members[name].id) for name in sorted(found) if name in self.members)


def faults_of(plan: Resilience, resolved: Resolved) -> tuple[Fault, ...]:
    """What is injected: what is declared, else each function throttled in turn."""
    if plan.faults:
        return plan.faults
    return tuple(
        Fault(
            kind="throttle",
            function=name,
            may_fail=plan.may_fail,
            lasting=plan.lasting,
            recovery=plan.recovery,
            where=plan.where,
        )
        for name in sorted(resolved.of_type(FUNCTION))
    )


def trials(faults: tuple[Fault, ...], stack: Stack) -> tuple[Trial, ...]:
    """What each fault means; all are looked at before the first is injected.

    Raises:
        SpecError: FAULT_UNKNOWN, FAULT_VARIABLE, FAULT_SOURCE, FAULT_ALIAS: it does not fit the template.
        Terminal: FAULT_ABSENT: the sandbox lacks what the template has under a condition.
    """
    return tuple(_trial(fault, stack) for fault in faults)


def _trial(fault: Fault, stack: Stack) -> Trial:
    name = _function(fault, stack).id
    alias = stack.alias(fault.function)
    match fault.kind:
        case "throttle":
            return Trial(fault=fault, sabotages=(Sabotage(kind="throttle", id=name, alias=alias or "$LATEST"),))
        case "disconnect":
            return _disconnected(fault, stack)
        case "misdirect":
            _require_variable(fault, stack)
            _require_alias(fault, alias)
            # Nobody must be able to guess the name, lest somebody has a bucket of that name.
            suffix = f"-nowhere-{uuid.uuid4().hex[:12]}"
            made = Sabotage(kind="alter", id=name, alias=alias, variable=fault.variable, suffix=suffix)
            return Trial(fault=fault, sabotages=(made,))
        case "squeeze":
            _require_alias(fault, alias)
            timeout = None if fault.timeout is None else math.ceil(fault.timeout)
            made = Sabotage(kind="alter", id=name, alias=alias, timeout=timeout, memory=fault.memory)
            return Trial(fault=fault, sabotages=(made,))


def _function(fault: Fault, stack: Stack) -> Thing:
    functions = stack.resolved.of_type(FUNCTION)
    if fault.function not in functions:
        what = f"The template has no function {fault.function} in a sandbox."
        raise SpecError("FAULT_UNKNOWN", what, where=fault.where, next=did_you_mean(fault.function, functions))
    return _member(fault.function, fault, stack)


def _member(name: str, fault: Fault, stack: Stack) -> Thing:
    if name not in stack.members:
        advice = "Does a condition of the template leave it out there? Give the sandbox the parameters to have it."
        raise Terminal("FAULT_ABSENT", f"The sandbox has no {name}.", where=fault.where, next=advice)
    return stack.members[name]


def _require_variable(fault: Fault, stack: Stack) -> None:
    properties = stack.resolved.of_type(FUNCTION)[fault.function]
    known = mapping(mapping(properties.get("Environment")).get("Variables"))
    if fault.variable not in known:
        what = f"{fault.function} has no environment variable {fault.variable}."
        advice = did_you_mean(fault.variable, known) if known else "It has none at all."
        raise SpecError("FAULT_VARIABLE", what, where=fault.where, next=advice)


def _require_alias(fault: Fault, alias: str) -> None:
    if not alias:
        what = f"{fault.function} has no alias, so nobody could be sent to a version of it that fails."
        raise SpecError("FAULT_ALIAS", what, where=fault.where, next="Give it AutoPublishAlias, or throttle it.")


def _disconnected(fault: Fault, stack: Stack) -> Trial:
    sources = dict(_sources(fault.function, stack))
    if not sources:
        what = f"Nothing in the template reads a queue or a stream for {fault.function}."
        raise SpecError("FAULT_SOURCE", what, where=fault.where, next="Name a function with an event source mapping.")
    queues = stack.resolved.of_type(_QUEUE)
    read = sorted({name for source in sources.values() for name in _named(source) if name in queues})
    return Trial(
        fault=fault,
        sabotages=tuple(Sabotage(kind="disconnect", id=_member(name, fault, stack).id) for name in sorted(sources)),
        queues=tuple((name, _member(name, fault, stack).id) for name in read),
    )


def _sources(function: str, stack: Stack) -> Iterator[tuple[str, Any]]:
    """Event source mappings of a function: logical id, and what they read."""
    names = {function, *(one.alias_id for one in stack.aliases if one.logical_id == function)}
    for name, properties in stack.resolved.of_type(_MAPPING).items():
        if names & _named(properties.get("FunctionName")):
            yield name, properties.get("EventSourceArn")


def _named(value: Any) -> set[str]:
    """What a resolved value refers to; a text that was substituted in part still names the rest."""
    return {one.name for one in references(value)} | set(re.findall(r"\$\{(\w+)", json.dumps(value)))
