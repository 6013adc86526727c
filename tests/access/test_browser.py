"""A real browser signs in, steps in, and signs out; its own rules about cookies and forms are the ones that count."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from shoreward.app.access.audit import audited
from web.browser import CHROMIUM, NEEDED, browser

from .conftest import ADA, Guarded

pytestmark = pytest.mark.skipif(not CHROMIUM and not NEEDED, reason="there is no Chromium")


@pytest.fixture
def page() -> Iterator[Page]:
    with browser() as chromium:
        yield chromium.new_page()


def test_somebody_signs_in_holds_a_release_and_signs_out(guarded: Guarded, page: Page):
    guarded.provider.claims = {**ADA, "groups": ["beach"]}
    troubles: list[str] = []
    page.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
    page.goto(f"{guarded.site.address}/releases/app-1")
    expect(page.get_by_role("heading", level=1)).to_contain_text("app-1")
    page.wait_for_selector('#pulse[data-state="live"]')
    assert [cookie["httpOnly"] for cookie in page.context.cookies()] == [True]
    page.get_by_role("button", name="Hold").first.click()
    page.get_by_label("Why?").fill("the moat is dry")
    page.locator("#ask-yes").click()
    expect(page.get_by_role("button", name="Resume").first).to_be_visible()
    assert [entry.who for entry in audited(guarded.accounts)] == ["ada@example.com"] * 2
    page.get_by_role("link", name="Account").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("ada@example.com")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You are signed out")
    assert guarded.provider.asked[-1] == "/leave"
    assert page.context.cookies() == []
    assert troubles == []


def test_a_page_whose_session_is_over_leads_to_the_provider(guarded: Guarded, page: Page):
    guarded.provider.claims = ADA
    page.goto(f"{guarded.site.address}/pipelines/tides")
    page.wait_for_selector('#pulse[data-state="live"]')
    (cookie,) = page.context.cookies()
    guarded.site.clock.time += guarded.settings.sign_in.lasts
    with page.expect_request("**/authorize?**"):
        pass
    page.wait_for_selector('#pulse[data-state="live"]')
    (other,) = page.context.cookies()
    assert other["value"] != cookie["value"]
