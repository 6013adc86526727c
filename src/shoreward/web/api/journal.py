"""The journal as it is: headers, events and people's orders, whole, for archives and for clients that fold them.

`body` is what the journal holds; its form is that of `adapters.journal.codec`, which the command line reads it with.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, Field
from pydantic_core import from_json

from shoreward.adapters.journal.codec import Said, encode
from shoreward.core import header as core
from shoreward.core.control import (
    CommitPassedOver,
    CulpritNamed,
    FreezePlaced,
    Order,
    QuarantineLifted,
    StopLifted,
    StopPlaced,
)
from shoreward.web.access.door import Door
from shoreward.web.access.policy import Need
from shoreward.web.api.paging import After, Before, Limit, Page, paged
from shoreward.web.routing import Ground, Stands, needs

routes = APIRouter(route_class=Door, prefix="/api/v1/journal", tags=["journal"])

Which = Literal["all", "open", "live", "harmed"]


class Record(BaseModel):
    """An event of a release, an order, or a release's header."""

    seq: Annotated[int, Field(description="Its number among those of its kind.", examples=[3])]
    name: Annotated[str, Field(description="What happened, or was said.", examples=["TrafficShifted"])]
    body: dict[str, Any]


@routes.get("/releases")
@needs(Need.READ)
def releases(
    request: Request,
    ground: Stands,
    application: Annotated[str | None, Query(description="Of this application only.", max_length=200)] = None,
    which: Annotated[Which, Query(description="Live: the newest of each application that stayed.")] = "all",
    before: Before = "",
    limit: Limit = 200,
) -> Page[Record]:
    """Headers of releases, newest first."""
    if before:
        ground.header(before)
    found = _headers(ground, application, which, before, limit + 1)
    records = [_record(each.number, each) for each in found]
    return paged(request, records, limit, before=found[limit - 1].id if len(found) > limit else "")


def _headers(ground: Ground, application: str | None, which: Which, before: str, limit: int) -> Sequence[core.Header]:
    if which == "all":
        return ground.page(application, before=before, limit=limit)
    few: dict[str, Callable[[], Sequence[core.Header]]] = {
        "open": lambda: ground.journal.releases(application, open=True)[::-1],
        "live": lambda: ground.journal.live(application),
        "harmed": lambda: ground.journal.harmed()[::-1],
    }
    seen = (
        each
        for each in few[which]()
        if ground.caller.sees(each.application) and application in (None, each.application)
    )
    if before:
        while (each := next(seen, None)) and each.id != before:
            pass
    return tuple(islice(seen, limit))


@routes.get("/releases/{release}")
@needs(Need.READ)
def header(ground: Stands, release: Annotated[str, Path(max_length=240, examples=["sandcastles-12"])]) -> Record:
    """A release's header."""
    found = ground.header(release)
    return _record(found.number, found)


@routes.get("/releases/{release}/events")
@needs(Need.READ)
def events(
    request: Request,
    ground: Stands,
    release: Annotated[str, Path(max_length=240, examples=["sandcastles-12"])],
    after: After = 0,
    limit: Limit = 200,
) -> Page[Record]:
    """The events of a release, whole, in order."""
    ground.header(release)
    found = ground.watch.carried(release).recorded[after : after + limit + 1]
    return paged(request, [_record(each.seq, each.event) for each in found], limit, after=after + limit)


@routes.get("/orders")
@needs(Need.READ)
def orders(request: Request, ground: Stands, after: After = 0, limit: Limit = 200) -> Page[Record]:
    """What people said of more than one release, in order, as far as it is about pipelines that the caller sees."""
    found = ground.journal.orders(after)
    told = [
        _record(seq, each) for seq, each in enumerate(found[:limit], start=after + 1) if ground.caller.sees(about(each))
    ]
    following = paged(request, found, limit, after=after + limit).next
    return Page(items=told, next=following)


def about(order: Order) -> str:
    """The pipeline that an order is about, "" for every one."""
    match order:
        case CulpritNamed(release=release) | QuarantineLifted(release=release):
            return release.rpartition("-")[0]
        case StopPlaced() | StopLifted() | FreezePlaced() | CommitPassedOver():
            return order.application
        case _:
            return ""


def _record(seq: int, said: Said) -> Record:
    name, body = encode(said)
    return Record(seq=seq, name=name, body=from_json(body))
