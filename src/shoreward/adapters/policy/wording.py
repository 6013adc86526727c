"""What a rule says, taken apart: what is wrong, why it matters, how to mend it, and how bad it is.

    The queue has no dead-letter queue.
    why: A message that cannot be handled comes back until it expires.
    fix: Give it a RedrivePolicy.
    severity: medium

Any engine's message may be written so. AWS's own Guard rules say `Violation:` and `Fix:`, which is read, too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from shoreward.domain import Severity

_FIELD = re.compile(r"\s*(what|violation|why|fix|severity)\s*:\s*(.*)", re.IGNORECASE)
_SEVERITIES = {
    **{severity.value: severity for severity in Severity},
    "fatal": Severity.CRITICAL,
    "error": Severity.HIGH,
    "warn": Severity.LOW,
    "warning": Severity.LOW,
    "info": Severity.NOTE,
    "informational": Severity.NOTE,
    "debug": Severity.NOTE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A message taken apart; what it does not say is '' and None."""

    what: str = ""
    why: str = ""
    fix: str = ""
    severity: Severity | None = None

    def or_else(self, other: Words) -> Words:
        """These words, and the other's where these say nothing; what is wrong is always these."""
        return replace(
            self,
            why=self.why or other.why,
            fix=self.fix or other.fix,
            severity=self.severity or other.severity,
        )


def words_of(message: str) -> Words:
    """Take a message apart. Raises ValueError for a severity that there is not."""
    found: dict[str, list[str]] = {}
    field = "what"
    for line in message.strip().splitlines():
        named = _FIELD.match(line)
        if named:
            field, line = named[1].lower().replace("violation", "what"), named[2]
        found.setdefault(field, []).append(line.strip())
    said = {field: " ".join(part for part in lines if part) for field, lines in found.items()}
    severity = said.pop("severity", "")
    return Words(severity=severity_named(severity) if severity else None, **said)


def severity_named(word: str) -> Severity:
    """A severity by our names, or by those of the engines. Raises ValueError."""
    try:
        return _SEVERITIES[word.strip().lower()]
    except KeyError:
        raise ValueError(f"There is no severity {word!r}; there are {', '.join(Severity)}.") from None
