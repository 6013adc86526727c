"""The test runners and linters that are known: how each is asked for a report, and for some tests only."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from shoreward.adapters.suites.commands import segments, simple

Language = Literal["python", "node"]

_BEFORE = r"^\s*(?:(?:cross-env\s+)?(?:\w+=(?:'[^']*'|\"[^\"]*\"|[^\s'\"])*\s+)+)?"
_PYTHON = (
    r"(?:uv\s+run\s+(?:-\S+\s+)*)?"
    r"(?:(?:\S*/)?python[\d.]*\s+(?:-[bBdEiIOPqRsSuvx]+\s+|-W\s*\S+\s+|-X\s*\S+\s+)*-m\s+)?"
    r"(?:(?:\S*/)?coverage\s+run\s+(?:--?\S+\s+)*?-m\s+)?(?:\S*/)?"
)
_NODE = r"(?:(?:npx|c8|nyc)\s+(?:-\S+\s+)*)*(?:node\s+(?:-\S+\s+)*)?(?:\S*/)?"
_END = r"(?=\s|$)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """A program that we know.

    Attributes:
        package: what is installed to have it.
        counts: whether it runs tests, so that it must tell of some.
        flags: what makes it write a report to a file.
        early: whether the flags must stand right behind the program's name.
        undone: options that would change files, and hide what is wrong with those of the commit.
    """

    name: str
    package: str
    language: Language
    pattern: str
    flags: Callable[[str], str]
    counts: bool = True
    early: bool = False
    undone: tuple[str, ...] = ()

    def match(self, segment: str) -> re.Match[str] | None:
        """The beginning of a part of a command, up to the program's name, if it calls this runner."""
        # Compiling a pattern takes longer than all else that is asked of most commands.
        return re.match(self.pattern, segment) if self.name in segment or "py.test" in segment else None


def _node_flags(report: str) -> str:
    both = f"--test-reporter=junit --test-reporter-destination={report}"
    return f"{both} --test-reporter=spec --test-reporter-destination=stdout"


RUNNERS = (
    Runner(
        name="pytest",
        package="pytest",
        language="python",
        pattern=rf"{_BEFORE}{_PYTHON}(?:pytest|py\.test){_END}",
        # Only this family names file and line, and only long tracebacks tell all frames.
        flags=lambda report: f"--junitxml={report} -o junit_family=xunit1 --tb=auto",
    ),
    Runner(
        name="ruff",
        package="ruff",
        language="python",
        pattern=rf"{_BEFORE}{_PYTHON}ruff\s+check{_END}",
        flags=lambda report: f"--output-format=sarif --output-file={report}",
        counts=False,
        undone=("--fix", "--fix-only", "--unsafe-fixes"),
    ),
    Runner(
        name="flake8",
        package="flake8",
        language="python",
        pattern=rf"{_BEFORE}{_PYTHON}flake8{_END}",
        flags=lambda _report: "",  # its lines are read as they are
        counts=False,
    ),
    Runner(
        name="node",
        package="",
        language="node",
        pattern=rf"{_BEFORE}(?:(?:c8|nyc)\s+(?:-\S+\s+)*)?(?:\S*/)?node(?=\s(?:.*\s)?--test{_END})",
        flags=_node_flags,
        early=True,
    ),
    Runner(
        name="mocha",
        package="mocha",
        language="node",
        pattern=rf"{_BEFORE}{_NODE}mocha(?:\.js)?{_END}",
        flags=lambda report: f"--reporter=xunit --reporter-option=output={report}",
    ),
    Runner(
        name="jest",
        package="jest",
        language="node",
        pattern=rf"{_BEFORE}{_NODE}jest(?:\.js)?{_END}",
        flags=lambda report: f"--json --outputFile={report} --testLocationInResults",
    ),
    Runner(
        name="vitest",
        package="vitest",
        language="node",
        pattern=rf"{_BEFORE}{_NODE}vitest{_END}",
        flags=lambda report: f"--reporter=default --reporter=junit --outputFile.junit={report}",
    ),
    Runner(
        name="eslint",
        package="eslint",
        language="node",
        pattern=rf"{_BEFORE}{_NODE}eslint{_END}",
        flags=lambda report: f"--format=json --output-file={report}",
        counts=False,
        undone=("--fix",),
    ),
)

_VALUELESS = re.compile(r"^(?:-[vqxsl]+|--\w[\w-]*=.*|--(?:lf|ff|sw|verbose|quiet|exitfirst|strict[\w-]*))$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of a command, with the runner that it calls, if we know it."""

    text: str
    runner: Runner | None

    def asking(self, report: Path) -> str:
        """The part, asking for a report."""
        if self.runner is None:
            return self.text
        match = self.runner.match(self.text)
        assert match
        flags = self.runner.flags(shlex.quote(str(report)))
        head, rest = self.text[: match.end()], self.text[match.end() :]
        for option in self.runner.undone:
            rest = re.sub(rf"(?<=\s){option}(?=\s|$)", "", rest)
        if self.runner.early or re.search(r"\s--(\s|$)", rest):
            return f"{head} {flags}{rest}"
        return f"{head}{rest.rstrip()} {flags}"


def parts(command: str) -> tuple[Part, ...]:
    """The parts of a command between its `&&`."""
    return tuple(Part(text=text, runner=runner_of(text)) for text in segments(command))


def runner_of(segment: str) -> Runner | None:
    """The runner that a part of a command calls."""
    if not simple(segment):
        return None
    return next((runner for runner in RUNNERS if runner.match(segment)), None)


def only(part: Part, tests: Sequence[str], is_path: Callable[[str], bool]) -> str:
    """A call of pytest for some tests, in place of the files and folders that it names now."""
    assert part.runner
    match = part.runner.match(part.text)
    assert match
    kept: list[str] = []
    previous = ""
    for word in shlex.split(part.text[match.end() :]):
        takes = previous.startswith("-") and not _VALUELESS.match(previous)
        if takes or word.startswith("-") or not is_path(word.split("::")[0]):
            kept.append(word)
        previous = word
    return f"{part.text[: match.end()]} {shlex.join([*kept, *tests])}"
