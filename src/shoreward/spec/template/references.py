"""Who refers to whom in a template: Ref, Fn::GetAtt, Fn::Sub, Fn::If, Fn::FindInMap, DependsOn and Condition."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, cast

from shoreward.spec.template.plain import Json, Path

_VARIABLE = re.compile(r"\$\{([^!${}][^${}]*)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A reference to something by its name.

    Attributes:
        name: logical id, parameter, condition or mapping; of `Function.Arn` the part before the dot.
        to: a value (resource or parameter), a condition or a mapping.
        path: where it stands, from where the walk began.
    """

    name: str
    to: Literal["value", "condition", "mapping"]
    path: Path


def references(value: Json, path: Path = ()) -> Iterator[Reference]:
    """All references inside a value, in its order."""
    match value:
        case dict():
            node = cast("dict[str, Json]", value)
            if len(node) == 1:
                [(key, argument)] = node.items()
                yield from _direct(key, argument, (*path, key))
            for key, inner in node.items():
                yield from references(inner, (*path, key))
        case list():
            for index, inner in enumerate(cast("list[Json]", value)):
                yield from references(inner, (*path, index))
        case _:
            return


def resource_references(resource: dict[str, Json], path: Path) -> Iterator[Reference]:
    """All references of a resource: those inside it, its DependsOn and its Condition."""
    depends = resource.get("DependsOn", [])
    for name in cast("list[Json]", depends) if isinstance(depends, list) else [depends]:
        if isinstance(name, str):
            yield Reference(name=name, to="value", path=(*path, "DependsOn"))
    if isinstance(condition := resource.get("Condition"), str):
        yield Reference(name=condition, to="condition", path=(*path, "Condition"))
    for key in ("Properties", "Metadata", "UpdatePolicy", "CreationPolicy"):
        yield from references(resource.get(key), (*path, key))


def _direct(key: str, argument: Json, path: Path) -> Iterator[Reference]:
    parts = cast("list[Json]", argument) if isinstance(argument, list) else [argument]
    first = parts[0] if parts else None
    match key:
        case "Ref" if isinstance(argument, str):
            yield Reference(name=argument.split(".", 1)[0], to="value", path=path)
        case "Fn::GetAtt" if isinstance(first, str):
            yield Reference(name=first.split(".", 1)[0], to="value", path=path)
        case "Fn::If" if isinstance(first, str):
            yield Reference(name=first, to="condition", path=path)
        case "Condition" if isinstance(argument, str):
            yield Reference(name=argument, to="condition", path=path)
        case "Fn::FindInMap" if isinstance(first, str):
            yield Reference(name=first, to="mapping", path=path)
        case "Fn::Sub" if isinstance(first, str):
            own = cast("dict[str, Json]", parts[1]) if len(parts) > 1 and isinstance(parts[1], dict) else {}
            for variable in _VARIABLE.findall(first):
                name = str(variable).strip()
                if name not in own:
                    yield Reference(name=name.split(".", 1)[0], to="value", path=path)
        case _:
            return
