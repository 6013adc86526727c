"""Rule files as they are given to the engines: gathered from their sources, sorted by language, and read so far that
what an engine would not say (a place, an empty file, a word in the wrong case) is said here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from importlib.resources import files
from typing import Any, Literal

from shoreward.adapters.policy.cel import OWN_ID, cel_rules
from shoreward.adapters.policy.errors import empty, unreadable
from shoreward.adapters.policy.fetching import Fetching
from shoreward.adapters.policy.wording import Words
from shoreward.app.checking import Materials
from shoreward.app.files import Entry
from shoreward.domain import Place, PolicySource, Severity

Kind = Literal["guard", "rego", "library", "cel", "conftest"]

PACK = "policies"
"""Folder of the package with the starter pack."""

_ENDINGS = (".guard", ".rego", ".cel", ".yaml", ".yml", ".json")
_TEST = re.compile(r"(.*/)?(tests?|fixtures)/.*|.*[._-]tests?\.[a-z]+|(.*/)?\.[^/]*(/.*)?")
"""Tests of rules, as conftest and Guard name them, and hidden files."""

_NATIVE = re.compile(r'\bmake_diag\w*\s*\(|"rule_id"\s*:')
_JUDGES = re.compile(r"^(?:default\s+)?(?:deny|violation|warn)(?:_\w+)?\b", re.MULTILINE)
_PACKAGE = re.compile(r"^\s*package\s+([\w.]+)", re.MULTILINE)
_COMMENT = re.compile(r"^\s*#.*$", re.MULTILINE)
_CHANGING = re.compile(r"\btime\.(now_ns|clock|date)\b|\brand\.intn\b|\buuid\.|\bopa\.runtime\b|\bnow\(\s*\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFile:
    """A file with rules, or one rule of a CEL file.

    Attributes:
        path: as people should see it: from the repository's root, or `address@commit:path`.
        text: as its engine wants it.
        default: severity of what its rules find when they do not say.
        words: what a CEL rule says beyond its message.
        rule: the id that a CEL rule gives itself, '' for other files.
        at: the property that it says it is about.
    """

    kind: Kind
    path: str
    text: str
    default: Severity
    line: int | None = None
    words: Words = field(default_factory=Words)
    rule: str = ""
    at: str = ""

    def place(self, line: int | None = None, column: int | None = None) -> Place:
        """A place in the file."""
        return Place(file=self.path, line=line or self.line, column=column if line else None)

    @property
    def changing(self) -> bool:
        """Whether it asks for the time, or for chance, so that another look may find something else."""
        return self.kind != "cel" and _CHANGING.search(self.text) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """All rules of one source.

    Attributes:
        about: what it is, with the commit when it is another repository's.
    """

    about: str
    files: tuple[RuleFile, ...]
    source: PolicySource | None = None


def gather(materials: Materials, policies: tuple[PolicySource, ...], fetching: Fetching) -> tuple[Gathered, ...]:
    """The starter pack and all declared sources.

    Raises:
        UserError: POLICY_UNREADABLE, POLICY_EMPTY, and what `Fetching.fetch` raises.
    """
    return (starter_pack(), *(_of(policy, materials, fetching) for policy in policies))


def starter_pack() -> Gathered:
    """Our own rules, which ship with the package."""
    folder = files("shoreward").joinpath(PACK)
    found = sorted((entry.name, entry.read_text()) for entry in folder.iterdir() if entry.name.endswith(_ENDINGS))
    read = (file for name, text in found for file in _read(f"shoreward/{PACK}/{name}", text, Severity.MEDIUM))
    return Gathered(about="starter pack", files=tuple(_with_libraries(list(read))))


def _of(policy: PolicySource, materials: Materials, fetching: Fetching) -> Gathered:
    source, commit, prefix, about = materials.source, materials.commit, "", policy.path or "the repository's root"
    if policy.repository:
        fetched = fetching.fetch(policy)
        source, commit = fetched.source, fetched.commit
        prefix = f"{policy.repository}@{commit[:10]}:"
        about = f"{policy.repository} at {commit}"
    path = "" if policy.path in ("", ".", "/") else policy.path.strip("/")
    entries = [entry for entry in source.entries(commit, path) if _wanted(entry, path)]
    found: list[RuleFile] = []
    for entry in entries:
        try:
            text = (source.read(commit, entry.path) or b"").decode()
        except UnicodeDecodeError as error:
            raise unreadable("The rules are not UTF-8 text.", Place(file=prefix + entry.path)) from error
        found += _read(prefix + entry.path, text, Severity.HIGH)
    if not found:
        what = f"There are no rules in {prefix}{path or 'the repository'}."
        raise empty(what, policy.where)
    return Gathered(about=about, files=tuple(_with_libraries(found)), source=policy)


def _wanted(entry: Entry, folder: str) -> bool:
    inside = entry.path.removeprefix(f"{folder}/") if folder else entry.path
    return entry.kind in ("file", "executable") and inside.endswith(_ENDINGS) and not _TEST.fullmatch(inside)


def _read(path: str, text: str, default: Severity) -> Iterator[RuleFile]:
    """The rules of one file; libraries of functions are conftest's until somebody of the other form imports them."""
    if path.endswith(".guard"):
        yield RuleFile(kind="guard", path=path, text=text, default=default)
    elif path.endswith(".rego"):
        kind = _rego_kind(text)
        _right_case(path, text, kind)
        yield RuleFile(kind=kind, path=path, text=text, default=default)
    else:
        for rule in cel_rules(text, path):
            yield RuleFile(
                kind="cel",
                path=path,
                text=rule.expression_file,
                default=default,
                line=rule.line,
                words=rule.words,
                rule=rule.id,
                at=rule.property,
            )


def _rego_kind(text: str) -> Kind:
    code = _COMMENT.sub("", text)
    if not _JUDGES.search(code):
        return "library"
    return "rego" if _NATIVE.search(code) else "conftest"


def _right_case(path: str, text: str, kind: Kind) -> None:
    """A rule that reads a section which no template has would never find anything."""
    wrong, right, form = ("resources", "Resources", "conftest's form") if kind == "conftest" else (
        "Resources", "resources", "cloudformation-validate's form")  # fmt: skip
    found = re.search(rf"\binput\.{wrong}\b|\binput\[\"{wrong}\"\]", _COMMENT.sub(_blank, text))
    if found and kind != "library":
        line = text.count("\n", 0, found.start()) + 1
        what = f"In {form} the template's resources are input.{right}, so this rule would never find anything."
        raise unreadable(what, Place(file=path, line=line), f"Write input.{right}.")


def _blank(found: re.Match[str]) -> str:
    return " " * len(found[0])


def _with_libraries(found: list[RuleFile]) -> Iterator[RuleFile]:
    """Libraries go to conftest's engine; those that a rule of the other form imports go to its engine, too."""
    native = "\n".join(file.text for file in found if file.kind == "rego")
    for file in found:
        package = _PACKAGE.search(file.text)
        if file.kind != "library" or not package or re.search(rf"\bdata\.{re.escape(package[1])}\b", native):
            yield file
        else:
            yield replace(file, kind="conftest")


def asked_of(sources: Sequence[Gathered]) -> list[dict[str, Any]]:
    """All files as `engines.rules` wants them: in order, CEL rules under their positions, sources apart."""
    files = [(group, file) for group, source in enumerate(sources) for file in source.files]
    return [
        {"kind": file.kind, "text": file.text.replace(OWN_ID, f"c{position}"), "rule": position}
        if file.kind == "cel"
        else {"kind": file.kind, "text": file.text, "group": group}
        for position, (group, file) in enumerate(files)
    ]
