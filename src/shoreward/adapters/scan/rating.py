"""How bad an advisory is: from its CVSS vectors, or in the words of whoever published it.

What says nothing is taken as high, since a missing number is no good news. Malicious packages are critical.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from shoreward.adapters.scan.osv import Advisory, Affected
from shoreward.adapters.scan.versions import Ecosystem
from shoreward.domain import Severity

_WORDS = {
    "critical": Severity.CRITICAL,
    "high": Severity.HIGH,
    "important": Severity.HIGH,
    "moderate": Severity.MEDIUM,
    "medium": Severity.MEDIUM,
    "low": Severity.LOW,
    "none": Severity.NOTE,
}
_FLOORS = ((9.0, Severity.CRITICAL), (7.0, Severity.HIGH), (4.0, Severity.MEDIUM), (0.1, Severity.LOW))


def rate(advisories: Iterable[Advisory], ecosystem: Ecosystem, name: str) -> tuple[Severity, str]:
    """The worst that several advisories on one thing say of it in a package, and who says so, for people."""
    said = [one for advisory in advisories for one in _said(advisory, advisory.about(ecosystem, name))]
    if not said:
        return Severity.HIGH, "no severity was published, so it is taken as high"
    return max(said, key=lambda one: (one[0].rank, one[1]))


def _said(advisory: Advisory, about: tuple[Affected, ...]) -> Iterator[tuple[Severity, str]]:
    if advisory.id.startswith("MAL-"):
        yield Severity.CRITICAL, "the package is malicious"
    for kind, vector in {*advisory.severity, *(one for affected in about for one in affected.severity)}:
        if (score := _score(kind, vector)) is not None:
            severity = next((severity for floor, severity in _FLOORS if score >= floor), Severity.NOTE)
            yield severity, f"{kind.replace('_V', ' ')} {score:.1f}"
    for word in {advisory.word, *(affected.word for affected in about)} & _WORDS.keys():
        yield _WORDS[word], f"{advisory.id} calls it {word}"


def _score(kind: str, vector: str) -> float | None:
    """The base score of a CVSS vector, 0 to 10; None for another scale, or a vector that is none."""
    if not kind.startswith("CVSS_V"):
        return None
    from cvss import CVSS2, CVSS3, CVSS4, CVSSError  # pyright: ignore[reportMissingTypeStubs]

    reader = {"CVSS_V2": CVSS2, "CVSS_V3": CVSS3, "CVSS_V4": CVSS4}.get(kind)
    try:
        score = reader(vector).base_score if reader else None
    except CVSSError:
        return None
    return None if score is None else float(score)
