"""What was: the journal whole, page by page; what was live where; how a pipeline delivers."""

from __future__ import annotations

from typing import Any

from pydantic_core import to_json

from shoreward.adapters.journal.codec import decode, decode_header, decode_order
from shoreward.app.people import orders

from .conftest import BY, Build, Site


def pages(site: Site, address: str | None) -> list[Any]:
    """All items of a list, page by page."""
    found: list[Any] = []
    while address:
        page = site.get(address).json()
        found += page["items"]
        address = page["next"]
    return found


def test_the_journal_is_read_whole_page_by_page(past: Site):
    told = pages(past, "/api/v1/journal/releases/app-2/events?limit=7")
    recorded = past.journal.events("app-2")
    assert [each["seq"] for each in told] == [each.seq for each in recorded]
    assert [decode(each["name"], to_json(each["body"])) for each in told] == [each.event for each in recorded]


def test_headers_are_told_newest_first_all_or_some(past: Site):
    def ids(query: str) -> list[str]:
        told = pages(past, f"/api/v1/journal/releases?limit=1&{query}")
        return [decode_header(to_json(each["body"])).id for each in told]

    assert ids("") == ids("application=app") == ["app-3", "app-2", "app-1"]
    assert ids("which=live") == ["app-2"]
    assert ids("which=harmed") == ["app-3"]
    assert ids("which=open") == ids("application=other") == []
    assert past.get("/api/v1/journal/releases/app-9").json()["code"] == "RELEASE_UNKNOWN"


def test_orders_are_told_in_order(build: Build):
    site = build(lambda site: [orders.set_variable(site.journal, "stall", value, BY) for value in "abc"])
    told = pages(site, "/api/v1/journal/orders?limit=2")
    assert [decode_order(each["name"], to_json(each["body"])) for each in told] == list(site.journal.orders())
    assert [each["seq"] for each in pages(site, "/api/v1/journal/orders?after=1")] == [2, 3]


def test_history_tells_what_was_live_on_each_target(past: Site):
    stays = past.get("/api/v1/history").json()
    assert {(each["release"], each["until"] is None) for each in stays} == {("app-1", False), ("app-2", True)}
    assert past.get("/api/v1/history?limit=0").json()["code"] == "REQUEST_INVALID"


def test_figures_are_told_by_pipeline(past: Site):
    told = past.get("/api/v1/figures").json()
    assert told.keys() == {"app"}
    assert told["app"]["whole"]["deployments"] == 2
    assert sum(part["deployments"] for part in told["app"]["trend"]) == 2


def test_nobody_knows_where_a_commit_is_without_a_repository(past: Site):
    assert past.get("/api/v1/where?rev=main").json()["code"] == "NO_REPOSITORY"
    assert past.get("/api/v1/revision?rev=--help").json()["code"] == "REQUEST_INVALID"
