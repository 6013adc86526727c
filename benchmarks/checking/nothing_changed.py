"""Nothing has changed: `shoreward check` on twenty checks beside turbo on twenty tasks, in turns, on this machine.

    python benchmarks/checking/nothing_changed.py [--rounds 30]

Both repositories hold twenty packages of a few files, and a command for each that has passed before. turbo comes from
npm, in the version below, and is measured as its native binary, without the shim that npm puts before it; git and
Python themselves are measured beside, for what of the time is theirs. CPU is that of the process and all that it
started; the medians of the pairs are what counts, since a busy machine is busy for both.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from measuring import SHOREWARD, Cost, commit, git, machine, run, surroundings

TURBO = "2.11.11"
PACKAGES = 20

PIPELINE = """\
application: bench
template: template.yaml
accounts:
  main: {id: "111111111111"}
waves:
  - {name: north, targets: [main/eu-north-1]}
checks:
  discover: false
  skip: [build, template, policies, secrets, security, sbom, vulnerabilities]
  suites:
"""


def packages(folder: Path) -> list[str]:
    """Twenty packages of five files each."""
    names = [f"p{number:02}" for number in range(PACKAGES)]
    for name in names:
        for file in range(5):
            path = folder / "packages" / name / "src" / f"f{file}.js"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"export const {name}_{file} = {file};\n" * 40)
    return names


def shoreward(folder: Path) -> list[str]:
    """A repository with a suite for each package; returns the command."""
    suites = [
        f'    - {{name: {name}, kind: unit, run: "grep -q export src/f0.js", '
        f"folder: packages/{name}, inputs: [packages/{name}/**]}}\n"
        for name in packages(folder)
    ]
    (folder / "shoreward.yaml").write_text(PIPELINE + "".join(suites))
    (folder / "template.yaml").write_text("Resources: {}\n")
    begin(folder)
    return [SHOREWARD, "check"]


def begin(folder: Path) -> None:
    git(folder, "init", "--quiet", "--initial-branch=main")
    commit(folder, "first")


def turbo(folder: Path) -> list[str]:
    """A repository with a task for each package, and turbo's native binary for this machine; returns the command."""
    for name in packages(folder):
        about = {"name": name, "version": "1.0.0", "scripts": {"test": "grep -q export src/f0.js"}}
        (folder / "packages" / name / "package.json").write_text(json.dumps(about))
    about = {"name": "bench", "private": True, "workspaces": ["packages/*"], "packageManager": "npm@10.0.0"}
    (folder / "package.json").write_text(json.dumps(about))
    (folder / "turbo.json").write_text(json.dumps({"tasks": {"test": {"inputs": ["src/**"]}}}))
    (folder / ".gitignore").write_text("node_modules\n.turbo\n")
    npm = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--save-exact", "--save-dev", f"turbo@{TURBO}"]
    subprocess.run(npm, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    begin(folder)
    processor = {"x86_64": "64", "amd64": "64", "aarch64": "arm64", "arm64": "arm64"}[platform.machine().lower()]
    candidates = [
        *folder.glob(f"node_modules/turbo-*-{processor}/bin/turbo"),
        *folder.glob("node_modules/@turbo/*/bin/turbo"),
    ]
    return [str(candidates[0]), "run", "test", "--output-logs=none"]


def measured(rounds: int, commands: dict[str, Callable[[], Cost]]) -> dict[str, list[Cost]]:
    """All of them in turns, so that each meets the same weather."""
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    for number in range(rounds):
        order = list(commands) if number % 2 else list(reversed(commands))
        for name in order:
            costs[name].append(commands[name]())
    return costs


def beside_turbo(rounds: int) -> dict[str, list[Cost]]:
    """Costs of each command by its name."""
    with tempfile.TemporaryDirectory(prefix="shoreward-bench-") as made:
        ours, theirs = Path(made).resolve() / "ours", Path(made).resolve() / "theirs"
        for folder in (ours, theirs):
            folder.mkdir()
        # Bytecode is written once and read ever after, as after any installation.
        environment = surroundings(PYTHONPYCACHEPREFIX=f"{made}/bytecode")
        check, task = shoreward(ours), turbo(theirs)
        for _ in range(2):
            run(check, ours, environment)
            run(task, theirs, environment)
        _must_be_quick(check, task, ours, theirs, environment)
        return measured(
            rounds,
            {
                "shoreward check": lambda: run(check, ours, environment),
                "turbo, native binary": lambda: run(task, theirs, environment),
                "python -c pass": lambda: run([sys.executable, "-c", "pass"], ours, environment),
                "git status": lambda: run(
                    ["git", "status", "--porcelain=v2", "--untracked-files=all"], ours, environment
                ),
            },
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=30)
    rounds = parser.parse_args().rounds
    show(beside_turbo(rounds), rounds)


def _must_be_quick(check: list[str], task: list[str], ours: Path, theirs: Path, environment: dict[str, str]) -> None:
    """Nothing is compared before both say that they do nothing."""
    said = subprocess.run(check, cwd=ours, env=environment, capture_output=True, text=True, check=True).stdout
    if "Nothing has changed since" not in said or f"{PACKAGES} checks passed" not in said:
        raise SystemExit(f"shoreward check ran something:\n{said}")
    said = subprocess.run(task, cwd=theirs, env=environment, capture_output=True, text=True, check=True).stdout
    if f"Cached:    {PACKAGES} cached, {PACKAGES} total" not in said:
        raise SystemExit(f"turbo ran something:\n{said}")


def show(costs: dict[str, list[Cost]], rounds: int) -> None:
    print(f"{rounds} rounds, {machine()}, turbo {TURBO}\n")
    print(f"{'':22} {'CPU s':>18} {'wall s':>18}")
    print(f"{'':22} {'median':>9} {'least':>8} {'median':>9} {'least':>8}")
    for name, each in costs.items():
        cpu, wall = [one.cpu for one in each], [one.wall for one in each]
        print(
            f"{name:22} {statistics.median(cpu):9.4f} {min(cpu):8.4f} {statistics.median(wall):9.4f} {min(wall):8.4f}"
        )
    pairs = list(zip(costs["shoreward check"], costs["turbo, native binary"], strict=True))
    print(
        f"\nshoreward / turbo, median of the pairs: CPU {statistics.median(a.cpu / b.cpu for a, b in pairs):.2f}, ",
        end="",
    )
    print(f"wall {statistics.median(a.wall / b.wall for a, b in pairs):.2f}")
    print(f"shoreward took less CPU in {sum(a.cpu < b.cpu for a, b in pairs)} of {len(pairs)} pairs")


if __name__ == "__main__":
    main()
