"""What the server measures of itself, as Prometheus reads it; and readiness that does not lie."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from web.conftest import Build, Site
from web.conftest import build as build


def measured(site: Site) -> dict[tuple[str, ...], float]:
    """Samples by name and values of labels."""
    answer = site.get("/metrics")
    assert answer.status == 200, answer.text
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
        if family.name.startswith("shoreward_")
    }


def test_what_happens_to_releases_is_counted_from_the_journal(build: Build):
    site = build(lambda site: site.carried("first"))
    assert measured(site)["shoreward_releases_opened_total",] == 0
    site.broken.add("bad")
    site.carried("bad")
    site.opened("new")
    told = measured(site)
    assert told["shoreward_releases_opened_total",] == 2
    assert told["shoreward_releases_ended_total", "rolled_back"] == 1
    assert told["shoreward_rollbacks_total", "judged"] == 1
    assert told["shoreward_judge_looks_total", "fail"] >= 1
    assert told["shoreward_stage_seconds_count", "rollback"] == 1
    assert told["shoreward_releases_under_way",] == 1
    assert measured(site)["shoreward_releases_opened_total",] == 2


def test_requests_are_timed_by_their_route_and_not_by_what_was_typed(build: Build):
    site = build(lambda site: site.opened("new"))
    for path in ("/api/v1/releases/app-1", "/api/v1/releases/app-9", "/nowhere/1", "/nowhere/2"):
        site.get(path)
    told = measured(site)
    name = "shoreward_http_request_seconds_count"
    assert told[name, "GET", "/api/v1/releases/{release}", "200"] == 1
    assert told[name, "GET", "/api/v1/releases/{release}", "404"] == 1
    assert told[name, "GET", "none", "404"] == 2


def test_the_server_is_ready_while_it_sees_its_journal(build: Build):
    site = build(lambda site: site.opened("new"))
    assert (site.get("/ready").status, site.get("/ready").text) == (200, "ready\n")
