"""All that is told of how fast checks are, by one command: whole applications, building, and nothing changed.

    python benchmarks/checking [--runs 5] [--rounds 30] [--sam sam/bin/sam] [FOLDER:FILE ...]

Applications are named as in `applications.py`. `sam build` is measured beside where the SAM CLI is installed, or named,
and turbo where npm is there to install it; what was left out is said. The parts can be run alone, too:
`applications.py`, `building.py`, `nothing_changed.py`. The machine should have nothing else to do.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
from pathlib import Path

import applications
import building
import nothing_changed
from measuring import application, machine, median

_TITLES = {
    "cold": "the first one in a fresh clone",
    "nothing": "nothing has changed",
    "warm": "a new commit that changes the README only",
    "edit": "one line more in one function",
}


def table(costs: dict[str, applications.Costs]) -> None:
    """Every application beside the others: wall and CPU, medians."""
    print(f"| `shoreward check`, wall s / CPU s | {' | '.join(costs)} |")
    print(f"|---|{'--:|' * len(costs)}")
    for kind in applications.KINDS:
        cells = [
            f"{median(one.wall for one in each[kind]):.3f} / {median(one.cpu for one in each[kind]):.3f}"
            for each in costs.values()
        ]
        print(f"| {_TITLES[kind]} | {' | '.join(cells)} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("applications", nargs="*", type=application, metavar="FOLDER:FILE")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--sam", type=Path, default=shutil.which("sam"))
    asked = parser.parse_args()
    all_ = [applications.EXAMPLE, *asked.applications]
    print(f"{machine()}; medians of {asked.runs} runs\n")
    table(applications.measured(all_, asked.runs))
    if asked.sam is None:
        print("\n`sam build` was left out: there is no `sam`; name one with --sam.")
    else:
        version, pairs = building.measured(all_, Path(asked.sam).absolute(), asked.runs)
        print(f"\nBuilding, beside {version}")
        for name, each in pairs.items():
            building.show(name, each)
    print()
    try:
        nothing_changed.show(nothing_changed.beside_turbo(asked.rounds), asked.rounds)
    except (FileNotFoundError, subprocess.CalledProcessError) as missing:
        print(f"turbo was left out, because npm could not install it: {missing}")


if __name__ == "__main__":
    main()
