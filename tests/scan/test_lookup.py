"""What is known against components becomes findings that people can act on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from shoreward.adapters.scan.component import Component, Package
from shoreward.adapters.scan.lookup import lookup
from shoreward.adapters.scan.osv import Advisory, read_advisory
from shoreward.domain import Finding, Place, Severity
from shoreward.testing.advisories import an_advisory

MANIFEST = Place(file="tide/requirements.txt", line=3)


@dataclass(frozen=True, slots=True)
class Known:
    """A database that holds some advisories."""

    advisories: tuple[Advisory, ...]

    def concerning(self, packages: Sequence[Package]) -> Mapping[Package, tuple[Advisory, ...]]:
        return {
            one: tuple(a for a in self.advisories if a.concerns(one.ecosystem, one.name, one.version))
            for one in packages
        }


def known(*documents: dict[str, Any]) -> Known:
    return Known(tuple(read_advisory(document) for document in documents))


def component(version: str = "1.4", **more: Any) -> Component:
    return Component(**{"ecosystem": "PyPI", "name": "spade", "version": version, "where": MANIFEST} | more)


def found(*documents: dict[str, Any], **more: Any) -> Finding:
    (finding,) = lookup([component(**more)], known(*documents))
    return finding


def test_a_finding_says_what_is_wrong_where_and_what_to_do():
    finding = found(
        an_advisory("GHSA-aaaa", "PyPI", "spade", fixed="1.5", aliases=["CVE-2025-1"], summary="Digs too deep"),
        carriers=("Tide", "Wind"),
    )
    assert finding.rule == "GHSA-aaaa"
    assert finding.severity is Severity.HIGH
    assert finding.what == "spade 1.4 in Tide and Wind has a known vulnerability: Digs too deep."
    assert finding.fix == "Upgrade to spade 1.5."
    assert finding.where == MANIFEST
    assert finding.subject == "spade 1.4"
    assert dict(finding.details) == {
        "functions": "Tide, Wind",
        "advisory": "GHSA-aaaa",
        "aliases": "CVE-2025-1",
        "installed": "1.4",
        "fixed": "1.5",
        "severity": "GHSA-aaaa calls it high",
        "seen": "artifact",
        "purl": "pkg:pypi/spade@1.4",
        "link": "https://osv.dev/vulnerability/GHSA-aaaa",
    }


def test_what_nobody_asked_for_is_mended_by_what_brings_it():
    finding = found(an_advisory("GHSA-aaaa", "PyPI", "spade", fixed="1.5"), via="bucket")
    assert finding.fix == "Upgrade to spade 1.5; bucket brings it."


def test_without_a_mended_version_that_is_said():
    finding = found(an_advisory("GHSA-aaaa", "PyPI", "spade"))
    assert finding.fix.startswith("No version is known to mend it.")


def test_names_of_the_same_thing_are_one_finding():
    finding = found(
        an_advisory("PYSEC-2025-9", "PyPI", "spade", fixed="1.5", aliases=["CVE-2025-1"], severity=""),
        an_advisory("GHSA-aaaa", "PyPI", "spade", fixed="1.5", aliases=["CVE-2025-1"], severity="CRITICAL"),
        an_advisory("CVE-2025-1", "PyPI", "spade", fixed="1.5", severity=""),
    )
    assert finding.rule == "GHSA-aaaa"
    assert finding.severity is Severity.CRITICAL
    assert dict(finding.details)["aliases"] == "CVE-2025-1, PYSEC-2025-9"


def test_names_meet_over_a_third_one():
    finding = found(
        an_advisory("GHSA-aaaa", "PyPI", "spade", aliases=["CVE-1"]),
        an_advisory("PYSEC-1", "PyPI", "spade", aliases=["CVE-2"]),
        an_advisory("OSV-1", "PyPI", "spade", aliases=["CVE-1", "CVE-2"]),
    )
    assert dict(finding.details)["aliases"] == "CVE-1, CVE-2, OSV-1, PYSEC-1"


def test_different_things_are_different_findings():
    database = known(an_advisory("GHSA-b", "PyPI", "spade"), an_advisory("GHSA-a", "PyPI", "spade"))
    assert [finding.rule for finding in lookup([component()], database)] == ["GHSA-a", "GHSA-b"]


def test_the_version_that_mends_is_mended_of_all_that_is_known_by_these_names():
    finding = found(
        an_advisory("GHSA-a", "PyPI", "spade", fixed="1.5", aliases=["CVE-1"]),
        an_advisory("PYSEC-1", "PyPI", "spade", fixed="1.10", aliases=["CVE-1"]),
    )
    assert dict(finding.details)["fixed"] == "1.10"


def test_the_version_that_mends_is_the_lowest_newer_one():
    document = an_advisory("GHSA-a", "PyPI", "spade")
    document["affected"][0]["ranges"][0]["events"] = [
        {"introduced": "1.0"}, {"fixed": "1.3.9"}, {"introduced": "1.4"}, {"fixed": "1.4.2"},
        {"introduced": "2.0"}, {"fixed": "2.0.1"},
    ]  # fmt: skip
    assert dict(found(document).details)["fixed"] == "1.4.2"


@pytest.mark.parametrize(
    ("severity", "expected"),
    [
        ("CRITICAL", Severity.CRITICAL),
        ("MODERATE", Severity.MEDIUM),
        ("LOW", Severity.LOW),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Severity.CRITICAL),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:N/A:N", Severity.MEDIUM),
        ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", Severity.CRITICAL),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", Severity.NOTE),
        ("CVSS:3.1/nonsense", Severity.HIGH),
        ("", Severity.HIGH),
    ],
)
def test_how_bad_it_is(severity: str, expected: Severity):
    assert found(an_advisory("GHSA-a", "PyPI", "spade", severity=severity)).severity is expected


def test_the_worst_that_is_said_counts():
    document = an_advisory("GHSA-a", "PyPI", "spade", severity="LOW")
    document["affected"][0]["severity"] = [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"}]
    finding = found(document)
    assert finding.severity is Severity.HIGH
    assert finding.why.startswith("CVSS 3 7.5.")


def test_malicious_packages_are_to_be_removed():
    finding = found(
        an_advisory("MAL-2025-1", "PyPI", "spade", severity="", aliases=["GHSA-a"]),
        an_advisory("GHSA-a", "PyPI", "spade", severity="LOW"),
    )
    assert finding.rule == "MAL-2025-1"
    assert finding.severity is Severity.CRITICAL
    assert finding.fix.startswith("Remove it, and change every secret")


@pytest.mark.parametrize(
    ("ecosystem", "version"), [("PyPI", ""), ("PyPI", "unknown"), ("npm", "git+ssh://beach/spade")]
)
def test_what_cannot_be_looked_up_is_a_finding(ecosystem: str, version: str):
    finding = found(ecosystem=ecosystem, version=version, carriers=("Tide",))
    assert finding.rule == "PACKAGE_UNIDENTIFIED"
    assert finding.severity is Severity.MEDIUM
    assert finding.where == MANIFEST
    assert "in Tide" in finding.what


def test_one_package_at_one_place_is_told_once_for_all_who_carry_it():
    parts = [component(carriers=("Tide",)), component(carriers=("Wind",))]
    (finding,) = lookup(parts, known(an_advisory("GHSA-a", "PyPI", "spade")))
    assert dict(finding.details)["functions"] == "Tide, Wind"


def test_findings_come_in_the_order_of_their_places():
    parts = [
        component(where=Place(file="wind/requirements.txt", line=1)),
        component(where=Place(file="tide/requirements.txt", line=12)),
        component(where=Place(file="tide/requirements.txt", line=2)),
    ]
    findings = lookup(parts, known(an_advisory("GHSA-a", "PyPI", "spade")))
    assert [str(finding.where) for finding in findings] == [
        "tide/requirements.txt:2", "tide/requirements.txt:12", "wind/requirements.txt:1",
    ]  # fmt: skip


def test_nothing_carried_needs_no_database():
    class Unreachable:
        def concerning(self, packages: Sequence[Package]) -> Mapping[Package, tuple[Advisory, ...]]:
            raise AssertionError(packages)

    assert lookup([], Unreachable()) == ()
