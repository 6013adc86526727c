"""What the built artifacts carry: written down, and looked up."""

from __future__ import annotations

from collections.abc import Iterable

from shoreward.adapters.scan.component import Part
from shoreward.adapters.scan.inventory import inventory
from shoreward.adapters.scan.lookup import Database, lookup
from shoreward.adapters.scan.sbom import bill
from shoreward.app.checking import Materials, Report, Running
from shoreward.app.ports import ArtifactStore, Blobs
from shoreward.app.words.wording import counted
from shoreward.domain import Finding, Severity, canonical


def look_up(materials: Materials, running: Running, artifacts: ArtifactStore, database: Database) -> Report:
    """What is known against the packages of the built artifacts.

    Raises:
        SpecError, Terminal: as `inventory` does.
        OperationError: as `lookup` does.
    """
    parts = inventory(materials, artifacts)
    components = [one for part in parts for one in part.components]
    running.say(f"looking up {counted(len({one.package for one in components}), 'package')}")
    findings = (*lookup(components, database), *_unknown(parts))
    return Report(findings=findings, summary=_summary(parts), measures=_measures(parts))


def write_down(materials: Materials, artifacts: ArtifactStore, blobs: Blobs) -> Report:
    """A bill of materials for each of the built artifacts. Raises as `inventory` does."""
    parts = inventory(materials, artifacts)
    kept = [(part.digest, blobs.put(bill(part))) for part in parts]
    return Report(
        summary=_summary(parts),
        product=canonical({"sboms": dict(kept)}).decode(),
        files=tuple((f"{digest[:12]}.cdx.json", blob) for digest, blob in kept),
        measures=_measures(parts),
    )


def _unknown(parts: Iterable[Part]) -> tuple[Finding, ...]:
    """Functions in languages whose packages nobody here can tell."""
    return tuple(
        Finding(
            rule="PACKAGES_UNKNOWN",
            severity=Severity.LOW,
            what=f"What {', '.join(part.carriers)} carries cannot be told: {', '.join(part.unknown)}.",
            why="Packages are known of functions in Python and Node only.",
            fix="Let a suite of the kind 'security' look them up, and write SARIF.",
            where=part.where,
            subject=part.carriers[0],
        )
        for part in parts
        if part.unknown
    )


def _summary(parts: tuple[Part, ...]) -> str:
    packages = {one.package for part in parts for one in part.components}
    return f"{counted(len(packages), 'package')} in {counted(len(parts), 'artifact')}"


def _measures(parts: tuple[Part, ...]) -> tuple[tuple[str, float], ...]:
    packages = {one.package for part in parts for one in part.components}
    return ("packages", float(len(packages))), ("artifacts", float(len(parts)))
