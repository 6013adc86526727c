"""Health, readiness and metrics, for whoever watches the server."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import suppress
from math import inf
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST

from shoreward.web.access.door import Door
from shoreward.web.access.policy import Need
from shoreward.web.routing import Ground, Stands, needs

routes = APIRouter(route_class=Door, include_in_schema=False)

LATE = 30.0
"""Seconds after which a controller that has not looked at everything, or a watch that has not looked, is stuck."""

ROOM = 100_000_000
"""Bytes that the journal's disk must have left."""


@routes.get("/metrics")
@needs(Need.SURVEY)
def metrics(ground: Stands) -> Response:
    """The server's measures, for Prometheus."""
    ground.hub.look_now()
    return Response(ground.measures.text(ground.watch, ground.now()), media_type=CONTENT_TYPE_LATEST)


@routes.get("/health")
@needs(Need.NOTHING)
def health() -> Response:
    """The process answers."""
    return PlainTextResponse("alive\n")


@routes.get("/ready")
@needs(Need.NOTHING)
def ready(ground: Stands) -> Response:
    """Whether what is shown is what is in the journal, and releases are carried by whoever should."""
    wrong = tuple(_wrong(ground))
    return PlainTextResponse("\n".join(wrong or ("ready",)) + "\n", status_code=503 if wrong else 200)


def _wrong(ground: Ground) -> Iterator[str]:
    """What is wrong, without anything that whoever asks should not know."""
    if ground.sight.trouble:
        yield "the journal is not to be had"
    if ground.hub.since_look > LATE:
        yield "the journal has not been looked at for too long"
    turn = ground.measures.metrics.since_turn
    if turn is not None and turn > LATE:
        yield "the controller has not looked at its releases for too long"
    if _room(ground.measures.journal) < ROOM:
        yield "there is little room left on the journal's disk"


def _room(journal: Path | None) -> float:
    """Bytes that a journal's disk has left; without end where there is none, or where it is gone."""
    with suppress(OSError):
        return shutil.disk_usage(journal.parent).free if journal else inf
    return inf
