"""Keys that a mapping does not have, though some target would ask it for them: a stack fails on it half-way."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import product

from shoreward.domain import SpecError
from shoreward.spec._words import did_you_mean
from shoreward.spec.template.document import Template
from shoreward.spec.template.parameters import Values
from shoreward.spec.template.plain import Json, Path, listed, mapping, only

_FIND = "Fn::FindInMap"


def check_mappings(template: Template, values: Values, regions: Collection[str]) -> Iterator[SpecError]:
    """Yields SpecError MAPPING_KEY_MISSING.

    What is only looked up under a condition is left alone, but for keys that are written out.

    Args:
        regions: of all targets.
    """
    known = {name: mapping(found) for name, found in mapping(template.value.get("Mappings")).items()}
    for path, arguments, conditional in _lookups(template.value, ()):
        name, *keys = arguments[:3]
        options = mapping(arguments[3]) if len(arguments) > 3 else {}
        if (
            not isinstance(name, str)
            or name not in known
            or len(keys) != 2
            or "DefaultValue" in options
            or "Fn::Transform" in known[name]
        ):
            continue
        if conditional and not all(isinstance(key, str) for key in keys):
            continue
        for top, second in product(*(_values(template, key, values, regions) for key in keys)):
            if second not in mapping(known[name].get(top)):
                above = known[name] if top not in known[name] else mapping(known[name][top])
                missing = top if top not in known[name] else second
                what = f"The mapping {name} has no '{top}'" + (f" with '{second}'." if missing == second else ".")
                where = template.document.place(path)
                yield SpecError("MAPPING_KEY_MISSING", what, where=where, next=did_you_mean(missing, above))


def _lookups(value: Json, path: Path, conditional: bool = False) -> Iterator[tuple[Path, list[Json], bool]]:
    """Each look into a mapping: where, its arguments, and whether a condition decides on it."""
    key, argument = only(value)
    if key == _FIND and listed(argument):
        yield (*path, key), listed(argument), conditional
    conditional = conditional or key == "Fn::If" or (path[:1] == ("Resources",) and "Condition" in mapping(value))
    for step, inner in (*mapping(value).items(), *enumerate(listed(value))):
        if path or step not in ("Metadata", "Parameters", "Mappings"):
            yield from _lookups(inner, (*path, step), conditional)


def _values(template: Template, key: Json, values: Values, regions: Collection[str]) -> Collection[str]:
    """What a key is on all targets; nothing where only AWS can tell."""
    if isinstance(key, str | int | float) and not isinstance(key, bool):
        return (str(key),)
    function, name = only(key)
    if function != "Ref":
        return ()
    if name == "AWS::Region":
        return sorted(regions)
    kind = mapping(mapping(template.value.get("Parameters")).get(str(name))).get("Type")
    return values.every.get(str(name), ()) if kind in ("String", "Number") else ()
