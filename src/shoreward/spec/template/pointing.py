"""Callers that name a function itself: pointed to the alias that the release gives it, so that it shifts them, too.

This comes after SAM, because only then every caller, role and permission stands in the template; and before versions
are named, because a function that calls another one changes with it. It touches functions only to which Shoreward
added the alias. Who calls past an alias that a person wrote may mean it, and is told (`ALIAS_PASSED_BY`).

A caller is pointed to the alias where it surely may call it and surely understands its ARN; every other one stays as
it is and is told. Nothing that gives a right is changed: rights are added (see `rights`).
"""

from __future__ import annotations

import copy
import hashlib
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import cast

from shoreward.domain import LambdaFunction, Place
from shoreward.spec.template.callers import FUNCTION, INVOKE_CONFIG, MACHINE, Caller, calls, seems_to_call
from shoreward.spec.template.document import Template
from shoreward.spec.template.naming import as_text, called, is_function, pointed
from shoreward.spec.template.ordering import Resources, order_after, rename
from shoreward.spec.template.plain import Json, Path, mapping
from shoreward.spec.template.references import resource_references
from shoreward.spec.template.rights import Callee, Right, by_permission, by_role, repeated
from shoreward.spec.template.values import Note

_ALIAS = "AWS::Lambda::Alias"
_APIS = {"AWS::ApiGateway::": "RestApiId", "AWS::ApiGatewayV2::": "ApiId"}

_UNSURE = " It stays so, because an alias might not mean the same there."
_UNSEEN = " It stays so, because the template does not show that it may call the alias."


def point_callers(
    template: Template, made: dict[str, Json], functions: Sequence[LambdaFunction], added: Collection[str]
) -> list[Note]:
    """Point callers to aliases in `made`, a rendered template.

    Args:
        functions: all that have an alias.
        added: those of them to which Shoreward added it.

    Returns a note for each caller that is pointed to an alias, for each right that is repeated for an alias, and for
    each caller that still passes one by.
    """
    resources = cast("Resources", made["Resources"])
    callees = {
        one.logical_id: Callee(function=one.logical_id, alias=one.alias_id, name=one.alias)
        for one in functions
        if one.logical_id in added and not _has_own(template, one.logical_id)
    }
    notes = [note for callee in callees.values() for note in _repeat(template, resources, _configs(resources, callee))]
    changes: dict[str, list[Json]] = {}
    after: dict[str, list[str]] = {}
    left: dict[tuple[str, str], str] = {}
    for name in list(resources):
        for caller, path, value in list(calls(resources[name], callees)):
            known = [callees[one] for one in called(value, callees)]
            new = _alias(resources[name], caller, path, value, known)
            rights = None if new is None else _rights(resources, resources[name], caller, path, known)
            if new is None or rights is None or any(right.logical_id in template.resources for right in rights):
                left |= {(name, one.function): _UNSURE if new is None else _UNSEEN for one in known}
                continue
            _put(resources[name]["Properties"], path, new)
            notes += [*_told(template, name, path, known), *_repeat(template, resources, rights)]
            changes.setdefault(name, []).append([*path, new])
            after.setdefault(name, []).extend(right.logical_id for right in rights)
    for name, rights in after.items():
        order_after(resources, name, rights, unless=after)
    notes += _deploy_anew(template, made, changes, after)
    return [*notes, *_passed_by(template, made, {one.logical_id for one in functions}, left)]


def _has_own(template: Template, function: str) -> bool:
    """Whether a person gave a function an alias, by hand."""
    own = [mapping(resource.get("Properties")) for _, resource in template.of_type(_ALIAS)]
    return any(is_function(properties.get("FunctionName"), function) for properties in own)


def _alias(
    resource: dict[str, Json], caller: Caller, path: Path, value: Json, callees: Sequence[Callee]
) -> Json | None:
    """What is to stand in a value's place; None where it is not sure to mean the same."""
    new = pointed(value, {callee.function: callee.alias for callee in callees})
    if caller.type == FUNCTION and "Fn::Sub" in json.dumps(new):
        return None  # a text around the name is there for some other purpose than to call
    if caller.type == MACHINE and not _machine_calls(resource["Properties"], path, callees):
        return None
    return new


def _machine_calls(properties: dict[str, Json], path: Path, callees: Sequence[Callee]) -> bool:
    """Whether a state machine does nothing with some functions but to call them, as the value at a path has them."""
    definition = properties.get("DefinitionString")
    text = as_text(json.dumps(properties.get("Definition")) if definition is None else definition) or ""
    if '"Qualifier"' in text or "aws-sdk:lambda:" in text:
        return False
    if path[0] == "Definition":
        return True
    tokens = [f"${{!{path[-1]}}}"]  # as `as_text` spells what is substituted later
    if path[0] == "DefinitionString":
        names = [name for one in callees for name in (f"${{{one.function}.Arn}}", f"${{{one.function}}}")]
        tokens = [name for name in names if name in text]
    return all(
        0 < text.count(token) == len(re.findall(rf'"(?:Resource|FunctionName)"\s*:\s*"{re.escape(token)}"', text))
        for token in tokens
    )


def _rights(
    resources: Resources, resource: dict[str, Json], caller: Caller, path: Path, callees: Iterable[Callee]
) -> list[Right] | None:
    """What must be added so that a caller may call aliases; None where it may not surely call the functions."""
    role = _around(resource["Properties"], path, caller.role) if caller.role else None
    holder = resources.get((as_text(role) or "")[2:-1].removesuffix(".Arn"), {})
    if holder.get("Type") == FUNCTION:
        role = mapping(holder.get("Properties")).get("Role")
    found: list[Right] = []
    for callee in callees:
        more: list[Right] | None = [] if not caller.role and not caller.service else None
        if role is not None:
            more = by_role(resources, callee, role, solely=caller.type == FUNCTION)
        elif caller.service:
            more = by_permission(resources, callee, caller.service)
        if more is None:
            return None
        found += more
    return found


def _around(value: Json, path: Path, key: str) -> Json:
    """The value of a key beside the place at a path, or in the nearest mapping around it."""
    inner = _around(value[path[0]], path[1:], key) if len(path) > 1 else None
    return mapping(value).get(key) if inner is None else inner


def _put(value: Json, path: Path, new: Json) -> None:
    for step in path[:-1]:
        value = value[step]
    value[path[-1]] = new


def _repeat(template: Template, resources: Resources, rights: Iterable[Right]) -> Iterator[Note]:
    for right in rights:
        if right.logical_id not in resources:
            resources[right.logical_id] = right.resource
            text = f"{right.of} holds for the alias of {right.function}, too."
            owner = _owner(template, right.of)
            where = template.place("Resources", owner) if owner else None
            yield Note(code="ALIAS_INCLUDED", text=text, resource=right.of, where=where)


def _configs(resources: Resources, callee: Callee) -> list[Right]:
    """What a function has for asynchronous calls, repeated for its alias, to which those are pointed."""
    own = {
        properties.get("Qualifier"): name
        for name, resource in resources.items()
        if resource["Type"] == INVOKE_CONFIG
        and is_function((properties := mapping(resource.get("Properties"))).get("FunctionName"), callee.function)
        and isinstance(properties.get("Qualifier"), str)
    }
    if "$LATEST" not in own or callee.name in own:
        return []
    config = copy.deepcopy(resources[own["$LATEST"]])
    config["Properties"]["Qualifier"] = callee.name
    config["DependsOn"] = callee.alias
    return [repeated(own["$LATEST"], config, callee)]


def _api(name: str, resource: dict[str, Json]) -> str:
    """The API that a resource is, or belongs to, as a text; '' where it has nothing to do with any."""
    for prefix, key in _APIS.items():
        if resource["Type"].startswith(prefix):
            return as_text(mapping(resource.get("Properties")).get(key)) or f"${{{name}}}"
    return ""


def _deploy_anew(
    template: Template, made: dict[str, Json], changes: Mapping[str, list[Json]], after: Mapping[str, list[str]]
) -> Iterator[Note]:
    """A deployment is a picture of its API; only one with another logical id shows what has changed."""
    resources = cast("Resources", made["Resources"])
    apis: dict[str, list[str]] = {}
    for name in sorted(changes):
        if api := _api(name, resources[name]):
            apis.setdefault(api, []).append(name)
    deployments = {
        name: parts
        for name, resource in resources.items()
        if resource["Type"].endswith("::Deployment") and (parts := apis.get(_api(name, resource)))
    }
    for name, parts in deployments.items():
        order_after(resources, name, [right for part in parts for right in after[part]], unless=deployments)
    for name, parts in deployments.items():
        changed = sorted(json.dumps([part, change], sort_keys=True) for part in parts for change in changes[part])
        new = name + hashlib.sha256(json.dumps(changed).encode()).hexdigest()[:6]
        rename(made, name, new)
        if name in template.resources:
            text = f"{name} gets the logical id {new}, so that its API is deployed with the alias."
            yield Note(code="DEPLOYMENT_RENAMED", text=text, resource=name, where=template.place("Resources", name))


def _told(template: Template, name: str, path: Path, callees: Iterable[Callee]) -> Iterator[Note]:
    for callee in callees:
        text = f"{name} calls the alias of {callee.function} instead of {callee.function} itself."
        yield Note(
            code="ALIAS_POINTED_TO", text=text, resource=name, where=_place(template, name, path, callee.function)
        )


def _place(template: Template, name: str, path: Path, function: str) -> Place | None:
    """Where a person wrote that a resource calls a function, which SAM may have put under other keys."""
    if name not in template.resources:
        owner = _owner(template, name)
        return template.place("Resources", owner) if owner else None
    written = [
        reference.path
        for reference in resource_references(template.resources[name], ("Resources", name))
        if reference.name == function and "Policies" not in reference.path
    ]
    nearest = max(written, key=lambda one: len({*one} & {*path}), default=None)
    return template.place_of(name, *path) if nearest is None else template.document.place(nearest)


def _owner(template: Template, name: str) -> str:
    """The resource that a person wrote and that a rendered one is, or was made of; '' where that cannot be told."""
    return max((one for one in template.resources if name.startswith(one)), key=len, default="")


def _passed_by(
    template: Template, made: dict[str, Json], functions: set[str], why: Mapping[tuple[str, str], str]
) -> Iterator[Note]:
    """Callers of a function itself: they get new code when it is staged, before anything was judged."""
    for name, resource in cast("Resources", made["Resources"]).items():
        found = {one for _, _, value in calls(resource, functions) for one in called(value, functions)}
        if name in template.resources:
            found |= {*seems_to_call(resource, functions)}
        for one in sorted(found - {name}):
            text = f"{name} calls {one} and not its alias: it gets new code at once, and no judge is asked."
            where = template.place("Resources", owner) if (owner := _owner(template, name)) else None
            yield Note(code="ALIAS_PASSED_BY", text=text + why.get((name, one), ""), resource=name, where=where)
