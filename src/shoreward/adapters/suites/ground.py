"""What a commit tells about all of its suites: read once, since keys are asked for often."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from shoreward.adapters.suites.commands import expanded, segments
from shoreward.adapters.suites.packages import Package, package_of
from shoreward.adapters.suites.runners import Part, parts
from shoreward.adapters.suites.tools import Interpreter, interpreter, runtime_of
from shoreward.adapters.suites.wanted import Wanted
from shoreward.app.checking import Materials
from shoreward.app.checking.inputs import matching
from shoreward.app.files import Entry
from shoreward.domain import SpecError, Suite

_NODE_WORDS = ("node", "npm", "npx", "yarn", "pnpm", "tsx", "ts-node", "tsc", "deno", "bun")


class Ground:
    """A commit, as suites look at it."""

    def __init__(self, materials: Materials, environment: Mapping[str, str]) -> None:
        self._source = materials.source
        self._pipeline = materials.pipeline
        self.commit = materials.commit
        self.environment = environment

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """All files of the commit."""
        return self._source.entries(self.commit)

    @cached_property
    def tree(self) -> str:
        """Changes with anything in the commit."""
        return self._source.tree(self.commit) or ""

    @cached_property
    def python(self) -> Interpreter:
        """The Python that the functions run on, or the nearest thing to it."""
        return interpreter(runtime_of(self.read(self._pipeline.template) or b""), self.environment)

    @property
    def region(self) -> str:
        """Where the application goes first."""
        return self._pipeline.targets[0].region if self._pipeline.waves else ""

    @cached_property
    def _paths(self) -> frozenset[str]:
        return frozenset(entry.path for entry in self.entries)

    def has(self, path: str) -> bool:
        """Whether there is a file or a folder of this name."""
        return path in self._paths or any(one.startswith(f"{path}/") for one in self._paths)

    def read(self, path: str) -> bytes | None:
        """A file of the commit, or None when it has none there."""
        return self._source.read(self.commit, path) if path in self._paths else None

    def inputs(self, suite: Suite) -> tuple[Entry, ...]:
        """The files that a suite sees. Raises SpecError SUITE_INPUTS, SUITE_FOLDER."""
        found = matching(self.entries, suite.inputs)
        if not found:
            what = f"No file of this commit matches the inputs of {suite.name}: {', '.join(suite.inputs)}."
            advice = "Patterns are those of .gitignore: functions/**, *.py."
            raise SpecError("SUITE_INPUTS", what, where=suite.where, next=advice)
        if suite.folder and not any(entry.path.startswith(f"{suite.folder}/") for entry in found):
            what = f"The suite {suite.name} runs in {suite.folder}, of which it sees no file."
            advice = "Is the folder committed, and among the suite's inputs?"
            raise SpecError("SUITE_FOLDER", what, where=suite.where, next=advice)
        return found

    def package(self, suite: Suite) -> Package | None:
        """The Node package that a suite is about, or None when its command has nothing to do with Node."""
        if not speaks_node(suite.command):
            return None
        return package_of(suite.folder, self.read)

    def parts(self, suite: Suite, package: Package | None) -> tuple[Part, ...]:
        """What a suite's command does."""
        return parts(expanded(suite.command, package.scripts if package else {}))

    def wanted(self, suite: Suite, asked: Sequence[Part]) -> Wanted | None:
        """The Python environment that a suite is to have; None when it declares no requirements."""
        if not suite.requirements:
            return None
        from shoreward.adapters.suites.requirements import gather

        requirements = gather(suite.requirements, self.read, suite.where)
        runners = {part.runner for part in asked if part.runner and part.runner.language == "python"}
        added = sorted(runner.package for runner in runners if not requirements.names(runner.package))
        return Wanted(
            requirements=requirements,
            python=self.python,
            added=tuple(added),
            tree=self.tree if requirements.local else "",
            where=suite.where,
        )


def speaks_node(command: str) -> bool:
    """Whether a command has to do with Node, so that it needs the dependencies of a package.json."""
    for segment in segments(command):
        words = [word for word in segment.split() if "=" not in word]
        if words and words[0].rpartition("/")[2] in _NODE_WORDS:
            return True
    return any(part.runner is not None and part.runner.language == "node" for part in parts(command))
