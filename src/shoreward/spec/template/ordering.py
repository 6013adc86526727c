"""What CloudFormation makes first, and under which logical id: changes that touch no property."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import cast

from shoreward.spec.template.plain import Json
from shoreward.spec.template.references import resource_references

Resources = dict[str, dict[str, Json]]
"""The resources of a rendered template by their logical ids."""


def order_after(resources: Resources, later: str, earlier: Iterable[str], *, unless: Collection[str]) -> None:
    """Let a resource be made after others, but for those that wait for one of `unless`, to which it belongs."""
    for name in sorted(set(earlier)):
        depends = resources[later].get("DependsOn", [])
        listed = cast("list[str]", depends if isinstance(depends, list) else [depends])
        if name not in listed and not _waits(resources, name, unless):
            resources[later]["DependsOn"] = [*listed, name]


def rename(made: dict[str, Json], old: str, new: str) -> None:
    """Give a resource another logical id, wherever a rendered template refers to it."""
    for section, content in made.items():
        made[section] = _renamed(content, old, new)
    made["Resources"] = {new if name == old else name: one for name, one in made["Resources"].items()}


def _renamed(value: Json, old: str, new: str) -> Json:
    match value:
        case dict():
            return {key: _argument(key, inner, old, new) for key, inner in cast("dict[str, Json]", value).items()}
        case list():
            return [_renamed(item, old, new) for item in cast("list[Json]", value)]
        case _:
            return value


def _argument(key: str, value: Json, old: str, new: str) -> Json:
    match key, value:
        case (("Ref" | "DependsOn"), str()) if value == old:
            return new
        case "DependsOn", [*names]:
            return [new if name == old else name for name in names]
        case "Fn::GetAtt", [str(name), *rest] if name == old:
            return [new, *rest]
        case "Fn::GetAtt", str() if value.startswith(f"{old}."):
            return new + value.removeprefix(old)
        case "Fn::Sub", str():
            return _text(value, old, new)
        case "Fn::Sub", [str(text), *rest]:
            return [_text(text, old, new), *(_renamed(one, old, new) for one in rest)]
        case _:
            return _renamed(value, old, new)


def _text(text: str, old: str, new: str) -> str:
    return text.replace(f"${{{old}}}", f"${{{new}}}").replace(f"${{{old}.", f"${{{new}.")


def _waits(resources: Resources, name: str, others: Collection[str]) -> bool:
    """Whether a resource is made only after one of some others."""
    seen: set[str] = set()
    waiting = [name]
    while waiting:
        current = waiting.pop()
        if current in others:
            return True
        if current not in seen and current in resources:
            seen.add(current)
            waiting += [found.name for found in resource_references(resources[current], ()) if found.to == "value"]
    return False
