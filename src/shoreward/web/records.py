"""Pages about more than what moves now: history, where a commit is, who said what, sandboxes, how we do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response

from shoreward.core.header import Header
from shoreward.domain import ShorewardError
from shoreward.web.access.door import Door
from shoreward.web.access.policy import Need
from shoreward.web.drawing import span
from shoreward.web.paging import page
from shoreward.web.routing import Ground, Stands, needs
from shoreward.web.views.actions import end_sessions
from shoreward.web.views.audit import SAID, asked, ordered, said
from shoreward.web.views.delivery import how_we_do
from shoreward.web.views.past import lanes, where
from shoreward.web.views.record_shapes import WhereShown, Word
from shoreward.web.views.sandboxes import sandboxes as shown_sandboxes
from shoreward.web.views.shore import stop_of
from shoreward.web.views.under_way import headline

routes = APIRouter(route_class=Door, include_in_schema=False)

Application = Annotated[str, Path(max_length=200)]
Before = Annotated[str, Query(max_length=240)]

_AT_ONCE = 30
"""Releases of a page of history."""

_LOOKED = 40
"""Releases whose words are on a page of the audit."""


@routes.get("/pipelines/{application}/releases")
@needs(Need.READ)
async def history(
    request: Request,
    ground: Stands,
    application: Application,
    before: Before = "",
    commit: Annotated[str, Query(max_length=200, pattern="^([^-]|$)")] = "",
) -> Response:
    """What was live where, an application's releases, newest first, and where a commit is."""

    def make() -> dict[str, Any]:
        headers = ground.sight.of(application)
        if before:
            headers = headers[: headers.index(ground.header(before))]
        shown = headers[-_AT_ONCE:]
        found, trouble = _where(ground, application, headers, commit) if commit else (None, "")
        return {
            "application": application,
            "lanes": lanes(ground.watch, shown),
            "releases": [headline(each) for each in reversed(shown)],
            "next": shown[0].id if len(headers) > _AT_ONCE else "",
            "commit": commit,
            "where": found,
            "trouble_with_commit": trouble,
            "stop": stop_of(ground.sight, application),
        }

    return await page(request, ground, "history.html", make, application)


def _where(ground: Ground, application: str, headers: Sequence[Header], commit: str) -> tuple[WhereShown | None, str]:
    """Where a commit is, among the newest releases; or why nobody can tell."""
    repository, ancestry = ground.differences.repository(application), ground.ancestry(application)
    if repository is None or ancestry is None:
        return None, "The server was started without the application's repository, which alone knows commits."
    try:
        return where(ground.watch, ancestry, application, headers[-2 * _AT_ONCE :], repository.resolve(commit).id), ""
    except ShorewardError as error:
        return None, f"{error.what} {error.next}".rstrip()


@routes.get("/audit")
@needs(Need.READ)
async def audit(
    request: Request,
    ground: Stands,
    application: Annotated[str, Query(max_length=200)] = "",
    before: Before = "",
) -> Response:
    """What people said and did."""

    def make() -> dict[str, Any]:
        if application:
            ground.sight.of(application)
        if before:
            ground.header(before)
        found = ground.page(application or None, before=before, limit=_LOOKED + 1)
        more, looked = len(found) > _LOOKED, found[:_LOOKED]
        since = looked[-1].opened_at if more else 0.0
        until = ground.header(before).opened_at if before else float("inf")
        words = [*_said(ground, looked), *_ordered(ground, application, since, until)]
        return {
            "application": application,
            "applications": sorted(ground.sight.headers),
            "words": sorted(words, key=lambda word: -word.at),
            "asked": asked(ground.audited(application=application, limit=60)) if not before else (),
            "signed_in": [(each, end_sessions(each.who)) for each in ground.signed_in()] if not before else (),
            "next": looked[-1].id if more else "",
            "stop": stop_of(ground.sight, application),
        }

    return await page(request, ground, "audit.html", make, application, beyond=True)


def _said(ground: Ground, headers: Sequence[Header]) -> list[Word]:
    return [
        word
        for header in headers
        for word in ground.recollected.of(
            "said", header, lambda header=header: said(header.id, ground.watch.events(header.id, kinds=SAID))
        )
    ]


def _ordered(ground: Ground, application: str, since: float, until: float) -> list[Word]:
    return [
        word
        for word in ordered(ground.journal.orders())
        if since <= word.at < until
        and application in ("", word.application)
        and (not word.application or ground.caller.sees(word.application))
    ]


@routes.get("/sandboxes")
@needs(Need.READ)
async def sandboxes(request: Request, ground: Stands) -> Response:
    """Whose sandboxes are there, what they cost, and until when."""

    def make() -> dict[str, Any]:
        try:
            found = shown_sandboxes(ground.leases(), ground.now())
        except ShorewardError as error:
            found = shown_sandboxes((), ground.now(), f"{error.what} {error.next}".rstrip())
        return {"sandboxes": found, "stop": stop_of(ground.sight, "")}

    return await page(request, ground, "sandboxes.html", make, beyond=True)


@routes.get("/figures")
@needs(Need.READ)
async def figures(
    request: Request,
    ground: Stands,
    application: Annotated[str, Query(max_length=200)] = "",
    days: Annotated[int, Query(ge=1, le=730)] = 90,
) -> Response:
    """How we do: what we deliver, how fast, what fails, and what was spared."""

    def make() -> dict[str, Any]:
        sight = ground.sight
        seen = [sight.of(application)] if application else sight.headers.values()
        headers = [header for group in seen for header in group]
        shown = how_we_do(headers, sight.control, ground.spared, span, ground.now(), application=application, days=days)
        return {"shown": shown, "applications": sorted(sight.headers), "stop": stop_of(sight, application)}

    return await page(request, ground, "figures.html", make, application)
