"""What was asked of the server, by whom, and what came of it, as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from shoreward.web.access.door import Door
from shoreward.web.access.policy import Need
from shoreward.web.routing import Stands, needs

routes = APIRouter(route_class=Door, prefix="/api/v1", tags=["audit"])


class Entry(BaseModel):
    """Something that somebody asked for.

    `who` is empty for somebody unknown, `application` for what is about every pipeline or none; `status` is that of
    HTTP, 0 when nobody knows what came of it; `code` is that of the error, empty without one.
    """

    id: int
    at: float
    who: str
    role: str
    via: str
    origin: str
    what: str
    application: str
    release: str
    why: str
    details: str
    allowed: bool
    status: int
    code: str


class AuditPage(BaseModel):
    """Some entries, newest first; `next` is what `before` leads on, null at the end."""

    entries: list[Entry]
    next: int | None


@routes.get("/audit")
@needs(Need.ADMINISTER)
def audit(
    ground: Stands,
    application: Annotated[str, Query(description="What is about this pipeline alone.", max_length=200)] = "",
    who: Annotated[str, Query(description="What this person or token asked for.", max_length=200)] = "",
    refused: Annotated[bool, Query(description="Only what was not done.")] = False,
    before: Annotated[int, Query(ge=0, le=2**62, description="Those before this entry.")] = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> AuditPage:
    """What was asked for, newest first: of the pipelines that the caller is an admin of."""
    found = ground.audited(application=application, who=who, refused=refused, before=before, limit=limit + 1)
    shown = [Entry(**asdict(each)) for each in found[:limit]]
    return AuditPage(entries=shown, next=shown[-1].id if len(found) > limit else None)
