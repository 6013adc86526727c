"""What a run of a suite told us: tests with their outcomes, and findings that a tool made itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from shoreward.domain import Finding, Place

Outcome = Literal["passed", "skipped", "failed", "error"]
"""Listed from best to worst; an error is a test that could not be run."""

RANKS: dict[Outcome, int] = {"passed": 0, "skipped": 1, "failed": 2, "error": 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A test in one run.

    Attributes:
        name: the same in every run.
        message: the first line of what it said.
        text: what it said, with stack traces.
        where: the place in the repository that it names.
        collected: False for what is no test but a file that could not be read as tests.
    """

    name: str
    outcome: Outcome
    message: str = ""
    text: str = ""
    where: Place | None = None
    collected: bool = True

    @property
    def bad(self) -> bool:
        """Whether it says no."""
        return RANKS[self.outcome] >= RANKS["failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the reports of a run say.

    Attributes:
        tests: whether any of them is one that tells of tests, so that there should be some.
    """

    cases: tuple[Case, ...] = ()
    findings: tuple[Finding, ...] = ()
    tests: bool = False


class Unreadable(ValueError):
    """A report is not what it should be."""


def joined(told: list[Told]) -> Told:
    """Several reports as one; of a test that is told of twice the worse counts."""
    cases: dict[str, Case] = {}
    for case in (case for one in told for case in one.cases):
        known = cases.get(case.name)
        if known is None or RANKS[case.outcome] > RANKS[known.outcome]:
            cases[case.name] = case
    return Told(
        cases=tuple(cases.values()),
        findings=tuple(finding for one in told for finding in one.findings),
        tests=any(one.tests for one in told),
    )
