"""Git servers tell that a branch has moved; who signs is believed, and nothing is believed but that."""

from __future__ import annotations

from fastapi import APIRouter, Request

from shoreward.app.merging.webhooks import genuine, push_of
from shoreward.domain import UserError
from shoreward.web.access.door import Door
from shoreward.web.access.policy import Denied, Need
from shoreward.web.routing import Stands, needs
from shoreward.web.views import shapes

routes = APIRouter(route_class=Door, prefix="/api/v1", tags=["webhooks"])

_LARGEST = 5_000_000
"""Bytes; more tells nothing more of a push."""


@routes.post("/webhooks/git", status_code=202, response_model=shapes.Heard)
@needs(Need.SIGNED)
async def git(request: Request, ground: Stands) -> shapes.Heard:
    """A push to a watched branch, signed as GitHub, GitLab, Gitea or Forgejo do: the branch is looked at now."""
    if ground.branches is None:
        raise UserError("NOT_FOUND", "This server watches no branches.", next="Start it with --fleet.")
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > _LARGEST:
            raise Denied("WEBHOOK_TOO_LARGE", f"The webhook has more than {_LARGEST} bytes.", status=413)
    push = push_of(bytes(body))
    if not any(genuine(request.headers, bytes(body), secret) for secret in ground.branches.secrets(push)):
        raise Denied(
            "WEBHOOK_UNSIGNED",
            "No watched branch has a secret that this webhook is signed with.",
            status=401,
            next="Compare the secret at the git server with the variable that fleet.yaml names.",
        )
    ground.branches.wake()
    return shapes.Heard(branch=push.branch)
