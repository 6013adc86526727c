"""What the benchmarks of this folder share: commands and what they cost, and applications to run them on."""

from __future__ import annotations

import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHOREWARD = str(Path(sys.executable).with_name("shoreward"))
EDITS = {".py": "EDITED_{number} = {number}\n", ".js": "exports.edited{number} = {number};\n"}
EDIT = "export const edited{number} = {number};\n"

_IDENTITY = {f"GIT_{who}_{what}": "bench@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


@dataclass(frozen=True, slots=True)
class Cost:
    """Of a command and all that it started, in seconds; `said` is its standard output."""

    cpu: float
    wall: float
    said: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """An application to measure.

    Attributes:
        place: a folder in a git repository, with a shoreward.yaml; it is copied as the last commit has it.
        code: the file of one of its functions, from the folder; it gets one line more.
    """

    place: Path
    code: str

    @property
    def name(self) -> str:
        return self.place.name

    def copy(self, folder: Path) -> Path:
        """A fresh repository of one commit, without anything that was kept."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        archive = subprocess.run(["git", "archive", "HEAD", "."], cwd=self.place, check=True, capture_output=True)
        subprocess.run(["tar", "-x"], cwd=folder, input=archive.stdout, check=True)
        template = folder / "template.yaml"
        template.write_text(runnable(template.read_text()))
        git(folder, "init", "--quiet", "--initial-branch=main")
        ignored = folder / ".gitignore"
        known = ignored.read_text() if ignored.exists() else ""
        ignored.write_text(f"{known.rstrip()}\n.aws-sam/\n.shoreward/\n")
        commit(folder, "first")
        return folder

    def edit(self, folder: Path, number: int) -> None:
        """One line more in one function."""
        file = folder / self.code
        line = EDITS.get(file.suffix, EDIT).format(number=number)
        file.write_text(f"{file.read_text().rstrip()}\n\n{line}")


def application(words: str) -> Application:
    """`FOLDER:FILE` as the command line has it."""
    place, _, code = words.rpartition(":")
    found = Application(place=Path(place).resolve(), code=code)
    for needed in (code, "shoreward.yaml", "template.yaml"):
        if not code or not (found.place / needed).is_file():
            raise SystemExit(f"{words}: there is no {needed or 'FILE'} in {found.place}; say FOLDER:FILE.")
    return found


def runnable(template: str) -> str:
    """The template with Python functions of the Python that is here: `sam build` builds with nothing else."""

    return re.sub(r"Runtime: (python3\.\d+)", lambda found: f"Runtime: {_here(found[1])}", template)


def _here(python: str) -> str:
    """A Python, or the one that is here when there is no such one; a name on the PATH need not lead to it."""
    try:
        subprocess.run([python, "--version"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        return f"python3.{sys.version_info.minor}"
    return python


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, env={**os.environ, **_IDENTITY}, check=True, capture_output=True)


def commit(folder: Path, message: str) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", message)


def run(command: Sequence[str], folder: Path, environment: dict[str, str]) -> Cost:
    """Run a command that must succeed; what it and its children cost."""
    with tempfile.TemporaryFile("w+") as said, tempfile.TemporaryFile("w+") as complaints:
        began = time.perf_counter()
        with subprocess.Popen(command, cwd=folder, env=environment, stdout=said, stderr=complaints) as ran:
            _, status, used = os.wait4(ran.pid, 0)
            wall = time.perf_counter() - began
            ran.returncode = os.waitstatus_to_exitcode(status)
        words, more = (file.read() for file in (said, complaints) if file.seek(0) == 0)
    if ran.returncode:
        raise SystemExit(f"{' '.join(command)} in {folder} ended with {ran.returncode}\n{words}{more}")
    return Cost(used.ru_utime + used.ru_stime, wall, words)


def surroundings(**more: str) -> dict[str, str]:
    """This process's environment, with bytecode written as after any installation, and nobody told of it."""
    dropped = ("PYTHONDONTWRITEBYTECODE", "VIRTUAL_ENV", "TURBO_TOKEN", "TURBO_TEAM", "TURBO_API")
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    quiet = {"SAM_CLI_TELEMETRY": "0", "TURBO_TELEMETRY_DISABLED": "1", "DO_NOT_TRACK": "1"}
    return {**kept, **quiet, **more}


def median(values: Iterable[float]) -> float:
    return statistics.median(values)


def machine() -> str:
    """What it was measured on."""
    load = " ".join(f"{each:.1f}" for each in os.getloadavg())
    return f"{os.cpu_count()} cores, load {load}, Python {platform.python_version()}"
