"""The checks `vulnerabilities` and `sbom`: what the built artifacts carry, and what is known against it."""

from __future__ import annotations

import posixpath
import threading
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

from shoreward.adapters.scan.api import OsvApi
from shoreward.adapters.scan.archive import OsvArchives, archive
from shoreward.adapters.scan.files import digest_of_file
from shoreward.adapters.scan.http import Patience
from shoreward.adapters.scan.imports import CODE
from shoreward.adapters.scan.inventory import Part, inventory
from shoreward.adapters.scan.locks import LOCKS
from shoreward.adapters.scan.lookup import Database, lookup
from shoreward.adapters.scan.manifests import MANIFESTS
from shoreward.adapters.scan.sbom import bill
from shoreward.app.checking import Check, Materials, Outside, Report, Running
from shoreward.app.ports import ArtifactStore, Blobs, Clock
from shoreward.app.wording import counted
from shoreward.domain import Advisories, Finding, Severity, Terminal, canonical, digest_of

_NAMES = frozenset(name for names in (*MANIFESTS.values(), *LOCKS.values()) for name in names)


def open_database(
    advisories: Advisories, *, root: Path, state: Path, now: float, stop: threading.Event | None = None
) -> Database:
    """Where a pipeline's advisories are looked up.

    Args:
        root: what a relative path of archives begins at: the repository's root.
        state: a folder for what is kept on this machine; it may be deleted at any time.
        now: UNIX seconds; archives may not be older than `advisories.max_age`.
        stop: set when nobody waits any more.
    """
    stop = stop or threading.Event()
    if folder := _folder(advisories, root):
        return OsvArchives(folder, state / "osv", max_age=advisories.max_age, now=now, stop=stop)
    memory = state / "osv" / digest_of(advisories.source)[:16]
    return OsvApi(advisories.source, memory, patience=Patience(stop=stop))


def vulnerabilities_check(
    advisories: Advisories, artifacts: ArtifactStore, *, root: Path, state: Path, clock: Clock
) -> Check:
    """Looks the packages of the built artifacts up; a verdict is good until advisories are looked up again."""
    folder = _folder(advisories, root)

    def key(materials: Materials) -> str:
        source = [advisories.source, advisories.max_age, *_digests(folder, state / "osv")]
        return digest_of("vulnerabilities", _materials(materials), version("packaging"), version("cvss"), source)

    def run(materials: Materials, running: Running) -> Report:
        parts = inventory(materials, artifacts)
        components = [one for part in parts for one in part.components]
        running.say(f"looking up {counted(len({one.package for one in components}), 'package')}")
        database = open_database(advisories, root=root, state=state, now=clock.now(), stop=running.stop)
        findings = (*lookup(components, database), *_unknown(parts))
        return Report(findings=findings, summary=_summary(parts), measures=_measures(parts))

    return Check(
        name="vulnerabilities",
        about="No package that a function carries has a known vulnerability.",
        key=key,
        run=run,
        needs=("build",),
        depends=Outside(files=(str(folder),) if folder else (), good_for=advisories.poll),
        reads="artifacts, manifests, lock files, advisories",
        waits=folder is None,
    )


def sbom_check(artifacts: ArtifactStore, blobs: Blobs) -> Check:
    """Writes down what each artifact holds.

    The product is JSON: `sboms`, digests of blobs by digests of artifacts. `Report.files` has the same blobs by the
    names that people give them.
    """

    def run(materials: Materials, running: Running) -> Report:
        del running
        parts = inventory(materials, artifacts)
        kept = {part: blobs.put(bill(part)) for part in parts}
        return Report(
            summary=_summary(parts),
            product=canonical({"sboms": {part.digest: blob for part, blob in kept.items()}}).decode(),
            files=tuple((f"{part.digest[:12]}.cdx.json", blob) for part, blob in kept.items()),
            measures=_measures(parts),
        )

    def still(report: Report) -> bool:
        try:
            return all(blobs.get(blob) for _, blob in report.files)
        except Terminal:
            return False

    return Check(
        name="sbom",
        about="What each artifact holds is written down.",
        key=lambda materials: digest_of("sbom", _materials(materials)),
        run=run,
        needs=("build",),
        reads="artifacts, manifests, lock files",
        still=still,
    )


def _folder(advisories: Advisories, root: Path) -> Path | None:
    if "://" in advisories.source:
        return None
    return root / Path(advisories.source).expanduser()


def _materials(materials: Materials) -> list[object]:
    """All of the commit that decides what is said of the artifacts."""
    entries = materials.source.entries(materials.commit)
    read = [(one.path, one.id) for one in entries if _decides(one.path, materials.pipeline.template)]
    parameters = [[target.key, *target.parameters] for target in materials.pipeline.targets]
    return [read, materials.pipeline.template, parameters]


def _decides(path: str, template: str) -> bool:
    return posixpath.basename(path) in _NAMES or path == template or path.endswith((".txt", *CODE))


def _digests(folder: Path | None, memory: Path) -> list[str]:
    """What the archives are; a change of what is not there is a change, too."""
    if folder is None:
        return []
    paths = [archive(folder, ecosystem) for ecosystem in ("PyPI", "npm")]
    return [digest_of_file(path, memory) if path.is_file() else "" for path in paths]


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
