"""Names for the changes of commits, so that a change and its opposite are recognised by what they do.

Much like git's patch ids: line numbers do not count, lines and their surroundings do. Unlike them white space counts,
which means something in Python and YAML, and so does the content of files that are no text.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from shoreward.adapters.git._command import GitFailed, git

Ask = Callable[[Sequence[str], bytes], bytes]
"""Runs git with arguments and an input."""

_DIFF = (
    "diff-tree", "--stdin", "--always", "-r", "--root", "--patch", "--full-index", "--unified=3", "--no-renames",
    "--no-ext-diff", "--no-textconv", "--no-color", "--no-prefix", "--diff-algorithm=myers", "--no-indent-heuristic",
    "-O/dev/null", "--ignore-submodules=none", "--submodule=short",
)  # fmt: skip


def patches(ask: Ask, commits: Iterable[tuple[str, Sequence[str]]], *, opposite: bool = False) -> dict[str, str]:
    """The name of each commit's change against its first parent; one that changes nothing has none.

    Args:
        commits: ids with their parents.
        opposite: name the change that would take it back.
    """
    asked = [(commit, *parents[:1]) for commit, parents in commits]
    lines = "".join(f"{' '.join(line)}\n" for line in asked)
    printed = ask((*_DIFF, *(("-R",) if opposite else ())), lines.encode()) if asked else b""
    return dict(_names(printed.split(b"\n"), [commit.encode() for commit, *_ in asked]))


def still_there(root: Path, commit: str, culprits: Sequence[str]) -> tuple[str, ...]:
    """Those of the culprits whose change against their first parent could be taken back in `commit` as it is."""
    with tempfile.TemporaryDirectory(prefix="shoreward-index-") as folder:
        index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
        git(root, "read-tree", commit, extra=index)
        return tuple(culprit for culprit in culprits if _applied(root, culprit, index))


def _applied(root: Path, culprit: str, index: dict[str, str]) -> bool:
    parents = git(root, "rev-list", "--max-count=1", "--parents", culprit).decode().split()[1:]
    patch = git(root, *_DIFF, "--binary", "--no-commit-id", stdin=" ".join([culprit, *parents[:1]]).encode() + b"\n")
    if not patch.strip():
        return False
    try:
        options = ("--cached", "--check", "--reverse", "-p0", "--whitespace=nowarn")
        git(root, "-c", "apply.ignoreWhitespace=no", "apply", *options, "-", stdin=patch, extra=index)
    except GitFailed:
        return False
    return True


def _names(lines: Sequence[bytes], commits: Sequence[bytes]) -> Iterator[tuple[str, str]]:
    """Each commit's diff comes behind a line with its id, in the order in which they were asked for."""
    waiting = iter(commits)
    upcoming, current, patch = next(waiting, None), b"", list[bytes]()
    for line in lines:
        if line == upcoming:
            if patch:
                yield current.decode(), _digest(patch)
            current, upcoming, patch = line, next(waiting, None), []
        elif line:
            patch.append(line)
    if patch:
        yield current.decode(), _digest(patch)


def _digest(patch: Sequence[bytes]) -> str:
    made, index = hashlib.sha256(), b""
    for line in patch:
        if line.startswith(b"@@ "):
            line = b"@@"
        elif line.startswith(b"index "):
            index = line
            continue
        elif line.startswith(b"Binary files "):
            line = index
        made.update(line + b"\n")
    return made.hexdigest()
