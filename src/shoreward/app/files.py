"""The files that are built and checked: the one face of a git repository that both need.

Whatever is built or checked is a commit. The work tree of a person at a laptop becomes one, too (`snapshot`), so that
there is one way to read files, and everything read has a name that changes with its content.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol


class Entry(Protocol):
    """A file of a commit."""

    @property
    def path(self) -> str:
        """From the repository's root."""
        ...

    @property
    def kind(self) -> str:
        """Such as file, executable, link or submodule."""
        ...

    @property
    def id(self) -> str:
        """Changes with the content."""
        ...


class Commit(Protocol):
    """A commit."""

    @property
    def id(self) -> str:
        """Full object id."""
        ...


class Source(Protocol):
    """A repository's commits; `adapters.git.Repository` is one."""

    def resolve(self, rev: str) -> Commit:
        """The commit that a name stands for."""
        ...

    def tree(self, commit: str, path: str = "") -> str | None:
        """An id that changes with the content of a folder or file."""
        ...

    def entries(self, commit: str, path: str = "") -> tuple[Entry, ...]:
        """All files below a path."""
        ...

    def read(self, commit: str, path: str) -> bytes | None:
        """A file's content."""
        ...

    def export(self, commit: str, directory: Path, path: str = "") -> None:
        """Write the files below a path into a directory, under their paths in the repository."""
        ...
