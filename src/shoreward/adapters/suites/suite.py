"""A suite as a check: what it needs is made or found, its command is run, and what it told becomes a report."""

from __future__ import annotations

import posixpath
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from shoreward.adapters.suites import node, python, wanted
from shoreward.adapters.suites.ground import Ground
from shoreward.adapters.suites.making import Kitchen
from shoreward.adapters.suites.packages import Package
from shoreward.adapters.suites.runners import Part, only
from shoreward.adapters.suites.store import Environments
from shoreward.adapters.suites.trial import Setting, Trial, attempt
from shoreward.adapters.suites.verdict import name_from, report_of
from shoreward.adapters.suites.wanted import Wanted
from shoreward.app.checking import Materials, Report, Running
from shoreward.domain import Suite

_ONCE = ("quality", "security")
"""Kinds that give the same answer each time, so that asking again is idle."""

_FEW = 100
"""So many tests are named on a command line; of more, all are run again."""


def run_suite(
    suite: Suite, ground: Ground, materials: Materials, running: Running, environments: Environments
) -> Report:
    """Run a suite and report. Raises `SpecError`, `Retryable` and `Terminal`; see docs/suites.md."""
    setting = _prepare(suite, ground, materials, running, environments)
    running.say(suite.command)
    trials = [attempt(setting)]
    for number in range(2, suite.repeat + 1):
        if _over(trials[-1]):
            break
        running.say(f"run {number} of {suite.repeat}")
        trials.append(attempt(setting))
    if suite.repeat == 1 and (again := _again(setting, trials[0])) is not None:
        running.say("what failed is run again")
        second = attempt(setting, again)
        trials += [] if _over(second) else [second]
    return report_of(setting, trials)


def _over(trial: Trial) -> bool:
    """Whether a run did not come to its end, so that another would tell no more."""
    return bool(trial.ended.why or trial.ended.crash)


def _again(setting: Setting, trial: Trial) -> Sequence[Part] | None:
    """The command that runs those tests again which failed, or None when there is no sense in it."""
    bad = [case for case in trial.told.cases if case.bad]
    if setting.suite.kind in _ONCE or _over(trial) or not (trial.ended.code or bad):
        return None
    if any(not case.collected for case in bad) or trial.told.findings or (trial.missing and trial.where):
        return None
    if trial.told.tests and not bad:  # such as a limit of coverage
        return None
    alone = setting.parts[0]
    known = len(setting.parts) == 1 and alone.runner is not None and alone.runner.name == "pytest"
    if known and 0 < len(bad) <= _FEW and not set("$*?`") & set(alone.text):
        folder = setting.suite.folder
        names = [name_from(case.name, folder) for case in bad]
        text = only(alone, names, lambda path: setting.ground.has(posixpath.normpath(posixpath.join(folder, path))))
        return (replace(alone, text=text),)
    return setting.parts


def _prepare(
    suite: Suite, ground: Ground, materials: Materials, running: Running, environments: Environments
) -> Setting:
    package = ground.package(suite)
    asked = ground.parts(suite, package)
    setting = Setting(
        suite=suite,
        ground=ground,
        materials=materials,
        running=running,
        entries=ground.inputs(suite),
        parts=asked,
    )
    make = _Maker(suite, ground, materials, running, environments)
    if environment := ground.wanted(suite, asked):
        setting = replace(setting, venv=make.python(environment))
    if package and package.depends:
        setting = replace(setting, modules=(make.node(package), package.folder))
    return setting


class _Maker:
    """Makes environments, or finds those that were made."""

    def __init__(
        self, suite: Suite, ground: Ground, materials: Materials, running: Running, environments: Environments
    ) -> None:
        self._suite = suite
        self._ground = ground
        self._materials = materials
        self._running = running
        self._environments = environments

    def python(self, asked: Wanted) -> Path:
        def fill(target: Path, staged: Path, kitchen: Kitchen) -> None:
            python.make(asked, target, staged, kitchen)

        key = wanted.key_of(asked, self._ground.environment)
        contents = asked.requirements.contents
        return self._made(key, contents, bool(asked.tree), fill, f"makes an environment for {asked.python}") / "python"

    def node(self, package: Package) -> Path:
        def fill(target: Path, staged: Path, kitchen: Kitchen) -> None:
            node.make(package, target, staged, kitchen)

        key = node.key_of(package, self._ground.tree if package.local else "", self._ground.environment)
        contents = tuple((f"{package.folder}/{name}".lstrip("/"), content) for name, content in package.contents)
        return self._made(key, contents, package.local, fill, "installs Node packages") / "node_modules"

    def _made(
        self,
        key: str,
        contents: Sequence[tuple[str, bytes]],
        whole: bool,
        fill: Callable[[Path, Path, Kitchen], None],
        words: str,
    ) -> Path:
        def make(target: Path) -> None:
            self._running.say(words)
            # Beside what is made of it, so that it can be moved, and goes with it when this process dies.
            scratch = Path(tempfile.mkdtemp(prefix="made-of-", dir=target))
            staged = scratch / "files"
            staged.mkdir()
            if whole:
                self._materials.source.export(self._materials.commit, staged)
            for path, content in contents:
                (staged / path).parent.mkdir(parents=True, exist_ok=True)
                (staged / path).write_bytes(content)
            kitchen = Kitchen(
                environment=self._ground.environment,
                scratch=scratch,
                stop=self._running.stop,
                say=self._running.say,
                where=self._suite.where,
            )
            fill(target, staged, kitchen)
            shutil.rmtree(scratch, ignore_errors=True)

        return self._environments.get(key, make, self._running.stop)
