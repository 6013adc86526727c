"""`shoreward check` on whole applications: cold, warm, after an edit of one line, and when nothing has changed.

    python benchmarks/checking/applications.py [--runs 5] [FOLDER:FILE ...]

FOLDER is an application in a git checkout, with a shoreward.yaml; FILE is the code of one of its functions. The example
of this repository is always measured, too. Each run begins with a fresh copy, so nothing is kept of an earlier one;
what was downloaded once is in the caches of uv and npm, for the first round is not counted. Advisories come from a
server on loopback that knows none.

    cold       the first check of a fresh clone
    nothing    the same again
    warm       a new commit that changes the README only
    edit       one line more in one function
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

from measuring import ROOT, SHOREWARD, Application, Cost, application, commit, machine, median, run, surroundings

from shoreward.testing.advisories import AdvisoryServer

EXAMPLE = Application(place=ROOT / "examples" / "sandcastles", code="functions/tides/tide.py")
KINDS = ("cold", "nothing", "warm", "edit")
Costs = dict[str, list[Cost]]


def once(one: Application, folder: Path, environment: dict[str, str]) -> dict[str, Cost]:
    """A copy of an application from its first check on."""
    one.copy(folder)
    command = [SHOREWARD, "check", "--json"]
    costs = {"cold": run(command, folder, environment)}
    costs["nothing"] = run([SHOREWARD, "check"], folder, environment)
    if "Nothing has changed since" not in costs["nothing"].said:
        raise SystemExit(f"{one.name}: something was checked again\n{costs['nothing'].said}")
    readme = folder / "README.md"
    readme.write_text(f"{readme.read_text().rstrip()}\n\nOne line more.\n")
    commit(folder, "words")
    costs["warm"] = run(command, folder, environment)
    one.edit(folder, 1)
    costs["edit"] = run(command, folder, environment)
    return costs


def show(name: str, costs: Costs) -> None:
    print(f"\n{name}\n\n| | wall s | CPU s | wall s, least | checks run |\n|---|--:|--:|--:|---|")
    for kind in KINDS:
        each = costs[kind]
        wall, cpu = median(one.wall for one in each), median(one.cpu for one in each)
        print(f"| {kind} | {wall:.3f} | {cpu:.3f} | {min(one.wall for one in each):.3f} | {ran(kind, each)} |")


def ran(kind: str, costs: list[Cost]) -> str:
    """Which checks were run, with the median of their seconds."""
    if kind == "nothing":
        return ""
    seconds: dict[str, list[float]] = defaultdict(list)
    for cost in costs:
        answer: dict[str, Any] = json.loads(cost.said)
        for check in answer["checks"]:
            if not check["kept"] and check["verdict"] != "no_data":
                seconds[check["check"]].append(check["seconds"])
    ordered = sorted(seconds, key=lambda name: -median(seconds[name]))
    return ", ".join(f"{name} {median(seconds[name]):.2f}" for name in ordered)


def measured(all_: list[Application], runs: int) -> dict[str, Costs]:
    """Costs of each application by its name."""
    costs: dict[str, Costs] = {one.name: defaultdict(list) for one in all_}
    with AdvisoryServer([]) as advisories, tempfile.TemporaryDirectory(prefix="shoreward-bench-") as made:
        environment = surroundings(SHOREWARD_ADVISORIES=advisories.address)
        for number in range(-1, runs):
            for one in all_:
                found = once(one, Path(made).resolve() / one.name, environment)
                for kind, cost in found.items() if number >= 0 else ():
                    costs[one.name][kind].append(cost)
    return costs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("applications", nargs="*", type=application, metavar="FOLDER:FILE")
    parser.add_argument("--runs", type=int, default=5)
    asked = parser.parse_args()
    costs = measured([EXAMPLE, *asked.applications], asked.runs)
    print(f"{machine()}; medians of {asked.runs} runs")
    for name, each in costs.items():
        show(name, each)


if __name__ == "__main__":
    main()
