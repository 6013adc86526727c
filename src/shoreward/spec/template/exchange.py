"""What stacks take from each other: exports and imports, and layers, by the names that they have on a target."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import cast

from shoreward.domain import Target
from shoreward.spec.template.plain import Json, mapping, several
from shoreward.spec.template.resolving import resolve

_LAYER = re.compile(r"arn:[a-z-]+:lambda:[^:]*:[^:]*:layer:([^:]+)(:\d+)?")


def offered(template: Mapping[str, Json], target: Target) -> frozenset[str]:
    """What others can take: `export NAME`, `layer NAME`."""
    here = _here(template, target)
    layers = resolve(here, target).of_type("AWS::Lambda::LayerVersion")
    named = {f"layer {one.get('LayerName') or name}" for name, one in layers.items()}
    return frozenset(named | {f"export {name}" for name in _exports(here, target)})


def taken(template: Mapping[str, Json], target: Target) -> frozenset[str]:
    """What a stack takes from whoever offers it."""
    here = _here(template, target)
    outputs = {name: {"Type": "Output", "Properties": one} for name, one in mapping(here.get("Outputs")).items()}
    resources = resolve({**here, "Resources": {**mapping(here.get("Resources")), **outputs}}, target).resources
    return frozenset(each for one in resources.values() for each in _taken(one))


def _exports(template: Mapping[str, Json], target: Target) -> Iterator[str]:
    """Names of the exports, each resolved as a resource's property is."""
    outputs = {
        name: {"Condition": mapping(one).get("Condition"), "Properties": mapping(one).get("Export")}
        for name, one in mapping(template.get("Outputs")).items()
        if mapping(mapping(one).get("Export"))
    }
    for one in resolve({**template, "Resources": outputs}, target).resources.values():
        name = mapping(one.get("Properties")).get("Name")
        if isinstance(name, str):
            yield name


def _taken(value: Json) -> Iterator[str]:
    match value:
        case {"Fn::ImportValue": str(name)}:
            yield f"export {name}"
        case dict():
            for one in cast("dict[str, Json]", value).values():
                yield from _taken(one)
        case list():
            for one in cast("list[Json]", value):
                yield from _taken(one)
        case str():
            if found := _LAYER.fullmatch(value):
                yield f"layer {found[1]}"
        case _:
            return


def _here(template: Mapping[str, Json], target: Target) -> dict[str, Json]:
    """A template in which account, region and stack are the target's."""
    values = {"AWS::AccountId": target.account, "AWS::Region": target.region, "AWS::StackName": target.stack}

    def placed(value: Json) -> Json:
        match value:
            case {"Ref": str(name)} if name in values:
                return values[name]
            case {"Fn::Sub": str(text)}:
                return {"Fn::Sub": _filled(text, values)}
            case {"Fn::Sub": [str(text), *others]}:
                return {"Fn::Sub": [_filled(text, values), *map(placed, several(others))]}
            case dict():
                return {key: placed(one) for key, one in cast("dict[str, Json]", value).items()}
            case list():
                return [placed(one) for one in cast("list[Json]", value)]
            case _:
                return value

    return mapping(placed(dict(template)))


def _filled(text: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(f"${{{name}}}", value)
    return text
