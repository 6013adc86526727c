"""Parameters of a template and their values on all of a pipeline's targets.

One revision goes to every target. A parameter with the same value everywhere may decide while rendering; one that
differs stays a reference, which CloudFormation fills in on each target.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from shoreward.domain import Place, SpecError, SpecErrors, Written
from shoreward.spec._words import did_you_mean
from shoreward.spec.template.document import Template
from shoreward.spec.template.plain import Json, as_text, listed, mapping


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


def parameter_values(
    template: Template, targets: Sequence[tuple[str, Mapping[str, str]]], *, made_up: bool = False
) -> Values:
    """Check and gather the values of a template's parameters.

    Args:
        targets: each target's name and its parameters.
        made_up: whether some values only stand for what nobody knows, and need not be what the template allows.

    Raises:
        SpecError: PARAMETER_MISSING, PARAMETER_UNKNOWN, PARAMETER_NOT_ALLOWED; `SpecErrors` when there are several.
    """
    declared = {name: mapping(found) for name, found in mapping(template.value.get("Parameters")).items()}
    found = {
        (error.code, error.where, error.next): error
        for label, given in reversed(targets)
        for error in _check(template, declared, label, given, made_up=made_up)
    }
    if errors := list(reversed(found.values())):
        raise SpecErrors(tuple(errors)) if len(errors) > 1 else errors[0]
    every: dict[str, tuple[str, ...]] = {}
    for name, found in declared.items():
        default = [as_text(found["Default"])] if "Default" in found else []
        values = {given[name] if name in given else default[0] for _, given in targets} if targets else set(default)
        every[name] = tuple(sorted(values))
    shared = {name: values[0] for name, values in every.items() if len(values) == 1 and _literal(declared[name])}
    return Values(shared=shared, every=every)


def _check(
    template: Template,
    declared: dict[str, dict[str, Json]],
    label: str,
    given: Mapping[str, str],
    *,
    made_up: bool,
) -> Iterator[SpecError]:
    for name, found in declared.items():
        at = template.place("Parameters", name)
        if name not in given:
            if "Default" not in found:
                what = f"The parameter {name} has no default, and {label} gives it no value."
                yield SpecError("PARAMETER_MISSING", what, where=at, next="Add it to the parameters in shoreward.yaml.")
        elif not made_up and (allowed := _allowed(found, given[name])):
            value = "that value" if as_text(found.get("NoEcho", False)) == "true" else f"'{given[name]}'"
            what = f"The parameter {name} may not be {value}, as {label} has it."
            yield SpecError("PARAMETER_NOT_ALLOWED", what, where=_place(given[name]) or at, next=allowed)
    for name in given:
        if name not in declared:
            what = f"{label} gives a value to a parameter '{name}' that the template does not have."
            where = _place(given[name]) or template.place("Parameters")
            yield SpecError("PARAMETER_UNKNOWN", what, where=where, next=did_you_mean(name, declared))


def _place(value: str) -> Place | None:
    return value.where if isinstance(value, Written) else None


def _allowed(declared: Mapping[str, Json], value: str) -> str:
    """What the template allows where it does not allow a value, in a sentence; "" where it does."""
    texts = [as_text(one) for one in listed(declared.get("AllowedValues"))]
    if texts and value not in texts:
        return f"Allowed: {', '.join(texts)}."
    match declared.get("Type"):
        case "Number":
            return _number(declared, value)
        case "String":
            return _string(declared, value)
        case _:
            return ""


def _number(declared: Mapping[str, Json], value: str) -> str:
    least, most = _limits(declared, "Value")
    try:
        number = float(value)
    except ValueError:
        return "It is a number."
    return "" if least <= number <= most else f"It is a number {_between(least, most)}."


def _string(declared: Mapping[str, Json], value: str) -> str:
    least, most = _limits(declared, "Length")
    if not least <= len(value) <= most:
        return f"Its length is {_between(least, most)}."
    pattern = as_text(declared.get("AllowedPattern", ".*"))
    with suppress(re.error):  # CloudFormation's patterns are Java's
        if not re.fullmatch(pattern, value, re.DOTALL):
            return as_text(declared.get("ConstraintDescription") or f"It must match {pattern}.")
    return ""


def _limits(declared: Mapping[str, Json], of: str) -> tuple[float, float]:
    """The least and the most that is allowed; what is no number is cfn-lint's to tell."""
    found = [-math.inf, math.inf]
    for index, key in enumerate((f"Min{of}", f"Max{of}")):
        with suppress(ValueError):
            found[index] = float(as_text(declared[key])) if key in declared else found[index]
    return found[0], found[1]


def _between(least: float, most: float) -> str:
    bounds = [f"of at least {least:g}"] if least > -math.inf else []
    return " and ".join([*bounds, *([f"of at most {most:g}"] if most < math.inf else [])])


def _literal(declared: dict[str, Json]) -> bool:
    """Whether the text given is the value itself, and not the name of something that AWS looks up or a list."""
    kind = str(declared.get("Type", "String"))
    return not kind.startswith(("AWS::SSM::", "List<", "CommaDelimitedList"))
