"""The pages: what the API tells, for people. Each is made whole here, and again in part whenever something happened."""

from __future__ import annotations

import time
from importlib.resources import files
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from shoreward.domain import Refused, ShorewardError
from shoreward.web.access.door import Door
from shoreward.web.access.policy import Need
from shoreward.web.drawing import DIFF_SHOWN, render
from shoreward.web.paging import page
from shoreward.web.problems import problem
from shoreward.web.routing import Stands, needs
from shoreward.web.views.actions import all_of
from shoreward.web.views.board import board, place_of, some_of
from shoreward.web.views.group import groups_of, members
from shoreward.web.views.judgement import judgement
from shoreward.web.views.levers import freezes_of, of_pipeline
from shoreward.web.views.release import release as whole
from shoreward.web.views.shore import shore, stop_of
from shoreward.web.views.under_way import waits

routes = APIRouter(route_class=Door, include_in_schema=False)

Application = Annotated[str, Path(max_length=200)]
ReleaseName = Annotated[str, Path(max_length=240)]

_ROWS = 120
"""Pipelines of a page of the board."""

_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}


@routes.get("/")
@needs(Need.READ)
def home(ground: Stands) -> Response:
    """The pipeline, where there is one alone; all of them otherwise."""
    names = list(ground.sight.headers)
    return RedirectResponse(f"/pipelines/{names[0]}" if len(names) == 1 else "/pipelines", status_code=303)


@routes.get("/pipelines")
@needs(Need.READ)
async def pipelines(
    request: Request,
    ground: Stands,
    find: Annotated[str, Query(max_length=200)] = "",
    after: Annotated[str, Query(max_length=240)] = "",
) -> Response:
    """All pipelines, those that need a person first, or those with a word in their names."""

    def make() -> dict[str, Any]:
        rows = board(ground.sight, ground.now())
        found = some_of(rows, find=find, after=after)
        return {
            "all": rows,
            "rows": found[:_ROWS],
            "next": place_of(found[_ROWS - 1]) if len(found) > _ROWS else "",
            "find": find,
            "after": after,
            "stop": stop_of(ground.sight, ""),
        }

    return await page(request, ground, "board.html", make)


@routes.get("/pipelines/{application}")
@needs(Need.READ)
async def pipeline(request: Request, ground: Stands, application: Application) -> Response:
    """The shore."""

    def make() -> dict[str, Any]:
        shown = shore(ground.sight, ground.watch.carried, application, ground.now())
        return {
            "shore": shown,
            "groups": groups_of(ground.sight, ground.watch.carried, shown, ground.now()),
            "stop": shown.stop,
            "freezes": freezes_of(ground.sight, application, ground.now()),
            "actions": of_pipeline(ground.sight, application, begins=ground.begin is not None),
        }

    return await page(request, ground, "shore.html", make, application)


@routes.get("/releases/{release}")
@needs(Need.READ)
async def one(request: Request, ground: Stands, release: ReleaseName) -> Response:
    """A release."""

    def make() -> dict[str, Any]:
        header = ground.header(release)
        sight, now, carried = ground.sight, ground.now(), ground.watch.carried(release)
        return {
            "release": whole(sight, carried, header, now),
            "change": ground.differences.of(header, longest=DIFF_SHOWN),
            "changes": ground.comparisons.of(ground.journal, carried.state),
            "group": members(sight, ground.watch.carried, carried.state, now),
            "actions": all_of(carried.state, header, waits(sight, carried, now)),
            "stop": stop_of(sight, header.application),
        }

    return await page(request, ground, "release.html", make, release.rpartition("-")[0])


@routes.get("/releases/{release}/judgement/{target:path}")
@needs(Need.READ)
async def judged(
    request: Request, ground: Stands, release: ReleaseName, target: Annotated[str, Path(max_length=400)]
) -> Response:
    """A judgement."""

    def make() -> dict[str, Any]:
        header = ground.header(release)
        shown = judgement(ground.watch.carried(release), header, target)
        return {"judgement": shown, "stop": stop_of(ground.sight, header.application)}

    return await page(request, ground, "judgement.html", make, release.rpartition("-")[0])


@routes.get("/static/{name}")
@needs(Need.NOTHING)
def static(name: Annotated[str, Path(pattern=r"^[a-z]+\.(css|js|svg)$")]) -> Response:
    """A style sheet, the script, the icon."""
    file = files("shoreward.web") / "static" / name
    if not file.is_file():
        raise Refused("NOT_FOUND", "There is nothing at this address.")
    kind = _TYPES[name[name.rindex(".") :]]
    return Response(file.read_bytes(), media_type=kind, headers={"Cache-Control": "public, max-age=31536000"})


def trouble(request: Request, error: ShorewardError, status: int) -> Response:
    """A page that says what is wrong."""
    text = render(
        "trouble.html",
        sight=None,
        now=time.time(),
        path="",
        barred="",
        barred_from_all="",
        barred_admin="",
        problem=problem(error),
        stop=None,
    )
    return HTMLResponse(text, status_code=status)
