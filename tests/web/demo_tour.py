"""The whole demo, live, from the page alone: every release is begun, watched, held and let go in a real browser.

    PYTHONPATH=tests python -m web.demo_tour [--releases 7] [--pictures docs/images]

plays `shoreward demo` on the embedded cloud with its customers, beside a real `shoreward serve`, and ends with 0 when
every release came to what it must. It takes about ten minutes on two cores, so it is no test; `test_live.py` is the
short form of it. With --pictures it draws demo-*.png at the moments that matter: on a desk, on a phone, in the dark.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, expect

from shoreward.app.releases import latest
from shoreward.core import Phase, Release
from shoreward.demo.beaches import customers
from shoreward.demo.scenarios import SCENARIOS, Scenario
from shoreward.demo.scene import Scene
from shoreward.domain import Outcome
from shoreward.testing.customers import Customers

from .browser import browser
from .scenes import SIZES, slim

Scheme = Literal["light", "dark"]

LOOKS: tuple[tuple[str, str, Scheme], ...] = (
    ("", "desktop", "light"),
    ("-phone", "phone", "light"),
    ("-dark", "desktop", "dark"),
)
"""How a moment is drawn: what its file's name ends with, on which screen, in which colours."""

PATIENCE = 900.0
"""Seconds after which a release that has not ended is given up."""


@contextmanager
def served(scene: Scene) -> Iterator[str]:
    """A server that carries the scene's releases; gives its address."""
    command = [sys.executable, "-m", "shoreward", "serve", "--port", "0", "--json", "-C", str(scene.repository.root)]
    with subprocess.Popen(command, env=scene.environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield json.loads(process.stdout.readline())["address"]
        finally:
            process.terminate()
            process.wait(60)


class Tour:
    """Somebody who has the page alone.

    Args:
        pictures: where they are drawn; None for nowhere.
    """

    def __init__(self, scene: Scene, chromium: Browser, address: str, pictures: Path | None) -> None:
        self._scene = scene
        self._chromium = chromium
        self._page = page = looking(chromium, "desktop", "light")
        self._address = address
        self._pictures = pictures
        self.complaints: list[str] = []
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def play(self, scenario: Scenario, number: int, *, held: bool) -> bool:
        """Make the change, release it, watch it to its end; whether it came to what it must."""
        for edit in scenario.edits:
            edit.apply(self._scene.repository.root)
        self._scene.repository.commit(scenario.subject)
        if scenario.mends:
            self._mend(number - 1, scenario.mends)
        release = self._begin(number)
        if held:
            self._hold(release)
        state = self._watched(release, scenario)
        if state.outcome is Outcome.ROLLED_BACK:
            self._evidence(release, state)
        print(f"{release}: {state.outcome}, as it must: {state.outcome is scenario.outcome}", flush=True)
        return state.outcome is scenario.outcome

    def _say(self, button: str, **fields: str) -> None:
        self._page.get_by_role("button", name=button, exact=True).first.click()
        for name, value in fields.items():
            self._page.locator(f"#ask-field-{name}" if name != "why" else "#ask-why").fill(value)
        self._page.locator("#ask-yes").click()
        expect(self._page.get_by_role("dialog")).to_be_hidden(timeout=120_000)

    def _begin(self, number: int) -> str:
        if number == 1:
            # A pipeline is known from its first release on, so the first one is asked for on the command line.
            self._scene.shoreward("release", "--detach", quiet=True)
        else:
            self._page.goto(f"{self._address}/pipelines/sandcastles")
            self._say("Release", rev="HEAD")
        release = f"sandcastles-{number}"
        self._page.goto(f"{self._address}/pipelines/sandcastles")
        expect(self._page.get_by_role("heading", name=release)).to_be_visible(timeout=120_000)
        return release

    def _hold(self, release: str) -> None:
        """In the middle of the first bake, and on again."""
        self._until(release, lambda state: any(each.phase is Phase.BAKING for each in state.deployments.values()))
        self._say("Hold", why="let us look at it together")
        expect(self._page.get_by_role("article").first).to_contain_text("let us look at it together")
        self._picture("held")
        self._say("Resume", why="it looks well")

    def _mend(self, number: int, why: str) -> None:
        self._page.goto(f"{self._address}/releases/sandcastles-{number}")
        self._page.locator("#more-levers summary").click()
        self._say("Name the fix", commit="HEAD", why=why)

    def _watched(self, release: str, scenario: Scenario) -> Release:
        """To its end, with pictures on the way."""
        drawn: set[str] = set()

        def look(state: Release) -> bool:
            if state.wave >= 2 and "waves" not in drawn and scenario.outcome is Outcome.SUCCEEDED:
                drawn.add("waves")
                self._picture("waves")
            if state.rollback and not state.ended and "back" not in drawn:
                drawn.add("back")
                self._picture("back")
            return state.ended

        return self._until(release, look)

    def _until(self, release: str, done: Callable[[Release], bool]) -> Release:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            state = latest(self._scene.project.journal)
            if state.id == release and (done(state) or state.ended):
                return state
            self._page.wait_for_timeout(200)
        raise TimeoutError(f"{release} has not come so far within {PATIENCE:.0f} s")

    def _evidence(self, release: str, state: Release) -> None:
        assert state.rollback
        self._page.goto(f"{self._address}/releases/{release}")
        expect(self._page.get_by_text("Why it went back")).to_be_visible()
        self._picture("release")
        region = state.rollback.target.split("/")[1]
        self._page.get_by_role("link", name=f"How it was judged in {region}").first.click()
        expect(self._page.get_by_text("rolled back everywhere")).to_be_visible()
        self._picture("evidence")

    def _picture(self, name: str) -> None:
        """The page as it is now, in every look."""
        if not self._pictures:
            return
        others = [(ending, looking(self._chromium, size, scheme)) for ending, size, scheme in LOOKS[1:]]
        for _, page in others:
            page.goto(self._page.url)
            page.wait_for_selector('#pulse[data-state="live"]')
        self._page.wait_for_timeout(1_000)
        for ending, page in (("", self._page), *others):
            file = self._pictures / f"demo-{name}{ending}.png"
            page.screenshot(path=file)
            slim(file)
        for _, page in others:
            page.close()


def looking(chromium: Browser, size: str, scheme: Scheme) -> Page:
    """A page on a screen of a size, in light or dark colours."""
    width, height = SIZES[size]
    return chromium.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--releases", type=int, default=len(SCENARIOS))
    parser.add_argument("--pictures", type=Path)
    asked = parser.parse_args()
    crowd: Customers | None = None
    well: list[bool] = []
    with Scene(keep=False) as scene, served(scene) as address, browser() as chromium:
        tour = Tour(scene, chromium, address, asked.pictures)
        try:
            for number, scenario in enumerate(SCENARIOS[: asked.releases], start=1):
                well.append(tour.play(scenario, number, held=number == 2))
                if crowd is None:
                    crowd = customers(scene)
                    crowd.start()
                    time.sleep(2)
        finally:
            if crowd:
                crowd.stop()
        print(f"complaints of the browser: {tour.complaints or 'none'}")
        return 0 if all(well) and not tour.complaints else 1


if __name__ == "__main__":
    sys.exit(main())
