"""The answer to the one question: may this change go to production?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from shoreward.app.checking.check import Result
from shoreward.domain import Finding, Severity, Verdict, worst


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of a graph of checks.

    Attributes:
        commit: what was checked.
        base: what it was compared with, or None.
        results: one for each check that was asked for, in the graph's order.
        unasked: names of checks that nobody asked for this time (`--only`, `--skip`).
        block: the least severity of a finding that failed its check.
        at: when it began, UNIX seconds.
        seconds: what it took.
    """

    commit: str
    base: str | None
    results: tuple[Result, ...]
    unasked: tuple[str, ...] = ()
    block: Severity = Severity.MEDIUM
    at: float = 0.0
    seconds: float = 0.0

    @property
    def verdict(self) -> Verdict:
        """The worst verdict of all checks that were not left out on purpose."""
        return verdict_of(self.results)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings, by check."""
        return tuple(finding for result in self.results for finding in result.report.findings)

    @property
    def skipped(self) -> tuple[str, ...]:
        """Names of the checks that were left out on purpose."""
        return tuple(result.check for result in self.results if result.skipped)

    @property
    def whole(self) -> bool:
        """Whether it speaks of all checks, and so of whether the change may go to production."""
        return not self.unasked


def verdict_of(results: Iterable[Result]) -> Verdict:
    """The worst verdict of all checks that were not left out on purpose; NO_DATA, which never passes, when all were."""
    return worst(result.verdict for result in results if not result.skipped)
