"""The stream of events, by server-sent events: all that happens, once and in order, from wherever a reader left off.

The id of an event is the journal's own (`Happened.id`), so a reader that comes back, to this server or to the next one,
says the last id that it has and misses nothing. A change that is no event of a release (somebody stops everything, the
journal is not to be had) is told without an id.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header, Query
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from shoreward.app.ports import Happened
from shoreward.domain import UserError
from shoreward.web.access.door import Door
from shoreward.web.access.policy import Need
from shoreward.web.routing import Ground, Stands, needs

routes = APIRouter(route_class=Door, prefix="/api/v1", tags=["stream"])

PULSE = 10.0
"""Seconds after which a quiet stream says that it is still there, so that whoever is in between does not cut it."""

GLANCE = 1.0
"""Seconds after which a stream looks whether its reader's token or session still holds."""

RETRY = 1_000
"""Milliseconds after which a browser comes back."""


@routes.get("/events", response_class=StreamingResponse, responses={200: {"content": {"text/event-stream": {}}}})
@needs(Need.READ)
async def events(
    ground: Stands,
    last: Annotated[str | None, Header(alias="Last-Event-ID", description="The last id that the reader has.")] = None,
    after: Annotated[int | None, Query(ge=0, description="The same, for those who cannot send headers.")] = None,
    application: Annotated[str, Query(description="Of this application only.", max_length=200)] = "",
) -> StreamingResponse:
    """All that happens, as server-sent events; what comes from now on when no id is given.

    Each event has the journal's id and, as data, `{"id", "release", "seq", "at", "event"}`.
    """
    begin = _begin(last, after)
    if begin is None:
        begin = ground.sight.heard
    first = await run_in_threadpool(ground.watch.since, begin)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(
        _told(ground, begin, list(first), application), media_type="text/event-stream", headers=headers
    )


def _begin(last: str | None, after: int | None) -> int | None:
    if last is None or last == "":
        return after
    if not (last.isascii() and last.isdigit() and len(last) < 19):
        raise UserError("EVENT_ID", "Last-Event-ID is no id of an event.", next="Send the id of the last event back.")
    return int(last)


async def _told(ground: Ground, last: int, news: list[Happened], application: str) -> AsyncIterator[bytes]:
    sight = ground.sight
    yield f"retry: {RETRY}\n: {last}\n\n".encode()
    orders, trouble = sight.orders, sight.trouble
    version = -1
    quiet = 0.0
    while not ground.hub.over and await run_in_threadpool(ground.access.still, ground.caller):
        for each in news:
            last = each.id
            about = each.release.rpartition("-")[0]
            if application in ("", about) and ground.caller.sees(about):
                yield _event(each)
        sight = ground.sight
        if (sight.orders, sight.trouble) != (orders, trouble):
            orders, trouble = sight.orders, sight.trouble
            yield f"event: control\ndata: {json.dumps({'orders': orders, 'trouble': bool(trouble)})}\n\n".encode()
        if last >= sight.heard:
            version = sight.version
            quiet = 0.0 if await ground.hub.changed(version, within=GLANCE) else quiet + GLANCE
            if quiet >= PULSE:
                quiet = 0.0
                yield b": still here\n\n"
        news = list(await run_in_threadpool(ground.watch.since, last)) if ground.sight.heard > last else []


def _event(each: Happened) -> bytes:
    data = {
        "id": each.id,
        "release": each.release,
        "seq": each.seq,
        "at": each.event.at,
        "event": type(each.event).__name__,
    }
    return f"id: {each.id}\nevent: happened\ndata: {json.dumps(data)}\n\n".encode()
