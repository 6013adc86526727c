"""The stream of events: however often it is cut, nothing is lost and nothing comes twice."""

from __future__ import annotations

import json
import random
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from shoreward.core import events as e
from shoreward.testing.builders import a_pipeline

from .conftest import Build, Site


@contextmanager
def stream(site: Site, *, last: int | None = None, query: str = "") -> Iterator[Iterator[dict[str, Any]]]:
    """The events of a stream, as they come."""
    request = urllib.request.Request(f"{site.address}/api/v1/events{query}")
    if last is not None:
        request.add_header("Last-Event-ID", str(last))
    with urllib.request.urlopen(request, timeout=60) as answer:
        yield _events(answer)


def _events(answer: Any) -> Iterator[dict[str, Any]]:
    said: dict[str, str] = {}
    for line in answer:
        name, _, value = line.decode().rstrip("\n").partition(": ")
        if name:
            said[name] = value
        elif "data" in said:
            yield {"kind": said["event"], "id": int(said.get("id", "0").partition("-")[0]), **json.loads(said["data"])}
            said = {}
        else:
            said = {}


def speak(site: Site, release: str, times: int) -> None:
    for _ in range(times):
        after = len(site.journal.events(release))
        site.journal.append(release, after, (e.HoldPlaced(at=site.clock.now(), by="ada", why=f"word {after}"),))


def test_what_happens_is_told_in_order_from_now_on(build: Build):
    site = build(lambda site: site.opened("new"))
    with stream(site) as events:
        speak(site, "app-1", 3)
        told = [next(events) for _ in range(3)]
    assert [(each["release"], each["seq"], each["event"]) for each in told] == [
        ("app-1", seq, "HoldPlaced") for seq in (2, 3, 4)
    ]


def test_a_stream_that_is_cut_again_and_again_loses_nothing_and_doubles_nothing(build: Build):
    site = build(lambda site: [site.opened("one"), site.opened("two")])
    chance = random.Random(7)
    begun = site.journal.newest()
    whole = 160
    writer = threading.Thread(target=lambda: [speak(site, f"app-{1 + n % 2}", 4) for n in range(whole // 4)])
    writer.start()
    seen: list[int] = []
    last = begun
    while len(seen) < whole:
        with stream(site, last=last) as events:
            for _ in range(min(chance.randint(1, 25), whole - len(seen))):
                last = next(events)["id"]
                seen.append(last)
    writer.join()
    assert seen == [each.id for each in site.journal.happened(begun)]
    assert len(seen) == len(set(seen)) == whole


def test_a_reader_goes_on_at_the_next_server_where_the_last_one_ended(build: Build):
    site = build(lambda site: [site.opened("new"), speak(site, "app-1", 5)])
    with stream(site, last=0) as events:
        first = [next(events)["id"] for _ in range(3)]
    with stream(site, query=f"?after={first[-1]}") as events:
        second = [next(events)["id"] for _ in range(3)]
    assert first + second == [each.id for each in site.journal.happened()]


def test_a_word_about_everything_is_told_without_an_id(build: Build):
    site = build(lambda site: site.opened("new"))
    with stream(site) as events:
        site.post("/api/v1/stop", {"why": "we do not know yet"})
        told = next(events)
    assert (told["kind"], told["event"], told["seq"]) == ("order", "StopPlaced", 1)


def test_a_stream_can_be_about_one_application(build: Build):

    site = build(
        lambda site: [site.opened("one", replace(a_pipeline(), application=name)) for name in ("app", "other")]
    )
    with stream(site, last=0, query="?application=other") as events:
        assert next(events)["release"] == "other-1"


def test_an_id_that_is_none_is_refused(past: Site):
    ahead = past.get("/api/v1/events", Last_Event_ID="999999")
    assert (ahead.status, ahead.json()["code"]) == (409, "STREAM_AHEAD")
    for wrong in ("-1", "x", "1 2", "9" * 40):
        assert past.get("/api/v1/events", Last_Event_ID=wrong).json()["code"] == "EVENT_ID"


def test_a_stream_is_not_held_back_by_compression(build: Build):
    site = build(lambda site: site.opened("new"))
    request = urllib.request.Request(f"{site.address}/api/v1/events?after=0", headers={"Accept-Encoding": "gzip"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        assert answer.headers["content-encoding"] is None
        assert next(_events(answer))["event"] == "ReleaseOpened"
