"""Building with Shoreward beside `sam build --cached --parallel`, in turns, on the same applications.

    python -m venv sam && sam/bin/pip install aws-sam-cli
    python benchmarks/checking/building.py --sam sam/bin/sam [--runs 5] [FOLDER:FILE ...]

Applications are named as in `applications.py`. Both tools get copies of their own and build them with nothing kept
(`cold`), again (`nothing`), and with one line more in one function (`edit`). What was downloaded once is in the caches
of uv, pip and npm: the first round is not counted. Shoreward renders the template, too, and leaves zips that are
ready to be deployed; `sam build` leaves folders. `sam build` needs the Python of the functions on this machine, so the
copies' functions get the Python that is here.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
from collections import defaultdict
from pathlib import Path

from applications import EXAMPLE
from measuring import SHOREWARD, Application, Cost, application, machine, median, run, surroundings

KINDS = ("cold", "nothing", "edit")
OURS = [SHOREWARD, "check", "--only", "build"]
Pairs = dict[str, list[tuple[Cost, Cost]]]


def once(one: Application, made: Path, sam: list[str], environment: dict[str, str], number: int) -> Pairs:
    """Both tools on copies of an application, the one that goes first taking turns."""
    places = {"ours": one.copy(made / "ours" / one.name), "sam": one.copy(made / "sam" / one.name)}
    commands = {"ours": OURS, "sam": sam}
    order = ("ours", "sam") if number % 2 else ("sam", "ours")
    pairs: Pairs = defaultdict(list)
    for kind in KINDS:
        if kind == "edit":
            for place in places.values():
                one.edit(place, number + 2)
        costs = {who: run(commands[who], places[who], environment) for who in order}
        pairs[kind].append((costs["ours"], costs["sam"]))
    shutil.rmtree(made, ignore_errors=True)
    return pairs


def show(name: str, pairs: Pairs) -> None:
    print(f"\n{name}\n")
    print("| | ours, wall s | `sam build`, wall s | ratio | ours, CPU s | `sam build`, CPU s | ratio |")
    print("|---|--:|--:|--:|--:|--:|--:|")
    for kind in KINDS:
        ours, theirs = [pair[0] for pair in pairs[kind]], [pair[1] for pair in pairs[kind]]
        wall = median(b.wall / a.wall for a, b in pairs[kind])
        cpu = median(b.cpu / a.cpu for a, b in pairs[kind])
        walls = [median(one.wall for one in each) for each in (ours, theirs)]
        cpus = [median(one.cpu for one in each) for each in (ours, theirs)]
        print(f"| {kind} | {walls[0]:.3f} | {walls[1]:.3f} | {wall:.1f} | {cpus[0]:.3f} | {cpus[1]:.3f} | {cpu:.1f} |")


def measured(all_: list[Application], sam: Path, runs: int) -> tuple[str, dict[str, Pairs]]:
    """Version of `sam`, and costs of each application by its name."""
    # `sam build` takes the Python that it finds on the PATH, with its pip.
    environment = surroundings(PATH=f"{sam.parent}{os.pathsep}{os.environ['PATH']}")
    command = [str(sam), "build", "--cached", "--parallel"]
    pairs: dict[str, Pairs] = {one.name: defaultdict(list) for one in all_}
    with tempfile.TemporaryDirectory(prefix="shoreward-bench-") as made:
        for number in range(-1, runs):
            for one in all_:
                found = once(one, Path(made).resolve() / "copies", command, environment, number)
                for kind, costs in found.items() if number >= 0 else ():
                    pairs[one.name][kind] += costs
    return run([str(sam), "--version"], Path.cwd(), environment).said.strip(), pairs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("applications", nargs="*", type=application, metavar="FOLDER:FILE")
    parser.add_argument("--sam", type=Path, required=True)
    parser.add_argument("--runs", type=int, default=5)
    asked = parser.parse_args()
    version, pairs = measured([EXAMPLE, *asked.applications], asked.sam.absolute(), asked.runs)
    print(f"{machine()}; {version}; medians of {asked.runs} runs, ratios of the pairs")
    for name, each in pairs.items():
        show(name, each)


if __name__ == "__main__":
    main()
