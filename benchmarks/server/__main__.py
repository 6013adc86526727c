"""How quickly the server answers, with 500 pipelines and 20,000 past releases.

    PYTHONPATH=src:tests python -m benchmarks.server [--pipelines 500] [--releases 40] [--times 40]

builds such a journal in a temporary folder (some releases are simulated, and written again under other names),
starts the server on it as a process of its own, asks every page and route again and again, and prints how long the
answers took, and how much of a core the server had for one, which a busy machine changes less. A table as in
docs/server.md.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import httpx
from benchmarks.server.building import build
from benchmarks.server.routes import ROUTES
from benchmarks.server.serving import Served, served


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pipelines", type=int, default=500)
    parser.add_argument("--releases", type=int, default=40)
    parser.add_argument("--times", type=int, default=40)
    parser.add_argument("--journal", type=Path, help="Build it here, or use what is here.")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        journal = asked.journal or Path(folder) / "journal.db"
        began = time.perf_counter()
        if not journal.exists():
            build(journal, pipelines=asked.pipelines, releases=asked.releases)
            print(f"built in {time.perf_counter() - began:.0f} s, {journal.stat().st_size / 1e6:.0f} MB")
        began = time.perf_counter()
        with served(journal) as server, httpx.Client(base_url=server.address, timeout=60) as client:
            print(f"ready after {time.perf_counter() - began:.1f} s")
            print("\n| route | p50 ms | p95 ms | first ms | of a core, ms | kB |\n|---|---:|---:|---:|---:|---:|")
            for route in ROUTES:
                print(_row(server, client, route, asked.times), flush=True)


def _row(server: Served, client: httpx.Client, route: str, times: int) -> str:
    took: list[float] = []
    size, worked = 0, server.worked
    for turn in range(times):
        # Another application each time, so that nothing is answered from what was drawn a moment ago.
        path = route.format(app=f"shore{1 + turn * 7 % 500:03}", turn=turn)
        accept = "application/json" if path.startswith("/api") else "text/html"
        began = time.perf_counter()
        answer = client.get(path, headers={"Accept": accept})
        took.append(1000 * (time.perf_counter() - began))
        assert answer.status_code == 200, (path, answer.status_code, answer.text[:300])
        size = len(answer.content)
        if "{" not in route:
            time.sleep(0.55)  # longer than a drawing is kept
    p95 = statistics.quantiles(took, n=20)[-1]
    worked = 1000 * (server.worked - worked) / times
    numbers = f"{statistics.median(took):.0f} | {p95:.0f} | {took[0]:.0f} | {worked:.0f} | {size / 1000:.0f}"
    return f"| `{route}` | {numbers} |"


if __name__ == "__main__":
    main()
