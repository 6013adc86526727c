"""One check: under which key its report is kept, what it reports when it is run, and the verdict that follows.

What a check raises is told apart here: a mistake in the change fails it, and everything else says that we could not
look.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from shoreward.app.checking.check import Check, Materials, Report, Running, Trouble
from shoreward.app.checking.waivers import waive
from shoreward.domain import Finding, Place, Severity, ShorewardError, SpecError, SpecErrors, Verdict, Waiver

_LOG = 20_000
"""So many characters of the end of a log are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What came of looking.

    Attributes:
        trouble: why we could not, or None when the report says all.
    """

    report: Report
    trouble: Trouble | None = None


def look(check: Check, materials: Materials, running: Running) -> Looked:
    """Run a check; raises nothing."""
    return guarded(lambda: Looked(report=check.run(materials, running)))


def guarded(ask: Callable[[], Looked]) -> Looked:
    """What was asked for, or what its exception says."""
    try:
        return ask()
    except SpecError as error:
        return Looked(report=mistakes(error))
    except ShorewardError as error:
        trouble = Trouble(code=error.code, what=error.what, next=error.next, where=str(error.where or ""))
        return Looked(report=Report(lasting=False), trouble=trouble)
    except (Exception, SystemExit) as error:  # noqa: BLE001  a check must not take the others with it
        what = f"The check broke: {type(error).__name__}: {error}"
        trouble = Trouble(code="INTERNAL", what=what, next="This is a mistake in Shoreward; please report its log.")
        return Looked(report=Report(log=traceback.format_exc()[-_LOG:], lasting=False), trouble=trouble)


def mistakes(error: SpecError, *, lasting: bool = True) -> Report:
    """The report of a check that met a mistake in the change, or several (`SpecErrors`).

    Args:
        lasting: whether the same change is sure to have it tomorrow.
    """
    errors = error.errors if isinstance(error, SpecErrors) else (error,)
    summary = "1 mistake" if len(errors) == 1 else f"{len(errors)} mistakes"
    return Report(findings=tuple(map(_finding, errors)), summary=summary, lasting=lasting)


def _finding(error: SpecError) -> Finding:
    """A mistake as a finding: critical, for it fails the check wherever the line is drawn."""
    where = error.where if isinstance(error.where, Place) or error.where is None else Place(file=error.where)
    return Finding(rule=error.code, severity=Severity.CRITICAL, what=error.what, fix=error.next, where=where)


def judged(
    check: str, report: Report, *, block: Severity, waivers: Sequence[Waiver], today: date
) -> tuple[Verdict, Report]:
    """The verdict of a report, and the report with its findings signed, waived and in order."""
    named = (replace(finding, check=check) for finding in report.findings)
    findings = tuple(sorted(waive(named, waivers, today), key=in_order))
    failed = any(blocks(finding, block) for finding in findings)
    return Verdict.FAIL if failed else Verdict.PASS, replace(report, findings=findings)


def blocks(finding: Finding, block: Severity) -> bool:
    """Whether a finding fails its check."""
    return finding.waived is None and finding.severity.rank >= block.rank


def in_order(finding: Finding) -> tuple[str, int, int, str, str, str]:
    """By place, then by what it is."""
    where = finding.where or Place(file="")
    return where.file, where.line or 0, where.column or 0, finding.rule, finding.subject, finding.what


def differences(kept: Report, again: Report) -> tuple[str, ...]:
    """What a second look at the same things found otherwise; nothing when both agree.

    Measures, logs and summaries differ from run to run and say nothing of the change.
    """
    before, after = set(map(_said, kept.findings)), set(map(_said, again.findings))
    product = ("it produces something else",) if kept.product != again.product else ()
    gone = (f"no longer: {each}" for each in sorted(before - after))
    return (*gone, *(f"new: {each}" for each in sorted(after - before)), *product)


def _said(finding: Finding) -> str:
    where = f"{finding.where} " if finding.where else ""
    return f"{where}{finding.rule} {finding.severity} {finding.subject}: {finding.what}"
