"""A page as a stream: what moves of it comes by itself, once for all who look, and nothing that a reader has."""

from __future__ import annotations

import asyncio
import json
import re
import urllib.request
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from shoreward.adapters.journal import SqliteJournal
from shoreward.app.people import orders
from shoreward.core import events as e
from shoreward.testing.builders import a_pipeline, an_opening
from shoreward.web.kept import Kept
from shoreward.web.watch import Watch

from .conftest import BY, Build, Site, server

_ENDS = re.compile(rb"\r\n|\r|\n")
"""Whatever ends a line of a stream, as browsers read it."""


@dataclass(frozen=True, kw_only=True)
class Message:
    kind: str
    id: str
    data: str

    @property
    def text(self) -> str:
        return json.loads(self.data)


@contextmanager
def looking(address: str, path: str, **headers: str) -> Iterator[Iterator[Message]]:
    """Somebody who looks at a page, as its script does."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(address + path, headers={"Accept": "text/event-stream", **names})
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert answer.headers.get_content_type() == "text/event-stream"
        packed = answer.headers["content-encoding"] == "gzip"
        yield _messages(_chunks(answer.read1, packed=packed))


def _chunks(read, *, packed: bool) -> Iterator[bytes]:
    press = zlib.decompressobj(zlib.MAX_WBITS | 16)
    while chunk := read(65_536):
        yield press.decompress(chunk) if packed else chunk


def _messages(chunks: Iterator[bytes]) -> Iterator[Message]:
    waiting = b""
    for chunk in chunks:
        *whole, waiting = re.split(rb"\n\n", waiting + chunk)
        for one in whole:
            said = dict(line.decode().split(": ", 1) for line in _ENDS.split(one))
            if "event" in said:
                yield Message(kind=said["event"], id=said.get("id", ""), data=said["data"])


def parts(messages: Iterator[Message]) -> Iterator[Message]:
    return (each for each in messages if each.kind == "part")


def hold(site: Site, release: str, why: str) -> None:
    after = len(site.journal.events(release))
    site.journal.append(release, after, (e.HoldPlaced(at=site.clock.now(), by="ada", why=why),))


def test_who_looks_at_a_page_is_sent_what_moves_whenever_something_happens(build: Build):
    site = build(lambda site: site.opened("new", subject="A moat"))
    for path in ("/", "/pipelines", "/pipelines/app", "/releases/app-1"):
        with looking(site.address, path) as messages:
            came = parts(messages)
            first = next(came).text
            hold(site, "app-1", f"seen on {path}")
            second = next(came).text
        assert first.startswith('<div id="live">')
        assert "A moat" in first
        assert f"seen on {path}" not in first
        assert f"seen on {path}" in second


def test_what_did_not_change_is_not_sent_again_but_a_sign_of_life_is(build: Build):
    site = build(lambda site: site.opened("new"))
    with looking(site.address, "/pipelines/app") as messages:
        kinds = [next(messages).kind for _ in range(4)]
    assert kinds == ["part", "beat", "beat", "beat"]


def test_who_comes_back_is_sent_nothing_that_they_have_by_this_server_or_the_next(build: Build):
    site = build(lambda site: site.opened("new"))
    with looking(site.address, "/pipelines/app") as messages:
        seen = next(messages)
    with server(site) as another:
        for address in (site.address, another):
            with looking(address, "/pipelines/app", Last_Event_ID=seen.id) as messages:
                assert next(messages).kind == "beat"
        hold(site, "app-1", "so")
        with looking(another, "/pipelines/app", Last_Event_ID=seen.id) as messages:
            assert "held by ada: so" in next(parts(messages)).text


def test_parts_are_compressed_once_for_all_who_take_them_so(build: Build):
    site = build(lambda site: site.opened("new"))
    with (
        looking(site.address, "/releases/app-1") as plain,
        looking(site.address, "/releases/app-1", Accept_Encoding="gzip") as packed,
    ):
        one, other = parts(plain), parts(packed)
        assert next(one) == next(other)
        hold(site, "app-1", "the moat is dry")
        again = next(one)
        assert again == next(other)
    assert "the moat is dry" in again.text


def test_no_text_of_others_is_a_message_of_its_own(build: Build):
    evil = "one\rtwo\nthree\r\n\r\nevent: beat\ndata: 0\n\nid: 1\u2028"
    site = build(lambda site: site.opened("new", subject=evil))
    with looking(site.address, "/releases/app-1") as messages:
        part, beat = next(messages), next(messages)
    assert (part.kind, beat.kind) == ("part", "beat")
    assert float(beat.data) == site.clock.now()
    assert "event: beat" in part.text


def test_a_page_that_is_not_there_has_no_stream(build: Build):
    site = build(lambda site: site.opened("new"))
    for path in ("/pipelines/none", "/releases/app-7", "/releases/app-1/judgement/nowhere"):
        answer = site.get(path, Accept="text/event-stream")
        assert answer.status == 404
        assert answer.headers["content-type"] == "application/problem+json"


def test_however_many_look_it_is_drawn_once_and_again_when_it_is_not_good_any_more():
    drawn: list[int] = []
    kept = Kept()

    def draw() -> int:
        drawn.append(len(drawn))
        return len(drawn)

    async def fifty(least: int) -> set[int]:
        return set(await asyncio.gather(*(kept.of("page", lambda one: one >= least, draw) for _ in range(50))))

    async def looked() -> list[set[int]]:
        return [await fifty(1), await fifty(1), await fifty(2)]

    assert asyncio.run(looked()) == [{1}, {1}, {2}]


def test_a_pipeline_is_touched_by_its_own_events_and_by_what_people_say(tmp_path: Path):
    journal = SqliteJournal(tmp_path / "journal.db")
    for name in ("app", "tides"):
        journal.open(an_opening("new", replace(a_pipeline(), application=name)))
    watch = Watch(journal)

    def touched() -> list[str]:
        before = watch.sight
        watch.refresh()
        return [name for name in ("app", "tides", "") if watch.sight.touches(name, before)]

    assert touched() == []
    journal.append("tides-1", 1, (e.HoldPlaced(at=1.0, by="ada", why="so"),))
    assert touched() == ["tides", ""]
    orders.stop(journal, "", BY)
    assert touched() == ["app", "tides", ""]
    journal.close()
