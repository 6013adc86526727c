"""How soon an event is on the page, with fifty people who look on; how soon a page is there, and what it weighs.

    PYTHONPATH=src:tests python -m benchmarks.server.live [--viewers 50] [--events 200]

One of the viewers is a real Chromium, whose own clock says when the new text stood in the page. The others listen to
the stream of the same page, in a process of their own, and say when the new text has come to them.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from benchmarks.server.serving import Served, served
from playwright.sync_api import Page

from shoreward.adapters.journal import SqliteJournal
from shoreward.core import events as e
from shoreward.testing.builders import an_opening
from web.browser import browser

PAGES = (
    "/pipelines",
    "/pipelines/app",
    "/releases/app-1",
    "/pipelines/app/releases",
    "/figures",
    "/audit",
    "/sandboxes",
)

PATH = "/pipelines/app"

LOOKS = 10
"""How often each page is opened."""

NOTE = """() => {
  window.seen = {};
  new MutationObserver(() => {
    for (const [word] of document.body.innerText.matchAll(/word \\d+/g)) window.seen[word] ??= Date.now() / 1000;
  }).observe(document.body, { subtree: true, childList: true, characterData: true });
}"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--viewers", type=int, default=50)
    parser.add_argument("--events", type=int, default=200)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        journal = SqliteJournal(Path(folder) / "journal.db")
        journal.open(an_opening(at=time.time()))
        with served(Path(folder) / "journal.db") as server, browser() as chromium:
            # The first page of a browser has its own start in it.
            _look(chromium.new_page(), server.address, "/account")
            print("| page | first content, ms | at most | kB |\n|---|---:|---:|---:|")
            for path in PAGES:
                print(_weighed([_look(chromium.new_page(), server.address, path) for _ in range(LOOKS)], path))
            _followed(chromium.new_page(), server, journal, asked.viewers, asked.events)
        journal.close()


def _look(page: Page, address: str, path: str) -> tuple[float, int]:
    """Milliseconds until there was something to see, and all bytes that came for it."""
    page.goto(address + path, wait_until="load")
    # Asked for from here: what Playwright waits with inside of a page is against the page's own security policy.
    while (first := page.evaluate("performance.getEntriesByName('first-contentful-paint')[0]?.startTime")) is None:
        page.wait_for_timeout(20)
    weight = page.evaluate(
        "[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]"
        ".reduce((sum, one) => sum + one.transferSize, 0)"
    )
    page.close()
    return first, weight


def _weighed(looks: Sequence[tuple[float, int]], path: str) -> str:
    first, weights = zip(*looks, strict=True)
    return f"| `{path}` | {statistics.median(first):.0f} | {max(first):.0f} | {max(weights) / 1000:.0f} |"


def _followed(page: Page, server: Served, journal: SqliteJournal, viewers: int, events: int) -> None:
    page.goto(server.address + PATH)
    page.wait_for_selector('#pulse[data-state="live"]')
    page.evaluate(NOTE)
    with ProcessPoolExecutor(1) as elsewhere:
        others = elsewhere.submit(onlookers, server.address, viewers - 1, f"word {events - 1}")
        time.sleep(3)
        said, worked = dict[str, float](), server.worked
        for number in range(events):
            seq, word = len(journal.events("app-1")), f"word {number}"
            said[word] = time.time()
            journal.append("app-1", seq, (e.HoldPlaced(at=said[word], by="ada", why=word),))
            time.sleep(0.3)
        at_others = others.result(60)
        worked = 1000 * (server.worked - worked) / events
    page.wait_for_timeout(1_000)
    seen: dict[str, float] = page.evaluate("window.seen")
    print(f"\n| with {viewers} viewers | p50 ms | p99 ms | most |\n|---|---:|---:|---:|")
    print(_row("in Chromium's page", [at - said[word] for word, at in seen.items()]))
    print(_row("at the others", [at - said[word] for words in at_others for word, at in words.items()]))
    print(f"\nThe server had {worked:.0f} ms of a core for each event.")


def _row(name: str, values: Sequence[float]) -> str:
    millis = sorted(1000 * value for value in values)
    p99 = statistics.quantiles(millis, n=100)[-1]
    return f"| {name} ({len(millis)}) | {statistics.median(millis):.0f} | {p99:.0f} | {millis[-1]:.0f} |"


def onlookers(address: str, number: int, last: str) -> list[dict[str, float]]:
    """When each of so many people saw which word for the first time, up to the last one."""

    async def all_of_them() -> list[dict[str, float]]:
        return await asyncio.gather(*(_onlooker(address, last) for _ in range(number)))

    return asyncio.run(all_of_them())


async def _onlooker(address: str, last: str) -> dict[str, float]:
    seen: dict[str, float] = {}
    host, _, port = address.removeprefix("http://").rpartition(":")
    stream, asking = await asyncio.open_connection(host, int(port), limit=2**22)
    asking.write(f"GET {PATH} HTTP/1.1\r\nHost: {host}:{port}\r\nAccept: text/event-stream\r\n\r\n".encode())
    while last not in seen:
        part = await asyncio.wait_for(stream.readuntil(b"\n\n"), 30)
        at = part.find(b"word ")
        if at >= 0:
            seen.setdefault(part[at : at + 9].partition(b"<")[0].decode().strip(), time.time())
    asking.close()
    return seen


if __name__ == "__main__":
    main()
