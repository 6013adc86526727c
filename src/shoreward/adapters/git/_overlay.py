"""A commit as it would be with some files from elsewhere, such as a test that was written later.

It hangs in the air, as the work tree's does (`_snapshot`), and has the same name whenever it is made again.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from shoreward.adapters.git._command import git
from shoreward.adapters.git._snapshot import identity


def with_files(root: Path, commit: str, files: Mapping[str, bytes]) -> str:
    """The id of a commit behind another one, with these files; the commit itself when there are none."""
    if not files:
        return commit
    with tempfile.TemporaryDirectory(prefix="shoreward-index-") as folder:
        index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
        git(root, "read-tree", commit, extra=index)
        rows = b""
        for path, content in sorted(files.items()):
            oid = git(root, "hash-object", "-w", "--stdin", stdin=content).strip()
            rows += b"100644 " + oid + b"\t" + path.encode(errors="surrogateescape") + b"\0"
        git(root, "update-index", "-z", "--add", "--replace", "--index-info", stdin=rows, extra=index)
        tree = git(root, "write-tree", extra=index).decode().strip()
    at = git(root, "show", "--no-patch", "--no-show-signature", "--format=%ct", commit).decode().strip()
    made = git(root, "commit-tree", tree, "-p", commit, "-m", "With files of another time", extra=identity(at))
    return made.decode().strip()
