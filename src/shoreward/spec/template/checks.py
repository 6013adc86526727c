"""What must hold of a template that is to be deployed, told with places in the file that a person wrote.

References and cycles are looked for in the rendered template, since SAM adds resources that people may refer to, and
edges that they did not write; they are blamed on the template's own lines.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import cast

from shoreward.domain import Place, SpecError
from shoreward.spec._words import did_you_mean
from shoreward.spec.template.document import FUNCTION, Template, mapping
from shoreward.spec.template.parameters import Values
from shoreward.spec.template.references import Reference, references, resource_references
from shoreward.spec.template.values import Json

_MOST_RESOURCES = 500
_LARGEST = 1_048_576


def check_names(template: Template, values: Values) -> Iterator[SpecError]:
    """Yields SpecError TEMPLATE_DUPLICATE_NAME: two functions with one FunctionName."""
    seen: dict[str, str] = {}
    for name, _ in template.of_type(FUNCTION, "AWS::Lambda::Function"):
        physical = values.resolve(template.property(name, "FunctionName"))
        if isinstance(physical, str) and seen.setdefault(physical, name) != name:
            what = f"{name} and {seen[physical]} have the same FunctionName '{physical}'."
            where = template.place_of(name, "FunctionName")
            advice = "Leave FunctionName out, and CloudFormation makes names."
            yield SpecError("TEMPLATE_DUPLICATE_NAME", what, where=where, next=advice)


def check_references(template: Template, made: dict[str, Json]) -> Iterator[SpecError]:
    """Yields SpecError TEMPLATE_UNKNOWN_REFERENCE: a reference to nothing that the template has or that SAM adds."""
    known = {
        "value": {*template.resources, *mapping(made["Resources"]), *mapping(template.value.get("Parameters"))},
        "condition": {*mapping(template.value.get("Conditions"))},
        "mapping": {*mapping(template.value.get("Mappings"))},
    }
    for reference in _written(template):
        names = known[reference.to]
        if reference.name not in names and not reference.name.startswith("AWS::"):
            kind = {"value": "resource or parameter"}.get(reference.to, reference.to)
            what = f"The template has no {kind} '{reference.name}'."
            where = template.document.place(reference.path)
            advice = did_you_mean(reference.name, names)
            yield SpecError("TEMPLATE_UNKNOWN_REFERENCE", what, where=where, next=advice)


def check_cycles(template: Template, made: dict[str, Json]) -> Iterator[SpecError]:
    """Yields SpecError TEMPLATE_CYCLE: resources that wait for each other."""
    resources = cast("dict[str, dict[str, Json]]", made["Resources"])
    edges = {
        name: sorted(
            {
                found.name
                for found in resource_references(resource, ())
                if found.to == "value" and found.name in resources and "Metadata" not in found.path[:1]
            }
        )
        for name, resource in resources.items()
    }
    if cycle := _cycle(edges):
        written = [name for name in cycle if name in template.resources]
        where = template.place("Resources", written[0]) if written else Place(file=template.file)
        what = f"Resources wait for each other: {' -> '.join([*cycle, cycle[0]])}."
        advice = "Break the circle: take one of these references out, or put it together from names with Fn::Sub."
        yield SpecError("TEMPLATE_CYCLE", what, where=where, next=advice)


def check_limits(template: Template, made: dict[str, Json]) -> Iterator[SpecError]:
    """Yields SpecError: TEMPLATE_TOO_LARGE and TEMPLATE_TOO_MANY_RESOURCES, CloudFormation's own limits."""
    where = Place(file=template.file)
    advice = "Split the application into several stacks."
    if (count := len(mapping(made["Resources"]))) > _MOST_RESOURCES:
        what = f"The template makes {count} resources, and CloudFormation takes {_MOST_RESOURCES}."
        yield SpecError("TEMPLATE_TOO_MANY_RESOURCES", what, where=where, next=advice)
    if (size := len(canonical(made))) > _LARGEST:
        what = f"The rendered template has {size:,} bytes, and CloudFormation takes {_LARGEST:,}."
        yield SpecError("TEMPLATE_TOO_LARGE", what, where=where, next=advice)


def canonical(value: Json) -> bytes:
    """The one JSON text of a value: sorted keys, no needless space, UTF-8."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _written(template: Template) -> Iterator[Reference]:
    for name, resource in template.resources.items():
        yield from resource_references(resource, ("Resources", name))
    for section in ("Globals", "Outputs", "Conditions"):
        yield from references(template.value.get(section), (section,))
    for name, output in mapping(template.value.get("Outputs")).items():
        if isinstance(condition := mapping(output).get("Condition"), str):
            yield Reference(name=condition, to="condition", path=("Outputs", name, "Condition"))


def _cycle(edges: dict[str, list[str]]) -> list[str]:
    """Some cycle of a graph, or nothing."""
    done: set[str] = set()
    for start in edges:
        trail: list[str] = []
        waiting: list[tuple[str, bool]] = [(start, False)]
        while waiting:
            name, leaving = waiting.pop()
            if leaving:
                done.add(trail.pop())
            elif name in trail:
                return trail[trail.index(name) :]
            elif name not in done:
                trail.append(name)
                waiting.append((name, True))
                waiting.extend((target, False) for target in reversed(edges[name]))
    return []
