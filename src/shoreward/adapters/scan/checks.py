"""The checks that scan a change: what each verdict depends on, and when it is too old.

Asking for a key must cost next to nothing, so this module imports little; what looks is imported when it is to look.
"""

from __future__ import annotations

import posixpath
import sys
from pathlib import Path

from shoreward.adapters.scan.database import archive_paths, archives_of, digests, open_database
from shoreward.app.checking import Check, Materials, Outside, Report, Running
from shoreward.app.ports import ArtifactStore, Blobs, Clock
from shoreward.domain import Advisories, Terminal, digest_of

_DEPENDENCIES = frozenset((
    "requirements.txt", "pyproject.toml", "Pipfile", "package.json",
    "uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock",
    "npm-shrinkwrap.json", "package-lock.json", "pnpm-lock.yaml", "yarn.lock",
))  # fmt: skip
_READ = (".txt", ".in", ".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx")
"""Endings of files that say, beside those, what an artifact carries: requirements, and code with its imports."""


def scan_checks(
    advisories: Advisories, *, artifacts: ArtifactStore, blobs: Blobs, root: Path, state: Path, clock: Clock
) -> tuple[Check, ...]:
    """`secrets`, `security`, `sbom` and `vulnerabilities`.

    Args:
        advisories: where vulnerabilities are looked up.
        artifacts: what the check `build` made.
        blobs: keeps bills of materials.
        root: the repository's root, where a relative path of archives begins.
        state: a folder for what is remembered on this machine; it may be deleted at any time.
    """
    return (
        _secrets(state),
        _security(state),
        _sbom(artifacts, blobs),
        _vulnerabilities(advisories, artifacts, root=root, state=state, clock=clock),
    )


def _secrets(state: Path) -> Check:
    def key(materials: Materials) -> str:
        return digest_of("secrets", _versions("detect-secrets"), materials.source.tree(materials.commit))

    def run(materials: Materials, running: Running) -> Report:
        from shoreward.adapters.scan.secrets import look_for_secrets

        return look_for_secrets(materials, running, state / "secrets.db")

    return Check(
        name="secrets",
        about="No file holds a secret that nobody has looked at.",
        key=key,
        run=run,
        reads="all files",
    )


def _security(state: Path) -> Check:
    def key(materials: Materials) -> str:
        engines = [*_versions("bandit"), *sys.version_info[:2]]
        return digest_of("security", engines, _files(materials, (".py",), frozenset()))

    def run(materials: Materials, running: Running) -> Report:
        from shoreward.adapters.scan.security import look_at_code

        return look_at_code(materials, running, state / "security.db")

    return Check(
        name="security",
        about="The code of functions does nothing that is known to be unsafe.",
        key=key,
        run=run,
        reads="Python files, the template",
    )


def _sbom(artifacts: ArtifactStore, blobs: Blobs) -> Check:
    """The product is JSON: `sboms`, digests of blobs by digests of artifacts."""

    def key(materials: Materials) -> str:
        return digest_of("sbom", _files(materials, _READ, _DEPENDENCIES))

    def run(materials: Materials, running: Running) -> Report:
        from shoreward.adapters.scan.vulnerabilities import write_down

        del running
        return write_down(materials, artifacts, blobs)

    def still(report: Report) -> bool:
        """A verdict may come from another machine, and the blobs not."""
        try:
            return all(blobs.get(blob) for _, blob in report.files)
        except Terminal:
            return False

    return Check(
        name="sbom",
        about="What each artifact holds is written down.",
        key=key,
        run=run,
        needs=("build",),
        reads="artifacts, manifests, lock files",
        still=still,
    )


def _vulnerabilities(
    advisories: Advisories, artifacts: ArtifactStore, *, root: Path, state: Path, clock: Clock
) -> Check:
    folder = archives_of(advisories, root)

    def key(materials: Materials) -> str:
        source = [advisories.source, advisories.max_age, *digests(advisories, root, state)]
        engines = _versions("packaging", "cvss")
        return digest_of("vulnerabilities", engines, source, _files(materials, _READ, _DEPENDENCIES))

    def run(materials: Materials, running: Running) -> Report:
        from shoreward.adapters.scan.vulnerabilities import look_up

        database = open_database(advisories, root=root, state=state, now=clock.now(), stop=running.stop)
        return look_up(materials, running, artifacts, database)

    return Check(
        name="vulnerabilities",
        about="No package that a function carries has a known vulnerability.",
        key=key,
        run=run,
        needs=("build",),
        depends=Outside(files=tuple(map(str, archive_paths(folder))) if folder else (), good_for=advisories.poll),
        reads="artifacts, manifests, lock files, advisories",
        waits=folder is None,
    )


def _versions(*names: str) -> list[str]:
    from importlib.metadata import version

    return [version(name) for name in names]


def _files(materials: Materials, endings: tuple[str, ...], names: frozenset[str]) -> list[object]:
    """The template with its parameters, and the files that end so or are called so."""
    pipeline = materials.pipeline
    read = [
        [entry.path, entry.id]
        for entry in materials.source.entries(materials.commit)
        if entry.path.endswith(endings) or entry.path == pipeline.template or posixpath.basename(entry.path) in names
    ]
    return [read, pipeline.template, [[target.key, *target.parameters] for target in pipeline.targets]]
