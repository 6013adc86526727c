"""Every route of the application, as its own table has them: nothing is told to whoever may not know it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.routing import APIRoute

from shoreward.app.access.accounts import Audited
from shoreward.app.access.audit import audited
from shoreward.domain.access import Role
from shoreward.web.access.door import NEED, Door
from shoreward.web.access.policy import ROLES, Need
from shoreward.web.application import ROUTES
from web.conftest import Answer

from .conftest import NAMES, Guarded, filled, guarding, pipelines, words

OPEN = {"/static/{name}", "/health", "/ready", "/sign-in", "/sign-in/callback", "/signed-out"}
"""What is answered to everybody, and why: how to sign in, how the pages look, whether the process lives."""

TOLD = {"app": "Moats are filled", "tides": "Tides are told", "ferry": "Dogs have tickets"}
SECRETS = tuple(
    text for name, subject in TOLD.items() for text in (subject, f"{name}-1", f"{name} may rest", f"{name}-feast")
)
"""What only those who may know it are told."""


def all_routes() -> list[APIRoute]:
    found = [route for router in ROUTES for route in router.routes]
    assert all(isinstance(route, Door) for route in found)
    return [route for route in found if isinstance(route, APIRoute)]


def need(route: APIRoute) -> Need:
    return getattr(route.endpoint, NEED)


def path(route: APIRoute, **names: str) -> str:
    """The route's address, about the pipeline `app` unless something else is said."""
    return re.sub(
        r"{(\w+)(:path)?}", lambda found: {**NAMES, "name": "shoreward.css", **names}.get(found[1], "app-1"), route.path
    )


CLOSED = [
    (method, route)
    for route in all_routes()
    for method in sorted(route.methods)
    if need(route) not in (Need.NOTHING, Need.SIGNED)
]
IDS = [f"{method} {route.path}" for method, route in CLOSED]
ABOUT_ONE = [(method, route) for method, route in CLOSED if "{application}" in route.path or "{release}" in route.path]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    """One server for all that only asks."""
    with filled(tmp_path_factory.mktemp("routes") / "journal.db", pipelines) as site, guarding(site) as made:
        words(site)
        for application in TOLD:
            entry = Audited(
                at=1.0, who="ada", role="", via="", origin="", what="hold", application=application, allowed=True
            )
            made.accounts.note(replace(entry, why=f"{application} may rest"))
        yield made


def ask(guarded: Guarded, method: str, route: APIRoute, secret: str = "", **names: str) -> Answer:
    body = {"why": "so"} if method == "POST" else None
    return guarded.ask(method, path(route, **names), secret, body)


def tells_nothing(answer: Answer) -> bool:
    return not any(secret in answer.text + str(answer.headers) for secret in SECRETS)


def test_the_application_has_many_routes_and_each_says_what_it_needs():
    routes = all_routes()
    assert len(routes) > 25
    assert [route.path for route in routes if not isinstance(getattr(route.endpoint, NEED, None), Need)] == []
    assert {route.path for route in routes if need(route) is Need.NOTHING} == OPEN
    assert [route.path for route in routes if need(route) is Need.SIGNED] == ["/api/v1/webhooks/git"]


def test_what_changes_anything_needs_more_than_reading():
    changing = {route.path: need(route) for route in all_routes() if route.methods - {"GET", "HEAD"}}
    assert len(changing) > 9
    assert changing.pop("/sign-out") is Need.KNOWN
    assert set(changing.values()) <= {Need.OPERATE, Need.ADMINISTER, Need.SIGNED}


@pytest.mark.parametrize(("method", "route"), CLOSED, ids=IDS)
def test_who_is_nobody_or_too_little_is_told_nothing(shared: Guarded, method: str, route: APIRoute):
    wrong = shared.token()
    wrong = wrong[:10] + ("0" if wrong[10] != "0" else "1") + wrong[11:]
    old = shared.token(lasts=0.5)
    shared.site.clock.time += 1
    revoked = shared.token(name="gone")
    shared.accounts.revoke(shared.accounts.tokens()[-1].digest, "grace", shared.site.clock.time)
    for secret in ("", wrong, old, revoked, "x", "Bearer"):
        answer = ask(shared, method, route, secret)
        assert answer.status == 401, secret
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert answer.headers["content-type"] == "application/problem+json"
        assert tells_nothing(answer)


@pytest.mark.parametrize(("method", "route"), CLOSED, ids=IDS)
def test_who_has_a_lesser_role_or_one_elsewhere_may_not(shared: Guarded, method: str, route: APIRoute):
    wanted = ROLES.get(need(route))
    lesser = [role for role in Role if wanted and not role.covers(wanted)]
    for role in lesser:
        answer = ask(shared, method, route, shared.token(role))
        assert (answer.status, answer.json()["code"]) == (403, "NOT_PERMITTED")
        assert tells_nothing(answer)
    if (method, route) in ABOUT_ONE:
        answer = ask(shared, method, route, shared.token(Role.ADMIN, "tides", "ap", "app-*"))
        assert (answer.status, answer.json()["code"]) == (403, "NOT_PERMITTED")
        assert tells_nothing(answer)
        never = ask(shared, method, route, shared.token(Role.ADMIN, "tides"), application="no", release="no-1")
        assert (never.status, never.json()["code"]) == (403, "NOT_PERMITTED")


READING = [(method, route) for method, route in CLOSED if method == "GET" and route.path != "/api/v1/events"]


@pytest.mark.parametrize(("method", "route"), READING, ids=[route.path for _, route in READING])
def test_who_sees_one_pipeline_is_told_of_no_other(shared: Guarded, method: str, route: APIRoute):
    for application in ("app", "tides"):
        names = {"application": application, "release": f"{application}-1"}
        others = [subject for name, subject in TOLD.items() if name != application]
        others += [each for each in SECRETS if each.startswith(tuple(name for name in TOLD if name != application))]
        for role in Role:
            answer = ask(shared, method, route, shared.token(role, application), **names)
            assert answer.status < 500
            assert [each for each in others if each in answer.text] == []


def test_who_sees_all_pipelines_is_told_of_all(shared: Guarded):
    everything = shared.ask("GET", "/api/v1/releases", shared.token(Role.VIEWER)).text
    assert [subject for subject in TOLD.values() if subject not in everything] == []


def test_who_comes_with_a_browser_is_asked_to_sign_in_by_every_page(shared: Guarded):
    pages = [route for method, route in READING if not route.path.startswith("/api/")]
    assert len(pages) > 5
    for route in pages:
        answer = shared.browser().visit(path(route))
        assert (answer.status, answer.text) == (303, "")
        assert answer.leads_to.startswith("/sign-in?next=%2F")
        part = shared.browser().visit(path(route), Accept="text/event-stream")
        assert part.status == 401


def test_what_is_open_tells_nothing_of_any_pipeline(shared: Guarded):
    for route in all_routes():
        if need(route) is Need.NOTHING and "callback" not in route.path:
            answer = shared.browser().visit(path(route))
            assert answer.status in (200, 303)
            assert not any(secret in answer.text for secret in SECRETS)


def test_a_webhook_needs_its_signature_and_no_token_stands_in_for_it(shared: Guarded):
    answer = shared.ask("POST", "/api/v1/webhooks/git", shared.token(), {})
    assert (answer.status, answer.json()["code"]) == (404, "NOT_FOUND")


def test_nothing_of_a_body_is_read_before_somebody_is_known(shared: Guarded):
    for body in (b"{", b"[" * 100_000, b"\xff"):
        answer = shared.site.ask("POST", "/api/v1/stop", body=body, headers={"Content-Type": "application/json"})
        assert (answer.status, answer.json()["code"]) == (401, "SIGN_IN_NEEDED")


def test_a_command_that_is_too_long_is_not_read(shared: Guarded):
    before = shared.site.journal.orders()
    answer = shared.ask("POST", "/api/v1/stop", shared.token(), {"why": "x" * 70_000})
    assert (answer.status, answer.json()["code"]) == (413, "REQUEST_TOO_LARGE")
    assert shared.site.journal.orders() == before


def test_every_command_is_in_the_audit_whatever_came_of_it(tmp_path: Path):
    commands = [(method, route) for method, route in CLOSED if method == "POST" and route.path != "/sign-out"]
    with filled(tmp_path / "journal.db", pipelines) as site, guarding(site) as guarded:
        tokens = {role: guarded.token(role, name=role) for role in Role}
        for method, route in commands:
            for secret in ("", *tokens.values()):
                ask(guarded, method, route, secret)
        entries = audited(guarded.accounts, limit=1_000)
        assert len(entries) == len(commands) * 4
        for _, route in commands:
            kept = [entry for entry in entries if entry.what == route.endpoint.__name__]
            assert [entry.who for entry in kept] == ["token admin", "token operator", "token viewer", ""]
            assert [entry.allowed for entry in kept][2:] == [False, False]
            assert all(entry.status for entry in kept)
            assert {entry.origin for entry in kept} == {"127.0.0.1"}
