"""What changed in a template between two commits: resources, their properties, and what else reaches them.

A change of Globals is one of all functions that take the value from there; one of a parameter, a condition or a
mapping is one of the resources that refer to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from shoreward.spec.template import Template
from shoreward.spec.template.document import FUNCTION
from shoreward.spec.template.plain import Json, Path, listed, mapping
from shoreward.spec.template.references import resource_references

_SECTIONS = {"Parameters": "value", "Conditions": "condition", "Mappings": "mapping"}
_MISSING = object()
_NUMBER = re.compile(r"-?\d+(\.\d+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """A property of a resource that changed.

    Attributes:
        resource: logical id.
        key: the property; "" when the resource came or went, `DependsOn` and its like as they are.
        path: the way to what changed, as people read it.
        old, new: what was and is there, as short text; "" for nothing.
        line: in the new template, or 0 where it is gone.
        through: the section that it comes from, such as `Globals` or a parameter's name; "" for the resource itself.
    """

    resource: str
    key: str
    path: str
    old: str
    new: str
    line: int
    through: str = ""

    @property
    def added(self) -> bool:
        """Whether something came that replaces nothing."""
        return not self.old and bool(self.new)

    @property
    def raised(self) -> bool:
        """Whether a number grew."""
        return bool(_NUMBER.fullmatch(self.old) and _NUMBER.fullmatch(self.new)) and float(self.new) > float(self.old)


def touched(old: Template, new: Template) -> tuple[Touched, ...]:
    """All that changed between two readings of a template, in the order of its lines."""
    found = [*_resources(old, new), *_globals(old, new), *_sections(old, new)]
    return tuple(sorted(found, key=lambda each: (each.line, each.resource, each.path)))


def _resources(old: Template, new: Template) -> Iterator[Touched]:
    for name in {**old.resources, **new.resources}:
        before, after = old.resources.get(name), new.resources.get(name)
        if before is None or after is None:
            line = new.place("Resources", name).line or 0 if after else 0
            was, now = (str(each["Type"]) if each else "" for each in (before, after))
            yield Touched(resource=name, key="", path=name, old=was, new=now, line=line)
            continue
        for path, was, now in _differences(before, after):
            key, shown = _key(path), ".".join(map(str, path)).removeprefix("Properties.")
            line = new.document.place(("Resources", name, *path), key=True).line or 0
            if shown == key:  # where a property came or went, what Globals say of it holds instead
                was, now = (_effective(each, name, key, value) for each, value in ((old, was), (new, now)))
            yield Touched(resource=name, key=key, path=shown or key, old=_short(was), new=_short(now), line=line)


def _effective(template: Template, name: str, key: str, value: Json) -> Json:
    return template.property(name, key) if value is None else value


def _globals(old: Template, new: Template) -> Iterator[Touched]:
    before, after = (mapping(mapping(each.value.get("Globals")).get("Function")) for each in (old, new))
    for path, was, now in _differences(before, after):
        line = new.document.place(("Globals", "Function", *path), key=True).line or 0
        for name, resource in new.of_type(FUNCTION):
            own = mapping(resource.get("Properties")).get(str(path[0]), _MISSING) if path else _MISSING
            if own is _MISSING or isinstance(own, dict | list):  # which SAM joins with what Globals say
                shown, key = ".".join(map(str, path)), str(path[0]) if path else ""
                yield Touched(
                    resource=name, key=key, path=shown, old=_short(was), new=_short(now), line=line, through="Globals"
                )


def _sections(old: Template, new: Template) -> Iterator[Touched]:
    for section, to in _SECTIONS.items():
        before, after = mapping(old.value.get(section)), mapping(new.value.get(section))
        changed = {name for name in {**before, **after} if before.get(name) != after.get(name)}
        for name in sorted(changed):
            was, now = before.get(name), after.get(name)
            if section == "Parameters" and mapping(was).get("Default") == mapping(now).get("Default"):
                continue
            line = new.document.place((section, name), key=True).line or 0
            for resource, value in new.resources.items():
                referred = [each for each in resource_references(value, ()) if (each.name, each.to) == (name, to)]
                keys = {_key(each.path) for each in referred}
                for key in sorted(keys):
                    yield Touched(
                        resource=resource,
                        key=key,
                        path=key,
                        old=_default(was),
                        new=_default(now),
                        line=line,
                        through=name,
                    )


def _key(path: Path) -> str:
    """The property that a path inside a resource leads to, or the resource's own key."""
    first, second, *_ = (*map(str, path), "", "")
    return second if first == "Properties" and second else first


def _default(value: Json) -> str:
    return _short(mapping(value).get("Default", value))


def _differences(old: Json, new: Json, path: Path = ()) -> Iterator[tuple[Path, Json, Json]]:
    """Where two values differ, with what is there before and after; None for nothing."""
    if old == new and type(old) is type(new):
        return
    if isinstance(old, dict) and isinstance(new, dict):
        before, after = cast("dict[str, Json]", old), cast("dict[str, Json]", new)
        if not _intrinsic(before) and not _intrinsic(after):
            for key in {**before, **after}:
                yield from _differences(before.get(key), after.get(key), (*path, key))
            return
    if isinstance(old, list) and isinstance(new, list):
        yield from _lists(listed(old), listed(new), path)
        return
    yield path, old, new


def _lists(old: list[Json], new: list[Json], path: Path) -> Iterator[tuple[Path, Json, Json]]:
    if len(old) == len(new):
        for index, (was, now) in enumerate(zip(old, new, strict=True)):
            yield from _differences(was, now, (*path, index))
        return
    went = [each for each in old if each not in new]
    came = [each for each in new if each not in old]
    at = new.index(came[0]) if came else None
    yield (*path, at) if at is not None else path, went or None, came or None


def _intrinsic(value: dict[str, Json]) -> bool:
    return len(value) == 1 and next(iter(value)).startswith(("Fn::", "Ref", "Condition"))


def _short(value: Json) -> str:
    if value is None:
        return ""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
