"""Parameters of a template and their values on all of a pipeline's targets.

One revision goes to every target. A parameter with the same value everywhere may decide while rendering; one that
differs stays a reference, which CloudFormation fills in on each target.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from shoreward.domain import SpecError, SpecErrors
from shoreward.spec._words import did_you_mean
from shoreward.spec.template.document import Template
from shoreward.spec.template.plain import Json, as_text, mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """Parameter values over all targets, defaults included.

    Attributes:
        shared: those that are the same text everywhere.
        every: all distinct values of each parameter, sorted.
    """

    shared: Mapping[str, str]
    every: Mapping[str, tuple[str, ...]]

    def resolve(self, value: Json) -> Json:
        """The value itself, or that of the parameter it refers to when it is the same everywhere."""
        found = mapping(value)
        if len(found) == 1 and isinstance(name := found.get("Ref"), str):
            return self.shared.get(name, found)
        return value


def parameter_values(template: Template, targets: Sequence[tuple[str, Mapping[str, str]]]) -> Values:
    """Check and gather the values of a template's parameters.

    Args:
        targets: each target's name and its parameters.

    Raises:
        SpecError: PARAMETER_MISSING, PARAMETER_UNKNOWN, PARAMETER_NOT_ALLOWED; `SpecErrors` when there are several.
    """
    declared = {name: mapping(found) for name, found in mapping(template.value.get("Parameters")).items()}
    errors = [error for label, given in targets for error in _check(template, declared, label, given)]
    if errors:
        raise SpecErrors(tuple(errors)) if len(errors) > 1 else errors[0]
    every: dict[str, tuple[str, ...]] = {}
    for name, found in declared.items():
        default = [as_text(found["Default"])] if "Default" in found else []
        values = {given[name] if name in given else default[0] for _, given in targets} if targets else set(default)
        every[name] = tuple(sorted(values))
    shared = {name: values[0] for name, values in every.items() if len(values) == 1 and _literal(declared[name])}
    return Values(shared=shared, every=every)


def _check(
    template: Template, declared: dict[str, dict[str, Json]], label: str, given: Mapping[str, str]
) -> Iterator[SpecError]:
    for name, found in declared.items():
        at = template.place("Parameters", name)
        if name not in given and "Default" not in found:
            what = f"The parameter {name} has no default, and {label} gives it no value."
            yield SpecError("PARAMETER_MISSING", what, where=at, next="Add it to the parameters in shoreward.yaml.")
        allowed = found.get("AllowedValues")
        if name in given and isinstance(allowed, list):
            texts = [as_text(value) for value in cast("list[Json]", allowed)]
            if given[name] not in texts:
                what = f"The parameter {name} may not be '{given[name]}', as {label} has it."
                yield SpecError("PARAMETER_NOT_ALLOWED", what, where=at, next=f"Allowed: {', '.join(texts)}.")
    for name in given:
        if name not in declared:
            what = f"{label} gives a value to a parameter '{name}' that the template does not have."
            advice = did_you_mean(name, declared)
            yield SpecError("PARAMETER_UNKNOWN", what, where=template.place("Parameters"), next=advice)


def _literal(declared: dict[str, Json]) -> bool:
    """Whether the text given is the value itself, and not the name of something that AWS looks up or a list."""
    kind = str(declared.get("Type", "String"))
    return not kind.startswith(("AWS::SSM::", "List<", "CommaDelimitedList"))
