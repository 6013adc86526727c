"""Manifests: what was checked is what is deployed.

    RevisionChecked (pass) ──► seal ──► a signed statement, kept as a blob
    StageTarget, FinishTarget ──► verify ──► the very template and artifacts that were checked, or nothing

A manifest is an in-toto statement in a DSSE envelope (docs/gate.md), so other tools can read it, too.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from shoreward.app.ports import ArtifactStore, Blobs, Signer
from shoreward.domain import Checked, Pipeline, Revision, Terminal, Verdict, canonical, digest_of

STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "tag:shoreward,2026:manifest/1"


def seal(signer: Signer, blobs: Blobs, pipeline: Pipeline, revision: Revision, checked: Checked) -> str:
    """Sign and keep what was found out about a revision; returns the manifest's blob digest.

    Raises:
        Terminal: VERDICT_INVALID for a pass that is none, or that is about something else.
    """
    _sound(revision, checked)
    return blobs.put(signer.sign(canonical(statement(pipeline, revision, checked))))


def _sound(revision: Revision, checked: Checked) -> None:
    """A pass is taken for one only when nothing in it speaks against it."""
    against = [each.name for each in checked.results if not each.skipped and not each.verdict.advances]
    against += [finding.rule for finding in checked.blocking]
    wrong = ""
    if checked.revision != revision.digest:
        wrong = f"The checks tried revision {checked.revision[:10]}, and the release carries {revision.digest[:10]}."
    elif against:
        wrong = f"The verdict is a pass, and these speak against it: {', '.join(against)}."
    elif all(each.skipped for each in checked.results):
        wrong = "The verdict is a pass, and nothing was checked."
    if wrong:
        raise Terminal("VERDICT_INVALID", wrong, next="This is a mistake in Shoreward; please report it.")


def statement(pipeline: Pipeline, revision: Revision, checked: Checked) -> dict[str, Any]:
    """The in-toto statement of a pass, as plain JSON."""
    return {
        "_type": STATEMENT,
        "subject": [{"name": name, "digest": {"sha256": digest}} for name, digest in _subjects(revision).items()],
        "predicateType": PREDICATE,
        "predicate": {
            "application": pipeline.application,
            "commit": revision.commit,
            "pipeline": digest_of(asdict(pipeline)),
            "verdict": checked.verdict.value,
            "checks": [asdict(result) for result in checked.results],
            "report": checked.report,
            "time": datetime.fromtimestamp(checked.at, UTC).isoformat(timespec="milliseconds"),
            "made_by": f"shoreward {version('shoreward')}",
        },
    }


def _subjects(revision: Revision) -> dict[str, str]:
    """All that a deployment is made of, by name."""
    artifacts = {artifact.key: artifact.digest for artifact in revision.artifacts}
    return {"revision": revision.digest, "template.json": revision.template, **artifacts}


def verify(signer: Signer, blobs: Blobs, revision: Revision, checked: Checked | None) -> None:
    """Nothing but what passed the checks, signed by somebody who is trusted, may be deployed.

    Raises:
        Terminal: MANIFEST_INVALID, SIGNER_UNKNOWN.
    """
    if checked is None or not checked.manifest:
        raise invalid("Nobody has signed that this revision passed its checks.")
    told = _read(signer.verify(_kept(blobs, checked.manifest, "manifest"), revision.commit))
    if told["verdict"] != Verdict.PASS or told["commit"] != revision.commit:
        raise invalid(f"The manifest says {told['verdict']} of commit {str(told['commit'])[:10]}.")
    theirs, ours = told["subjects"], _subjects(revision)
    if theirs != ours:
        other = sorted(name for name in {*theirs, *ours} if theirs.get(name) != ours.get(name))
        raise invalid(f"The revision differs from what was checked in {', '.join(other)}.")
    _kept(blobs, revision.template, "template")


def verify_artifacts(artifacts: ArtifactStore, revision: Revision) -> None:
    """The artifacts on this machine are those of the revision.

    Raises:
        Terminal: ARTIFACT_MISSING for one that is gone or changed.
    """
    for artifact in revision.artifacts:
        artifacts.open(artifact.digest)


def _kept(blobs: Blobs, digest: str, what: str) -> bytes:
    """A blob, when it is what its digest says."""
    try:
        content = blobs.get(digest)
    except Terminal as error:
        if error.code != "BLOB_MISSING":
            raise
        raise invalid(f"The {what} is gone: {error.what}") from error
    if hashlib.sha256(content).hexdigest() != digest:
        raise invalid(f"Somebody changed the {what} in the journal.")
    return content


def _read(payload: bytes) -> dict[str, Any]:
    """Verdict, commit and subjects of a statement of ours."""
    try:
        told = json.loads(payload)
        if (told["_type"], told["predicateType"]) != (STATEMENT, PREDICATE):
            raise invalid("It is a statement about something else.")
        subjects = {each["name"]: each["digest"]["sha256"] for each in told["subject"]}
        return {"subjects": subjects, "verdict": told["predicate"]["verdict"], "commit": told["predicate"]["commit"]}
    except (ValueError, KeyError, TypeError) as error:
        raise invalid("It is no manifest of a revision.") from error


def invalid(what: str) -> Terminal:
    """The refusal to deploy."""
    return Terminal(
        "MANIFEST_INVALID",
        what,
        next="Nothing of it is deployed. Release the commit again: it is checked and signed anew.",
    )
