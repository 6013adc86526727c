"""State machines whose definition CloudFormation would refuse, told with the line of the definition.

Before SAM's transform, which turns definitions into text: what a definition says can then still be blamed on its line,
in the template or in the file that it was brought in from. Looked at is how states hang together, and not what they
do.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from shoreward.domain import Place, SpecError
from shoreward.spec._words import did_you_mean
from shoreward.spec.template.document import Template
from shoreward.spec.template.plain import Json, Path, listed, mapping, only
from shoreward.spec.yaml import Document

_MACHINES = ("AWS::Serverless::StateMachine", "AWS::StepFunctions::StateMachine")
_GO_ON = ("Task", "Pass", "Wait", "Parallel", "Map")
_TYPES = (*_GO_ON, "Choice", "Succeed", "Fail")
_VARIABLE = re.compile(r"\$\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class _Machine:
    """A definition, or a part of it that has states of its own.

    Attributes:
        name: the resource's logical id.
        place: where a path of the definition stands.
    """

    name: str
    place: Callable[[Path], Place]

    def refused(self, what: str, path: Path, advice: str = "") -> SpecError:
        return SpecError("STATE_MACHINE_INVALID", f"{self.name}: {what}", where=self.place(path), next=advice)


def check_machines(
    template: Template, value: Mapping[str, Json], brought: Mapping[str, Document]
) -> Iterator[SpecError]:
    """Yields SpecError STATE_MACHINE_INVALID.

    Args:
        value: the template with the files that it names brought in.
        brought: the files that definitions were brought in from, by the machines' logical ids.
    """
    for name, _ in template.of_type(*_MACHINES):
        properties = mapping(value["Resources"][name].get("Properties"))
        if isinstance(definition := properties.get("Definition"), dict):
            machine = _Machine(name, _places(template, name, brought.get(name)))
            yield from _unsubstituted(machine, definition, properties)
            yield from _states(machine, cast("dict[str, Json]", definition), ())
        elif "DefinitionString" in properties:
            yield from _written(template, name, properties["DefinitionString"])


def _places(template: Template, name: str, document: Document | None) -> Callable[[Path], Place]:
    if document:
        return document.place
    return lambda path: template.place_of(name, "Definition", *path)


def _written(template: Template, name: str, text: Json) -> Iterator[SpecError]:
    """A definition that is a text: its lines are unknown, but for the property's."""
    key, argument = only(text)
    plain = text if isinstance(text, str) else (listed(argument) or [argument])[0] if key == "Fn::Sub" else None
    if not isinstance(plain, str):
        return
    machine = _Machine(name, lambda path: template.place_of(name, "DefinitionString"))
    try:
        definition = json.loads(plain)
    except ValueError as error:
        if not _VARIABLE.search(plain):  # one that stands for a number is no JSON before it is replaced
            yield machine.refused(f"its definition is no JSON: {error}.", ())
        return
    yield from _states(machine, mapping(definition), ())


def _unsubstituted(machine: _Machine, definition: Json, properties: Mapping[str, Json]) -> Iterator[SpecError]:
    given = mapping(properties.get("DefinitionSubstitutions"))
    for path, text in _texts(definition, ()):
        for variable in _VARIABLE.findall(text):
            if variable not in given:
                what = f"nothing is substituted for ${{{variable}}}."
                advice = did_you_mean(variable, given) or f"Add {variable} to its DefinitionSubstitutions."
                yield machine.refused(what, path, advice)


def _texts(value: Json, path: Path) -> Iterator[tuple[Path, str]]:
    """Texts that only DefinitionSubstitutions may change."""
    match value:
        case str():
            yield path, value
        case list():
            for index, inner in enumerate(cast("list[Json]", value)):
                yield from _texts(inner, (*path, index))
        case dict() if only(value)[0] != "Fn::Sub":
            for key, inner in cast("dict[str, Json]", value).items():
                yield from _texts(inner, (*path, key))
        case _:
            return


def _states(machine: _Machine, scope: Mapping[str, Json], path: Path) -> Iterator[SpecError]:
    """Mistakes of a definition, of a branch, or of what is done for each item."""
    states = mapping(scope.get("States"))
    if not states:
        yield machine.refused("it has no States.", path)
        return
    if any(key.startswith("Fn::") for key in states):
        return
    start = scope.get("StartAt")
    if not isinstance(start, str) or start not in states:
        advice = did_you_mean(str(start), states) if start else f"Name one of {', '.join(states)}."
        what = f"it starts at '{start}', which is none of its states." if start else "it has no StartAt."
        yield machine.refused(what, (*path, "StartAt"), advice)
        return
    seen = {start}
    waiting = [start]
    while waiting:
        at = (*path, "States", waiting.pop())
        for where, name in _next(mapping(states[at[-1]]), at):
            if name not in states:
                what = f"the state {at[-1]} leads to '{name}', which is none of its states."
                yield machine.refused(what, where, did_you_mean(name, states))
            elif name not in seen:
                seen.add(name)
                waiting.append(name)
    for name, state in states.items():
        if name not in seen:
            yield machine.refused(f"no state leads to {name}.", (*path, "States", name), "Let one, or take it out.")
        yield from _state(machine, mapping(state), (*path, "States", name))


def _next(state: Mapping[str, Json], path: Path) -> Iterator[tuple[Path, str]]:
    """Where a state leads, each with its place."""
    for key in ("Next", "Default"):
        if isinstance(name := state.get(key), str):
            yield (*path, key), name
    for key in ("Choices", "Catch"):
        for index, one in enumerate(listed(state.get(key))):
            if isinstance(name := mapping(one).get("Next"), str):
                yield (*path, key, index, "Next"), name


def _state(machine: _Machine, state: Mapping[str, Json], path: Path) -> Iterator[SpecError]:
    kind = state.get("Type")
    if any(key.startswith("Fn::") for key in state):
        return
    if kind not in _TYPES:
        what = f"the state {path[-1]} has the type '{kind}', which there is not."
        yield machine.refused(what, (*path, "Type"), did_you_mean(str(kind), _TYPES))
    if kind in _GO_ON and "Next" not in state and "End" not in state:
        yield machine.refused(f"the state {path[-1]} neither leads on nor ends.", path, "Give it Next, or End: true.")
    for index, branch in enumerate(listed(state.get("Branches"))):
        yield from _states(machine, mapping(branch), (*path, "Branches", index))
    for key in ("Iterator", "ItemProcessor"):
        if key in state:
            yield from _states(machine, mapping(state[key]), (*path, key))
