"""What the pictures of the pages show: a pipeline with a past, releases under way, and some others beside it.

    PYTHONPATH=tests python -m web.scenes docs/images

draws docs/images/server-*.png anew, with Debian's Chromium.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from PIL import Image

from shoreward.app.people import levers, orders
from shoreward.app.releases import Wish
from shoreward.domain import Approval, Bake, GroupRelease, JudgePolicy, LatencyPolicy, Member, Pipeline, Wave
from shoreward.testing.builders import a_target, an_opening, some_checks
from shoreward.testing.simulated import SimulatedClock
from shoreward.testing.simulator import state_of

from .beaches import Castles, boxes, quarter
from .browser import browser
from .conftest import Site, standing

SIZES = {"desktop": (1440, 1000), "phone": (390, 844), "wall": (2560, 1300)}


def pipeline(application: str, waves: Sequence[tuple[str, Sequence[tuple[str, float]]]]) -> Pipeline:
    """Waves with the customers of their regions."""

    def wave(name: str, regions: Sequence[tuple[str, float]]) -> Wave:
        targets = tuple(
            replace(a_target(region), stack=application, customers=customers) for region, customers in regions
        )
        return Wave(
            name=name,
            targets=targets,
            steps=(10.0, 50.0),
            bake=Bake(minimum=120, requests=200, deadline=3_600, on_deadline="hold"),
        )

    return Pipeline(
        application=application,
        template="template.yaml",
        waves=tuple(wave(*each) for each in waves),
        judge=JudgePolicy(interval=20, delay=5, promote_points=0.01, latency=LatencyPolicy(warm_up=0)),
        checks=some_checks(),
    )


TOP = {"group": "#group-title", "change": "#targets-change-title", "latency": "#metric-2"}
"""What stands at the top of a picture, where that is not the page's beginning."""

SMALL = (("first", (("eu-north-1", 10),)), ("rest", (("eu-west-1", 90),)))

BEACHES = pipeline(
    "sandcastles",
    (
        ("quiet bay", (("eu-north-1", 900),)),
        ("the coast", (("eu-west-1", 14_000), ("ap-southeast-2", 8_000))),
        ("every beach", (("us-east-1", 52_000), ("us-west-2", 31_000), ("ap-northeast-1", 22_000))),
    ),
)


def a_past(site: Site) -> None:
    """Two releases that stayed, and one that came back."""
    site.clock.time = time.time() - 14_000
    site.cloud.traffic = {target.key: 300.0 for target in BEACHES.targets}
    site.broken.add("9f1c2ab7d04e55")
    site.cloud.latency = lambda commit, target, at: 165.0 if commit in site.broken else 100.0
    for commit, subject, by in (
        ("41b07dd2c9aa10", "Towers may have flags", "grace"),
        ("c0ffee91d2b3a4", "Moats are filled twice a day", "ada"),
        ("9f1c2ab7d04e55", "Buckets without a bottom", "linus"),
    ):
        site.carried(commit, pipeline=BEACHES, subject=subject, by=by)


def under_way(site: Site) -> None:
    """One release that bakes in the second wave, one that has come to the first behind it."""
    first = site.opened("7d3e5a90b1cc21", BEACHES, "Shells are counted in pairs", "ada")
    while not any(each.wave == 1 and each.percent for each in state_of(site.journal, first).deployments.values()):
        site.carry(first, 30)
    site.carry(first, 50)
    second = site.opened("e2a94f0c77b8d3", BEACHES, "A gate for the drawbridge", "grace")
    site.carry(second, 60)


def neighbours(site: Site) -> None:
    """Other pipelines: one that is stopped, one that was held, some that are calm."""
    now = site.clock.time
    for name, commit, subject in (
        ("lighthouse", "aa10b2c3d4e5f6", "The lamp turns the other way"),
        ("ferry", "bb20c3d4e5f6a7", "Tickets for dogs"),
        ("tides", "cc30d4e5f6a7b8", "Spring tides are told two days before"),
    ):
        site.opened(commit, pipeline(name, SMALL), subject, "grace")
    gated = pipeline("postcards", SMALL)
    gates = (Approval(name="postmaster", of="the stamps are the right ones"),)
    gated = replace(gated, waves=(replace(gated.waves[0], gates=gates), gated.waves[1]))
    site.opened("dd40e5f6a7b8c9", gated, "Stamps with lighthouses", "ada")
    step_by_step(site, "postcards-1")
    orders.freeze(
        site.journal,
        "regatta",
        now - 600,
        now + 5_400,
        Wish(by="barbara", at=now - 600, why="the regatta is on"),
        application="lighthouse",
    )
    levers.hold(site.journal, "ferry-1", Wish(by="ada", at=now, why="the timetable is being printed"))
    orders.stop(site.journal, "tides", Wish(by="grace", at=now, why="the gauge at pier 3 is being replaced"))


def together(site: Site) -> None:
    """A group that is released together: the first is behind its first wave, the next one begins."""
    members = (
        Member(application="piers"),
        Member(application="buoys"),
        Member(application="boats", after=("piers",)),
        Member(application="tickets", after=("piers", "boats")),
    )
    group = GroupRelease(id="harbour/1", name="harbour", members=members)
    for member, commit, seconds in zip(
        members, ("a17e20", "b28f31", "c39a42", "d4ab53"), (260, 150, 60, 0), strict=True
    ):
        opening = an_opening(f"{commit}c0ffee77", pipeline(member.application, SMALL), site.clock.now())
        release = site.journal.open(replace(opening, group=group, subject="Planks are numbered", by="ada"))
        if seconds:
            site.carry(release, seconds)


def step_by_step(site: Site, release: str) -> None:
    """Up to where it waits for a person."""
    site.carry(release, 30)


def draw(folder: Path, names: Sequence[str] = ()) -> None:
    """Draw all pictures, or some, into a folder."""
    clock = SimulatedClock()
    with (
        tempfile.TemporaryDirectory() as work,
        standing(Path(work) / "journal.db", _all, kind=Castles, clock=clock, **surroundings(clock)) as site,
        browser() as chromium,
    ):
        for name, path, size, scheme in _pictures():
            if names and name not in names:
                continue
            width, height = SIZES[size]
            page = chromium.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
            page.goto(site.address + path)
            page.wait_for_selector('#pulse[data-state="live"]')
            page.wait_for_timeout(1_200)
            if name == "levers":
                page.locator("#more-levers summary").click()
            if name in TOP:
                page.evaluate("wanted => document.querySelector(wanted).scrollIntoView()", TOP[name])
            page.screenshot(path=folder / f"server-{name}.png")
            page.close()
            slim(folder / f"server-{name}.png")


def slim(picture: Path) -> None:
    """A third of its size; nobody sees the difference."""
    colours, plain = Image.Quantize.MAXCOVERAGE, Image.Dither.NONE
    Image.open(picture).convert("RGB").quantize(256, method=colours, kmeans=4, dither=plain).save(
        picture, optimize=True
    )


def surroundings(clock: SimulatedClock) -> dict[str, Any]:
    """What a server is told beside the journal."""
    return {"sandboxes": lambda: tuple(boxes(clock.now())), "begin": lambda rev, ask, despite: ""}


def _all(site: Site) -> None:
    quarter(site, [pipeline(name, SMALL) for name in ("icecream", "lifeguards", "shells")], time.time())
    a_past(site)
    under_way(site)
    neighbours(site)
    together(site)


def _pictures() -> Sequence[tuple[str, str, str, str]]:
    return (
        ("shore", "/pipelines/sandcastles", "desktop", "light"),
        ("shore-dark", "/pipelines/sandcastles", "desktop", "dark"),
        ("shore-phone", "/pipelines/sandcastles", "phone", "light"),
        ("release", "/releases/sandcastles-3", "desktop", "light"),
        ("judgement", "/releases/sandcastles-3/judgement/eu-north-1", "desktop", "light"),
        ("pipelines", "/pipelines", "desktop", "light"),
        ("wall", "/pipelines/sandcastles", "wall", "dark"),
        ("levers", "/releases/ferry-1", "desktop", "light"),
        ("group", "/releases/boats-1", "desktop", "light"),
        ("change", "/releases/sandcastles-4", "desktop", "light"),
        ("latency", "/releases/sandcastles-3/judgement/eu-north-1", "desktop", "light"),
        ("approval", "/releases/postcards-1", "desktop", "dark"),
        ("history", "/pipelines/sandcastles/releases", "desktop", "light"),
        ("figures", "/figures", "desktop", "light"),
        ("figures-phone", "/figures", "phone", "dark"),
        ("sandboxes", "/sandboxes", "desktop", "light"),
        ("audit", "/audit", "desktop", "light"),
    )


if __name__ == "__main__":
    draw(Path(sys.argv[1]), sys.argv[2:])
