"""Who is signed in, and how an admin signs them out: somebody who left, or whose browser is no longer theirs alone."""

from __future__ import annotations

from fastapi import APIRouter

from shoreward.domain.access import Role
from shoreward.web.access.door import Door
from shoreward.web.access.policy import Need
from shoreward.web.api import bodies
from shoreward.web.routing import Stands, needs
from shoreward.web.views.shapes import SignedIn

routes = APIRouter(route_class=Door, prefix="/api/v1", tags=["sessions"])


@routes.get("/sessions")
@needs(Need.ADMINISTER)
def sessions(ground: Stands) -> list[SignedIn]:
    """Who is signed in with a browser, since when, and until when; for admins of every pipeline."""
    ground.caller.must(Role.ADMIN, "")
    return list(ground.signed_in())


@routes.post("/sessions/end")
@needs(Need.ADMINISTER)
def end_sessions(ground: Stands, body: bodies.OfPerson) -> bodies.Ended:
    """Sign somebody out, in all of their browsers, now; for admins of every pipeline. Nobody may have been there."""
    ground.wish("", body.why, Role.ADMIN)
    return bodies.Ended(sessions=ground.accounts.end_sessions(body.who))
