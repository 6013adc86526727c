"""The checks that scan a change, in the order in which they are cheapest."""

from __future__ import annotations

from pathlib import Path

from shoreward.adapters.scan.secrets import secrets_check
from shoreward.adapters.scan.security import security_check
from shoreward.adapters.scan.vulnerabilities import sbom_check, vulnerabilities_check
from shoreward.app.checking import Check
from shoreward.app.ports import ArtifactStore, Blobs, Clock
from shoreward.domain import Advisories


def scan_checks(
    advisories: Advisories, *, artifacts: ArtifactStore, blobs: Blobs, root: Path, state: Path, clock: Clock
) -> tuple[Check, ...]:
    """`secrets`, `security`, `sbom` and `vulnerabilities`.

    Args:
        advisories: where vulnerabilities are looked up.
        blobs: keeps bills of materials.
        root: the repository's root, where a relative path of archives begins.
        state: a folder for what is remembered on this machine; it may be deleted at any time.
    """
    return (
        secrets_check(state),
        security_check(state),
        sbom_check(artifacts, blobs),
        vulnerabilities_check(advisories, artifacts, root=root, state=state, clock=clock),
    )
