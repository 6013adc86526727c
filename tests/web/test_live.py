"""A live release, from the page alone: begun, seen to move, held and let go by a person, and a bad one taken back.

The controller is the real one, in a thread; only the cloud is simulated, and its clock runs sixty times as fast.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, expect

from shoreward.controller import Controller
from shoreward.domain import Bake
from shoreward.testing.builders import a_pipeline
from shoreward.testing.clock import ScaledClock

from .browser import CHROMIUM, NEEDED, browser
from .conftest import Build, Site

pytestmark = pytest.mark.skipif(not CHROMIUM and not NEEDED, reason="there is no Chromium")

PIPELINE = a_pipeline(steps=(10.0,), bake=Bake(minimum=120, requests=50, deadline=1_000_000))


@contextmanager
def carried(site: Site) -> Iterator[None]:
    """A controller that carries whatever is open."""
    over = threading.Event()

    def carry() -> None:
        while not over.wait(0.05):
            Controller(site.journal, site.cloud.world(), poll=0.05).run()

    thread = threading.Thread(target=carry, name="controller")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def say(page: Page, button: str, *fields: tuple[str, str]) -> None:
    """Press a button, fill its dialog in, and do it."""
    page.get_by_role("button", name=button, exact=True).first.click()
    for label, value in fields:
        page.get_by_label(label).fill(value)
    page.locator("#ask-yes").click()
    expect(page.get_by_role("dialog")).to_be_hidden()


def beginning(sites: list[Site]) -> Callable[..., str]:
    """Opens releases of the site that is there by then."""
    return lambda rev, ask, despite: sites[0].opened(rev, PIPELINE, subject=f"The {rev} one", by=ask("app").by)


def test_the_whole_life_of_releases_is_driven_and_seen_from_the_page(build: Build):
    sites: list[Site] = []

    def fill(site: Site) -> None:
        sites.append(site)
        site.broken.add("bad")
        site.cloud.traffic = {target.key: 200.0 for target in PIPELINE.targets}
        site.opened("first", PIPELINE)

    site = build(fill, clock=ScaledClock(speed=60), begin=beginning(sites))
    with carried(site), browser() as chromium:
        page = chromium.new_page(viewport={"width": 1280, "height": 900})
        page.goto(f"{site.address}/pipelines/app")
        expect(page.get_by_text("Calm: nothing is under way")).to_be_visible()
        live = page.locator("table.live")
        expect(live.get_by_role("row", name=re.compile("first .*app-1"))).to_have_count(3)

        say(page, "Release", ("Which commit?", "good"))
        release = page.get_by_role("article")
        expect(release).to_contain_text("app-2")
        expect(release.get_by_role("row", name=re.compile("eu-north-1"))).to_contain_text("bakes")
        say(page, "Hold", ("Why?", "let me look at it"))
        expect(release).to_contain_text("let me look at it")
        expect(release).to_contain_text("Resume when the reason is settled")
        say(page, "Resume", ("Why?", "it looks well"))
        expect(release.get_by_role("row", name=re.compile("eu-north-1"))).to_contain_text("serves everybody")
        expect(release).to_contain_text("wave 2 of 2")
        expect(live.get_by_role("row", name=re.compile("good .*app-2"))).to_have_count(3)

        say(page, "Release", ("Which commit?", "bad"))
        back = page.get_by_role("row", name=re.compile("app-3 .*rolled back"))
        expect(back).to_contain_text("errors on the canary")
        page.get_by_role("link", name="app-3").first.click()
        expect(page.get_by_text("Why it went back (judged).")).to_be_visible()
        page.get_by_role("link", name="How it was judged in eu-north-1").click()
        expect(page.get_by_text("rolled back everywhere (judged)")).to_be_visible()
        expect(page.locator("section.metric").first).to_contain_text("Evidence of harm100 %")
        expect(page.get_by_text("How latency is distributed")).to_be_visible()
        page.get_by_role("link", name="Audit").click()
        expect(page.get_by_text("it looks well").first).to_be_visible()
