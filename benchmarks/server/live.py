"""How soon an event is on the page, with fifty people who look on; how soon a page is there, and what it weighs.

    PYTHONPATH=src:tests python -m benchmarks.server.live [--viewers 50] [--events 200]

One of the viewers is a real Chromium, whose own clock says when the new text stood in the page. The others do what its
script does: they listen to the stream, and ask for what moves of the page whenever something has happened.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import httpx
from benchmarks.server.serving import served
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
        with served(Path(folder) / "journal.db") as address, browser() as chromium:
            print("| page | first content, s | kB |\n|---|---:|---:|")
            for path in PAGES:
                print(_weighed(chromium.new_page(), address, path))
            _followed(chromium.new_page(), address, journal, asked.viewers, asked.events)
        journal.close()


def _weighed(page: Page, address: str, path: str) -> str:
    page.goto(address + path, wait_until="load")
    page.wait_for_function("performance.getEntriesByName('first-contentful-paint').length")
    first = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime") / 1000
    weight = page.evaluate(
        "[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]"
        ".reduce((sum, one) => sum + one.transferSize, 0)"
    )
    page.close()
    return f"| `{path}` | {first:.3f} | {weight / 1000:.0f} |"


def _followed(page: Page, address: str, journal: SqliteJournal, viewers: int, events: int) -> None:
    page.goto(address + PATH)
    page.wait_for_selector('#pulse[data-state="live"]')
    page.evaluate(NOTE)
    over = threading.Event()
    readers = [_Reader(address, over) for _ in range(viewers - 1)]
    for reader in readers:
        reader.start()
    time.sleep(2)
    said: dict[str, float] = {}
    for number in range(events):
        seq, word = len(journal.events("app-1")), f"word {number}"
        event = e.HoldLifted if number % 2 else e.HoldPlaced
        said[word] = time.time()
        journal.append("app-1", seq, (event(at=said[word], by="ada", why=word),))
        time.sleep(0.6)
    time.sleep(2)
    # What is lifted is told on the page of the release alone; here holds are seen.
    seen: dict[str, float] = page.evaluate("window.seen")
    over.set()
    print(f"\n| with {viewers} viewers | p50 ms | p99 ms | most |\n|---|---:|---:|---:|")
    print(_row("in Chromium's page", [at - said[word] for word, at in seen.items()]))
    print(_row("at the others", [at - said[word] for reader in readers for word, at in reader.seen.items()]))


def _row(name: str, values: Sequence[float]) -> str:
    millis = sorted(1000 * value for value in values)
    p99 = statistics.quantiles(millis, n=100)[-1]
    return f"| {name} ({len(millis)}) | {statistics.median(millis):.0f} | {p99:.0f} | {millis[-1]:.0f} |"


class _Reader(threading.Thread):
    """Somebody who looks on."""

    def __init__(self, address: str, over: threading.Event) -> None:
        super().__init__(daemon=True)
        self._address = address
        self._over = over
        self.seen: dict[str, float] = {}

    def run(self) -> None:
        """Listen, and ask for what moves."""
        with (
            httpx.Client(base_url=self._address, timeout=60) as client,
            client.stream("GET", "/api/v1/events?application=app") as stream,
        ):
            for line in stream.iter_lines():
                if self._over.is_set():
                    return
                if line.startswith("event: happened"):
                    self._look(client)

    def _look(self, client: httpx.Client) -> None:
        part = client.get(PATH, headers={"Shoreward-Part": "live", "Accept": "text/html"}).text
        place = part.find("word ")
        if place >= 0:
            self.seen.setdefault(part[place : place + 9].split("<")[0].strip(), time.time())


if __name__ == "__main__":
    main()
