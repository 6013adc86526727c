"""The fortnight of many pipelines: `python -m benchmarks.fleet [--pipelines 50] [--days 14] [--out fleet.json]`."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from shoreward.simulation.fleet import Shape, simulate, table


def main() -> None:
    """Simulate, print the table, and write the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fleet")
    parser.add_argument("--pipelines", type=int, default=50)
    parser.add_argument("--regions", type=int, default=28)
    parser.add_argument("--merges", type=float, default=40.0)
    parser.add_argument("--days", type=float, default=14.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("fleet.json"))
    given = parser.parse_args()
    shape = Shape(
        pipelines=given.pipelines, regions=given.regions, merges=given.merges, days=given.days, seed=given.seed
    )
    began = time.process_time()

    def told(fleet: object) -> None:
        now, events = fleet.now, fleet.events  # type: ignore[attr-defined]
        hours = (now - 1_699_833_600.0) / 3_600
        if hours % 6 == 0:
            used = time.process_time() - began
            under_way = len(fleet.carried)  # type: ignore[attr-defined]
            print(f"hour {hours:.0f}: {events} events, {under_way} releases, {used:.0f} s", file=sys.stderr, flush=True)

    report = simulate(shape, told)
    seconds = time.process_time() - began
    given.out.write_text(json.dumps({**report.json(), "seconds": round(seconds, 1)}, indent=1) + "\n", encoding="utf-8")
    print(table(report))
    print(f"{seconds:.0f} s of processor time.")


if __name__ == "__main__":
    main()
