"""Waivers: somebody's word that a finding may stay, for a time.

They are applied to what checks found, kept verdicts included, so changing one runs nothing again. One that has expired
holds no more and says so; one that nothing needs any more says so, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from fnmatch import fnmatchcase

from shoreward.domain import Finding, Severity, SpecError, Waiver


def waive(findings: Iterable[Finding], waivers: Sequence[Waiver], today: date) -> tuple[Finding, ...]:
    """The findings, those that a waiver covers with it.

    Raises:
        SpecError: WAIVER_DATE.
    """
    good = [waiver for waiver in waivers if not expired(waiver, today)]

    def waived(finding: Finding) -> Finding:
        return replace(finding, waived=next((waiver for waiver in good if covers(waiver, finding)), None))

    return tuple(map(waived, findings))


def about_waivers(
    findings: Sequence[Finding], waivers: Sequence[Waiver], today: date, *, whole: bool
) -> tuple[Finding, ...]:
    """What is to be said of the waivers themselves.

    Args:
        findings: of all checks.
        whole: whether every check was looked at; else nobody can tell that a waiver is needed no more.
    """
    said: list[Finding] = []
    for waiver in waivers:
        needed = any(covers(waiver, finding) for finding in findings)
        if expired(waiver, today):
            said.append(_expired(waiver, needed=needed))
        elif whole and not needed:
            said.append(_unused(waiver))
    return tuple(said)


def expired(waiver: Waiver, today: date) -> bool:
    """Whether its last day is over."""
    try:
        return date.fromisoformat(waiver.expires) < today
    except ValueError as error:
        what = f"{waiver.expires!r} is not a date."
        raise SpecError("WAIVER_DATE", what, where=waiver.where, next="Write it as 2027-01-31.") from error


def covers(waiver: Waiver, finding: Finding) -> bool:
    """Whether rule and subject are those that the waiver means."""
    return fnmatchcase(finding.rule, waiver.rule) and fnmatchcase(finding.subject, waiver.subject)


def _expired(waiver: Waiver, *, needed: bool) -> Finding:
    return Finding(
        rule="WAIVER_EXPIRED",
        severity=Severity.MEDIUM if needed else Severity.LOW,
        what=f"The waiver of {_about(waiver)} held until {waiver.expires}.",
        why=f"{waiver.owner} answers for it: {waiver.reason}",
        fix="Mend what it covers, or renew it with a reason." if needed else "Take it out: nothing needs it any more.",
        where=waiver.where,
        subject=_about(waiver),
    )


def _unused(waiver: Waiver) -> Finding:
    return Finding(
        rule="WAIVER_UNUSED",
        severity=Severity.LOW,
        what=f"The waiver of {_about(waiver)} covers nothing that was found.",
        why="It would hide the next finding of its kind without anybody having thought of it.",
        fix="Take it out.",
        where=waiver.where,
        subject=_about(waiver),
    )


def _about(waiver: Waiver) -> str:
    return waiver.rule if waiver.subject == "*" else f"{waiver.rule} on {waiver.subject}"
