"""What is known, as JSON."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.responses import PlainTextResponse, Response
from pydantic import BaseModel, TypeAdapter

from shoreward.domain import Refused
from shoreward.web.access.door import Door
from shoreward.web.access.policy import Need
from shoreward.web.routing import Stands, needs
from shoreward.web.views import shapes
from shoreward.web.views.board import board
from shoreward.web.views.judgement import judgement, raw
from shoreward.web.views.release import all_weights, story
from shoreward.web.views.release import release as whole
from shoreward.web.views.shore import shore
from shoreward.web.views.under_way import headline, under_way

routes = APIRouter(route_class=Door, prefix="/api/v1", tags=["reading"])

Application = Annotated[str, Path(description="The application's name.", max_length=200)]
ReleaseName = Annotated[str, Path(description="A release, such as `sandcastles-12`.", max_length=240)]
TargetName = Annotated[str, Path(description="A target: account/region/stack, account/region, or region.")]

_ROWS = TypeAdapter(tuple[shapes.Row, ...])


class ReleasePage(BaseModel):
    """Some releases, newest first; `next` is the address of those before them, null at the end."""

    releases: list[shapes.Headline]
    next: str | None


@routes.get("/pipelines", response_model=list[shapes.Row])
@needs(Need.READ)
def pipelines(ground: Stands) -> Response:
    """All pipelines at a glance, those that need a person first."""
    # Hundreds of rows are written as they are: FastAPI would copy and check each of them first.
    return Response(_ROWS.dump_json(board(ground.sight, ground.now())), media_type="application/json")


@routes.get("/pipelines/{application}")
@needs(Need.READ)
def pipeline(ground: Stands, application: Application) -> shapes.Shore:
    """A pipeline: its waves, what is live on their targets, and what is under way."""
    return shore(ground.sight, ground.watch.carried, application, ground.now())


@routes.get("/releases")
@needs(Need.READ)
def releases(
    ground: Stands,
    application: Annotated[str | None, Query(description="Of this application only.", max_length=200)] = None,
    before: Annotated[str, Query(description="Those before this release.", max_length=240)] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> ReleasePage:
    """Releases, newest first, page by page."""
    if before:
        ground.header(before)
    found = ground.page(application, before=before, limit=limit + 1)
    shown = [headline(each) for each in found[:limit]]
    more = len(found) > limit
    of = f"&application={shown[0].application}" if application and shown else ""
    following = f"/api/v1/releases?before={shown[-1].id}&limit={limit}{of}" if more else None
    return ReleasePage(releases=shown, next=following)


@routes.get("/releases/{release}")
@needs(Need.READ)
def one(ground: Stands, release: ReleaseName) -> shapes.ReleaseShown:
    """A release, whole: where it is, its checks, its story and its weights."""
    return whole(ground.sight, ground.watch.carried(release), ground.header(release), ground.now())


@routes.get("/releases/{release}/now")
@needs(Need.READ)
def now(ground: Stands, release: ReleaseName) -> shapes.UnderWay:
    """Where a release is, and what it waits for."""
    return under_way(ground.sight, ground.watch.carried(release), ground.header(release), ground.now())


@routes.get("/releases/{release}/blockers")
@needs(Need.READ)
def blockers(ground: Stands, release: ReleaseName) -> list[shapes.Blocked]:
    """What a release waits for, and until when."""
    return list(under_way(ground.sight, ground.watch.carried(release), ground.header(release), ground.now()).blockers)


@routes.get("/releases/{release}/events")
@needs(Need.READ)
def events(
    ground: Stands, release: ReleaseName, after: Annotated[int, Query(ge=0, description="Behind this number.")] = 0
) -> list[shapes.Told]:
    """A release's story, event by event, in words."""
    return list(story(ground.watch.carried(release), after))


@routes.get("/releases/{release}/weights")
@needs(Need.READ)
def weights(ground: Stands, release: ReleaseName) -> list[shapes.Weights]:
    """The weight of each target over time."""
    return list(all_weights(ground.watch.carried(release)))


@routes.get("/releases/{release}/diff")
@needs(Need.READ)
def diff(ground: Stands, release: ReleaseName) -> shapes.Difference:
    """The commits of a release and its diff in git, from what was live before; `trouble` says why there is none."""
    return ground.differences.of(ground.header(release))


@routes.get(
    "/releases/{release}/checks",
    response_class=Response,
    responses={200: {"content": {"application/json": {"schema": {}}}}},
)
@needs(Need.READ)
def checks(ground: Stands, release: ReleaseName) -> Response:
    """The whole report of a release's checks, with all of its findings."""
    checked = ground.watch.carried(release).state.checked
    if checked is None:
        raise Refused("NOT_CHECKED", f"Release {release} has not been checked yet.")
    return Response(ground.journal.get(checked.report), media_type="application/json")


@routes.get("/releases/{release}/targets/{target:path}/judgement")
@needs(Need.READ)
def judged(ground: Stands, release: ReleaseName, target: TargetName) -> shapes.JudgementShown:
    """All that the judge said of a release on a target, look after look, with its evidence."""
    return judgement(ground.watch.carried(release), ground.header(release), target)


@routes.get("/releases/{release}/targets/{target:path}/judgement.csv", response_class=PlainTextResponse)
@needs(Need.READ)
def numbers(ground: Stands, release: ReleaseName, target: TargetName) -> Response:
    """The raw numbers of a judgement as CSV."""
    text = raw(ground.watch.carried(release), target)
    name = "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in f"{release}-{target}")
    disposition = f'attachment; filename="{name}.csv"'
    return Response(text, media_type="text/csv; charset=utf-8", headers={"Content-Disposition": disposition})
