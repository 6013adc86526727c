"""What was, and how we do: history, where a commit is, the figures of delivery, what is in quarantine and in force."""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import TypeAdapter

from shoreward.app.past.history import Delivery, Revision, Stay, Where, deliveries, stays, whereabouts
from shoreward.domain import UserError
from shoreward.web.access.door import Door
from shoreward.web.access.policy import Need
from shoreward.web.api.paging import Before, Limit, Page, paged
from shoreward.web.routing import Ground, Stands, needs
from shoreward.web.views import shapes
from shoreward.web.views.delivery import harm_shown
from shoreward.web.views.in_force import InForce, in_force
from shoreward.web.views.record_shapes import HarmShown
from shoreward.web.views.under_way import headline

routes = APIRouter(route_class=Door, prefix="/api/v1", tags=["past"])

Of = Annotated[str | None, Query(description="Of this application only.", max_length=200)]
_DELIVERIES = TypeAdapter(dict[str, Delivery])

Rev = Annotated[str, Query(min_length=1, max_length=400, pattern=r"^[^-]", description="A branch, tag or commit.")]


@routes.get("/history")
@needs(Need.READ)
def history(
    ground: Stands,
    application: Of = None,
    limit: Annotated[int, Query(ge=1, le=200, description="How many releases back.")] = 50,
) -> list[Stay]:
    """What was live on each target, since when, by which release, and until when; oldest first."""
    newest = ground.page(application, limit=limit)
    return list(stays(ground.journal, sorted(newest, key=lambda header: header.opened_at)))


@routes.get("/revision")
@needs(Need.READ)
def revision(ground: Stands, rev: Rev, application: Of = None) -> Revision:
    """The commit that a branch, tag or commit means, in the application's repository."""
    commit, subject = _resolved(ground, rev, application)
    return Revision(commit=commit, subject=subject)


@routes.get("/where")
@needs(Need.READ)
def where(ground: Stands, rev: Rev, application: Of = None) -> Where:
    """Where a commit is: on which targets what is live contains it, and which releases carry it."""
    commit, subject = _resolved(ground, rev, application)
    names = [application] if application else sorted(ground.sight.headers)
    known = [(name, ancestry) for name in names if (ancestry := ground.ancestry(name))]
    found = [whereabouts(ground.journal, ancestry, name, commit) for name, ancestry in known]
    return Where(commit=commit, subject=subject, applications=tuple(found))


def _resolved(ground: Ground, rev: str, application: str | None) -> tuple[str, str]:
    """A commit's id and subject, in the first repository that has it."""
    names = [application] if application else sorted(ground.sight.headers)
    repositories = [found for name in names if (found := ground.differences.repository(name))]
    for repository in repositories[:-1]:
        try:
            commit = repository.resolve(rev)
        except UserError:
            continue
        return commit.id, commit.subject
    if not repositories:
        return ground.commit(application or "", rev), ""
    commit = repositories[-1].resolve(rev)
    return commit.id, commit.subject


@routes.get("/figures", response_model=dict[str, Delivery])
@needs(Need.READ)
def delivery(ground: Stands, application: Of = None, days: Annotated[int, Query(ge=1, le=3_650)] = 90) -> Response:
    """Lead time, frequency, failures and recovery, by pipeline, and of all together ("") unless there is one."""
    names = [application] if application else sorted(ground.sight.headers)
    found = deliveries({name: ground.sight.of(name) for name in names}, ground.now(), days=days)
    return Response(_DELIVERIES.dump_json(found), media_type="application/json")


@routes.get("/figures/harm")
@needs(Need.READ)
def harm(ground: Stands, application: Of = None, days: Annotated[int, Query(ge=1, le=3_650)] = 90) -> HarmShown:
    """What releases that were sent back did to customers, what was spared, and which were sent back by mistake."""
    sight = ground.sight
    seen = [sight.of(application)] if application else sight.headers.values()
    headers = [header for group in seen for header in group]
    return harm_shown(headers, sight.control, ground.spared, ground.now(), days=days)


@routes.get("/quarantine")
@needs(Need.READ)
def quarantine(request: Request, ground: Stands, before: Before = "", limit: Limit = 50) -> Page[shapes.Headline]:
    """Releases that harmed, newest first: what they brought may not go again unless somebody lets it."""
    harmed = [each for each in reversed(ground.journal.harmed()) if ground.caller.sees(each.application)]
    if before:
        harmed = harmed[harmed.index(ground.header(before)) + 1 :]
    some = [headline(each) for each in harmed[: limit + 1]]
    return paged(request, some, limit, before=some[limit - 1].id if len(some) > limit else "")


@routes.get("/in-force")
@needs(Need.READ)
def orders_in_force(ground: Stands) -> InForce:
    """Stops, freezes and variables that people have set, and what they said about quarantine."""
    return in_force(ground.sight.control)


@routes.get("/version")
@needs(Need.READ)
def which_version() -> dict[str, str]:
    """The server's version."""
    return {"version": version("shoreward")}
