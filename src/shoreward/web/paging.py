"""How a page is answered: whole, or as a stream of what moves of it; drawn once for all who look at the same thing."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, Response

from shoreward.domain.access import Role
from shoreward.web.drawing import render
from shoreward.web.following import Moving, following
from shoreward.web.routing import Ground
from shoreward.web.watch import Sight

_HOLDS = 0.5
"""Seconds for which a page may be shown again as it was: what waits for a time changes without any event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Whole:
    """A whole page, as it was at one sight and at a time of the monotonic clock."""

    text: str
    sight: Sight
    at: float


async def page(
    request: Request,
    ground: Ground,
    name: str,
    make: Callable[[], dict[str, Any]],
    application: str = "",
    *,
    beyond: bool = False,
) -> Response:
    """A page; for a reader that asks for a stream, what moves of it.

    It is the same for all who have the same rights, so it must not say who looks.

    Args:
        name: of the template.
        make: what is on it.
        application: the pipeline that it is about, "" for every one: whoever is no operator of it is told why they
            may not step in.
        beyond: whether it shows what is not in the journal, too.
    """

    def draw(*, part: bool) -> str:
        return render(
            name,
            part=part,
            live=True,
            sight=ground.sight,
            now=ground.now(),
            path=request.url.path,
            barred=_barred(ground, application),
            barred_from_all=_barred(ground, ""),
            barred_admin=_barred(ground, application, Role.ADMIN),
            **make(),
        )

    key = (ground.caller.rights, name, request.url.path, request.url.query)
    if "text/event-stream" in request.headers.get("accept", ""):
        moving = Moving(key=(*key, "part"), application=application, beyond=beyond, draw=partial(draw, part=True))
        return await following(request, ground, moving)
    sight = ground.watch.sight

    def whole() -> _Whole:
        at = time.monotonic()
        return _Whole(text=draw(part=False), sight=sight, at=at)

    def good(drawn: _Whole) -> bool:
        return drawn.sight.version >= sight.version and time.monotonic() - drawn.at < _HOLDS

    return HTMLResponse((await ground.kept.of(key, good, whole)).text)


def _barred(ground: Ground, application: str, role: Role = Role.OPERATOR) -> str:
    """Why the caller may not do what takes a role; "" when they may."""
    if ground.caller.rights.may(role, application):
        return ""
    return f"It takes an {role} of {application or 'every pipeline'}, and you are none."
