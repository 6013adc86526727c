"""The stream of events, by server-sent events: all that happens, once and in order, from wherever a reader left off.

An id says how far a reader has come in the journal: the id of the newest event of all releases (`Happened.id`), and how
many orders people had given. A reader that comes back, to this server or to the next one, says the last id that it has
and misses nothing. That the journal is not to be had, or is again, is told without an id.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from shoreward.app.ports import Happened
from shoreward.core.control import Order
from shoreward.domain import Refused, UserError
from shoreward.web.access.door import Door
from shoreward.web.access.policy import Need
from shoreward.web.api.journal import about
from shoreward.web.routing import Ground, Stands, needs

routes = APIRouter(route_class=Door, prefix="/api/v1", tags=["stream"])

PULSE = 10.0
"""Seconds after which a quiet stream says that it is still there, so that whoever is in between does not cut it."""

GLANCE = 1.0
"""Seconds after which a stream looks whether its reader's token or session still holds."""

RETRY = 1_000
"""Milliseconds after which a browser comes back."""


_ID = re.compile(r"(\d{1,18})(?:-(\d{1,18}))?", re.ASCII)

_EXAMPLE = """retry: 1000
id: 1041-3

id: 1042-3
event: happened
data: {"release": "sandcastles-12", "seq": 17, "at": 1798070400.0, "event": "TrafficShifted"}

id: 1042-4
event: order
data: {"seq": 4, "at": 1798070405.2, "event": "StopPlaced", "by": "ada", "why": "an outage", "application": ""}

"""


@dataclass(frozen=True, slots=True)
class Heard:
    """How far a reader has come: the newest event's id, and how many orders."""

    event: int
    orders: int

    def __str__(self) -> str:
        return f"{self.event}-{self.orders}"


@routes.get(
    "/events",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}, "example": _EXAMPLE}}}},
)
@needs(Need.READ)
async def events(
    ground: Stands,
    last: Annotated[
        str | None,
        Header(alias="Last-Event-ID", description="The last id that the reader has.", examples=["1042-4"]),
    ] = None,
    after: Annotated[
        str | None, Query(description="The same, for those who cannot send headers.", examples=["1042-4"])
    ] = None,
    application: Annotated[str, Query(description="Of this application only.", max_length=200)] = "",
) -> StreamingResponse:
    """All that happens, as server-sent events; what comes from now on when no id is given.

    `happened` is an event of a release, `order` what somebody said of more than one, `control` that the server cannot
    read its journal, or can again.
    """
    begin = _begin(ground, last or after)
    first = await run_in_threadpool(ground.watch.since, begin.event)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(
        _told(ground, begin, list(first), application), media_type="text/event-stream", headers=headers
    )


def _begin(ground: Ground, last: str | None) -> Heard:
    """Where a reader goes on; without a second number, behind the orders that there are."""
    sight = ground.sight
    if not last:
        return Heard(sight.heard, sight.orders)
    known = _ID.fullmatch(last)
    if known is None:
        raise UserError("EVENT_ID", "Last-Event-ID is no id of an event.", next="Send the id of the last event back.")
    begin = Heard(int(known[1]), sight.orders if known[2] is None else int(known[2]))
    if begin.orders > sight.orders:
        raise Refused(
            "STREAM_AHEAD",
            f"Nobody has given {begin.orders} orders yet: there are {sight.orders}.",
            next="Ask without an id, and read the releases anew; the journal is another one than before.",
        )
    return begin


async def _told(ground: Ground, heard: Heard, news: list[Happened], application: str) -> AsyncIterator[bytes]:
    trouble, quiet = ground.sight.trouble, 0.0
    yield f"retry: {RETRY}\nid: {heard}\n\n".encode()
    while not ground.hub.over and await run_in_threadpool(ground.access.still, ground.caller):
        for each in news:
            heard = Heard(each.id, heard.orders)
            if _concerns(ground, each.release.rpartition("-")[0], application):
                yield _event(heard, each)
        sight = ground.sight
        for order in await _orders(ground, heard, sight.orders):
            heard = Heard(heard.event, heard.orders + 1)
            if _concerns(ground, about(order), application):
                yield _order(heard, order)
        if sight.trouble != trouble:
            trouble = sight.trouble
            yield _told_as("control", {"trouble": bool(trouble)})
        if heard.event >= sight.heard:
            quiet = 0.0 if await ground.hub.changed(sight.version, within=GLANCE) else quiet + GLANCE
            if quiet >= PULSE:
                quiet = 0.0
                yield b": still here\n\n"
        behind = ground.sight.heard > heard.event
        news = list(await run_in_threadpool(ground.watch.since, heard.event)) if behind else []


async def _orders(ground: Ground, heard: Heard, known: int) -> list[Order]:
    if heard.orders >= known:
        return []
    return list(await run_in_threadpool(ground.journal.orders, heard.orders))[: known - heard.orders]


def _concerns(ground: Ground, pipeline: str, application: str) -> bool:
    """Whether a reader is told of something about a pipeline; what is about every pipeline is told to all."""
    return application in ("", pipeline) and ground.caller.sees(pipeline) if pipeline else True


def _event(heard: Heard, each: Happened) -> bytes:
    data = {"release": each.release, "seq": each.seq, "at": each.event.at, "event": type(each.event).__name__}
    return _told_as("happened", data, heard)


def _order(heard: Heard, order: Order) -> bytes:
    return _told_as("order", {"seq": heard.orders, "event": type(order).__name__, **asdict(order)}, heard)


def _told_as(kind: str, data: dict[str, Any], heard: Heard | None = None) -> bytes:
    place = f"id: {heard}\n" if heard else ""
    return f"{place}event: {kind}\ndata: {json.dumps(data)}\n\n".encode()
