"""A repository in memory: commits are dictionaries, and ids are those that git itself would give."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from shoreward.domain import UserError

Kind = Literal["file", "executable", "link"]
_MODES: Mapping[Kind, str] = {"file": "100644", "executable": "100755", "link": "120000"}


@dataclass(frozen=True, slots=True)
class MemoryFile:
    """A file's content (of a link: where it leads) and what it is."""

    content: bytes
    kind: Kind = "file"


Files = Mapping[str, str | MemoryFile]
"""Paths from the repository's root to contents; text is UTF-8."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryEntry:
    """See `app.files.Entry`."""

    path: str
    kind: Kind
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryCommit:
    """See `app.files.Commit`."""

    id: str


class MemorySource:
    """Implements `app.files.Source`.

    Args:
        commits: the files of each commit, by the commit's id.
    """

    def __init__(self, commits: Mapping[str, Files]) -> None:
        self._commits = {
            commit: {path: one if isinstance(one, MemoryFile) else MemoryFile(one.encode())
                     for path, one in sorted(files.items(), key=lambda each: each[0].encode())}
            for commit, files in commits.items()
        }  # fmt: skip

    def resolve(self, rev: str) -> MemoryCommit:
        """The commit of that id; raises UserError GIT_UNKNOWN_REVISION."""
        if rev not in self._commits:
            raise UserError("GIT_UNKNOWN_REVISION", f"There is no commit {rev!r}.")
        return MemoryCommit(id=rev)

    def entries(self, commit: str, path: str = "") -> tuple[MemoryEntry, ...]:
        """All files below a folder, or the one that the path names."""
        return tuple(
            MemoryEntry(path=name, kind=one.kind, id=_id("blob", one.content))
            for name, one in self._below(commit, path).items()
        )

    def tree(self, commit: str, path: str = "") -> str | None:
        """Id of a folder or file, None when there is none."""
        if path in self._commits[commit]:
            return _id("blob", self._commits[commit][path].content)
        files = self._below(commit, path)
        inside = {name.removeprefix(f"{path}/") if path else name: one for name, one in files.items()}
        return _tree(inside) if inside or not path else None

    def read(self, commit: str, path: str) -> bytes | None:
        """A file's content, None when there is none."""
        found = self._commits[commit].get(path)
        return found.content if found else None

    def export(self, commit: str, directory: Path, path: str = "") -> None:
        """Write files into a directory, under their paths in the repository."""
        for name, one in self._below(commit, path).items():
            target = directory / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if one.kind == "link":
                target.symlink_to(one.content.decode())
                continue
            target.write_bytes(one.content)
            target.chmod(0o755 if one.kind == "executable" else 0o644)

    def _below(self, commit: str, path: str) -> Mapping[str, MemoryFile]:
        files = self._commits[commit]
        return {name: one for name, one in files.items() if not path or name == path or name.startswith(f"{path}/")}


def _tree(files: Mapping[str, MemoryFile]) -> str:
    rows: dict[bytes, bytes] = {}
    folders: dict[str, dict[str, MemoryFile]] = {}
    for path, one in files.items():
        name, _, rest = path.partition("/")
        if rest:
            folders.setdefault(name, {})[rest] = one
        else:
            rows[name.encode()] = _row(_MODES[one.kind], name, _id("blob", one.content))
    for name, inside in folders.items():
        rows[f"{name}/".encode()] = _row("40000", name, _tree(inside))  # git sorts a folder as if it ended so
    return _id("tree", b"".join(rows[key] for key in sorted(rows)))


def _row(mode: str, name: str, found: str) -> bytes:
    return f"{mode} {name}\0".encode() + bytes.fromhex(found)


def _id(kind: str, content: bytes) -> str:
    return hashlib.sha1(f"{kind} {len(content)}\0".encode() + content, usedforsecurity=False).hexdigest()
