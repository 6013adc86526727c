"""Which routes an application has, as its rendered template tells: HTTP APIs, REST APIs, function URLs.

What stands in an API's OpenAPI body (that is how SAM writes APIs) and what stands in resources of its own is read
alike. WebSocket APIs have no routes of this kind.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from shoreward.spec.template.plain import mapping, several
from shoreward.spec.template.references import references
from shoreward.spec.template.resolving import Resolved

HTTP_API = "AWS::ApiGatewayV2::Api"
REST_API = "AWS::ApiGateway::RestApi"
URL = "AWS::Lambda::Url"
_METHODS = ("get", "head", "options", "post", "put", "patch", "delete")
_ANY = "x-amazon-apigateway-any-method"


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A route of an API.

    Attributes:
        api: logical id of the API or function URL.
        method: in capitals; ANY for all.
        path: with its parameters in braces; `$default` for whatever no other route takes.
        stage: what stands before the path in an address, "" for nothing.
        guard: what asks for credentials ("AWS_IAM", the authorizer's name, ...), "" when nobody does.
        names: parameters of the query, as an OpenAPI body has them.
        functions: logical ids of what it calls.
    """

    api: str
    method: str
    path: str
    stage: str = ""
    guard: str = ""
    names: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the parameters in the path."""
        return tuple(re.findall(r"\{(\w[^}+]*)\+?\}", self.path))


def routes(resolved: Resolved) -> tuple[tuple[Route, ...], tuple[str, ...]]:
    """All routes, sorted; and the APIs whose routes the template does not show."""
    found: list[Route] = []
    unseen: list[str] = []
    for api, properties in (*resolved.of_type(HTTP_API).items(), *resolved.of_type(REST_API).items()):
        if properties.get("ProtocolType") == "WEBSOCKET":
            continue
        mine = [*_of_body(resolved, api, properties), *_of_resources(resolved, api), *_of_target(api, properties)]
        found += mine
        if not mine:
            unseen.append(api)
    found += _of_urls(resolved)
    return tuple(sorted(set(found), key=lambda one: (one.api, one.path, one.method))), tuple(sorted(unseen))


def _of_body(resolved: Resolved, api: str, properties: Mapping[str, Any]) -> Iterator[Route]:
    body = mapping(properties.get("Body"))
    stage = _stage(resolved, api)
    for path, operations in mapping(body.get("paths")).items():
        for method, operation in mapping(operations).items():
            if method.lower() not in (*_METHODS, _ANY) or _mocked(operation):
                continue
            described = mapping(operation)
            yield Route(
                api=api,
                method="ANY" if method.lower() == _ANY else method.upper(),
                path="$default" if path == "/$default" else path,
                stage=stage,
                guard=_guard(described.get("security", body.get("security"))),
                names=_query(several(described.get("parameters"))),
                functions=_called(resolved, described.get("x-amazon-apigateway-integration")),
            )


def _mocked(operation: Any) -> bool:
    """Whether API Gateway answers by itself, as SAM has it do for preflight requests."""
    integration = mapping(mapping(operation).get("x-amazon-apigateway-integration"))
    return str(integration.get("type", "")).lower() == "mock"


def _query(parameters: list[Any]) -> tuple[str, ...]:
    return tuple(sorted(str(one.get("name")) for one in map(mapping, parameters) if one.get("in") == "query"))


def _guard(security: Any) -> str:
    """The first that is asked; a list that is empty, or that names NONE, takes the API's own default back."""
    names = [name for one in several(security) for name in mapping(one)]
    return next((name for name in names if name.upper() != "NONE"), "") if "NONE" not in names else ""


def _of_resources(resolved: Resolved, api: str) -> Iterator[Route]:
    stage = _stage(resolved, api)
    for properties in resolved.of_type("AWS::ApiGatewayV2::Route").values():
        key = properties.get("RouteKey")
        if api not in _named(properties.get("ApiId")) or not isinstance(key, str):
            continue
        method, _, path = key.partition(" ") if " " in key else ("ANY", "", key)
        yield Route(
            api=api,
            method=method,
            path=path,
            stage=stage,
            guard=_asked(properties),
            functions=_behind(resolved, properties.get("Target")),
        )
    for properties in resolved.of_type("AWS::ApiGateway::Method").values():
        if api not in _named(properties.get("RestApiId")) or _mock_method(properties):
            continue
        yield Route(
            api=api,
            method=str(properties.get("HttpMethod", "ANY")),
            path=_path(resolved, properties.get("ResourceId")),
            stage=stage,
            guard=_asked(properties)
            or ("an API key" if str(properties.get("ApiKeyRequired")).lower() == "true" else ""),
            functions=_called(resolved, properties.get("Integration")),
        )


def _mock_method(properties: Mapping[str, Any]) -> bool:
    return str(mapping(properties.get("Integration")).get("Type", "")).upper() == "MOCK"


def _asked(properties: Mapping[str, Any]) -> str:
    kind = str(properties.get("AuthorizationType") or "NONE")
    if kind == "NONE":
        return ""
    named = sorted(_named(properties.get("AuthorizerId")))
    return named[0] if named else kind


def _path(resolved: Resolved, resource: Any) -> str:
    """The path of a REST API's resource, from its parents; the root for whatever is no resource of the template."""
    parts: list[str] = []
    known = resolved.of_type("AWS::ApiGateway::Resource")
    names = sorted(_named(resource) & known.keys())
    while names and len(parts) < 100:
        properties = known[names[0]]
        parts.append(str(properties.get("PathPart", "")))
        names = sorted(_named(properties.get("ParentId")) & known.keys())
    return "/" + "/".join(reversed(parts))


def _of_target(api: str, properties: Mapping[str, Any]) -> Iterator[Route]:
    if properties.get("Target") is not None:
        yield Route(api=api, method="ANY", path=str(properties.get("RouteKey") or "$default").split(" ")[-1])


def _of_urls(resolved: Resolved) -> Iterator[Route]:
    for name, properties in resolved.of_type(URL).items():
        guard = "AWS_IAM" if properties.get("AuthType") == "AWS_IAM" else ""
        functions = _called(resolved, properties.get("TargetFunctionArn"))
        yield Route(api=name, method="ANY", path="$default", guard=guard, functions=functions)


def _stage(resolved: Resolved, api: str) -> str:
    stages = (
        *resolved.of_type("AWS::ApiGatewayV2::Stage").values(),
        *resolved.of_type("AWS::ApiGateway::Stage").values(),
    )
    mine = [one.get("StageName") for one in stages if api in _named(one.get("ApiId") or one.get("RestApiId"))]
    names = sorted(one for one in mine if isinstance(one, str))
    return "" if not names or "$default" in names else names[0]


def _behind(resolved: Resolved, target: Any) -> tuple[str, ...]:
    """Functions behind an integration that a route names."""
    integrations = resolved.of_type("AWS::ApiGatewayV2::Integration")
    found = [integrations[name].get("IntegrationUri") for name in sorted(_named(target)) if name in integrations]
    return tuple(sorted({one for each in found for one in _called(resolved, each)}))


def _called(resolved: Resolved, value: Any) -> tuple[str, ...]:
    """Functions that a value names, by themselves or by their aliases."""
    functions, aliases = resolved.of_type("AWS::Lambda::Function"), resolved.of_type("AWS::Lambda::Alias")
    named = _named(value)
    named |= {one for name in named & aliases.keys() for one in _named(aliases[name].get("FunctionName"))}
    return tuple(sorted(named & functions.keys()))


def _named(value: Any) -> set[str]:
    """What a resolved value refers to; a text that was substituted in part still names the rest."""
    return {one.name for one in references(value)} | set(re.findall(r"\$\{(\w+)", str(value)))
