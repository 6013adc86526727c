"""An admin sees who is signed in, and signs them out; nobody else does."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from shoreward.app.access.audit import audited
from shoreward.domain.access import Role
from web.browser import CHROMIUM, NEEDED, browser

from .conftest import ADA, Guarded

END = "/api/v1/sessions/end"


def test_an_admin_sees_who_is_signed_in(guarded: Guarded):
    guarded.signed_in()
    guarded.site.clock.time += 1
    guarded.signed_in(email="grace@example.com", groups=["platform"])
    told = guarded.ask("GET", "/api/v1/sessions", guarded.token()).json()
    assert [each["who"] for each in told] == ["ada@example.com", "grace@example.com"]
    assert all(each["since"] < each["until"] for each in told)
    assert "digest" not in str(told)


def test_an_admin_signs_somebody_out_in_all_of_their_browsers(guarded: Guarded):
    first, second = guarded.signed_in(), guarded.signed_in()
    grace = guarded.signed_in(email="grace@example.com", groups=["platform"])
    answer = grace.command(END, {"who": "ada@example.com", "why": "a laptop was stolen"})
    assert (answer.status, answer.json()) == (200, {"sessions": 2})
    assert [each.visit("/api/v1/releases", Accept="application/json").status for each in (first, second)] == [401] * 2
    assert grace.visit("/account").status == 200
    (entry, *_) = audited(guarded.accounts)
    assert (entry.who, entry.what, entry.why) == ("grace@example.com", "end_sessions", "a laptop was stolen")
    assert "ada@example.com" in entry.details
    again = grace.command(END, {"who": "ada@example.com", "why": "again"})
    assert (again.status, again.json()) == (200, {"sessions": 0})


@pytest.mark.parametrize(("role", "pipelines"), [(Role.OPERATOR, ("*",)), (Role.ADMIN, ("app",))])
def test_it_takes_an_admin_of_every_pipeline(guarded: Guarded, role: Role, pipelines: tuple[str, ...]):
    ada = guarded.signed_in()
    secret = guarded.token(role, *pipelines)
    for method, path, body in (
        ("GET", "/api/v1/sessions", None),
        ("POST", END, {"who": "ada@example.com", "why": "so"}),
    ):
        answer = guarded.ask(method, path, secret, body)
        assert (answer.status, answer.json()["code"]) == (403, "NOT_PERMITTED")
    assert ada.visit("/account").status == 200
    assert "Signed in" not in guarded.ask("GET", "/audit", secret, Accept="text/html").text


@pytest.mark.skipif(not CHROMIUM and not NEEDED, reason="there is no Chromium")
def test_an_admin_signs_somebody_out_on_the_page_whatever_their_name_is(guarded: Guarded):
    """Given somebody whose provider lets them choose a name, then it is text, and nothing else."""
    evil = '<img src=x onerror="document.title=`owned`">\'"{{7*7}}</script>@example.com'
    mallory = guarded.signed_in(email=evil)
    guarded.provider.claims = {**ADA, "email": "grace@example.com", "groups": ["platform"]}
    complaints: list[str] = []
    with browser() as chromium:
        page = chromium.new_page()
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.goto(f"{guarded.site.address}/audit")
        page.get_by_role("row", name="{{7*7}}").get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("dialog")).to_contain_text("{{7*7}}")
        page.get_by_label("Why?").fill("who is that?")
        page.locator("#ask-yes").click()
        expect(page.get_by_role("row", name="{{7*7}}").get_by_role("button")).to_have_count(0)
        assert page.title() != "owned"
        assert page.locator("main img").count() == 0
        guarded.provider.claims = {**ADA, "email": evil}
        other = chromium.new_page()
        other.goto(f"{guarded.site.address}/account")
        expect(other.get_by_role("heading", level=1)).to_have_text(evil)
        assert other.title() != "owned"
    assert mallory.visit("/account").status == 303
    assert complaints == []
