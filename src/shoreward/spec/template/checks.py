"""What must hold of a template that is to be deployed, told with places in the file that a person wrote.

References and cycles are looked for in the rendered template, since SAM adds resources that people may refer to, and
edges that they did not write; they are blamed on the template's own lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import takewhile
from typing import cast

from shoreward.domain import Place, SpecError, canonical
from shoreward.spec._words import did_you_mean
from shoreward.spec.template.document import FUNCTION, Template
from shoreward.spec.template.parameters import Values
from shoreward.spec.template.plain import Json, Path, mapping
from shoreward.spec.template.references import Reference, references, resource_references

_MOST_RESOURCES = 500
_LARGEST = 1_048_576
_FUNCTIONS = (FUNCTION, "AWS::Lambda::Function")
_VARIABLE = re.compile(r"\$\{[A-Za-z0-9.]+\}$")
"""A text for `Fn::Sub` that is one variable and nothing else."""


def check_names(template: Template, values: Values) -> Iterator[SpecError]:
    """Yields SpecError.

    TEMPLATE_DUPLICATE_NAME: two functions with one FunctionName. TEMPLATE_DUPLICATE_ALIAS: two aliases of one name on
    one function, which CloudFormation finds only after it has begun.
    """
    seen: dict[str, str] = {}
    for name, _ in template.of_type(*_FUNCTIONS):
        physical = values.resolve(template.property(name, "FunctionName"))
        if isinstance(physical, str) and seen.setdefault(physical, name) != name:
            what = f"{name} and {seen[physical]} have the same FunctionName '{physical}'."
            where = template.place_of(name, "FunctionName")
            advice = "Leave FunctionName out, and CloudFormation makes names."
            yield SpecError("TEMPLATE_DUPLICATE_NAME", what, where=where, next=advice)
    yield from _duplicate_aliases(template, values, seen)


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
        what = f"Resources wait for each other: {' -> '.join([*cycle, cycle[0]])}."
        advice = "Break the circle: take one of these references out, or put it together from names with Fn::Sub."
        yield SpecError("TEMPLATE_CYCLE", what, where=_closing(template, resources, cycle), next=advice)


def _closing(template: Template, resources: dict[str, dict[str, Json]], cycle: list[str]) -> Place:
    """The reference of a circle that is the easiest to take out: a DependsOn, else one that a person wrote."""
    found: list[tuple[bool, int, Place]] = []
    for name, other in zip(cycle, [*cycle[1:], cycle[0]], strict=True):
        made = [one.path for one in resource_references(resources[name], ()) if one.name == other]
        for reference in _written_by(template, name):
            if reference.name == other:
                alike = max((_alike(reference.path, path) for path in made), default=0)
                explicit = reference.path[-1] == "DependsOn"
                found.append((explicit, alike, template.document.place(reference.path)))
    if found:
        return max(found, key=lambda one: one[:2])[2]
    written = [name for name in cycle if name in template.resources]
    return template.place("Resources", written[0]) if written else Place(file=template.file)


def _written_by(template: Template, name: str) -> Iterator[Reference]:
    """References of a resource as a person wrote them, those that it gets from Globals included."""
    if name not in template.resources:
        return
    yield from resource_references(template.resources[name], ("Resources", name))
    if template.sam_resource(name):
        section = str(template.resources[name]["Type"]).removeprefix("AWS::Serverless::")
        path = ("Globals", section)
        yield from references(mapping(template.value.get("Globals")).get(section), path)


def _alike(one: Path, other: Path) -> int:
    """How many steps at their ends two paths have in common."""
    pairs = zip(reversed(one), reversed(other), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


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


def _duplicate_aliases(template: Template, values: Values, physical: dict[str, str]) -> Iterator[SpecError]:
    """`physical` gives functions' logical ids by their FunctionName."""
    from shoreward.spec.template.render import ALIAS  # which imports this module

    seen: dict[tuple[str, str], list[str]] = {}
    for name, _ in template.of_type(FUNCTION):
        alias = values.resolve(template.property(name, "AutoPublishAlias"))
        seen[name, _text(ALIAS if alias is None else alias)] = [name]
    for name, resource in template.of_type("AWS::Lambda::Alias"):
        alias = _text(values.resolve(template.property(name, "Name")))
        function = _function(template, values.resolve(template.property(name, "FunctionName")), physical)
        others = seen.setdefault((function, alias), [])
        rival = next((one for one in others if _together(resource, template.resources[one])), None)
        if rival is not None:
            first, advice = rival, "Take one of them out, or give it another name."
            if rival == function:
                first = "SAM"
                advice = f"Take {name} out and refer to `!Ref {function}.Alias`, or give it another name."
            what = f"{name} is a second alias '{alias}' of {function}; {first} makes the first."
            yield SpecError("TEMPLATE_DUPLICATE_ALIAS", what, where=template.place_of(name, "Name"), next=advice)
        others.append(name)


def _function(template: Template, value: Json, physical: dict[str, str]) -> str:
    """The function that an alias belongs to: its logical id if the template has it, else what the alias says."""
    if isinstance(value, str):
        name = value.rpartition(":")[2]  # of an ARN
        return physical.get(name, name)
    [(key, argument)] = found if len(found := list(mapping(value).items())) == 1 else [("", None)]
    whole = key in ("Ref", "Fn::GetAtt") or (
        key == "Fn::Sub" and isinstance(argument, str) and _VARIABLE.match(argument)
    )
    for reference in references(value) if whole else ():
        if template.resources.get(reference.name, {}).get("Type") in _FUNCTIONS:
            return reference.name
    return _text(value)


def _together(one: dict[str, Json], other: dict[str, Json]) -> bool:
    """Whether two resources may be made on the same target: not if each waits for a condition of its own."""
    first, second = one.get("Condition"), other.get("Condition")
    return first is None or second is None or first == second


def _text(value: Json) -> str:
    return value if isinstance(value, str) else canonical(value).decode()


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
