"""What a sensible request looks like: taken from the pipeline's probes, so that attacks get past the first question."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from shoreward.adapters.dynamic.routes import Route
from shoreward.domain import Probe

ANYTHING = "shoreward-1"
"""Stands for a parameter that no probe has a value for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A request that a route is there for, as far as anybody knows.

    Attributes:
        path, query: parameters by name.
        body: a JSON object, or None where no probe shows one.
    """

    path: dict[str, str] = field(default_factory=dict[str, str])
    query: dict[str, str] = field(default_factory=dict[str, str])
    body: dict[str, Any] | None = None


def sample(route: Route, probes: Sequence[Probe]) -> Sample:
    """The sample of a route, by the probes of the functions behind it; those of the same method come first."""
    events = [_object(json.loads(probe.payload)) for probe in probes if probe.function in route.functions]
    events.sort(key=lambda event: _method(event) != route.method)
    path, query = dict.fromkeys(route.parameters, ANYTHING), dict.fromkeys(route.names, ANYTHING)
    body: dict[str, Any] | None = None
    for event in reversed(events):
        path |= {name: text for name, text in _texts(event.get("pathParameters")).items() if name in path}
        query |= _texts(event.get("queryStringParameters"))
        body = _body(event) or body
    return Sample(path=path, query=query, body=body)


def _method(event: dict[str, Any]) -> str:
    """The method of an API's event, "" where it does not say one."""
    http = _object(_object(event.get("requestContext")).get("http"))
    return str(event.get("httpMethod") or http.get("method") or str(event.get("routeKey", "")).partition(" ")[0])


def _body(event: dict[str, Any]) -> dict[str, Any] | None:
    try:
        return _object(json.loads(event.get("body") or "null")) or None
    except (TypeError, ValueError):
        return None


def _texts(value: Any) -> dict[str, str]:
    return {name: text for name, text in _object(value).items() if isinstance(text, str) and text}


def _object(value: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}
