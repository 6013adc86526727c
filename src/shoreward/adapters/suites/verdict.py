"""From what the runs of a suite told to its report: which tests fail, which are flaky, and who is to blame for a crash.

A command that says no always fails the suite; one that says yes passes it only with a report, where there should be
one, that tells of tests which were run.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterator, Sequence

from shoreward.adapters.suites.errors import last
from shoreward.adapters.suites.outcome import RANKS, Case
from shoreward.adapters.suites.trial import Setting, Trial
from shoreward.app.checking import Report
from shoreward.domain import IN_SANDBOX, Finding, Place, Severity, Suite, Terminal

_EXCERPT = 40
_LOG = 20_000
_MISSING = (126, 127)
_NO_MODULE = re.compile(r"^\S*python\S*: No module named (?P<name>[\w.]+)$", re.MULTILINE)
_NO_TESTS = re.compile(r"No tests? (?:files )?found|collected 0 items|Could not find '", re.IGNORECASE)
_RAN_NONE = re.compile(r"^Ran 0 tests in ", re.MULTILINE)
_ERROR = re.compile(r"^\s*(?:E\s+)?(?P<what>(?:Exception during run: )?[\w.]*(?:Error|Exception)\b.*)$", re.MULTILINE)
_WHY_FAILED = "What the test asserts does not hold with this change."
_WHY_FLAKY = "A test that fails now and then hides the day when it fails for a reason."


def report_of(setting: Setting, trials: Sequence[Trial]) -> Report:
    """The report of a suite.

    Args:
        trials: its runs, in order; the second may be of those tests only that failed in the first.

    Raises:
        Terminal: SUITE_CRASHED, SUITE_TOOL_MISSING, SUITE_REPORT.
    """
    suite = setting.suite
    findings = list(_findings(setting, trials))
    first = trials[0].told
    run = [case for case in first.cases if case.collected and case.outcome != "skipped"]
    failed = sum(finding.rule in ("test-failed", "test-error") for finding in findings)
    flaky = any(finding.rule == "test-flaky" for finding in findings)
    hangs = any(finding.rule == "test-hangs" for finding in findings)
    worst = max(trials, key=lambda trial: trial.ended.code)
    return Report(
        findings=tuple(findings),
        summary=_summary(setting, trials[0], len(findings)),
        measures=(("tests", float(len(run))), ("failed", float(failed))) if first.tests else (),
        log=worst.words[-_LOG:],
        lasting=not (flaky or hangs or (findings and suite.kind in IN_SANDBOX)),
    )


def _summary(setting: Setting, trial: Trial, findings: int) -> str:
    on = f" on {setting.ground.python}" if setting.venv else ""
    cases = [case for case in trial.told.cases if case.collected]
    skipped = sum(case.outcome == "skipped" for case in cases)
    if trial.told.tests:
        without = f", {skipped} skipped" if skipped else ""
        return f"{len(cases)} test{'' if len(cases) == 1 else 's'}{without}{on}"
    if any(part.runner for part in setting.parts):
        return f"{findings} finding{'' if findings == 1 else 's'}{on}"
    return f"the command {'failed' if findings else 'passed'}{on}"


def _findings(setting: Setting, trials: Sequence[Trial]) -> Iterator[Finding]:
    suite = setting.suite
    for trial in trials:
        if (broken := _broken(setting, trial)) is not None:
            yield broken
            return
    cases = list(_cases(suite, trials))
    yield from cases
    told = [finding for trial in trials[:1] for finding in trial.told.findings]
    yield from told
    explained = bool(cases) or any(finding.severity.rank >= Severity.MEDIUM.rank for finding in told)
    if explained or (empty := _empty(suite, trials[0])) is None:
        if not explained:
            yield from _unexplained(suite, trials)
        return
    yield empty


def _broken(setting: Setting, trial: Trial) -> Finding | None:
    """What says that a run did not come to its end. Raises where that is not the change's fault."""
    suite, ended = setting.suite, trial.ended
    if ended.why == "late":
        return _hangs(suite, trial)
    if ended.why == "loud":
        return _failed(suite, trial, "The command says so much that it was stopped.")
    missing = _NO_MODULE.search(trial.words)
    if ended.code and not trial.told.cases and (ended.code in _MISSING or missing):
        what = f"A program of {suite.name} is not there; it said:\n{last(trial.words)}\n"
        advice = "Install it on this machine, or name the requirements that it comes with."
        raise Terminal("SUITE_TOOL_MISSING", what, where=suite.where, next=advice)
    if ended.crash:
        return _crashed(suite, trial)
    if trial.missing and not ended.code:
        what = f"The suite {suite.name} went well, but did not write the report that it should."
        advice = "Look at `report` in its declaration, and at how its command is told to write one."
        raise Terminal("SUITE_REPORT", what, where=suite.where, next=advice)
    return None


def _crashed(suite: Suite, trial: Trial) -> Finding:
    """A crash in a line of the repository is the change's; one without is the tool's, and no verdict."""
    crash = trial.ended.crash
    name = crash.name if crash else ""
    if trial.where is None:
        what = f"The suite {suite.name} was ended by {name}; it had said:\n{last(trial.words)}\n"
        advice = "Run it again; SIGKILL often means that memory ran out."
        raise Terminal("SUITE_CRASHED", what, where=suite.where, next=advice)
    return Finding(
        rule="test-crashed",
        severity=Severity.HIGH,
        what=f"The process was ended by {name}.",
        why="A crash takes all other requests of the process with it.",
        fix="Mend what is called in this line.",
        where=trial.where,
        subject=trial.test or suite.name,
        details=_excerpt(trial.words),
    )


def _hangs(suite: Suite, trial: Trial) -> Finding:
    return Finding(
        rule="test-hangs",
        severity=Severity.HIGH,
        what=f"The suite did not end within {suite.timeout:g} s; it was here when it was stopped."
        if trial.where
        else f"The suite did not end within {suite.timeout:g} s.",
        why="What hangs in a test may hang in production, and nobody gets an answer.",
        fix="Find out what it waits for; a longer timeout can be declared for a suite that is only slow.",
        where=trial.where or suite.where,
        subject=trial.test or suite.name,
        details=_excerpt(trial.words),
    )


def _cases(suite: Suite, trials: Sequence[Trial]) -> Iterator[Finding]:
    """Tests that fail, and those that fail only at times."""
    seen: dict[str, list[Case]] = {}
    for trial in trials:
        for case in trial.told.cases:
            seen.setdefault(case.name, []).append(case)
    for runs in seen.values():
        worst = max(runs, key=lambda case: RANKS[case.outcome])
        if not worst.bad:
            continue
        if any(case.outcome == "passed" for case in runs):
            yield _flaky(suite, worst, sum(case.bad for case in runs), len(runs))
        else:
            yield _bad(suite, worst)


def _bad(suite: Suite, case: Case) -> Finding:
    error = case.outcome == "error" or not case.collected
    return Finding(
        rule="test-error" if error else "test-failed",
        severity=Severity.HIGH,
        what=case.message or ("The test could not be run." if error else "The test failed."),
        why="What cannot be run tests nothing." if error else _WHY_FAILED,
        fix=f"Mend the code or the test; run it with: {_alone(suite, case)}",
        where=case.where or suite.where,
        subject=case.name,
        details=_excerpt(case.text),
    )


def _flaky(suite: Suite, case: Case, failed: int, runs: int) -> Finding:
    return Finding(
        rule="test-flaky",
        severity=Severity.MEDIUM,
        what=f"The test fails at times, {failed} of {runs} runs here: {case.message}",
        why=_WHY_FLAKY,
        fix=f"Take time, chance, order or a shared state out of it; run it with: {_alone(suite, case)}",
        where=case.where or suite.where,
        subject=case.name,
        details=_excerpt(case.text),
    )


def _alone(suite: Suite, case: Case) -> str:
    """The command that runs one test."""
    folder = f"cd {suite.folder} && " if suite.folder else ""
    if "::" in case.name or case.name.endswith(".py"):
        return f"{folder}python -m pytest {shlex.quote(name_from(case.name, suite.folder))}"
    return f"{folder}{suite.command}"


def name_from(test: str, folder: str) -> str:
    """pytest's name of a test, as it is called from a folder; reports have it from the repository's root."""
    file, colons, rest = test.partition("::")
    return f"{posixpath.relpath(file, folder or '.')}{colons}{rest}"


def _empty(suite: Suite, trial: Trial) -> Finding | None:
    """What says that nothing was tested."""
    cases = trial.told.cases
    none = trial.told.tests and all(case.outcome == "skipped" for case in cases)
    silent = bool(trial.missing and _NO_TESTS.search(trial.words)) or bool(_RAN_NONE.search(trial.words))
    if not (none or silent):
        return None
    what = f"All {len(cases)} tests were skipped." if cases else "The suite has no tests."
    return Finding(
        rule="no-tests",
        severity=Severity.HIGH,
        what=what,
        why="A suite that tests nothing says nothing about the change.",
        fix="Write a test, name the right folder in the command, or take the suite out.",
        where=suite.where,
        subject=suite.name,
        details=_excerpt(trial.words),
    )


def _unexplained(suite: Suite, trials: Sequence[Trial]) -> Iterator[Finding]:
    """A command that said no without naming a test."""
    bad = [trial for trial in trials if trial.ended.code]
    if not bad:
        return
    if len(bad) < len(trials):
        case = Case(name=suite.name, outcome="failed", message="the command failed", where=bad[0].where)
        yield _flaky(suite, case, len(bad), len(trials))
        return
    if suite.kind == "quality" and bad[0].complaints and not bad[0].missing:
        yield from (_complaint(*complaint) for complaint in dict.fromkeys(bad[0].complaints))
        return
    yield _failed(suite, bad[0], f"The command ended with exit code {bad[0].ended.code}.")


def _complaint(where: Place, rule: str, what: str) -> Finding:
    return Finding(rule=rule or "command-failed", severity=Severity.HIGH, what=what, where=where)


def _failed(suite: Suite, trial: Trial, what: str) -> Finding:
    """A command that failed; where it named no report of tests in time, its tests could not be loaded."""
    unloaded = trial.missing and trial.where is not None
    said = _ERROR.findall(trial.words)
    return Finding(
        rule="test-error" if unloaded else "command-failed",
        severity=Severity.HIGH,
        what=said[-1].strip() if unloaded and said else what,
        why="What cannot be run tests nothing." if unloaded else "The command says that something is wrong.",
        fix=f"Look at what it said; run it with: {suite.command}",
        where=trial.where or suite.where,
        subject=suite.name,
        details=_excerpt(trial.words),
    )


def _excerpt(text: str) -> tuple[tuple[str, str], ...]:
    lines = text.strip("\n").splitlines()[-_EXCERPT:]
    return (("excerpt", "\n".join(lines)),) if lines else ()
