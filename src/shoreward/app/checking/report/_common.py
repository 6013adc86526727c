"""What the reports share: an order, and a finding in one sentence after the other."""

from __future__ import annotations

from collections.abc import Sequence

from shoreward.app.checking.check import Result, Trouble
from shoreward.domain import Finding


def worst_first(findings: Sequence[Finding]) -> list[Finding]:
    """The findings by severity, each severity in the order in which its check gave them."""
    return sorted(findings, key=lambda finding: -finding.severity.rank)


def sentences(told: Finding | Trouble) -> str:
    """What is wrong, why it matters, and what to do."""
    parts = (told.what, told.why, told.fix) if isinstance(told, Finding) else (told.what, told.next)
    return " ".join(part for part in parts if part)


def summary(result: Result) -> str:
    """A check's result in a few words."""
    return sentences(result.error) if result.error else result.report.summary


def waiver_words(finding: Finding) -> str:
    """Why a waived finding may stay."""
    assert finding.waived is not None
    return f"{finding.waived.reason} ({finding.waived.owner}, until {finding.waived.expires})"
