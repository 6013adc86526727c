"""Files of a commit, read from git's objects in one pass and written as they are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from shoreward.adapters.git._command import git
from shoreward.domain import UserError

Kind = Literal["file", "executable", "link", "submodule"]
_KINDS: dict[str, Kind] = {"100644": "file", "100755": "executable", "120000": "link", "160000": "submodule"}
_LFS = b"version https://git-lfs.github.com/spec/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A file of a commit: its path from the repository's root, what it is, and the id of its content."""

    path: str
    kind: Kind
    id: str


def parse_tree(listed: bytes) -> tuple[Entry, ...]:
    """Read what `git ls-tree -r -z` prints."""
    entries: list[Entry] = []
    for line in listed.decode(errors="surrogateescape").split("\0"):
        if line:
            about, path = line.split("\t", 1)
            mode, _, oid = about.split(" ")
            # Very old repositories hold group-writable files (100664): git checks those out as plain ones, too.
            entries.append(Entry(path=path, kind=_KINDS.get(mode, "file"), id=oid))
    return tuple(entries)


def write_entries(root: Path, entries: tuple[Entry, ...], directory: Path) -> None:
    """Write files below a directory; links stay links."""
    contents = _contents(root, [entry.id for entry in entries if entry.kind != "submodule"])
    for entry in entries:
        target = directory / _safe(entry.path)
        if entry.kind == "submodule":
            target.mkdir(parents=True, exist_ok=True)
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        content = contents[entry.id]
        if entry.kind == "link":
            target.symlink_to(content.decode(errors="surrogateescape"))
            continue
        if content.startswith(_LFS):
            advice = "Commit the file itself, or fetch it while building (BuildMethod: makefile)."
            raise UserError(
                "GIT_LFS", "The file's content is kept by Git LFS, not by git.", where=entry.path, next=advice
            )
        target.write_bytes(content)
        target.chmod(0o755 if entry.kind == "executable" else 0o644)


def _contents(root: Path, ids: list[str]) -> dict[str, bytes]:
    wanted = list(dict.fromkeys(ids))
    if not wanted:
        return {}
    answer = git(root, "cat-file", "--batch", stdin="".join(f"{oid}\n" for oid in wanted).encode())
    contents: dict[str, bytes] = {}
    at = 0
    for oid in wanted:
        end = answer.index(b"\n", at)
        header = answer[at:end].split(b" ")
        if len(header) != 3:
            advice = "The clone is incomplete: git fetch, then git fsck."
            raise UserError("GIT_OBJECT_MISSING", f"git does not have the object {oid}.", next=advice)
        size = int(header[2])
        contents[oid] = answer[end + 1 : end + 1 + size]
        at = end + size + 2
    return contents


def _safe(path: str) -> PurePosixPath:
    parts = PurePosixPath(path).parts
    # git itself refuses such names, but only when it is asked to (fsck): a forged tree must not write outside.
    if any(part in ("..", ".", "/") or part.lower() == ".git" for part in parts):
        raise UserError("GIT_UNSAFE_PATH", "A path in this commit leads outside of the repository.", where=path)
    return PurePosixPath(path)
