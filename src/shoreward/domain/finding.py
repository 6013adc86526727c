"""Findings: what a check found, so that a person can act on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from shoreward.domain.digest import digest_of
from shoreward.domain.errors import Place


class Severity(StrEnum):
    """How bad a finding is, listed from worst to least."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    NOTE = "note"

    @property
    def rank(self) -> int:
        """Position from least (0, note) to worst (4, critical)."""
        return _RANKS[self]


_RANKS = {severity: rank for rank, severity in enumerate(reversed(Severity))}


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """Somebody's word that a finding may stay, for a time.

    Attributes:
        rule: the finding's rule; `*` stands for anything.
        subject: the finding's resource or package (`*` stands for anything).
        reason: why it may stay.
        owner: who answers for it.
        expires: the last day on which it holds, ISO 8601 (2027-01-31).
        where: where it is written.
    """

    rule: str
    subject: str = "*"
    reason: str
    owner: str
    expires: str
    where: Place | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that a check found.

    Attributes:
        check: name of the check that found it; filled in by whoever runs checks.
        rule: stable id of what was looked for, such as `IAM_BROADENED`, `GHSA-652x-xj99-gmcc` or `test-failed`.
        what: one sentence: what is wrong.
        why: why it matters; one sentence.
        fix: what to do about it; one sentence.
        where: the place in a file that a person wrote, from the repository's root.
        subject: what it is about: a resource's logical id, a package and its version, a test's name.
        details: more, as pairs of name and value: `fixed`, `installed`, `function`, `advisory`, `excerpt`, ...
        waived: the waiver that lets it stay.
    """

    rule: str
    severity: Severity
    what: str
    why: str = ""
    fix: str = ""
    where: Place | None = None
    subject: str = ""
    details: tuple[tuple[str, str], ...] = ()
    check: str = ""
    waived: Waiver | None = None

    @property
    def fingerprint(self) -> str:
        """The same for the same finding however its line moves: sha256, hexadecimal."""
        return digest_of(self.check, self.rule, self.subject, self.where.file if self.where else "", self.what)
