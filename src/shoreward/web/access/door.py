"""The door before every route: the policy decides, and every command is in the audit with what came of it.

It stands before the request's body is read: of whoever is not let in nothing is read but the headers.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from shoreward.app.access.accounts import Audited
from shoreward.domain import ShorewardError
from shoreward.web.access.policy import Asked, Caller, Denied, Need
from shoreward.web.problems import status_of

if TYPE_CHECKING:
    from shoreward.web.routing import Ground

NEED = "shoreward_need"
"""The name under which a route's endpoint keeps what it needs."""

LARGEST = 64_000
"""Bytes of a command."""

_WORDS = 4_000
"""Characters of a text that the audit keeps."""


def needs(need: Need) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Mark an endpoint with what it needs of whoever calls it."""

    def mark(endpoint: Callable[..., Any]) -> Callable[..., Any]:
        setattr(endpoint, NEED, need)
        return endpoint

    return mark


class Door(APIRoute):
    """A route behind the door: routers are made with `APIRouter(route_class=Door)`, and the application takes no other.

    A route whose endpoint does not say what it needs is answered to nobody.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The route's own handler, behind the policy."""
        serve = super().get_route_handler()
        endpoint = self.endpoint

        async def guarded(request: Request) -> Response:
            ground = cast("Ground", request.app.state.ground)
            asked = _asked(request, getattr(endpoint, NEED, None))
            if not asked.changes or asked.need is Need.SIGNED:
                request.state.caller = await run_in_threadpool(ground.access.admit, asked)
                return await serve(request)
            command = _Command(ground, request, asked, endpoint.__name__)
            return await command.served(serve)

        return guarded


def _asked(request: Request, need: object) -> Asked:
    """The request, as a policy is told of it; raises `Denied` when nothing says what its route needs."""
    if not isinstance(need, Need):
        raise Denied("NOT_PERMITTED", "Nobody may do this.", status=403)
    headers: dict[str, str] = {}
    for name, value in request.headers.items():
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    release = str(request.path_params.get("release", ""))
    return Asked(
        need=need,
        method=request.method,
        path=request.url.path,
        query=request.url.query,
        headers=headers,
        application=str(request.path_params.get("application", "")) or release.rpartition("-")[0],
        peer=request.client.host if request.client else "",
        secure=request.url.scheme == "https",
    )


@dataclass(frozen=True, slots=True)
class _Command:
    """Something that is asked for, from the door to its end."""

    ground: Ground
    request: Request
    asked: Asked
    what: str

    async def served(self, serve: Callable[[Request], Coroutine[Any, Any, Response]]) -> Response:
        try:
            caller = await run_in_threadpool(self.ground.access.admit, self.asked)
        except Denied as denied:
            await self._refused(denied)
            raise
        self.request.state.caller = caller
        entry = await run_in_threadpool(self.ground.accounts.note, await self._entry(caller, allowed=True))
        try:
            response = await serve(self.request)
        except Exception as error:
            conclude = partial(self.ground.accounts.conclude, allowed=not isinstance(error, Denied))
            await run_in_threadpool(conclude, entry, *_what_came(error))
            raise
        await run_in_threadpool(self.ground.accounts.conclude, entry, response.status_code, "")
        return response

    async def _refused(self, denied: Denied) -> None:
        """Keep it, unless somebody asks too often: who floods the server shall not fill its disk."""
        if denied.status == 429:
            return
        caller = denied.caller or Caller(name="", origin=self.asked.peer)
        entry = await self._entry(caller, allowed=False) if denied.caller else self._bare(caller, allowed=False)
        entry = replace(entry, status=denied.status, code=denied.code)
        await run_in_threadpool(self.ground.accounts.note, entry)

    def _bare(self, caller: Caller, *, allowed: bool) -> Audited:
        """The entry, without what is in the body."""
        return Audited(
            at=self.ground.now(),
            who=caller.name,
            role=caller.rights.role(self.asked.application) or "",
            via=caller.via,
            origin=caller.origin,
            what=self.what,
            application=self.asked.application,
            release=str(self.request.path_params.get("release", ""))[:_WORDS],
            allowed=allowed,
        )

    async def _entry(self, caller: Caller, *, allowed: bool) -> Audited:
        said = await self._said()
        application = self.asked.application or _text(said, "application")
        details = {name: value for name, value in said.items() if name not in ("why", "application")}
        return replace(
            self._bare(caller, allowed=allowed),
            application=application,
            role=caller.rights.role(application) or "",
            why=_text(said, "why") or _text(said, "despite"),
            details=json.dumps(details)[:_WORDS] if details else "",
        )

    async def _said(self) -> dict[str, Any]:
        """The command's body, {} when it is no JSON object; raises `Denied` (REQUEST_TOO_LARGE)."""
        length = self.request.headers.get("content-length", "")
        chunked = "transfer-encoding" in self.request.headers
        if chunked or int(length or 0) > LARGEST:
            raise Denied(
                "REQUEST_TOO_LARGE", f"A command says its length, and has at most {LARGEST} bytes.", status=413
            )
        try:
            said = json.loads(await self.request.body() or b"{}")
        except (ValueError, RecursionError):
            return {}
        return cast("dict[str, Any]", said) if isinstance(said, dict) else {}


def _text(said: dict[str, Any], name: str) -> str:
    value = said.get(name)
    return value[:_WORDS].encode(errors="replace").decode() if isinstance(value, str) else ""


def _what_came(error: Exception) -> tuple[int, str]:
    """Status and code of what an endpoint raises."""
    match error:
        case ShorewardError():
            return status_of(error), error.code
        case RequestValidationError():
            return 400, "REQUEST_INVALID"
        case _:
            return 500, "INTERNAL"
