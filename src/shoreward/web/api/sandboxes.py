"""Sandboxes, as the ledger beside the server's journal knows them; the cloud is not asked."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request

from shoreward.domain import Refused
from shoreward.web.access.door import Door
from shoreward.web.access.policy import Need
from shoreward.web.api.paging import Limit, Page, paged
from shoreward.web.routing import Stands, needs
from shoreward.web.views.record_shapes import SandboxShown
from shoreward.web.views.sandboxes import sandbox

routes = APIRouter(route_class=Door, prefix="/api/v1", tags=["sandboxes"])


@routes.get("/sandboxes")
@needs(Need.READ)
def sandboxes(
    request: Request,
    ground: Stands,
    application: Annotated[str, Query(description="Of this application only.", max_length=200)] = "",
    after: Annotated[str, Query(description="Those behind this target, by name.", max_length=400)] = "",
    limit: Limit = 50,
) -> Page[SandboxShown]:
    """Sandboxes that are not gone, by their targets: whose, since when and until when, and what they cost."""
    leases = sorted(
        (each for each in ground.leases() if each.key > after and application in ("", each.application)),
        key=lambda each: each.key,
    )
    some = [sandbox(each, ground.now()) for each in leases[: limit + 1]]
    return paged(request, some, limit, after=some[limit - 1].target if len(some) > limit else "")


@routes.get("/sandboxes/{sandbox:path}")
@needs(Need.READ)
def one(
    ground: Stands,
    name: Annotated[str, Path(alias="sandbox", description="Its name, or account/region/name.", max_length=400)],
) -> SandboxShown:
    """A sandbox."""
    found = [each for each in ground.leases() if name in (each.name, each.key)]
    if len(found) != 1:
        raise Refused(
            "SANDBOX_UNKNOWN",
            "There is no such sandbox." if not found else "Several sandboxes have this name.",
            next="/api/v1/sandboxes lists those there are; account/region/name says which.",
        )
    return sandbox(found[0], ground.now())
