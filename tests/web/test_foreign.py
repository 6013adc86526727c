"""What others write is shown and never run: every text that comes from outside, tried on every view and every route."""

from __future__ import annotations

import csv
import itertools
import json
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from shoreward.adapters.journal import SqliteAccounts
from shoreward.app.access.accounts import Audited
from shoreward.web.application import ROUTES

from .browser import CHROMIUM, NEEDED, browser
from .conftest import Site, standing
from .strangers import EVIL, SHOWN, strange_events, strange_lease, strange_opening, strange_orders, strange_values

STREAM = "/api/v1/events"
"""It never ends; test_stream.py reads it."""

KINDS = ("application/json", "application/problem+json", "text/csv", "text/html", "text/plain", "text/css")


def foreign(site: Site) -> None:
    """A release and a configuration of strangers, and what they asked the server for."""
    release = site.journal.open(strange_opening(site.clock.now()))
    site.journal.append(release, 1, tuple(strange_events(site.journal, site.clock.now())))
    opening, events = strange_values(site.journal, site.clock.now())
    site.journal.append(site.journal.open(opening), 1, events)
    strange_orders(site.journal)
    accounts = SqliteAccounts(site.journal.path)
    asked = Audited(at=1.0, who=EVIL, role="operator", via=EVIL, origin=EVIL, what="hold", allowed=True)
    accounts.note(replace(asked, application="app", release="app-1", why=EVIL, details=EVIL))
    accounts.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    file = tmp_path_factory.mktemp("foreign") / "journal.db"
    with standing(file, foreign, sandboxes=lambda: (strange_lease(),)) as made:
        made.post("/api/v1/releases/app-1/skip", {"why": EVIL, "target": EVIL})
        yield made


VIEWS = (
    "/pipelines",
    "/pipelines/app",
    "/releases/app-1",
    "/releases/values-1",
    "/releases/app-1/judgement/eu-north-1",
    "/pipelines/app/releases",
    "/audit",
    "/sandboxes",
)


@pytest.mark.skipif(not CHROMIUM and not NEEDED, reason="there is no Chromium")
def test_what_others_write_is_shown_and_never_run_on_any_view(site: Site):
    complaints: list[str] = []
    with browser() as chromium:
        page = chromium.new_page()
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda asked: complaints.append(asked.url) if "evil.example" in asked.url else None)
        for path in VIEWS:
            page.goto(site.address + path)
            expect(page.locator("#pulse")).to_have_attribute("data-state", "live")
            expect(page.locator("main")).to_contain_text(SHOWN)
            assert page.title() != "owned"
            assert page.locator("main img, main script, main [href^=javascript]").count() == 0, path
        page.goto(f"{site.address}/releases/app-1")
        page.get_by_text("More", exact=True).click()
        page.get_by_role("button", name="Hold a wave").click()
        expect(page.get_by_role("dialog")).to_contain_text(SHOWN)
        assert page.title() != "owned"
        assert page.locator("dialog img, dialog script").count() == 0
        assert page.context.cookies() == []
    assert complaints == []


NAMES = {"application": "app", "release": "app-1", "target": "eu-north-1", "sandbox": quote(strange_lease().key)}


def paths() -> list[str]:
    """Every address that can be read, about what strangers wrote."""
    found = {
        route.path.replace(":path", "").format(**NAMES, name="shoreward.css")
        for router in ROUTES
        for route in router.routes
        if "GET" in (getattr(route, "methods", None) or ())
    }
    return sorted(path for path in found if path != STREAM and "sign-" not in path and "signed" not in path)


def test_no_route_is_led_astray_by_what_others_wrote(site: Site):
    assert len(paths()) > 40
    for path, accept in itertools.product(paths(), ("application/json", "text/html")):
        answer = site.get(path, Accept=accept)
        assert answer.status < 500, path
        kind = answer.headers["content-type"].partition(";")[0]
        assert kind in KINDS, path
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "set-cookie" not in {name.lower() for name in answer.headers}
        assert all(value.isprintable() for value in answer.headers.values())
        if "json" in kind:
            json.loads(answer.text)
        if kind == "text/html":
            assert "<img src=x" not in answer.text
            assert "script-src 'self'" in answer.headers["content-security-policy"]
        assert "root:" not in answer.text


def test_metrics_stay_lines_of_numbers(site: Site):
    values = [line.rpartition(" ")[2] for line in site.get("/metrics").text.splitlines() if not line.startswith("#")]
    assert len([float(value) for value in values]) > 10


def test_no_cell_of_the_raw_numbers_is_a_formula(site: Site):
    text = site.get("/api/v1/releases/app-1/targets/eu-north-1/judgement.csv").text
    head, *rows = csv.reader(text.splitlines(keepends=True))
    assert {len(row) for row in rows} == {len(head)}
    assert len(rows) == 3
    assert not [cell for row in rows for cell in row if cell[:1] in "=+@" and cell]


OUT = (
    "/static/../../../../etc/passwd",
    "/static/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "/static/..%5c..%5cetc%5cpasswd",
    "/api/v1/sandboxes/../../../etc/passwd",
    "/api/v1/sandboxes/%2e%2e/%2e%2e/etc/passwd",
    "/api/v1/releases/..%2f..%2fetc%2fpasswd",
    "/releases/app-1/judgement/../../../../etc/passwd",
    "/pipelines/app/releases?commit=../../etc/passwd",
    "/pipelines/app/releases?commit=HEAD:../../etc/passwd",
    "/api/v1/where?rev=HEAD:/etc/passwd",
    "/sign-in?next=//evil.example",
)


def test_no_path_leads_out(site: Site):
    for path in OUT:
        answer = site.get(path)
        assert answer.status < 500, path
        assert "root:" not in answer.text
        assert "evil.example" not in answer.headers.get("location", "")
