"""One run of a suite's command: in a fresh workspace, to its end, and what it told."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from uv import find_uv_bin

from shoreward.adapters.suites import errors, frames, node, process
from shoreward.adapters.suites.asking import NODE_OPTIONS, Inspection, abort
from shoreward.adapters.suites.commands import folder_of
from shoreward.adapters.suites.ground import Ground, speaks_node
from shoreward.adapters.suites.outcome import Case, Told, Unreadable, joined
from shoreward.adapters.suites.process import Ended
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

    ended: Ended
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
    suite, asked = setting.suite, setting.parts if parts is None else parts
    materials = setting.materials
    with workspace(materials.source, materials.commit, setting.entries, suite.inputs) as space:
        folder = space.files / suite.folder
        for stale in _declared(suite, folder):  # a report that is committed tells of another run
            stale.unlink()
        reports = [space.out / f"report-{number}" for number in range(len(asked))]
        command = "&&".join(part.asking(report) for part, report in zip(asked, reports, strict=True))
        inspection = Inspection(space.out / "log")
        ended = process.run(
            command,
            folder,
            _variables(setting, space),
            space.out / "log",
            timeout=suite.timeout,
            stop=setting.running.stop,
            ask=inspection if setting.speaks_node else abort,
        )
        if ended.why == "stopped":
            raise errors.stopped()
        return _read(setting, asked, reports, space, ended, inspection)


def _variables(setting: Setting, space: Workspace) -> dict[str, str]:
    suite, path = setting.suite, [space.bin]
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
    known = variables(suite, space, setting.ground.environment, path, setting.ground.region, product)
    return more | known


def _declared(suite: Suite, folder: Path) -> list[Path]:
    return [path for path in sorted(folder.glob(suite.report)) if path.is_file()] if suite.report else []


def _read(
    setting: Setting,
    asked: Sequence[Part],
    reports: Sequence[Path],
    space: Workspace,
    ended: Ended,
    inspection: Inspection,
) -> Trial:
    suite = setting.suite
    words = frames.uncoloured(ended.words)

    base = folder_of("&&".join(part.text for part in asked), suite.folder)

    def locate(name: str) -> str | None:
        return space.locate(name, base)

    declared = _declared(suite, space.files / suite.folder)
    expected = [report for part, report in zip(asked, reports, strict=True) if part.runner and part.runner.counts]
    missing = any(not report.exists() for report in expected) or bool(suite.report and not declared)
    told: list[Told] = []
    for report in (*(one for one in reports if one.exists()), *declared):
        try:
            told.append(read_report(report, locate))
        except Unreadable as error:
            if not (ended.why or ended.crash):  # else it had no time to finish it
                raise _unreadable(suite, report, space, error) from error
    where, test = _where(words, space, locate, ended)
    where = where or frames.halted(inspection.stacks, locate)
    cases = tuple(_refined(case, words, space, locate) for case in joined(told).cases)
    return Trial(
        ended=ended,
        told=replace(joined(told), cases=cases),
        words=space.plain(words),
        missing=missing,
        where=where,
        test=test,
        complaints=tuple(frames.complaints(words, locate)),
    )


def _unreadable(suite: Suite, report: Path, space: Workspace, error: Unreadable) -> Terminal:
    what = f"The report {space.plain(str(report)).removeprefix('/out/')} of {suite.name} cannot be read: {error}."
    return Terminal("SUITE_REPORT", what, where=suite.where, next="JUnit XML and SARIF are read.")


def _where(words: str, space: Workspace, locate: frames.Locate, ended: Ended) -> tuple[Place | None, str]:
    """The place that a run's words name, and the test that it was in."""
    if ended.why or ended.crash:
        return frames.dumped(words, locate) or (None, "")
    return _importing(words, space, locate) or frames.place_of(words, locate), ""


def _refined(case: Case, words: str, space: Workspace, locate: frames.Locate) -> Case:
    """A case with clean words; one that could not be loaded may have said why elsewhere."""
    where = case.where
    if case.bad and not case.collected and where and where.line is None:
        found = _importing(f"{case.text}\n{words}", space, locate)
        where = found if found and found.file == where.file else None
        where = where or frames.mentioned(words, case.where.file, locate) if case.where else None
        where = where or frames.place_of(words, locate) or case.where
    return replace(case, message=space.plain(case.message), text=space.plain(case.text), where=where)


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
