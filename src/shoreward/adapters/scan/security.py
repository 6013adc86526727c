"""Unsafe code: what bandit finds in the Python code of functions and layers.

Tests are left out: they never run on Lambda. Each content is looked at once; what was found is remembered until the
file or the engine changes. Other languages have their own analysers, which run as suites of the kind `security`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from shoreward.adapters.scan import engine
from shoreward.adapters.scan.code import contents, shown
from shoreward.adapters.scan.remembered import Remembered
from shoreward.app.checking import Materials, Report, Running
from shoreward.app.files import Entry
from shoreward.app.words.wording import counted
from shoreward.domain import Finding, Place, Severity, SpecError, digest_of
from shoreward.spec.template import find_assets, parameter_values, read_template

_TEST = re.compile(r"(?:.*/)?(?:tests?/.*|test_[^/]*\.py|[^/]*_test\.py|conftest\.py)")
_SEVERITIES = {"HIGH": Severity.HIGH, "MEDIUM": Severity.MEDIUM, "LOW": Severity.LOW}
_SECRETS = ("B105", "B106", "B107")
"""What bandit finds passwords with, and shows."""

_USUAL = ("B108",)
"""What is unsafe elsewhere: a function has no folder to write to but `/tmp`, which nobody else sees."""

_LESS = {Severity.HIGH: Severity.MEDIUM, Severity.MEDIUM: Severity.LOW, Severity.LOW: Severity.NOTE}


def look_at_code(materials: Materials, running: Running, memory: Path) -> Report:
    """Look at the Python code of functions and layers; `memory` is a file for what was found in it.

    Raises:
        Terminal: SCAN_FAILED.
        Retryable: SCAN_STOPPED.
    """
    folders = _folders(materials)
    entries = [one for one in materials.source.entries(materials.commit) if _wanted(one, folders)]
    remembered = Remembered(memory, digest_of(version("bandit"), list(sys.version_info[:2])))
    found = remembered.recall(entries)
    new = [entry for entry in entries if entry.path not in found]
    if new:
        running.say(f"looking at {counted(len(new), 'Python file')}")
        looked = engine.scan("security", contents(materials.source, materials.commit, new), None, running.stop)
        remembered.keep(new, looked)
        found |= looked
    findings = [one for path, about in found.items() for one in _findings(shown(path), about)]
    return Report(
        findings=tuple(sorted(findings, key=_order)),
        summary=f"{counted(len(entries), 'Python file')}, {len(new)} of them new",
        measures=(("files", float(len(entries))), ("scanned", float(len(new)))),
    )


def _folders(materials: Materials) -> tuple[str, ...]:
    """Where the code of functions and layers is; all of the repository when the template does not tell.

    What is wrong with a template is for other checks to say; here it only means that more is looked at.
    """
    content = materials.source.read(materials.commit, materials.pipeline.template)
    targets = [(target.key, dict(target.parameters)) for target in materials.pipeline.targets]
    try:
        template = read_template((content or b"").decode(), materials.pipeline.template)
        return tuple(asset.source for asset in find_assets(template, parameter_values(template, targets)))
    except (SpecError, UnicodeDecodeError):
        return ("",)


def _wanted(entry: Entry, folders: Sequence[str]) -> bool:
    if not entry.path.endswith(".py") or entry.kind not in ("file", "executable"):
        return False
    inside = (entry.path.removeprefix(f"{folder}/" if folder else "") for folder in folders if _below(entry, folder))
    return any(not _TEST.fullmatch(path) for path in inside)


def _below(entry: Entry, folder: str) -> bool:
    return not folder or entry.path.startswith(f"{folder}/")


def _findings(path: str, about: dict[str, Any]) -> Iterator[Finding]:
    if about["skipped"]:
        yield _skipped(path, about["skipped"])
    for issue in about["issues"]:
        yield _finding(path, issue)


def _finding(path: str, issue: dict[str, Any]) -> Finding:
    severity = _SEVERITIES.get(issue["severity"], Severity.LOW)
    sure = issue["confidence"] in ("HIGH", "MEDIUM") and issue["test"] not in _USUAL
    weakness = f"CWE-{issue['cwe']}: " if issue["cwe"] else ""
    link = (("link", f"https://cwe.mitre.org/data/definitions/{issue['cwe']}.html"),) if issue["cwe"] else ()
    return Finding(
        rule=issue["test"],
        severity=severity if sure else _LESS[severity],
        what=_words(issue),
        why=f"{weakness}{issue['name'].replace('_', ' ')}; bandit's confidence is {issue['confidence'].lower()}.",
        fix=f"Take the safe way, or say why it is safe here: '# nosec {issue['test']}' with a reason.",
        where=Place(file=path, line=issue["line"], column=issue["column"]),
        subject=path,
        details=(("confidence", issue["confidence"].lower()), *link),
    )


def _words(issue: dict[str, Any]) -> str:
    """bandit's words in one line; a password that it found is not repeated."""
    text = re.sub(r"\s+", " ", issue["text"]).strip()
    return text.partition(":")[0] if issue["test"] in _SECRETS else text


def _skipped(path: str, reason: str) -> Finding:
    here = ".".join(map(str, sys.version_info[:2]))
    return Finding(
        rule="SECURITY_NOT_LOOKED_AT",
        severity=Severity.MEDIUM,
        what=f"bandit could not look at the file: {reason}.",
        why="What is not looked at may do anything.",
        fix=f"Mend its syntax, or run Shoreward with the function's Python; this one is {here}.",
        where=Place(file=path),
        subject=path,
    )


def _order(finding: Finding) -> tuple[str, int, str, str]:
    where = finding.where
    return (where.file if where else "", (where.line or 0) if where else 0, finding.rule, finding.what)
