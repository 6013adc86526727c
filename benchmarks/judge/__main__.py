"""Run the benchmark, or write its tables and figures anew from the results that are kept.

python -m benchmarks.judge            everything; about half an hour on one core
python -m benchmarks.judge --quick    a minute: few runs, every fifth cell; writes nothing unless --out says where
python -m benchmarks.judge --page     only the tables and figures, from benchmarks/judge/results.json
"""

import argparse
from pathlib import Path

from benchmarks.judge import page, run
from benchmarks.judge.tables import overview

RESULTS = Path(__file__).parent / "results.json"


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.judge", description="The judge and its peers on the same worlds."
    )
    parser.add_argument("--quick", action="store_true", help="few runs and cells: about a minute")
    parser.add_argument(
        "--page", action="store_true", help="write tables and figures from the kept results; measures nothing"
    )
    parser.add_argument("--seed", type=int, default=1, help="everything drawn follows from it (default 1)")
    parser.add_argument("--processes", type=int, choices=(1, 2), default=1, help="1 or 2; the results are the same")
    parser.add_argument(
        "--out", type=Path, help="where the results go (default: results.json beside this file; --quick: nowhere)"
    )
    chosen = parser.parse_args()
    if chosen.page:
        page.write(run.from_text(RESULTS.read_text(encoding="utf-8")))
        return
    results = run.everything(seed=chosen.seed, quick=chosen.quick, processes=chosen.processes)
    out = chosen.out or (None if chosen.quick else RESULTS)
    if out:
        out.write_text(run.as_text(results), encoding="utf-8")
    if out == RESULTS:
        page.write(results)
    print(overview(results))


if __name__ == "__main__":
    main()
