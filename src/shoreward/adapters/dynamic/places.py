"""Where a person wrote a route: the event of a function, a resource of its own, or a path of an OpenAPI body."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import cast

from shoreward.adapters.dynamic.routes import Route
from shoreward.domain import Place, SpecError
from shoreward.spec.template import Template, read_template
from shoreward.spec.template.plain import mapping

_SAM_FUNCTION = "AWS::Serverless::Function"
_EVENTS = ("HttpApi", "Api")


def placing(content: bytes | None, file: str) -> Callable[[Route], Place | None]:
    """Finds routes in a template; what cannot be found is at its API, or at its function."""
    try:
        template = read_template((content or b"").decode(), file)
    except (SpecError, UnicodeDecodeError):
        return lambda route: None
    return lambda route: _place(template, route)


def _place(template: Template, route: Route) -> Place | None:
    places = (
        *_events(template, route),
        *_resources(template, route),
        *_bodies(template, route),
        *_owner(template, route),
    )
    return next(iter(places), None)


def _events(template: Template, route: Route) -> Iterator[Place]:
    for name, resource in template.of_type(_SAM_FUNCTION):
        properties = mapping(resource.get("Properties"))
        if "FunctionUrlConfig" in properties and route.api == f"{name}Url":
            yield template.place_of(name, "FunctionUrlConfig", key=True)
        for event, about in mapping(properties.get("Events")).items():
            told = mapping(mapping(about).get("Properties"))
            if mapping(about).get("Type") not in _EVENTS or not _is_api(told, route):
                continue
            path, method = told.get("Path", "$default"), str(told.get("Method", "ANY")).upper()
            if (path, "ANY" if method == "*" else method) == (route.path, route.method):
                yield template.place_of(name, "Events", event, key=True)


def _is_api(event: Mapping[str, object], route: Route) -> bool:
    """Whether an event is of a route's API; one that names none is of the API that SAM makes by itself."""
    named = mapping(event.get("ApiId") or event.get("RestApiId")).get("Ref")
    return named in (None, route.api)


def _resources(template: Template, route: Route) -> Iterator[Place]:
    for name, resource in template.of_type("AWS::ApiGatewayV2::Route"):
        key = mapping(resource.get("Properties")).get("RouteKey")
        if key in (str(route), route.path):
            yield template.place("Resources", name)
    for name, resource in template.of_type("AWS::ApiGateway::Method"):
        properties = mapping(resource.get("Properties"))
        last = route.path.rpartition("/")[2]
        if properties.get("HttpMethod") == route.method and (not last or _has_part(template, properties, last)):
            yield template.place("Resources", name)


def _has_part(template: Template, method: dict[str, object], part: str) -> bool:
    named = str(method.get("ResourceId"))
    parts = {
        name: mapping(one.get("Properties")).get("PathPart")
        for name, one in template.of_type("AWS::ApiGateway::Resource")
    }
    return any(name in named and has == part for name, has in parts.items())


def _bodies(template: Template, route: Route) -> Iterator[Place]:
    if route.api not in template.resources:
        return
    for key in ("DefinitionBody", "Body"):
        path: tuple[str | int, ...] = ("Resources", route.api, "Properties", key, "paths", route.path)
        for method in (route.method.lower(), route.method, "x-amazon-apigateway-any-method"):
            if template.document.has((*path, method)):
                yield template.place(*path, method)
        if template.document.has(path):
            yield template.place(*path)


def _owner(template: Template, route: Route) -> Iterator[Place]:
    known = cast("dict[str, object]", template.resources)
    for name in (*route.functions, route.api):
        written = max((one for one in known if name.startswith(one)), key=len, default="")
        if written:
            yield template.place("Resources", written)
