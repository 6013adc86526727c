"""A template as it is on one target: parameters filled in, conditions decided, as far as a template alone tells.

What only AWS knows stays as it is written (`Ref` to a resource, `Fn::GetAtt`, `Fn::ImportValue`), and so do account,
region and stack where they are part of a value: two targets that differ in nothing else resolve to the same. Where a
condition or a mapping asks for them, they are the target's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from shoreward.domain import Target, digest_of
from shoreward.spec.template.plain import Json, as_text, mapping, several

_NOTHING = object()
"""What `AWS::NoValue` leaves of a property."""


class _Undecided(Exception):
    """A template alone does not tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """A template on a target.

    Attributes:
        resources: those whose condition holds, by logical id, with what could be resolved of their properties.
        undecided: conditions that nobody could decide; resources and values behind them are kept as written.
        outputs: names of the outputs whose condition holds.
    """

    resources: Mapping[str, Mapping[str, Json]]
    undecided: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()

    def of_type(self, *types: str) -> Mapping[str, Mapping[str, Json]]:
        """Properties of the resources of some types, by logical id."""
        return {name: properties(one) for name, one in self.resources.items() if one.get("Type") in types}


def properties(resource: Mapping[str, Json]) -> Mapping[str, Json]:
    """A resource's properties."""
    return mapping(resource.get("Properties"))


def resolve(template: Mapping[str, Json], target: Target, given: Mapping[str, str] | None = None) -> Resolved:
    """Resolve a CloudFormation template.

    Args:
        given: parameter values, instead of the target's own.
    """
    values = dict(target.parameters) if given is None else given
    parameters = {
        name: _typed(name, mapping(about), values.get(name, mapping(about).get("Default")))
        for name, about in mapping(template.get("Parameters")).items()
    }
    reading = _Reading(template, target, parameters)
    resources = {
        name: {**resource, "Properties": reading.value(properties(resource))}
        for name, resource in cast("Mapping[str, Mapping[str, Json]]", mapping(template.get("Resources"))).items()
        if reading.holds(resource.get("Condition"))
    }
    outputs = [name for name, one in mapping(template.get("Outputs")).items() if reading.holds(one.get("Condition"))]
    return Resolved(resources=resources, undecided=tuple(sorted(reading.undecided)), outputs=tuple(outputs))


def settle(template: Mapping[str, Json], target: Target, given: Mapping[str, str]) -> dict[str, Json]:
    """A template in which some parameters have values, with all that these decide; everything else stays as written.

    Two revisions that are settled with the parameters in which they differ can be compared as templates are. A value
    that only AWS knows (a parameter of SSM's), or that nobody shall see (NoEcho), is a name of its own: another value,
    another name.
    """
    declared = mapping(template.get("Parameters"))
    parameters = {name: _named(name, mapping(declared[name]), value) for name, value in given.items()
                  if name in declared}  # fmt: skip
    reading = _Reading(template, target, parameters)
    resources: dict[str, Json] = {}
    for name, resource in mapping(template.get("Resources")).items():
        condition = mapping(resource).get("Condition")
        if reading.holds(condition):
            settled = {**resource, "Properties": reading.value(properties(resource))}
            if condition not in reading.undecided:
                settled.pop("Condition", None)
            resources[name] = settled
    conditions = {name: reading.value(one) for name, one in mapping(template.get("Conditions")).items()}
    return {**template, "Conditions": conditions, "Resources": resources}


class _Reading:
    """One way through a template."""

    def __init__(self, template: Mapping[str, Json], target: Target, parameters: Mapping[str, Json]) -> None:
        self._conditions = mapping(template.get("Conditions"))
        self._mappings = mapping(template.get("Mappings"))
        self._parameters = parameters
        self._pseudo = {
            "AWS::AccountId": target.account,
            "AWS::Region": target.region,
            "AWS::StackName": target.stack,
            "AWS::Partition": _partition(target.region),
        }
        self.undecided: set[str] = set()

    def value(self, value: Json) -> Json:
        """A value, resolved as far as can be."""
        found = self._inner(value)
        return None if found is _NOTHING else found

    def holds(self, condition: Json) -> bool:
        """Whether a condition holds; one that nobody can decide does, lest something is overlooked."""
        if not isinstance(condition, str):
            return True
        try:
            return self._condition(condition)
        except _Undecided:
            self.undecided.add(condition)
            return True

    def _inner(self, value: Json) -> Json:
        if isinstance(value, list):
            kept = [self._inner(one) for one in cast("list[Json]", value)]
            return [one for one in kept if one is not _NOTHING]
        if not isinstance(value, dict):
            return value
        entries = cast("dict[str, Json]", value)
        if len(entries) == 1:
            ((key, argument),) = entries.items()
            if key == "Ref" or key.startswith("Fn::"):
                return self._call(key, argument)
        kept = {key: self._inner(one) for key, one in entries.items()}
        return {key: one for key, one in kept.items() if one is not _NOTHING}

    def _call(self, key: str, argument: Json) -> Json:
        match key:
            case "Ref":
                return self._ref(argument)
            case "Fn::If":
                return self._if(argument)
            case "Fn::Sub":
                return self._sub(argument)
            case "Fn::Join":
                return self._join(argument)
            case "Fn::Select":
                return self._select(argument)
            case "Fn::Split":
                return self._split(argument)
            case "Fn::FindInMap":
                return self._find_in_map(argument)
            case _:
                return {key: self.value(argument)}

    def _ref(self, name: Json) -> Json:
        if name == "AWS::NoValue":
            return _NOTHING
        return self._parameters.get(name, {"Ref": name}) if isinstance(name, str) else {"Ref": name}

    def _if(self, argument: Json) -> Json:
        parts = several(argument)
        if len(parts) != 3 or not isinstance(parts[0], str):
            return {"Fn::If": argument}
        try:
            return self._inner(parts[1] if self._condition(parts[0]) else parts[2])
        except _Undecided:
            self.undecided.add(parts[0])
            return {"Fn::If": [parts[0], self.value(parts[1]), self.value(parts[2])]}

    def _sub(self, argument: Json) -> Json:
        parts = several(argument)
        if not parts or not isinstance(parts[0], str):
            return {"Fn::Sub": argument}
        own = {name: self._inner(one) for name, one in mapping(parts[1] if len(parts) > 1 else None).items()}

        def fill(found: re.Match[str]) -> str:
            name = found[1].strip()
            value = own[name] if name in own else self._parameters.get(name)
            return as_text(value) if isinstance(value, str | int | float | bool) else found[0]

        filled = re.sub(r"\$\{([^!][^}]*)\}", fill, parts[0])
        return filled if "${" not in filled or not own else {"Fn::Sub": [filled, own]}

    def _join(self, argument: Json) -> Json:
        parts = several(argument)
        inner: Json = self._inner(parts[1]) if len(parts) == 2 else None
        texts = _items(inner)
        if texts is not None and all(isinstance(one, str | int | float) for one in texts):
            return str(parts[0]).join(as_text(one) for one in texts)
        return {"Fn::Join": [parts[0] if parts else "", inner]}

    def _select(self, argument: Json) -> Json:
        parts = [self._inner(one) for one in several(argument)]
        options = _items(parts[1]) if len(parts) == 2 else None
        if options is not None and str(parts[0]).isdigit() and int(str(parts[0])) < len(options):
            return options[int(str(parts[0]))]
        return {"Fn::Select": parts}

    def _split(self, argument: Json) -> Json:
        parts: list[Json] = [self._inner(one) for one in several(argument)]
        if len(parts) == 2 and isinstance(parts[1], str) and isinstance(parts[0], str):
            return parts[1].split(parts[0])
        return {"Fn::Split": parts}

    def _find_in_map(self, argument: Json) -> Json:
        parts = several(argument)
        try:
            found: Json = self._mappings
            for one in parts[:3]:
                found = mapping(found)[self._decided(one)]
        except (_Undecided, KeyError):
            default = mapping(parts[3] if len(parts) > 3 else None)
            written: Json = {"Fn::FindInMap": [self.value(one) for one in parts]}
            return self._inner(default["DefaultValue"]) if "DefaultValue" in default else written
        return found

    def _condition(self, name: str) -> bool:
        if name not in self._conditions:
            raise _Undecided
        return self._truth(self._conditions[name])

    def _truth(self, value: Json) -> bool:
        match value:
            case {"Condition": str(name)} if len(value) == 1:  # pyright: ignore[reportUnknownArgumentType]
                return self._condition(name)
            case {"Fn::Equals": [left, right]}:
                return self._decided(left) == self._decided(right)
            case {"Fn::Not": [one]}:
                return not self._truth(one)
            case {"Fn::And": list(parts)}:  # pyright: ignore[reportUnknownVariableType]
                return all(self._truth(one) for one in cast("list[Json]", parts))
            case {"Fn::Or": list(parts)}:  # pyright: ignore[reportUnknownVariableType]
                return any(self._truth(one) for one in cast("list[Json]", parts))
            case _:
                raise _Undecided

    def _decided(self, value: Json) -> str:
        """A value as text, the target's own account, region and stack included."""
        name = mapping(value).get("Ref")
        if isinstance(name, str) and name in self._pseudo:
            return self._pseudo[name]
        found = self._inner(value)
        if isinstance(found, str):
            found = re.sub(r"\$\{(AWS::\w+)\}", lambda one: self._pseudo.get(one[1], one[0]), found)
        if not isinstance(found, str | int | float | bool) or "${" in str(found):
            raise _Undecided
        return as_text(found)


def _items(value: Json) -> list[Json] | None:
    return cast("list[Json]", value) if isinstance(value, list) else None


def _typed(name: str, about: Mapping[str, Json], value: Json) -> Json:
    """A parameter's value as a property gets it; a secret, and what AWS looks up, stays the parameter that it is."""
    kind = str(about.get("Type", "String"))
    if value is None or kind.startswith("AWS::SSM::") or str(about.get("NoEcho", "")).lower() == "true":
        return {"Ref": name}
    if kind == "Number":
        number = float(value)
        return int(number) if number.is_integer() else number
    if kind == "CommaDelimitedList" or kind.startswith("List<"):
        return [one.strip() for one in as_text(value).split(",")]
    return as_text(value)


def _named(name: str, about: Mapping[str, Json], value: str) -> Json:
    """A parameter's value, or a name that stands for this value alone."""
    typed = _typed(name, about, value)
    if typed != {"Ref": name}:
        return typed
    hidden = str(about.get("NoEcho", "")).lower() == "true"
    return {"Ref": f"{name}={digest_of(value)[:8] if hidden else value}"}


def _partition(region: str) -> str:
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"
