"""Where a build's files come from: the one face of a git repository that building needs."""

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
