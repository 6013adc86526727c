"""The pages in a real browser: live, usable, readable by everybody, and deaf to what others write."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from shoreward.core import events as e
from shoreward.core.control import StopPlaced

from .browser import CHROMIUM, NEEDED, browser
from .conftest import Build, Site, server

AXE = Path(__file__).parents[2] / ".tools" / "axe" / "node_modules" / "axe-core" / "axe.min.js"

PAGES = [
    "/pipelines",
    "/pipelines/app",
    "/pipelines/app/releases",
    "/releases/app-3",
    "/releases/app-3/judgement/eu-north-1",
    "/figures",
    "/audit",
    "/sandboxes",
]

pytestmark = pytest.mark.skipif(not CHROMIUM and not NEEDED, reason="there is no Chromium")

expect.set_options(timeout=30_000)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as found:
        yield found


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A page that must not complain: no error in the console, nothing refused by the policy, nothing missing."""
    complaints: list[str] = []
    made = chromium.new_page(viewport={"width": 1280, "height": 900})
    wrong = ("error", "warning")
    made.on("console", lambda message: complaints.append(message.text) if message.type in wrong else None)
    made.on("pageerror", lambda error: complaints.append(str(error)))
    yield made
    made.close()
    assert complaints == []


def open_live(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.locator("#pulse")).to_have_attribute("data-state", "live")


def test_a_release_is_seen_to_move_is_held_by_a_person_and_goes_back_before_ones_eyes(build: Build, page: Page):
    site = build(lambda site: site.carried("first"))
    open_live(page, f"{site.address}/")
    expect(page).to_have_url(re.compile("/pipelines/app$"))
    expect(page.get_by_text("Calm: nothing is under way")).to_be_visible()

    site.broken.add("bad")
    release = site.opened("bad", subject="A bad change")
    expect(page.get_by_role("heading", name=release)).to_be_visible()
    site.carry(release, 12)
    one_box = page.get_by_role("article").get_by_role("row", name=re.compile("eu-north-1 wave 1"))
    expect(one_box).to_contain_text("10 %")
    expect(one_box).to_contain_text("bakes")

    page.get_by_role("button", name="Hold").click()
    page.get_by_label("Why?").fill("let me look")
    page.get_by_role("dialog").get_by_role("button", name=f"Hold {release}").click()
    expect(page.get_by_text("let me look")).to_be_visible()
    page.get_by_role("button", name="Resume").click()
    page.get_by_label("Why?").fill("looks bad, but let us see")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Hold")).to_be_visible()
    said = [recorded.event for recorded in site.journal.events(release)]
    assert [type(event) for event in said if isinstance(event, e.HoldPlaced | e.HoldLifted)] == [
        e.HoldPlaced,
        e.HoldLifted,
    ]

    site.carry(release)
    expect(page.get_by_role("row", name=re.compile(f"{release} .*rolled back"))).to_contain_text("errors on the canary")
    page.get_by_role("link", name=release).first.click()
    expect(page.get_by_text("Why it went back")).to_be_visible()
    page.get_by_role("link", name="How it was judged in eu-north-1").click()
    expect(page.get_by_text("rolled back everywhere (judged)")).to_be_visible()


def test_everything_is_stopped_from_any_page(build: Build, page: Page):
    site = build(lambda site: site.opened("new"))
    for path in ("/pipelines", "/pipelines/app", "/releases/app-1"):
        open_live(page, site.address + path)
        expect(page.get_by_role("button", name="Stop everything")).to_be_visible()
    page.get_by_role("button", name="Stop everything").click()
    confirm = page.get_by_role("dialog").get_by_role("button", name="Stop everything")
    confirm.click()
    expect(page.get_by_role("alert")).to_have_text("Say why: the journal keeps it.")
    assert site.journal.orders() == ()
    page.get_by_label("Why?").fill("we do not know yet")
    confirm.click()
    expect(page.get_by_text("Everything is stopped")).to_be_visible()
    (order,) = site.journal.orders()
    assert isinstance(order, StopPlaced)
    assert (order.application, order.why) == ("", "we do not know yet")


def test_the_page_says_so_when_it_is_not_live_any_more_and_comes_back_by_itself(build: Build, chromium: Browser):
    site = build(lambda site: site.opened("new"))
    page = chromium.new_page()
    with server(site) as address:
        open_live(page, f"{address}/pipelines/app")
    expect(page.locator("#pulse")).to_contain_text("connection lost")
    site.journal.append("app-1", 1, (e.HoldPlaced(at=site.clock.now(), by="ada", why="so"),))
    with server(site, int(address.rpartition(":")[2])):
        expect(page.locator("#pulse")).to_have_attribute("data-state", "live")
        expect(page.get_by_role("article").get_by_text("held by ada: so")).to_be_visible()
        page.close()


@pytest.mark.parametrize("path", PAGES)
def test_a_page_weighs_little_and_fits_a_phone(past: Site, page: Page, path: str):
    weights: list[int] = []
    page.on("response", lambda answer: weights.append(len(answer.body())) if "/events" not in answer.url else None)
    page.set_viewport_size({"width": 390, "height": 844})
    open_live(page, past.address + path)
    assert 0 < sum(weights) < 200_000
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.skipif(not AXE.exists() and not NEEDED, reason="axe-core is not installed: make .tools/axe/.installed")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_no_violation(past: Site, page: Page, path: str, scheme: str):
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    open_live(page, past.address + path)
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice']})")
    assert [(each["id"], [node["html"][:200] for node in each["nodes"]]) for each in found["violations"]] == []
