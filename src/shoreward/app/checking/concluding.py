"""What follows from the results of a run: how checks went lately, and what is found only when all have ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from shoreward.app.checking.check import Check, Report, Result
from shoreward.app.checking.graph import WAIVERS
from shoreward.app.checking.keep import Kept
from shoreward.app.checking.look import judged
from shoreward.app.checking.manner import Manner
from shoreward.app.checking.schedule import Past
from shoreward.app.checking.waivers import about_waivers
from shoreward.app.words.wording import counted
from shoreward.domain import Finding, Severity, Verdict


def lately(past: Mapping[str, Past], results: Mapping[str, Result]) -> Mapping[str, Past]:
    """How checks went lately, the results included."""
    newer = dict(past)
    for name, result in results.items():
        if result.verdict in (Verdict.PASS, Verdict.FAIL):
            newer[name] = _later(past.get(name), result)
    return newer


def _later(past: Past | None, result: Result) -> Past:
    """What a check takes, the newest run counting as much as all before it."""
    seconds = result.seconds
    if past is not None:
        seconds = past.seconds if result.kept else (past.seconds + result.seconds) / 2
    return Past(failed=result.verdict is Verdict.FAIL, seconds=seconds)


def of_waivers(results: Sequence[Result], manner: Manner, today: date, at: float) -> Result | None:
    """What is wrong with the waivers themselves, as a result of its own."""
    whole = not manner.unasked and all(
        result.verdict in (Verdict.PASS, Verdict.FAIL) for result in results if not result.skipped
    )
    findings = [finding for result in results for finding in result.report.findings]
    said = about_waivers(findings, manner.waivers, today, whole=whole)
    if not said:
        return None
    report = Report(findings=said, summary=counted(len(manner.waivers), "waiver"))
    verdict, report = judged(WAIVERS, report, block=manner.block, waivers=(), today=today)
    return Result(check=WAIVERS, verdict=verdict, report=report, seconds=0.0, at=at)


def kept_wrong(check: Check, kept: Kept, other: Sequence[str]) -> Finding:
    """KEPT_VERDICT_WRONG: what was kept is not what is found again."""
    return Finding(
        rule="KEPT_VERDICT_WRONG",
        severity=Severity.CRITICAL,
        what=f"{check.name} was run again on the very same, and says something else: {'; '.join(other[:3])}.",
        why="It reads something that it does not declare, or its answer is a matter of chance: a kept verdict of it "
        "cannot be trusted.",
        fix="Declare the files, variables and programs that it reads, or mend what makes it flaky.",
        where=check.where,
        subject=check.name,
        details=tuple(("difference", each) for each in other),
    )
