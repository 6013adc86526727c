"""The work tree of a person at a laptop, or what is staged, as a commit: so there is one way to read files.

The commit hangs in the air: git's own clean-up takes it away after some weeks. Its author and its time are fixed, so
that the same content has the same name and what was found out about it is found again.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from shoreward.adapters.git._command import GitFailed, git
from shoreward.domain import UserError

_NOBODY = "Shoreward", "shoreward@localhost"
_SETTINGS = (
    # What is written beside the real index must not leave anything behind.
    *("-c", "core.splitIndex=false"),
    *("-c", "advice.addEmbeddedRepo=false"),
    *("-c", "i18n.commitEncoding=UTF-8"),
)


def commit_of(root: Path, head: str | None, *, staged: bool) -> str:
    """The commit that holds what the work tree holds: `head` itself when nothing differs.

    Args:
        head: the last commit; None before the first one.
        staged: take what the next commit would hold instead, as git tells a hook of it (GIT_INDEX_FILE).

    Raises UserError: GIT_CONFLICT, GIT_SNAPSHOT.
    """
    tree = _tree_of(root, staged=staged)
    if head is None:
        return _commit(root, tree, "0")
    if tree == _said(git(root, "rev-parse", f"{head}^{{tree}}")):
        return head
    return _commit(root, tree, _said(git(root, "show", "--no-patch", "--format=%ct", head)), "-p", head)


def _commit(root: Path, tree: str, at: str, *parent: str) -> str:
    made = git(root, *_SETTINGS, "commit-tree", tree, *parent, "-m", "The work tree, as it is", extra=identity(at))
    return _said(made)


def identity(at: str) -> dict[str, str]:
    """Whose commits those of Shoreward itself are, as git's environment says it; `at` in UNIX seconds."""
    name, address = _NOBODY
    about = {"NAME": name, "EMAIL": address, "DATE": f"@{at} +0000"}
    return {f"GIT_{role}_{what}": word for role in ("AUTHOR", "COMMITTER") for what, word in about.items()}


def _tree_of(root: Path, *, staged: bool) -> str:
    index = root / _said(git(root, "rev-parse", "--git-path", "index"))
    if staged and (chosen := os.environ.get("GIT_INDEX_FILE")):
        index = root / chosen
    with tempfile.TemporaryDirectory(prefix="shoreward-index-") as folder:
        copy = Path(folder) / "index"
        if index.exists():
            # With its time: files that are not older than the index are the ones whose content git looks at again.
            shutil.copy2(index, copy)
        other = {"GIT_INDEX_FILE": str(copy)}
        if unmerged := git(root, "ls-files", "--unmerged", "-z", extra=other):
            path = unmerged.split(b"\0")[0].partition(b"\t")[2].decode(errors="replace")
            advice = "Resolve it and `git add` it, or check a commit by its name."
            raise UserError("GIT_CONFLICT", "The file is in the middle of a merge.", where=path, next=advice)
        if staged:
            return _said(git(root, *_SETTINGS, "write-tree", extra=other))
        try:
            git(root, *_SETTINGS, "add", "--all", "--", ":/", extra=other)
        except GitFailed as failed:
            advice = "Let git ignore it, or make it readable."
            raise UserError("GIT_SNAPSHOT", f"git cannot read the work tree: {failed.words}", next=advice) from failed
        return _said(git(root, *_SETTINGS, "write-tree", extra=other))


def _said(printed: bytes) -> str:
    return printed.decode().strip()
