"""Before any target: a commit becomes a revision, is checked, and its record is signed."""

from __future__ import annotations

from typing import Protocol

from shoreward.app.interruption import Interruption
from shoreward.domain import Checked, Finding, Pipeline, Revision


class Builder(Protocol):
    """Makes a revision of a commit."""

    def build(self, pipeline: Pipeline, commit: str, interruption: Interruption | None = None) -> Revision:
        """Render the template and build the artifacts of a commit.

        The same commit gives the same digests, byte for byte. Raises `SpecError` when the template or the code
        cannot be built. It may be interrupted as a `Checker` may.
        """
        ...


class ArtifactStore(Protocol):
    """Finished artifacts on this machine."""

    def open(self, digest: str) -> bytes:
        """The zip; raises `Terminal` (ARTIFACT_MISSING) when it is not there, or is not what its digest says."""
        ...


class Checker(Protocol):
    """Finds out, before a customer is touched, whether a change may go to production."""

    def check(
        self, pipeline: Pipeline, revision: Revision, commit: str, base: str | None, interruption: Interruption
    ) -> Checked:
        """Come to a verdict on a revision.

        Args:
            base: the commit that was live when the release was opened, which the change is compared with.
            interruption: used when nobody waits for the verdict any more. Then all that was begun for it is ended at
                once, and `Abandoned` is raised.

        A mistake in the change is a FAIL. A check that could not look makes the verdict an ERROR, with why in its
        result; so does raising `Retryable`. Verdicts that are kept are taken. `Checked.revision` is what the checks
        built and tried, not what they were told; the whole report is kept as a blob; `Checked.manifest` is left empty.
        """
        ...


class Advisor(Protocol):
    """Knows the advisories of the day."""

    def revoked(
        self, pipeline: Pipeline, revision: Revision, checked: Checked, interruption: Interruption
    ) -> tuple[Finding, ...]:
        """What revokes a pass: findings about vulnerabilities that would fail the checks now, waived ones left out.

        It may be interrupted as a `Checker` may.
        The same advisory on the same package has the same `rule` and `subject` whenever it is asked for. Raises
        `Retryable` or `Terminal` when it cannot tell, a database that is too old included; never answers in doubt.
        """
        ...


class Signer(Protocol):
    """Signs statements about revisions, and knows whose signatures count."""

    def sign(self, payload: bytes) -> bytes:
        """A DSSE envelope (JSON) around an in-toto statement.

        Raises `Terminal` (SIGNING_KEY_EXPOSED, SIGNING_KEY_INVALID).
        """
        ...

    def verify(self, envelope: bytes, commit: str) -> bytes:
        """The payload, when whoever signed it is trusted: this machine, and those whose keys the commit names.

        The commit is asked, and not what a journal says of its pipeline: who writes to a journal could name himself.
        Raises `Terminal`: SIGNER_UNKNOWN when nobody who is trusted signed it, MANIFEST_INVALID when it is not what
        they signed.
        """
        ...
