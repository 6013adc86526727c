"""What a template and its samconfig.toml tell about the pipeline they will need.

Under `spec.init`. Reads only what a first `shoreward.yaml` mentions; whether the template is right is for others to
say.
"""

from __future__ import annotations

import re
import shlex
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from shoreward.domain import SpecError
from shoreward.spec.yaml import read_yaml

Mapping = dict[str, Any]
_FUNCTIONS = ("AWS::Serverless::Function", "AWS::Lambda::Function")
_DOORS = (
    "AWS::Serverless::Api", "AWS::Serverless::HttpApi", "AWS::ApiGateway::RestApi", "AWS::ApiGatewayV2::Api",
    "AWS::Lambda::Url",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A template parameter that has no default.

    Attributes:
        value: what samconfig.toml gives it, if it does.
        note: its type and rules, in words.
    """

    name: str
    note: str
    value: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What is known before anything is written.

    Attributes:
        functions: logical id of each function, with the API routes that lead to it (`get /tides`).
        web: whether the template shows an API or a function URL, which anybody can send something to.
        alarms: names of the template's alarms, as `shoreward.yaml` writes them.
    """

    application: str
    region: str | None
    parameters: tuple[Parameter, ...]
    functions: tuple[tuple[str, tuple[str, ...]], ...]
    web: bool
    alarms: tuple[str, ...]


def draft(template: Path) -> Draft:
    """Read a template, and the samconfig.toml beside it when there is one; raises SpecError."""
    try:
        document = read_yaml(template.read_text(encoding="utf-8"), str(template))
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError(
            "SPEC_TEMPLATE_MISSING", f"The template cannot be read: {error}.", where=str(template)
        ) from error
    resources = _mapping(document.value.get("Resources"))
    if not resources:
        what = "This is no template: it has no Resources."
        raise SpecError("SPEC_TEMPLATE", what, where=document.place(("Resources",)))
    config = _samconfig(template.parent / "samconfig.toml")
    overrides = _overrides(config.get("parameter_overrides"))
    name = config.get("stack_name") or template.resolve().parent.name
    return Draft(
        application=_slug(str(name)),
        region=config["region"] if isinstance(config.get("region"), str) else None,
        parameters=tuple(
            Parameter(name=name, note=_note(_mapping(rules)), value=overrides.get(name))
            for name, rules in _mapping(document.value.get("Parameters")).items()
            if "Default" not in _mapping(rules)
        ),
        functions=tuple(
            (name, _routes(resource))
            for name, resource in resources.items()
            if _mapping(resource).get("Type") in _FUNCTIONS
        ),
        web=any(map(_is_door, resources.values())),
        alarms=tuple(filter(None, map(_alarm, resources.values()))),
    )


def _mapping(value: object) -> Mapping:
    return cast("Mapping", value) if isinstance(value, dict) else {}


def _slug(name: str) -> str:
    slug = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")
    return (slug if re.match("[A-Za-z]", slug) else f"app-{slug}".rstrip("-"))[:128]


def _samconfig(path: Path) -> Mapping:
    """The default deployment's parameters of `sam deploy`, its global ones included; {} when there are none."""
    if not path.is_file():
        return {}
    try:
        default = _mapping(tomllib.loads(path.read_text(encoding="utf-8")).get("default"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SpecError("SPEC_SAMCONFIG", f"This is not TOML: {error}.", where=str(path)) from error
    sections = (_mapping(_mapping(default.get(name)).get("parameters")) for name in ("global", "deploy"))
    return {key: value for section in sections for key, value in section.items()}


def _overrides(value: object) -> dict[str, str]:
    """`parameter_overrides`: one text of Key=Value words, or a list of them."""
    words = cast("list[object]", value) if isinstance(value, list) else [value]
    try:
        pairs = [part.partition("=") for word in words if isinstance(word, str) for part in shlex.split(word)]
    except ValueError:
        return {}
    return {key: text for key, equals, text in pairs if equals}


def _note(rules: Mapping) -> str:
    note = str(rules.get("Type", "String"))
    if isinstance(allowed := rules.get("AllowedValues"), list):
        note += f", one of: {', '.join(map(str, cast('list[object]', allowed)))}"
    if str(rules.get("NoEcho", "")).lower() == "true":
        note += "; a secret: better kept in Secrets Manager than here"
    return " ".join(note.split())


def _routes(resource: object) -> tuple[str, ...]:
    events = _mapping(_mapping(_mapping(resource).get("Properties")).get("Events"))
    routes: list[str] = []
    for event in events.values():
        rules = _mapping(_mapping(event).get("Properties"))
        if _mapping(event).get("Type") in ("Api", "HttpApi") and isinstance(rules.get("Path"), str):
            routes.append(" ".join(f"{rules.get('Method', 'any')} {rules['Path']}".split()))
    return tuple(routes)


def _is_door(resource: object) -> bool:
    rules = _mapping(resource)
    own = rules.get("Type") in _FUNCTIONS and "FunctionUrlConfig" in _mapping(rules.get("Properties"))
    return rules.get("Type") in _DOORS or own or bool(_routes(resource))


_PSEUDO = {"${AWS::StackName}": "{stack}", "${AWS::Region}": "{region}", "${AWS::AccountId}": "{account}"}


def _alarm(resource: object) -> str | None:
    """An alarm's name with our placeholders, when it is text and made of what we can fill in."""
    if _mapping(resource).get("Type") not in ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"):
        return None
    name = _mapping(_mapping(resource).get("Properties")).get("AlarmName")
    name = _mapping(name).get("Fn::Sub", name)
    if not isinstance(name, str):
        return None
    for theirs, ours in _PSEUDO.items():
        name = name.replace(theirs, ours)
    return None if "${" in name else name
