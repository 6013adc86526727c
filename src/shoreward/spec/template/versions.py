"""Versions that follow what they hold: a function's version gets a new logical id when, and only when, it differs.

SAM names a version after the location of the code, or after all of the function's properties as they are written. Both
miss a new value of a parameter and a new layer; both can ask Lambda to publish what it has published already, which
it refuses. So the name is made here, from everything that a version freezes, and stands in the function's
description, too: with a new name there is always something new to publish.
"""

from __future__ import annotations

import hashlib
import json
from typing import cast

from shoreward.domain import LambdaFunction
from shoreward.spec.template.document import Template
from shoreward.spec.template.parameters import Values
from shoreward.spec.template.plain import Json, mapping
from shoreward.spec.template.references import references

_UNVERSIONED = ("Tags", "ReservedConcurrentExecutions", "RuntimeManagementConfig", "RecursiveLoop")
_LAYERS = ("AWS::Lambda::LayerVersion",)
_DESCRIPTION = 256


def aliases(made: dict[str, Json]) -> tuple[LambdaFunction, ...]:
    """Functions of a rendered template that an alias points to, sorted; of several aliases the first by its id."""
    found: dict[str, LambdaFunction] = {}
    resources = cast("dict[str, dict[str, Json]]", made["Resources"])
    for alias_id in sorted(name for name, resource in resources.items() if resource["Type"] == "AWS::Lambda::Alias"):
        properties = mapping(resources[alias_id].get("Properties"))
        version_id = _target(properties.get("FunctionVersion"))
        function_id = _target(properties.get("FunctionName"))
        name = properties.get("Name")
        version = resources.get(version_id, {}).get("Type")
        if version == "AWS::Lambda::Version" and function_id in resources and isinstance(name, str):
            function = LambdaFunction(logical_id=function_id, alias=name, alias_id=alias_id, version_id=version_id)
            found.setdefault(function_id, function)
    return tuple(found[name] for name in sorted(found))


def name_versions(template: Template, made: dict[str, Json], values: Values) -> dict[str, Json]:
    """Rename the versions that the translator made after what they hold, and describe their functions so."""
    renamed: dict[str, str] = {}
    resources = cast("dict[str, dict[str, Json]]", made["Resources"])
    for function in aliases(made):
        if function.version_id in template.resources:
            continue
        print_ = fingerprint(function.logical_id, made, values)
        renamed[function.version_id] = f"{function.logical_id}Version{print_}"
        properties = resources[function.logical_id]["Properties"]
        properties["Description"] = _described(properties.get("Description"), print_)
    return _renamed(made, renamed)


def fingerprint(name: str, made: dict[str, Json], values: Values) -> str:
    """Ten hexadecimal digits over all that a version of the function would hold, as far as a template tells."""
    resources = cast("dict[str, dict[str, Json]]", made["Resources"])
    properties = mapping(resources[name].get("Properties"))
    held: dict[str, Json] = {"Properties": {k: v for k, v in properties.items() if k not in _UNVERSIONED}}
    waiting = [held["Properties"]]
    while waiting:
        for reference in references(waiting.pop()):
            key = f"{reference.to} {reference.name}"
            if key in held:
                continue
            match reference.to:
                case "condition":
                    held[key] = mapping(made.get("Conditions")).get(reference.name)
                    # `{"Condition": name}` is a reference only where it stands alone.
                    waiting.append([held[key]])
                case "mapping":
                    held[key] = mapping(made.get("Mappings")).get(reference.name)
                case "value" if reference.name in values.every:
                    held[key] = values.every[reference.name]
                case "value" if resources.get(reference.name, {}).get("Type") in _LAYERS:
                    held[key] = resources[reference.name].get("Properties")
                    waiting.append(held[key])
                case "value":
                    pass
    text = json.dumps(held, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def _described(description: Json, print_: str) -> Json:
    mark = f"revision {print_}"
    if description is None:
        return mark
    if isinstance(description, str):
        return f"{description[: _DESCRIPTION - len(mark) - 3]} ({mark})"
    return {"Fn::Join": [" ", [description, f"({mark})"]]}


def _target(value: Json) -> str:
    node = mapping(value)
    if isinstance(name := node.get("Ref"), str):
        return name
    attribute = node.get("Fn::GetAtt")
    if isinstance(attribute, str):
        return attribute.split(".", 1)[0]
    return str(cast("list[Json]", attribute)[0]) if isinstance(attribute, list) and attribute else ""


def _renamed(value: Json, names: dict[str, str]) -> Json:
    match value:
        case dict():
            node = cast("dict[str, Json]", value)
            return {names.get(key, key): _renamed(inner, names) for key, inner in node.items()}
        case list():
            return [_renamed(item, names) for item in cast("list[Json]", value)]
        case str():
            return names.get(value, value)
        case _:
            return value
