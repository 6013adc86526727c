"""What was checked before production, and what came of it: the part of a verdict that a release keeps for ever.

The whole report is a blob; here is what decides, and what a person reads first.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from shoreward.domain.finding import Finding
from shoreward.verdict import Verdict

BLOCKING_KEPT = 20
"""How many blocking findings are kept beside the verdict; all of them are in the report."""

VULNERABILITIES = "vulnerabilities"
"""The check whose verdict new advisories revoke."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """One check's verdict.

    Attributes:
        summary: a few words; of a check that errored, why it could not look.
        seconds: what it took when it was run.
        at: when it was run, UNIX seconds: long before the release for one that is kept.
        kept: whether it is the recorded verdict of an earlier run.
        skipped: whether it was left out because somebody said so.
    """

    name: str
    verdict: Verdict
    summary: str = ""
    seconds: float = 0.0
    at: float = 0.0
    kept: bool = False
    skipped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """The verdict on a revision.

    Attributes:
        revision: digest of the revision that was built and tried.
        verdict: the worst of the results.
        at: when it was reached, UNIX seconds.
        seconds: what reaching it took.
        report: blob digest of the whole report.
        blocking: findings that fail a check, worst first; the first ones of them.
        blocked: how many there are in all.
        manifest: blob digest of the signed manifest; "" without a pass.
    """

    revision: str
    verdict: Verdict
    at: float
    seconds: float
    results: tuple[CheckResult, ...]
    report: str
    blocking: tuple[Finding, ...] = ()
    blocked: int = 0
    manifest: str = ""

    @property
    def unable(self) -> tuple[CheckResult, ...]:
        """The checks that could not look."""
        return tuple(result for result in self.results if result.verdict is Verdict.ERROR)

    @property
    def advised_at(self) -> float:
        """When advisories were looked up for it, UNIX seconds; 0 when nobody has."""
        return next((result.at for result in self.results if result.name == VULNERABILITIES), 0.0)

    def bounded(self) -> Checked:
        """The same with no more findings than a journal needs to hold."""
        return replace(self, blocking=self.blocking[:BLOCKING_KEPT], blocked=max(self.blocked, len(self.blocking)))


def advisory(finding: Finding) -> str:
    """What makes an advisory the same one however it is worded: its id, and what it is about."""
    return f"{finding.rule} {finding.subject}".strip()
