"""A commit, as discovery looks at it: names of files, and the project's root among them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from functools import cached_property

from shoreward.app.files import Source
from shoreward.domain import Place

_FOREIGN = frozenset(
    ("node_modules", ".venv", "venv", "site-packages", ".aws-sam", ".git", "dist", "build", "__pycache__", "cdk.out")
)
_TEST = re.compile(r"(?:^|/)(?:test_[^/]*|[^/]*_test)\.py$")
_CODE = re.compile(rb"""\b(?:CodeUri|ContentUri)["']?\s*:\s*["']?([^\s"'#,{}!]+)""")

PYTEST = {
    "pytest.ini": "[pytest]",
    ".pytest.ini": "[pytest]",
    "pyproject.toml": "[tool.pytest",
    "tox.ini": "[pytest]",
    "setup.cfg": "[tool:pytest]",
}
"""Files that configure pytest, and what in them does."""


class Look:
    """What there is in a commit.

    Attributes:
        root: folder from which tests are run, as in what `sam init` makes: the template's own, or the nearest one
            above it that has tests.
    """

    def __init__(self, source: Source, commit: str, template: str) -> None:
        self._source = source
        self._commit = commit
        self._template = template
        entries = source.entries(commit)
        self._paths = tuple(entry.path for entry in entries if not _FOREIGN.intersection(entry.path.split("/")))
        self._known = frozenset(self._paths)
        self._contents: dict[str, bytes | None] = {}
        self.root = self._root()

    def _root(self) -> str:
        home = folder = posixpath.dirname(self._template)
        while True:
            beneath = (path.removeprefix(f"{folder}/" if folder else "") for path in self.below(folder))
            if any(_TEST.search(path) or path == "package.json" for path in beneath):
                return folder
            if not folder:
                return home
            folder = posixpath.dirname(folder)

    def below(self, folder: str) -> Iterable[str]:
        """Files below a folder."""
        return (path for path in self._paths if not folder or path.startswith(f"{folder}/"))

    @cached_property
    def tests(self) -> tuple[str, ...]:
        """Python files that are called like tests."""
        return tuple(path for path in self.below(self.root) if _TEST.search(path))

    def has(self, path: str) -> bool:
        """Whether there is such a file."""
        return path in self._known

    def read(self, path: str) -> bytes | None:
        """A file's content, or None when there is none."""
        if path not in self._known:
            return None
        if path not in self._contents:
            self._contents[path] = self._source.read(self._commit, path)
        return self._contents[path]

    def named(self, folder: str, names: Iterable[str]) -> str | None:
        """The first of some names that a folder has, as a path."""
        return next((path for name in names if self.has(path := posixpath.join(folder, name))), None)

    def line_of(self, path: str, text: str) -> Place | None:
        """The place where a line of a file begins with a text, or None when none does."""
        lines = (self.read(path) or b"").decode(errors="replace").splitlines()
        numbers = (number for number, line in enumerate(lines, 1) if line.lstrip().startswith(text))
        number = next(numbers, None)
        return Place(file=path, line=number) if number else None

    def code(self) -> tuple[str, ...]:
        """Folders that the template's functions and layers are made of; looks at the template's text alone."""
        home = posixpath.dirname(self._template)
        found = (match.decode(errors="replace") for match in _CODE.findall(self.read(self._template) or b""))
        folders = (posixpath.normpath(posixpath.join(home, path)) for path in found if "://" not in path)
        return tuple(dict.fromkeys("" if folder == "." else folder for folder in folders if folder[:2] != ".."))
