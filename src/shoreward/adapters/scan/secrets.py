"""Secrets in files: what a commit's files hold that looks like one, and that nobody has looked at.

All files of the commit are looked at, whoever put them there, and each content once: what was found in a file is
remembered until the file or the engine changes.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from shoreward.adapters.scan import engine
from shoreward.adapters.scan.baseline import FILE, Baseline, read_baseline
from shoreward.adapters.scan.code import as_text, contents, shown
from shoreward.adapters.scan.harmless import FORM
from shoreward.adapters.scan.remembered import Remembered
from shoreward.app.checking import Materials, Report, Running
from shoreward.app.files import Entry
from shoreward.app.words.wording import counted
from shoreward.domain import Finding, Place, Severity, digest_of

_LOCKS = frozenset((
    "package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "poetry.lock", "Pipfile.lock", "uv.lock",
    "pdm.lock", "requirements.lock",
))  # fmt: skip
"""Full of digests, which look like secrets and are none."""

_PINNED = re.compile(
    r"""(?:\b(?:rev|ref|commit|revision)["']?\s*[:=]\s*["']?|[\w.]@)(?P<commit>[0-9a-f]{40})\b"""
    r"""|\bsha256[:-](?P<image>[0-9a-f]{64})\b"""
)
"""Commits and images that a line pins, as hooks, workflows and policies do: to be read by everybody."""

_LARGEST = 5_000_000
_RATES = {
    "Private Key": Severity.CRITICAL,
    "AWS Access Key": Severity.CRITICAL,
    "Secret Keyword": Severity.MEDIUM,
    "Base64 High Entropy String": Severity.MEDIUM,
    "Hex High Entropy String": Severity.MEDIUM,
    "Public IP (ipv4)": Severity.LOW,
}
"""All other kinds are tokens of a known form: high."""


def look_for_secrets(materials: Materials, running: Running, memory: Path) -> Report:
    """Look at all files of the commit; `memory` is a file for what was found in them.

    Raises:
        SpecError: BASELINE_INVALID.
        Terminal: SCAN_FAILED.
        Retryable: SCAN_STOPPED.
    """
    return _Scan(materials, running, memory).report()


class _Scan:
    def __init__(self, materials: Materials, running: Running, memory: Path) -> None:
        self._materials = materials
        self._running = running
        content = materials.source.read(materials.commit, FILE)
        self._baseline = read_baseline(None if content is None else content.decode("utf-8", "replace"))
        looking = digest_of(version("detect-secrets"), _PINNED.pattern, FORM, list(self._baseline.filters))
        self._memory = Remembered(memory, looking)

    def report(self) -> Report:
        """What is in the commit's files."""
        entries = [entry for entry in self._materials.source.entries(self._materials.commit) if self._wanted(entry)]
        found = self._memory.recall(entries)
        new = [entry for entry in entries if entry.path not in found]
        if new:
            looked = self._look(new)
            self._memory.keep(new, looked)
            found |= looked
        findings = [one for path, secrets in found.items() for one in _findings(path, secrets, self._baseline)]
        return Report(
            findings=tuple(sorted(findings, key=_order)),
            summary=f"{counted(len(entries), 'file')}, {len(new)} of them new",
            measures=(("files", float(len(entries))), ("scanned", float(len(new)))),
        )

    def _wanted(self, entry: Entry) -> bool:
        name = posixpath.basename(entry.path)
        plain = entry.kind in ("file", "executable") and entry.path != FILE and name not in _LOCKS
        return plain and not self._baseline.leaves_out(shown(entry.path))

    def _look(self, entries: Sequence[Entry]) -> dict[str, Any]:
        """What is found in files: `[kind, sha1, line]` each; binaries are clean, and what is too large says so."""
        self._running.say(f"looking for secrets in {counted(len(entries), 'file')}")
        read = contents(self._materials.source, self._materials.commit, entries)
        texts = {path: text for path, content in read.items() if (text := as_text(content)) is not None}
        large = {path for path, text in texts.items() if len(text) > _LARGEST}
        small = {path: _PINNED.sub(_blank, text) for path, text in texts.items() if path not in large}
        given = {path: text.encode("utf-8", "replace") for path, text in small.items()}
        settings = {"filters": list(self._baseline.filters)}
        found = engine.scan("secrets", given, settings, self._running.stop) if given else {}
        return {path: found.get(path, [["", "", 0]] if path in large else []) for path in read}


def _blank(pinned: re.Match[str]) -> str:
    """What is pinned, with its digits blanked: the line keeps its form, and the file its grammar."""
    digits = pinned["commit"] or pinned["image"]
    return pinned[0].replace(digits, "0" * len(digits))


def _findings(path: str, secrets: Sequence[tuple[str, str, int]], baseline: Baseline) -> Iterator[Finding]:
    """One finding for each line: several detectors may see the same secret."""
    lines: dict[int, dict[str, str]] = {}
    for kind, digest, line in secrets:
        if (path, kind, digest) not in baseline.known:
            lines.setdefault(line, {})[kind] = digest
    for line, kinds in lines.items():
        yield _finding(shown(path), line, kinds) if line else _too_large(shown(path))


def _finding(path: str, line: int, kinds: Mapping[str, str]) -> Finding:
    kind = max(sorted(kinds), key=lambda kind: _RATES.get(kind, Severity.HIGH).rank)
    words = re.sub(r"[^A-Z0-9]+", "_", kind.upper()).strip("_")
    return Finding(
        rule=words if words.startswith("SECRET_") else f"SECRET_{words}",
        severity=_RATES.get(kind, Severity.HIGH),
        what=f"This line seems to hold a secret ({kind}).",
        why="Whoever can read the repository can use it, and its history keeps it when the line is gone.",
        fix="Revoke it and read its successor from Secrets Manager or Parameter Store; if it is no secret, end the line"
        " with the comment 'pragma: allowlist secret'.",
        where=Place(file=path, line=line),
        subject=kinds[kind][:12],
        details=(("kinds", ", ".join(sorted(kinds))), ("hash", kinds[kind])),
    )


def _too_large(path: str) -> Finding:
    return Finding(
        rule="SECRETS_NOT_LOOKED_FOR",
        severity=Severity.LOW,
        what=f"The file has more than {_LARGEST / 1e6:.0f} MB, and was not searched for secrets.",
        why="What is not looked at may hold anything.",
        fix="Keep it out of the repository, or exclude it in .secrets.baseline.",
        where=Place(file=path),
        subject=path,
    )


def _order(finding: Finding) -> tuple[str, int, str]:
    where = finding.where
    return (where.file if where else "", (where.line or 0) if where else 0, finding.rule)
