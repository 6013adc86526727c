"""What is known, as JSON."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response
from pydantic import TypeAdapter
from pydantic_core import from_json

from shoreward.app.people.gates import GateState, gate_states
from shoreward.domain import Finding, Refused
from shoreward.web.access.door import Door
from shoreward.web.access.policy import Need
from shoreward.web.api.paging import After, Before, Limit, Page, paged
from shoreward.web.routing import Ground, Stands, needs
from shoreward.web.views import shapes
from shoreward.web.views.board import board, place_of, some_of
from shoreward.web.views.group import members
from shoreward.web.views.judgement import judgement, raw
from shoreward.web.views.release import all_weights, found, story
from shoreward.web.views.release import release as whole
from shoreward.web.views.shore import shore
from shoreward.web.views.under_way import headline, under_way

routes = APIRouter(route_class=Door, prefix="/api/v1", tags=["reading"])

Application = Annotated[str, Path(description="The application's name.", max_length=200)]
ReleaseName = Annotated[str, Path(description="A release, such as `sandcastles-12`.", max_length=240)]
TargetName = Annotated[str, Path(description="A target: account/region/stack, account/region, or region.")]

_ROWS = TypeAdapter(Page[shapes.Row])
_FINDING = TypeAdapter(Finding)

_CHANGES = 5_000
"""Properties, and rights, that are told of a target."""


@routes.get("/pipelines", response_model=Page[shapes.Row])
@needs(Need.READ)
def pipelines(
    request: Request,
    ground: Stands,
    find: Annotated[str, Query(description="Those with this in their names.", max_length=200)] = "",
    after: Annotated[str, Query(description="Those behind this place.", max_length=240, examples=[""])] = "",
    limit: Limit = 500,
) -> Response:
    """All pipelines at a glance, those that need a person first."""
    found = some_of(board(ground.sight, ground.now()), find=find, after=after)
    page = paged(request, found, limit, after=place_of(found[limit - 1]) if len(found) > limit else "")
    # Hundreds of rows are written as they are: FastAPI would copy and check each of them first.
    return Response(_ROWS.dump_json(page), media_type="application/json")


@routes.get("/pipelines/{application}")
@needs(Need.READ)
def pipeline(ground: Stands, application: Application) -> shapes.Shore:
    """A pipeline: its waves, what is live on their targets, and what is under way."""
    return shore(ground.sight, ground.watch.carried, application, ground.now())


@routes.get("/releases")
@needs(Need.READ)
def releases(
    request: Request,
    ground: Stands,
    application: Annotated[str | None, Query(description="Of this application only.", max_length=200)] = None,
    before: Before = "",
    limit: Limit = 50,
) -> Page[shapes.Headline]:
    """Releases, newest first."""
    if before:
        ground.header(before)
    found = ground.page(application, before=before, limit=limit + 1)
    last = found[limit - 1].id if len(found) > limit else ""
    return paged(request, [headline(each) for each in found], limit, before=last)


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


@routes.get("/releases/{release}/gates")
@needs(Need.READ)
def gates(ground: Stands, release: ReleaseName) -> list[GateState]:
    """The gates of the wave that a release is in, or comes to next: open or closed, why, and when they open."""
    ground.header(release)
    now = ground.now()
    return list(gate_states(ground.watch.carried(release).state, now, ground.sight.scene(now)))


@routes.get("/releases/{release}/targets")
@needs(Need.READ)
def targets(ground: Stands, release: ReleaseName) -> list[shapes.OnTarget]:
    """The deployments of a release: how it stands on each of its targets."""
    return list(under_way(ground.sight, ground.watch.carried(release), ground.header(release), ground.now()).targets)


@routes.get("/releases/{release}/events")
@needs(Need.READ)
def events(
    request: Request, ground: Stands, release: ReleaseName, after: After = 0, limit: Limit = 200
) -> Page[shapes.Told]:
    """A release's story, event by event, in words."""
    ground.header(release)
    found = story(ground.watch.carried(release), after)
    last = found[limit - 1].seq if len(found) > limit else 0
    return paged(request, found, limit, after=last)


@routes.get("/releases/{release}/findings")
@needs(Need.READ)
def findings(
    request: Request, ground: Stands, release: ReleaseName, after: After = 0, limit: Limit = 200
) -> Page[shapes.Found]:
    """All findings of a release's checks, those that were waived included; `after` counts them."""
    results = from_json(_report(ground, release))["results"]
    told = [each for result in results for each in (result["report"] or {"findings": ()})["findings"]]
    some = [found(_FINDING.validate_python(each)) for each in told[after : after + limit + 1]]
    return paged(request, some, limit, after=after + limit)


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


@routes.get("/releases/{release}/changes")
@needs(Need.READ)
def changes(ground: Stands, release: ReleaseName) -> list[shapes.TargetChanges]:
    """What a release changes on its targets: rights, template or values, change set. Targets that change alike are
    told once; long values are cut."""
    ground.header(release)
    return list(ground.comparisons.of(ground.journal, ground.watch.carried(release).state, most=_CHANGES))


@routes.get("/releases/{release}/group")
@needs(Need.READ)
def group(ground: Stands, release: ReleaseName) -> shapes.GroupShown | None:
    """The group release that a release belongs to, with its members and their order; null when it goes alone."""
    ground.header(release)
    return members(ground.sight, ground.watch.carried, ground.watch.carried(release).state, ground.now())


@routes.get(
    "/releases/{release}/checks",
    response_class=Response,
    responses={200: {"content": {"application/json": {"schema": {}}}}},
)
@needs(Need.READ)
def checks(ground: Stands, release: ReleaseName) -> Response:
    """The whole report of a release's checks, with all of its findings."""
    return Response(_report(ground, release), media_type="application/json")


@routes.get("/releases/{release}/targets/{target:path}/judgement")
@needs(Need.READ)
def judged(ground: Stands, release: ReleaseName, target: TargetName) -> shapes.JudgementShown:
    """All that the judge said of a release on a target, look after look, with its evidence."""
    return judgement(ground.watch.carried(release), ground.header(release), target)


@routes.get(
    "/releases/{release}/targets/{target:path}/judgement.csv",
    response_class=Response,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
@needs(Need.READ)
def numbers(ground: Stands, release: ReleaseName, target: TargetName) -> Response:
    """The raw numbers of a judgement as CSV."""
    text = raw(ground.watch.carried(release), target)
    name = "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in f"{release}-{target}")
    disposition = f'attachment; filename="{name}.csv"'
    return Response(text, media_type="text/csv; charset=utf-8", headers={"Content-Disposition": disposition})


def _report(ground: Ground, release: str) -> bytes:
    ground.header(release)
    checked = ground.watch.carried(release).state.checked
    if checked is None:
        raise Refused("NOT_CHECKED", f"Release {release} has not been checked yet.")
    return ground.journal.get(checked.report)
