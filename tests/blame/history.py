"""A repository whose commits are written as git's own objects: a history of many commits takes milliseconds."""

from __future__ import annotations

import hashlib
import os
import subprocess
import zlib
from collections.abc import Mapping
from pathlib import Path

ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    **{f"GIT_{who}_NAME": "Ada" for who in ("AUTHOR", "COMMITTER")},
    **{f"GIT_{who}_EMAIL": "ada@example.org" for who in ("AUTHOR", "COMMITTER")},
}
_BEGIN = 1_767_323_045

Files = Mapping[str, str]
"""Paths to contents."""


class Link(str):
    """A symbolic link's target, in the place of a content."""

    __slots__ = ()


def git(directory: Path, *arguments: str, raw: bool = False) -> str:
    """Run git as somebody without any settings; what it prints, without the last line's end unless it is `raw`."""
    done = subprocess.run(["git", *arguments], cwd=directory, env=ENVIRONMENT, check=True, capture_output=True)
    return done.stdout.decode() if raw else done.stdout.decode().strip()


class Past:
    """A repository without a work tree that anybody looks at.

    Args:
        folder: where it is made.
    """

    def __init__(self, folder: Path) -> None:
        self.root = folder
        folder.mkdir(parents=True, exist_ok=True)
        git(folder, "init", "--quiet", "--initial-branch=main")
        self._at = _BEGIN
        self._files: dict[str, dict[str, str]] = {}
        self._parents: dict[str, tuple[str, ...]] = {}

    def commit(self, files: Files, message: str, *parents: str) -> str:
        """A commit that holds some files; gives its id."""
        self._at += 60
        who = f"Ada <ada@example.org> {self._at} +0000"
        lines = [f"tree {self._tree(files)}", *(f"parent {parent}" for parent in parents)]
        text = "\n".join([*lines, f"author {who}", f"committer {who}", "", message, ""])
        made = self._write("commit", text.encode())
        self._files[made], self._parents[made] = dict(files), parents
        return made

    def parents(self, commit: str) -> tuple[str, ...]:
        """The parents of a commit that was written here."""
        return self._parents[commit]

    def files(self, commit: str) -> dict[str, str]:
        """What a commit that was written here holds."""
        return dict(self._files[commit])

    def merge(self, one: str, other: str, message: str = "Merge a branch") -> str | None:
        """As git merges one commit into another, or None when it would stop at a conflict."""
        command = ["git", "merge-tree", "--write-tree", "--no-messages", one, other]
        done = subprocess.run(command, cwd=self.root, env=ENVIRONMENT, check=False, capture_output=True)
        if done.returncode:
            return None
        tree = done.stdout.decode().strip()
        known = {**self._files[other], **self._files[one]}
        files: dict[str, str] = {}
        for row in git(self.root, "ls-tree", "-r", tree).splitlines():
            about, name = row.split("\t")
            text = git(self.root, "cat-file", "blob", about.split(" ")[2], raw=True)
            files[name] = Link(text) if isinstance(known[name], Link) else text
        made = self.commit(files, message, one, other)
        assert git(self.root, "rev-parse", f"{made}^{{tree}}") == tree
        return made

    def branch(self, name: str, commit: str) -> None:
        """Let a branch end with a commit."""
        git(self.root, "update-ref", f"refs/heads/{name}", commit)

    def _tree(self, files: Files) -> str:
        rows: dict[bytes, bytes] = {}
        folders: dict[str, dict[str, str]] = {}
        for path, content in files.items():
            name, _, rest = path.partition("/")
            if rest:
                folders.setdefault(name, {})[rest] = content
            else:
                mode = "120000" if isinstance(content, Link) else "100644"
                rows[name.encode()] = _row(mode, name, self._write("blob", content.encode()))
        for name, inside in folders.items():
            rows[f"{name}/".encode()] = _row("40000", name, self._tree(inside))
        return self._write("tree", b"".join(rows[key] for key in sorted(rows)))

    def _write(self, kind: str, content: bytes) -> str:
        whole = f"{kind} {len(content)}\0".encode() + content
        oid = hashlib.sha1(whole, usedforsecurity=False).hexdigest()
        file = self.root / ".git" / "objects" / oid[:2] / oid[2:]
        if not file.exists():
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(zlib.compress(whole, 1))
        return oid


def _row(mode: str, name: str, oid: str) -> bytes:
    return f"{mode} {name}\0".encode() + bytes.fromhex(oid)
