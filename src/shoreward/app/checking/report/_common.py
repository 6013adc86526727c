"""What the reports share: an order, and a finding in one sentence after the other."""

from __future__ import annotations

from collections.abc import Sequence

from shoreward.app.checking.check import Result
from shoreward.domain import Finding, Severity, Verdict


def worst_first(findings: Sequence[Finding]) -> list[Finding]:
    """The findings by severity, each severity in the order in which its check gave them."""
    return sorted(findings, key=lambda finding: -finding.severity.rank)


def blocks(finding: Finding, block: Severity) -> bool:
    """Whether a finding fails its check."""
    return finding.waived is None and finding.severity.rank >= block.rank


def sentences(finding: Finding) -> str:
    """What is wrong, why it matters, and what to do."""
    return " ".join(part for part in (finding.what, finding.why, finding.fix) if part)


def failed(results: Sequence[Result]) -> list[Result]:
    """Results that keep a change from production."""
    return [result for result in results if result.verdict in (Verdict.FAIL, Verdict.ERROR)]


def times(number: float, one: str, many: str) -> str:
    """A count with its noun."""
    return f"{number:g} {one if number == 1 else many}"
