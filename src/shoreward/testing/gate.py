"""A simulated gate: checks, advisories and signatures that say what a test wants them to."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from shoreward.app.interruption import Interruption
from shoreward.app.ports import Blobs, Clock
from shoreward.domain import (
    VULNERABILITIES,
    Checked,
    CheckResult,
    Finding,
    OperationError,
    Pipeline,
    Place,
    Revision,
    Severity,
    Terminal,
    Verdict,
)


def a_finding(rule: str = "IAM_BROADENED", subject: str = "Role", line: int = 14) -> Finding:
    """Something in the template that is not as it should be."""
    return Finding(
        rule=rule,
        severity=Severity.HIGH,
        what="It may do more than before.",
        fix="Name what it needs.",
        subject=subject,
        where=Place(file="template.yaml", line=line),
        check="policies",
    )


def an_advisory(rule: str = "GHSA-652x-xj99-gmcc", subject: str = "requests 2.31.0") -> Finding:
    """A vulnerability that has become known."""
    return Finding(
        rule=rule,
        severity=Severity.HIGH,
        what="Credentials leak to another host.",
        fix="Take 2.32.0.",
        subject=subject,
        check=VULNERABILITIES,
    )


@dataclass(slots=True, kw_only=True)
class SimulatedGate:
    """What checks, advisories and signatures say.

    Attributes:
        verdicts: what checking a commit comes to, time after time; the last one stays. A pass where it says nothing.
        findings: what fails a commit's checks.
        published: advisories, and when each became known; each is about every revision.
        dark: how asking for advisories goes wrong; None when there is an answer.
        advised: when a kept verdict's advisories were looked up, UNIX seconds; now when None.
        signer: whose signatures are made; `trusted` are those that count.
        artifacts: zips by digest, which every revision has.
        checked: commits that were checked, in order.
        reviewed: when advisories were asked for.
    """

    verdicts: dict[str, Sequence[Verdict]] = field(default_factory=dict[str, Sequence[Verdict]])
    findings: dict[str, tuple[Finding, ...]] = field(default_factory=dict[str, tuple[Finding, ...]])
    published: list[tuple[float, Finding]] = field(default_factory=list[tuple[float, Finding]])
    dark: type[OperationError] | None = None
    advised: float | None = None
    signer: str = "this machine"
    trusted: tuple[str, ...] = ("this machine",)
    artifacts: dict[str, bytes] = field(default_factory=dict[str, bytes])
    checked: list[str] = field(default_factory=list[str])
    reviewed: list[float] = field(default_factory=list[float])

    def keep(self, content: bytes) -> str:
        """Have an artifact in every revision; returns its digest."""
        digest = hashlib.sha256(content).hexdigest()
        self.artifacts[digest] = content
        return digest


@dataclass(frozen=True, slots=True)
class SimulatedChecker:
    """`Checker` over a simulated gate."""

    gate: SimulatedGate
    clock: Clock
    blobs: Blobs

    def check(
        self, pipeline: Pipeline, revision: Revision, commit: str, base: str | None, interruption: Interruption
    ) -> Checked:
        """See `Checker.check`."""
        now = self.clock.now()
        said = self.gate.verdicts.get(commit) or [Verdict.PASS]
        verdict = said[min(self.gate.checked.count(commit), len(said) - 1)]
        self.gate.checked.append(commit)
        advised = now if self.gate.advised is None else self.gate.advised
        findings = self.gate.findings.get(commit, (a_finding(),)) if verdict is Verdict.FAIL else ()
        return Checked(
            revision=revision.digest,
            verdict=verdict,
            at=now,
            seconds=1.5,
            results=(
                CheckResult(name="policies", verdict=verdict, summary="42 rules", seconds=1.0, at=now),
                CheckResult(name=VULNERABILITIES, verdict=Verdict.PASS, seconds=0.5, at=advised, kept=advised < now),
            ),
            report=self.blobs.put(json.dumps([commit, verdict.value]).encode()),
            blocking=findings,
        )


@dataclass(frozen=True, slots=True)
class SimulatedAdvisor:
    """`Advisor` over a simulated gate."""

    gate: SimulatedGate
    clock: Clock

    def revoked(
        self, pipeline: Pipeline, revision: Revision, checked: Checked, interruption: Interruption
    ) -> tuple[Finding, ...]:
        """See `Advisor.revoked`."""
        now = self.clock.now()
        self.gate.reviewed.append(now)
        if self.gate.dark:
            raise self.gate.dark("ADVISORIES_UNREACHABLE", "Nobody answers.", next="Wait.")
        return tuple(finding for at, finding in self.gate.published if at <= now)


@dataclass(frozen=True, slots=True)
class SimulatedSigner:
    """`Signer` over a simulated gate: a seal that only a name is needed for."""

    gate: SimulatedGate

    def sign(self, payload: bytes) -> bytes:
        """See `Signer.sign`."""
        by = self.gate.signer
        return json.dumps({"by": by, "payload": payload.decode(), "seal": _seal(by, payload)}).encode()

    def verify(self, envelope: bytes, commit: str) -> bytes:
        """See `Signer.verify`."""
        told = json.loads(envelope)
        payload = str(told["payload"]).encode()
        if told["by"] not in self.gate.trusted or told["seal"] != _seal(told["by"], payload):
            raise Terminal("MANIFEST_INVALID", "Nobody who is trusted has signed it.")
        return payload


def _seal(by: str, payload: bytes) -> str:
    return hashlib.sha256(by.encode() + b" " + payload).hexdigest()


@dataclass(frozen=True, slots=True)
class SimulatedArtifacts:
    """`ArtifactStore` over a simulated gate."""

    gate: SimulatedGate

    def open(self, digest: str) -> bytes:
        """See `ArtifactStore.open`."""
        content = self.gate.artifacts.get(digest, b"")
        if hashlib.sha256(content).hexdigest() != digest:
            raise Terminal("ARTIFACT_MISSING", f"The artifact {digest[:12]} is not there.")
        return content
