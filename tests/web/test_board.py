"""Many pipelines: those that need a person first, page by page, and found by their names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from shoreward.app.people import orders
from shoreward.app.releases import Wish
from shoreward.testing.builders import a_pipeline, an_opening

from .conftest import Site, standing

NAMES = [f"{word}-{number}" for number in range(50) for word in ("ferry", "pier", "tide")]


@pytest.fixture(scope="module")
def coast(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    def fill(site: Site) -> None:
        for name in NAMES:
            site.journal.open(an_opening("new", replace(a_pipeline(), application=name), site.clock.now()))
        wish = Wish(by="ada", at=site.clock.now(), why="a storm")
        orders.stop(site.journal, "tide-49", wish)

    with standing(Path(tmp_path_factory.mktemp("coast")) / "journal.db", fill) as site:
        yield site


def shown(page: str) -> list[str]:
    return re.findall(r'<li id="row-([a-z]+-\d+)"', page)


def test_the_first_page_has_those_that_need_a_person_and_leads_to_all_others(coast: Site):
    first = coast.page("/pipelines")
    assert "150 known, 150 under way" in first
    assert "1 needs a person" in first
    assert shown(first)[0] == "tide-49"
    following = re.search(r'href="(/pipelines[?]after=[^"]+)">Further', first)
    assert following
    second = coast.page(following[1])
    assert "Further" not in second
    assert sorted(shown(first) + shown(second)) == sorted(NAMES)


def test_a_pipeline_is_found_among_all_of_them(coast: Site):
    assert shown(coast.page("/pipelines?find=IER-49")) == ["pier-49"]
    assert "No pipeline has nothing in its name" in coast.page("/pipelines?find=nothing")


def test_programs_read_them_page_by_page(coast: Site):
    address, names = "/api/v1/pipelines?limit=70", list[str]()
    while address:
        page = coast.get(address).json()
        names += [each["application"] for each in page["items"]]
        address = page["next"]
    assert names[0] == "tide-49"
    assert sorted(names) == sorted(NAMES)
    assert len(coast.get("/api/v1/pipelines?find=ferry").json()["items"]) == 50


def test_what_is_no_place_on_the_board_is_refused(coast: Site):
    answer = coast.get("/api/v1/pipelines?after=somewhere")
    assert (answer.status, answer.json()["code"]) == (400, "REQUEST_INVALID")
