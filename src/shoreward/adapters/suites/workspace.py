"""The place where a suite runs: a fresh copy of the files that it declares, and nothing else of the repository.

    files/   the commit's files that the suite reads, under their paths
    home/    HOME
    tmp/     TMPDIR
    out/     reports and logs of the run
    bin/     the first folder on the PATH

What is ignored by git, not committed or not declared is not there, so no verdict can depend on it by accident.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from shoreward.app.files import Entry, Source

_GLOB = re.compile(r"[*?\[\\]")


@dataclass(frozen=True, slots=True)
class Workspace:
    """Folders of one run.

    Attributes:
        root: the folder that all of it is in.
        paths: files of the repository that are in it.
    """

    root: Path
    paths: frozenset[str]

    @property
    def files(self) -> Path:
        """The repository's root, as far as the suite sees it."""
        return self.root / "files"

    @property
    def home(self) -> Path:
        """The home folder."""
        return self.root / "home"

    @property
    def tmp(self) -> Path:
        """For temporary files."""
        return self.root / "tmp"

    @property
    def out(self) -> Path:
        """For reports and logs."""
        return self.root / "out"

    @property
    def bin(self) -> Path:
        """For programs."""
        return self.root / "bin"

    def locate(self, name: str, folder: str = "") -> str | None:
        """The repository's path of a file that a report or a stack trace names, or None when it is not one of its.

        Args:
            name: absolute, a `file:` address, or relative to `folder`, to one of the folders above it, or to the root.
        """
        if name.startswith("file:"):
            name = unquote(name.removeprefix("file:").removeprefix("//"))
        if name.startswith("/"):
            return self._known(os.path.relpath(name, self.files))
        while True:
            if found := self._known(f"{folder}/{name}" if folder else name):
                return found
            if not folder:
                return None
            folder = folder.rpartition("/")[0]

    def _known(self, path: str) -> str | None:
        path = os.path.normpath(path)
        return path if path in self.paths else None

    def plain(self, text: str) -> str:
        """A text without the names of temporary folders, so that it is the same in every run."""
        return text.replace(f"{self.files}/", "").replace(str(self.files), ".").replace(str(self.root), "")


@contextlib.contextmanager
def workspace(source: Source, commit: str, entries: Sequence[Entry], patterns: Sequence[str]) -> Generator[Workspace]:
    """A fresh workspace with some of a commit's files; it is gone afterwards.

    Args:
        entries: the files, as `patterns` name them.
    """
    root = Path(tempfile.mkdtemp(prefix="shoreward-suite-")).resolve()
    try:
        made = Workspace(root, frozenset(entry.path for entry in entries))
        for folder in (made.files, made.home, made.tmp, made.out, made.bin):
            folder.mkdir()
        export(source, commit, made.files, made.paths, patterns)
        yield made
    finally:
        shutil.rmtree(root, onerror=_insist)
        shutil.rmtree(root, ignore_errors=True)  # somebody may have written while it went


def export(source: Source, commit: str, directory: Path, wanted: frozenset[str], patterns: Sequence[str]) -> None:
    """Write the wanted files of a commit, and no others; all of them when there are no patterns."""
    if not patterns:
        source.export(commit, directory)
        return
    for folder in _beginnings(patterns):
        source.export(commit, directory, folder)
    for path in [path for path in directory.rglob("*") if path.is_symlink() or not path.is_dir()]:
        if path.relative_to(directory).as_posix() not in wanted:
            path.unlink()
    for path in sorted((path for path in directory.rglob("*") if path.is_dir()), reverse=True):
        with contextlib.suppress(OSError):  # not empty
            path.rmdir()


def _beginnings(patterns: Sequence[str]) -> tuple[str, ...]:
    """Folders and files below which all that the patterns name must be; '' for the root."""
    found: set[str] = set()
    for pattern in patterns:
        plain = pattern.rstrip("/")
        if pattern.startswith("!"):
            continue
        if "/" not in plain:  # means a name at any depth
            return ("",)
        glob = _GLOB.search(plain)
        found.add(plain[: glob.start()].rpartition("/")[0] if glob else plain)
    if patterns[0].startswith("!") or "" in found:
        return ("",)
    return tuple(sorted(one for one in found if not any(one.startswith(f"{other}/") for other in found)))


def _insist(remove: Callable[[str], object], path: str, trouble: object) -> None:
    """Tests may leave folders behind that nobody may write in."""
    del trouble
    with contextlib.suppress(OSError):
        for one in (os.path.dirname(path), path):  # noqa: PTH120
            os.chmod(one, 0o700)  # noqa: PTH101
        remove(path)
