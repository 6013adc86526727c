"""How a page is answered: whole, or what of it moves; made once for all who look at the same thing at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, Response

from shoreward.domain.access import Role
from shoreward.web.drawing import render
from shoreward.web.routing import Ground


def page(
    request: Request, ground: Ground, name: str, make: Callable[[], dict[str, Any]], application: str = ""
) -> Response:
    """A page.

    Args:
        name: of the template.
        make: what is on it.
        application: the pipeline that it is about, "" for every one: whoever is no operator of it is told why they
            may not step in.
    """
    part = "shoreward-part" in request.headers
    sight, caller = ground.sight, ground.caller

    def draw() -> str:
        return render(
            name,
            part=part,
            sight=sight,
            now=ground.now(),
            path=request.url.path,
            caller=caller.name,
            barred=_barred(ground, application),
            barred_from_all=_barred(ground, ""),
            barred_admin=_barred(ground, application, Role.ADMIN),
            **make(),
        )

    key = (caller.name, caller.rights, name, request.url.path, request.url.query, part)
    return HTMLResponse(ground.kept.of(key, sight.version, draw))


def _barred(ground: Ground, application: str, role: Role = Role.OPERATOR) -> str:
    """Why the caller may not do what takes a role; "" when they may."""
    if ground.caller.rights.may(role, application):
        return ""
    return f"It takes an {role} of {application or 'every pipeline'}, and {ground.caller.name} is none."
