"""The five answers, and how several of them join into one.

Place in the flow: every judge (of counts, latency, gauges, alarms) answers with one of these; a release advances only
when `worst` of all its answers is `PASS`. This is the one place that says so. It stands below `judge` and `domain`,
which share it: so the judge can be imported without the rest.
"""

from collections.abc import Iterable
from enum import StrEnum


class Verdict(StrEnum):
    """An answer about a canary, listed from best to worst; the order of definition is the order of `worst`."""

    PASS = "pass"
    NOT_ENOUGH_EVIDENCE = "not_enough_evidence"
    NO_DATA = "no_data"
    ERROR = "error"
    FAIL = "fail"

    @property
    def advances(self) -> bool:
        """Whether a release may go on: only with a pass."""
        return self is Verdict.PASS

    @property
    def severity(self) -> int:
        """Position from best (0, pass) to worst (4, fail); also the verdict's code in arrays."""
        return SEVERITIES[self]


VERDICTS: tuple[Verdict, ...] = tuple(Verdict)
"""Verdicts by severity: `VERDICTS[code]` decodes what `Judgement.codes` holds."""

SEVERITIES = {verdict: code for code, verdict in enumerate(VERDICTS)}


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The worst of the verdicts. Nothing judged is `NO_DATA`, because an empty answer must not advance a release."""
    return max(verdicts, key=lambda verdict: verdict.severity, default=Verdict.NO_DATA)
