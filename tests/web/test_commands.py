"""What people ask of the server: each command once, with a reason, in the journal with who said it."""

from __future__ import annotations

import getpass
from collections.abc import Callable

from shoreward.app.releases import Wish
from shoreward.core import events as e
from shoreward.core.control import StopLifted, StopPlaced
from shoreward.domain import Refused
from shoreward.testing.builders import a_pipeline

from .conftest import Build, Site


def baking(site: Site) -> None:
    site.carried("first")
    site.carried("good", until=30)


def test_a_release_is_held_and_resumed_with_who_and_why(build: Build):
    site = build(lambda site: site.opened("new"))
    held = site.post("/api/v1/releases/app-1/hold", {"why": "the database is being moved"})
    assert (held.status, held.json()["held"], held.json()["mood"]) == (200, True, "person")
    resumed = site.post("/api/v1/releases/app-1/resume", {"why": "it has been moved"})
    assert resumed.json()["held"] is False
    placed, lifted = (recorded.event for recorded in site.journal.events("app-1", 1))
    assert isinstance(placed, e.HoldPlaced)
    assert (placed.by, placed.why) == (getpass.getuser(), "the database is being moved")
    assert isinstance(lifted, e.HoldLifted)


def test_a_release_is_aborted_and_one_that_stayed_is_rolled_back(build: Build):
    site = build(baking)
    assert site.post("/api/v1/releases/app-2/abort", {"why": "wrong prices"}).json()["going_back"] is True
    answer = site.post("/api/v1/releases/app-1/rollback", {"why": "wrong prices"})
    assert (answer.status, answer.json()["code"]) == (409, "NOTHING_BEFORE")
    assert answer.json()["next"]


def test_a_part_of_a_release_can_be_held_and_a_target_left_out(build: Build):
    site = build(lambda site: site.opened("new"))
    assert site.post("/api/v1/releases/app-1/hold", {"why": "so", "target": "eu-west-1"}).status == 200
    assert site.post("/api/v1/releases/app-1/skip", {"why": "so", "target": "us-east-1"}).status == 200
    assert site.post("/api/v1/releases/app-1/retry", {"why": "so", "target": "us-east-1"}).status == 200
    held, skipped = (recorded.event for recorded in site.journal.events("app-1", 1))
    assert isinstance(held, e.HoldPlaced)
    assert held.target == "111111111111/eu-west-1/app"
    assert isinstance(skipped, e.TargetSkipped)
    unknown = site.post("/api/v1/releases/app-1/hold", {"why": "so", "wave": "nowhere"})
    assert (unknown.status, unknown.json()["code"]) == (409, "WAVE_UNKNOWN")


def test_everything_is_stopped_and_let_go_again(build: Build):
    site = build(lambda site: site.opened("new"))
    (stop,) = site.post("/api/v1/stop", {"why": "we do not know yet"}).json()["stops"]
    assert (stop["application"], stop["why"]) == ("", "we do not know yet")
    (row,) = site.get("/api/v1/pipelines").json()["items"]
    assert (row["mood"], row["stop"]["everywhere"], row["stop"]["why"]) == ("person", True, "we do not know yet")
    assert site.post("/api/v1/stop/lift", {"why": "we know"}).json()["stops"] == []
    assert [type(order) for order in site.journal.orders()] == [StopPlaced, StopLifted]
    assert site.post("/api/v1/stop", {"application": "typo", "why": "so"}).json()["code"] == "PIPELINE_UNKNOWN"


def test_a_command_needs_a_reason_and_takes_nothing_that_it_does_not_know(build: Build):
    site = build(lambda site: site.opened("new"))
    for body in ({}, {"why": ""}, {"why": "  \n"}, {"why": "so", "force": True}, {"why": 7}, []):
        answer = site.post("/api/v1/releases/app-1/hold", body)
        assert (answer.status, answer.json()["code"]) == (400, "REQUEST_INVALID"), body
    assert len(site.journal.events("app-1")) == 1


def test_a_command_that_comes_twice_with_the_same_key_is_done_once(build: Build):
    site = build(lambda site: site.opened("new"))
    once = {"Idempotency_Key": "one"}
    first = site.post("/api/v1/releases/app-1/hold", {"why": "so"}, **once)
    site.post("/api/v1/releases/app-1/resume", {"why": "so"})
    again = site.post("/api/v1/releases/app-1/hold", {"why": "so"}, **once)
    assert (first.status, again.status) == (200, 200)
    assert again.text == first.text
    assert [type(each.event) for each in site.journal.events("app-1", 1)] == [e.HoldPlaced, e.HoldLifted]
    other = site.post("/api/v1/releases/app-1/abort", {"why": "so"}, **once)
    assert (other.status, other.json()["code"]) == (422, "KEY_REUSED")


def test_a_release_is_opened_where_the_server_has_a_repository(build: Build):
    asked: list[tuple[str, str]] = []
    site = build()

    def begin(rev: str, ask: Callable[[str], Wish], despite: str) -> str:
        if rev == "nowhere":
            raise Refused("GIT_UNKNOWN_REVISION", "There is no such commit.")
        assert ask("app").by == getpass.getuser()
        asked.append((rev, despite))
        return site.opened(rev)

    assert site.post("/api/v1/releases", {"rev": "main"}).json()["code"] == "NO_REPOSITORY"
    other = build(begin=begin)
    answer = other.post("/api/v1/releases", {"rev": "main"})
    assert (answer.status, answer.json()) == (201, {"id": "app-1"})
    assert asked == [("main", "")]
    assert other.post("/api/v1/releases", {"rev": "nowhere"}).status == 409
    assert other.post("/api/v1/releases", {"rev": "--upload-pack=x"}).json()["code"] == "REQUEST_INVALID"


def test_gates_are_overridden_and_freezes_placed_and_ended(build: Build):
    site = build(lambda site: site.opened("new"))
    begun, over = site.clock.now() - 10, site.clock.now() + 600
    frozen = {"name": "feast", "application": "app", "start": begun, "end": over, "why": "nobody is here"}
    assert [each["name"] for each in site.post("/api/v1/freezes", frozen).json()["freezes"]] == ["feast"]
    (gate,) = site.get("/api/v1/releases/app-1/gates").json()
    assert (gate["gate"], gate["open"], gate["waits"][0]["until"]) == ("freeze/feast", False, over)
    body = {"gate": "freeze/feast", "why": "it mends an outage"}
    assert site.post("/api/v1/releases/app-1/override", body).status == 200
    (gate,) = site.get("/api/v1/releases/app-1/gates").json()
    assert (gate["open"], gate["why"]) == (True, f"opened by {getpass.getuser()}: it mends an outage")
    assert site.post("/api/v1/releases/app-1/approve", body).json()["code"] == "GATE_NO_APPROVAL"
    assert site.post("/api/v1/freezes/feast/lift", {"why": "somebody is"}).json()["freezes"] == []
    assert site.post("/api/v1/freezes/feast/lift", {"why": "somebody is"}).json()["code"] == "FREEZE_UNKNOWN"


def test_variables_are_set_and_told_with_all_that_is_in_force(build: Build):
    site = build(lambda site: site.opened("new"))
    assert site.post("/api/v1/variables/stall", {"value": "open", "why": "it is up"}).status == 200
    (variable,) = site.get("/api/v1/in-force").json()["variables"]
    assert (variable["name"], variable["value"], variable["why"]) == ("stall", "open", "it is up")


def test_an_earlier_revision_is_brought_back_and_its_pipeline_stopped(build: Build):
    def fill(site: Site) -> None:
        site.cloud.traffic = {target.key: 100.0 for target in a_pipeline().targets}
        site.carried("first")
        site.carried("second")

    site = build(fill)
    answer = site.post("/api/v1/releases/app-1/back", {"why": "prices of last week"}, Idempotency_Key="one")
    assert (answer.status, answer.json()) == (201, {"id": "app-3"})
    assert site.journal.header("app-3").back_to == "app-1"
    assert [each["application"] for each in site.get("/api/v1/in-force").json()["stops"]] == ["app"]
    assert site.post("/api/v1/releases/app-1/back", {"why": "prices of last week"}, Idempotency_Key="one").status == 201
    assert len(site.journal.releases()) == 3


def test_what_harmed_may_go_again_when_somebody_says_so(build: Build):
    def fill(site: Site) -> None:
        site.carried("first")
        site.broken.add("bad")
        site.carried("bad")

    site = build(fill)
    assert [each["id"] for each in site.get("/api/v1/quarantine").json()["items"]] == ["app-2"]
    named = site.post("/api/v1/releases/app-2/quarantine/fix", {"commit": "good", "why": "it mends it"})
    assert named.json()["code"] == "NO_REPOSITORY"
    lifted = site.post("/api/v1/releases/app-2/quarantine/lift", {"why": "it was the network"})
    assert [(each["release"], each["commit"]) for each in lifted.json()["lifted"]] == [("app-2", "")]
    assert site.post("/api/v1/releases/app-1/quarantine/lift", {"why": "so"}).json()["code"] == "NOT_QUARANTINED"
