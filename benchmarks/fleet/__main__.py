"""The fortnight of many pipelines: `python -m benchmarks.fleet [--pipelines 50] [--days 14] [--out fleet.json]`.

Prints a table, and writes the figures as they stand after each simulated day.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from shoreward.simulation.fleet import Fleet, Report, Shape, reported, simulate, table
from shoreward.simulation.fleet.shape import MONDAY


def main() -> None:
    """Simulate, print the table, and write the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fleet")
    parser.add_argument("--pipelines", type=int, default=50)
    parser.add_argument("--regions", type=int, default=28)
    parser.add_argument("--merges", type=float, default=40.0)
    parser.add_argument("--days", type=float, default=14.0)
    parser.add_argument("--groups", type=int, default=5)
    parser.add_argument("--outages", type=float, default=2.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("fleet.json"))
    given = parser.parse_args()
    shape = Shape(
        pipelines=given.pipelines,
        regions=given.regions,
        merges=given.merges,
        days=given.days,
        groups=given.groups,
        outages=given.outages,
        seed=given.seed,
    )

    def write(report: Report, days: float) -> None:
        figures = {"simulated_days": round(days, 2), "seconds": round(time.process_time(), 1), **report.json()}
        given.out.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")

    def told(fleet: Fleet) -> None:
        days = (fleet.now - MONDAY) / 86_400
        if days % 1 == 0:
            write(reported(fleet), days)
            seconds = time.process_time()
            print(
                f"day {days:.0f}: {fleet.events} events, {len(fleet.carried)} releases, {seconds:.0f} s",
                file=sys.stderr,
            )

    report = simulate(shape, told)
    write(report, given.days)
    print(table(report))
    print(f"{time.process_time():.0f} s of processor time.")


if __name__ == "__main__":
    main()
