"""The application: routes, errors as problems, and what every answer has in its headers."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware

from shoreward.domain import ShorewardError, Terminal, UserError
from shoreward.web import drawing, pages, records
from shoreward.web.access import signing_in
from shoreward.web.access.door import Door
from shoreward.web.access.policy import Need
from shoreward.web.api import audit, commands, journal, past, reading, sandboxes, sessions, stream, webhooks
from shoreward.web.headers import SafeHeaders
from shoreward.web.measures import routes as measures
from shoreward.web.measures.requests import Requests
from shoreward.web.problems import Problem, as_json, said_of, status_of, wants_page
from shoreward.web.routing import Ground, needs

_ABOUT = """Everything that the pages show, and everything that they can ask for.

Times are UNIX seconds, shares fractions of all customers, weights percent. Errors are problem+json with stable codes.
Commands need the header `Shoreward-Request: 1`, a reason, and may carry an `Idempotency-Key`."""


_PROBLEM: dict[str, Any] = {
    "description": "What is wrong, and what to do about it.",
    "content": {"application/problem+json": {"schema": Problem.model_json_schema()}},
}

ROUTES = (
    reading.routes,
    past.routes,
    sandboxes.routes,
    journal.routes,
    commands.routes,
    webhooks.routes,
    stream.routes,
    audit.routes,
    sessions.routes,
    signing_in.routes,
    pages.routes,
    measures.routes,
    records.routes,
)
"""All routes but the one that publishes them."""


def application(ground: Ground) -> FastAPI:
    """The application of a server, on its ground."""

    @asynccontextmanager
    async def alive(app: FastAPI) -> AsyncGenerator[None]:
        drawing.prepare()
        ground.hub.begin()
        ground.measures.begin(ground.watch)
        yield
        ground.hub.end()

    app = FastAPI(
        title="Shoreward",
        description=_ABOUT,
        version=version("shoreward"),
        lifespan=alive,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        responses={"4XX": _PROBLEM},
    )
    app.state.ground = ground
    published = APIRouter(route_class=Door, include_in_schema=False)
    published.add_api_route("/api/v1/openapi.json", _schema(app))
    for routes in (*ROUTES, published):
        assert all(isinstance(route, Door) for route in routes.routes), "a route that the policy does not see"
        app.include_router(routes)
    _answers(app)
    app.add_middleware(GZipMiddleware, minimum_size=4_000, compresslevel=4)
    app.add_middleware(SafeHeaders)
    app.add_middleware(Requests, metrics=ground.measures.metrics)
    return app


def _schema(app: FastAPI) -> Any:
    """The endpoint that publishes the API."""
    made: dict[str, Any] = {}

    @needs(Need.READ)
    def schema() -> JSONResponse:
        if not made:
            made.update(
                get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
            )
        return JSONResponse(made)

    return schema


def _answers(app: FastAPI) -> None:
    """Every error becomes the same kind of answer."""

    async def ours(request: Request, error: Exception) -> Response:
        assert isinstance(error, ShorewardError)
        return _answer(request, error)

    async def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return _answer(request, _Invalid(_first(error.errors())))

    async def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return _answer(request, _nothing_there(error.status_code), error.headers)

    async def mistake(request: Request, error: Exception) -> Response:
        told = Terminal("INTERNAL", "The server made a mistake.", next="Its log says more; please report it.")
        return _answer(request, told)

    app.add_exception_handler(ShorewardError, ours)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(Exception, mistake)


def _answer(request: Request, error: ShorewardError, headers: Any = None) -> Response:
    if not wants_page(request):
        return as_json(error, headers)
    if error.code == "SIGN_IN_NEEDED":
        wanted = quote(f"{request.url.path}?{request.url.query}".rstrip("?"), safe="")
        return RedirectResponse(f"/sign-in?next={wanted}", status_code=303)
    shown = pages.trouble(request, error, status_of(error))
    shown.headers.update({**said_of(error), **(headers or {})})
    return shown


class _Invalid(UserError):
    """A request that is not what its route takes."""

    def __init__(self, what: str) -> None:
        super().__init__("REQUEST_INVALID", what, next="/api/v1/openapi.json says what may be sent.")


def _first(errors: Sequence[Any]) -> str:
    """What is wrong first, without what was sent: that may be anything."""
    first = errors[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg']}."


def _nothing_there(status: int) -> UserError:
    """There is no such route, or not for this method."""
    advice = "/api/v1/openapi.json lists what there is."
    if status == 405:
        return UserError("METHOD_NOT_ALLOWED", "That cannot be done here.", next=advice)
    if status == 404:
        return UserError("NOT_FOUND", "There is nothing at this address.", next=advice)
    return UserError("REQUEST_INVALID", "The request cannot be understood.", next=advice)
