"""A group release: its members and their order, for programs and on the pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import expect

from shoreward.app.people import levers
from shoreward.app.releases import Wish
from shoreward.domain import GroupRelease, Member
from shoreward.testing.builders import a_pipeline, an_opening

from .browser import CHROMIUM, NEEDED, browser
from .conftest import Build, Site

HARBOUR = GroupRelease(
    id="harbour/1",
    name="harbour",
    members=(
        Member(application="piers"),
        Member(application="lamps"),
        Member(application="boats", after=("piers",)),
        Member(application="tickets", after=("piers", "boats")),
    ),
)


def together(*, goes_back: bool = False, without: str = "") -> Callable[[Site], None]:
    """The releases of a group: the first one is held, or all are sent back."""

    def fill(site: Site) -> None:
        for member in HARBOUR.members:
            if member.application != without:
                pipeline = replace(a_pipeline(), application=member.application)
                opening = an_opening("new", pipeline, site.clock.now())
                site.journal.open(replace(opening, group=HARBOUR))
        wish = Wish(by="ada", at=site.clock.now(), why="a plank is loose")
        if goes_back:
            levers.abort(site.journal, "piers-1", wish)
        else:
            levers.hold(site.journal, "piers-1", wish)

    return fill


@pytest.fixture
def harbour(build: Build) -> Site:
    return build(together())


def test_members_are_told_in_their_order(harbour: Site):
    group = harbour.get("/api/v1/releases/boats-1/group").json()
    steps = [(each["application"], each["step"], each["after"]) for each in group["members"]]
    assert steps == [
        ("piers", 0, []),
        ("lamps", 0, []),
        ("boats", 1, ["piers"]),
        ("tickets", 2, ["piers", "boats"]),
    ]
    assert group["members"][0]["now"]["standing"] == "held by ada"


def test_who_goes_alone_has_no_group(past: Site):
    assert past.get("/api/v1/releases/app-1/group").json() is None


def test_a_members_page_shows_all_of_them_in_their_order_and_what_they_wait_for(harbour: Site):
    page = harbour.page("/releases/boats-1")
    assert "Released together" in page
    places = [page.index(f">{name}-1<") for name in ("piers", "lamps", "boats", "tickets")]
    assert places == sorted(places)
    assert "after piers, boats" in page
    assert "a plank is loose" in page
    assert 'aria-current="true"' in page


def test_a_pipelines_page_shows_with_whom_its_release_goes(harbour: Site):
    page = harbour.page("/pipelines/boats")
    assert "Released together as harbour" in page
    assert 'href="/releases/tickets-1"' in page


def test_a_member_whose_release_is_not_known_here_is_named(build: Build):
    page = build(together(without="lamps")).page("/releases/boats-1")
    assert "<p>lamps</p>" in page


def test_what_goes_back_says_in_which_order(build: Build):
    page = build(together(goes_back=True)).page("/releases/boats-1")
    assert 'class="steps back"' in page
    assert "they go back in the other order" in page


AXE = Path(__file__).parents[2] / ".tools" / "axe" / "node_modules" / "axe-core" / "axe.min.js"
WIDTHS: tuple[tuple[int, Literal["dark", "light"]], ...] = ((390, "dark"), (1280, "light"))
RULES = "axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice']})"


@pytest.mark.skipif(not CHROMIUM and not NEEDED, reason="there is no Chromium")
@pytest.mark.skipif(not AXE.exists() and not NEEDED, reason="axe-core is not installed: make .tools/axe/.installed")
def test_everybody_can_read_the_order_on_a_phone_and_on_a_desk_light_and_dark(harbour: Site):
    with browser() as chromium:
        for width, scheme in WIDTHS:
            page = chromium.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
            for path in ("/releases/boats-1", "/pipelines/boats"):
                page.goto(harbour.address + path)
                expect(page.get_by_role("list", name="The members of harbour, providers first")).to_be_visible()
                expect(page.locator("[aria-current=true]").last).to_contain_text("boats-1")
                assert page.evaluate("document.documentElement.scrollWidth") <= width
                page.evaluate(AXE.read_text())
                assert [each["id"] for each in page.evaluate(RULES)["violations"]] == []
            page.close()
