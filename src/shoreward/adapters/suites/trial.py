"""One run of a suite's command: in a fresh workspace, to its end, and what it told."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from uv import find_uv_bin

from shoreward.adapters import process
from shoreward.adapters.suites import errors, frames, node
from shoreward.adapters.suites.asking import NODE_OPTIONS, Inspection, abort
from shoreward.adapters.suites.commands import folder_of
from shoreward.adapters.suites.ground import Ground, speaks_node
from shoreward.adapters.suites.outcome import Case, Told, Unreadable, joined
from shoreward.adapters.suites.reports import read_report
from shoreward.adapters.suites.runners import Part
from shoreward.adapters.suites.surroundings import variables
from shoreward.adapters.suites.workspace import Workspace, workspace
from shoreward.app.checking import Materials, Running
from shoreward.app.files import Entry
from shoreward.domain import Place, Suite, Terminal


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What all runs of a suite have in common.

    Attributes:
        venv: its Python environment, or None.
        modules: its Node dependencies and the folder that they belong to, or None.
    """

    suite: Suite
    ground: Ground
    materials: Materials
    running: Running
    entries: tuple[Entry, ...]
    parts: tuple[Part, ...]
    venv: Path | None = None
    modules: tuple[Path, str] | None = None

    @property
    def speaks_node(self) -> bool:
        """Whether the command is Node's, which is asked in another way where it hangs."""
        return speaks_node(self.suite.command)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What came of a run.

    Attributes:
        words: the end of what it said, without the names of temporary folders.
        missing: whether a report that there should be was not written.
        where: the place that its words name: where it hangs, crashed or failed.
        test: the test that it was in, '' when nobody knows.
        complaints: lines of its words that name a place, with a rule ('' for none) and words.
    """

    ended: process.Ended
    told: Told
    words: str
    missing: bool = False
    where: Place | None = None
    test: str = ""
    complaints: tuple[tuple[Place, str, str], ...] = ()


def attempt(setting: Setting, parts: Sequence[Part] | None = None) -> Trial:
    """Run a suite once.

    Args:
        parts: of another command than the suite's own, for some of its tests only.

    Raises:
        Retryable: SUITE_STOPPED.
        Terminal: SUITE_REPORT for a report that cannot be read, SUITE_SANDBOX.
    """
    materials, asked = setting.materials, setting.parts if parts is None else parts
    with workspace(materials.source, materials.commit, setting.entries, setting.suite.inputs) as space:
        return _Bench(setting, tuple(asked), space).attempt()


@dataclass(frozen=True, slots=True)
class _Bench:
    """A command in its workspace."""

    setting: Setting
    parts: tuple[Part, ...]
    space: Workspace

    @property
    def _folder(self) -> Path:
        return self.space.files / self.setting.suite.folder

    @property
    def _reports(self) -> tuple[Path, ...]:
        """Where each part writes its report, if it can be asked for one."""
        return tuple(self.space.out / f"report-{number}" for number in range(len(self.parts)))

    def attempt(self) -> Trial:
        setting, log = self.setting, self.space.out / "log"
        for stale in self._declared():  # a report that is committed tells of another run
            stale.unlink()
        inspection = Inspection(log, lambda stack: frames.halted([stack], self.locate) is not None)
        ended = process.run(
            "&&".join(part.asking(report) for part, report in zip(self.parts, self._reports, strict=True)),
            self._folder,
            self._variables(),
            log,
            timeout=setting.suite.timeout,
            stop=setting.running.stop,
            ask=inspection if setting.speaks_node else abort,
        )
        if ended.why == "stopped":
            raise errors.stopped()
        return self._read(ended, inspection)

    def locate(self, name: str) -> str | None:
        """The repository's path of a file that the command names."""
        command = "&&".join(part.text for part in self.parts)
        return self.space.locate(name, folder_of(command, self.setting.suite.folder))

    def _variables(self) -> dict[str, str]:
        setting, space, path = self.setting, self.space, [self.space.bin]
        (space.bin / "uv").symlink_to(find_uv_bin())
        more: dict[str, str] = {}
        if setting.modules:
            installed, home = setting.modules
            node.link(installed, space.files / home / "node_modules")
            path.append(space.files / home / "node_modules" / ".bin")
        if setting.speaks_node:
            more["NODE_OPTIONS"] = NODE_OPTIONS
        if setting.venv:
            path.append(setting.venv / "bin")
            more |= {"VIRTUAL_ENV": str(setting.venv), "UV_PROJECT_ENVIRONMENT": str(setting.venv)}
        product = setting.materials.products.get("sandbox", "")
        ground = setting.ground
        return more | variables(setting.suite, space, ground.environment, path, ground.region, product)

    def _declared(self) -> list[Path]:
        """Reports of which the suite says that there will be some."""
        pattern = self.setting.suite.report
        return [path for path in sorted(self._folder.glob(pattern)) if path.is_file()] if pattern else []

    def _read(self, ended: process.Ended, inspection: Inspection) -> Trial:
        words, declared = frames.uncoloured(ended.words), self._declared()
        pairs = zip(self.parts, self._reports, strict=True)
        expected = [report for part, report in pairs if part.runner and part.runner.counts]
        told: list[Told] = []
        for report in (*(one for one in self._reports if one.exists()), *declared):
            try:
                told.append(read_report(report, self.locate))
            except Unreadable as error:
                if not (ended.why or ended.crash):  # else it had no time to finish it
                    raise _unreadable(self.setting.suite, report, self.space, error) from error
        where, test = _where(words, self.space, self.locate, ended)
        cases = tuple(_refined(case, words, self.space, self.locate) for case in joined(told).cases)
        return Trial(
            ended=ended,
            told=replace(joined(told), cases=cases),
            words=self.space.plain(words),
            missing=any(not one.exists() for one in expected) or bool(self.setting.suite.report and not declared),
            where=where or frames.halted(inspection.stacks, self.locate),
            test=test,
            complaints=tuple(frames.complaints(words, self.locate)),
        )


def _unreadable(suite: Suite, report: Path, space: Workspace, error: Unreadable) -> Terminal:
    what = f"The report {space.plain(str(report)).removeprefix('/out/')} of {suite.name} cannot be read: {error}."
    return Terminal("SUITE_REPORT", what, where=suite.where, next="JUnit XML and SARIF are read.")


def _where(words: str, space: Workspace, locate: frames.Locate, ended: process.Ended) -> tuple[Place | None, str]:
    """The place that a run's words name, and the test that it was in."""
    if ended.why or ended.crash:
        return frames.dumped(words, locate) or (None, "")
    return _importing(words, space, locate) or frames.place_of(words, locate), ""


def _refined(case: Case, words: str, space: Workspace, locate: frames.Locate) -> Case:
    """A case with clean words; of one that was not loaded, or crashed in another process, others tell the line."""
    where = case.where
    if case.bad and where and where.line is None:
        where = _line(case, where, words, space, locate)
    return replace(case, message=space.plain(case.message), text=space.plain(case.text), where=where)


def _line(case: Case, where: Place, words: str, space: Workspace, locate: frames.Locate) -> Place:
    place, test = frames.dumped(words, locate) or (None, "")
    if place and test == case.name:
        return place
    if case.collected:
        return where
    found = _importing(f"{case.text}\n{words}", space, locate)
    if found and found.file == where.file:
        return found
    return frames.mentioned(words, where.file, locate) or frames.place_of(words, locate) or where


def _importing(words: str, space: Workspace, locate: frames.Locate) -> Place | None:
    """The line of an import that Node could not follow."""
    found = frames.importer(words, locate)
    if found is None:
        return None
    path, wanted = found
    name = re.escape(wanted.rstrip("/").rpartition("/")[2])
    lines = (space.files / path).read_text(errors="replace").splitlines()
    matching = (number for number, line in enumerate(lines, 1) if re.search(rf"['\"/]{name}['\"/.]", line))
    return Place(file=path, line=next(matching, None))
