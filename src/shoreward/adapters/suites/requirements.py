"""What a Python environment is asked to have: requirements files with all that they include.

A suite names its requirements as `requirements-dev.txt`, `pyproject.toml` (the project's own dependencies),
`pyproject.toml:dev` (a dependency group) or `pyproject.toml[test]` (an extra).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from shoreward.domain import Place, SpecError

Read = Callable[[str], bytes | None]
"""A file of the commit, or None when it has none."""

_INCLUDE = re.compile(r"^(?:-r|-c|--requirement|--constraint)(?:\s+|=)?(?P<path>\S+)")
_NAME = re.compile(r"^(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)")
_LOCAL = re.compile(r"^(?:-e\b|--editable\b|\.{1,2}(?:/|$)|file:)|@\s*(?:file:|\.)|^--find-links[\s=]+(?![/~]|\w+:)")
_SOURCES = re.compile(rb"\[tool\.uv\.(?:sources|workspace)")
_PROJECT = re.compile(r"^(?P<file>[^:\[]*pyproject\.toml)(?::(?P<group>[^\[\]]+)|\[(?P<extra>[^\]]+)\])?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """Dependencies that a pyproject.toml names."""

    file: str
    group: str = ""
    extra: str = ""

    @property
    def lock(self) -> str:
        """Where its lock file would be."""
        return posixpath.join(posixpath.dirname(self.file), "uv.lock")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of a requirements file, with the package that it names ('' when it names none)."""

    text: str
    name: str
    where: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirements:
    """All that an environment is made of.

    Attributes:
        files: requirements files that the suite names.
        projects: what it asks of projects.
        contents: every file that counts, with what is in it; sorted.
        lines: of the requirements files, included ones too.
        local: whether they name anything else in the repository, so that all of it counts.
    """

    files: tuple[str, ...]
    projects: tuple[Project, ...]
    contents: tuple[tuple[str, bytes], ...]
    lines: tuple[Line, ...]
    local: bool

    def names(self, package: str) -> bool:
        """Whether a package is asked for by its name."""
        word = re.compile(rf"^[\s\"'\[]*{re.escape(package)}(?![\w.-])", re.IGNORECASE | re.MULTILINE)
        texts = [text.decode(errors="replace").replace('"', "\n").replace("'", "\n") for _, text in self.contents]
        return any(word.search(text) for text in texts)

    def blamed(self, words: str) -> Place:
        """The line that a tool's complaint is about, as well as one can tell."""
        said = normal(words)
        for pattern in (r"(?:you require|depends on) {}(?![\w-])", r"(?<![\w/-]){}(?![\w-])"):
            for line in self.lines:
                if line.name and re.search(pattern.format(re.escape(normal(line.name))), said):
                    return line.where
        return Place(file=self.contents[0][0], line=1) if not self.lines else self.lines[0].where


def normal(name: str) -> str:
    """A package's name as everybody spells it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def gather(named: Sequence[str], read: Read, where: Place | None) -> Requirements:
    """Read all requirements of a suite.

    Args:
        where: the place where the suite is declared.

    Raises:
        SpecError: REQUIREMENTS_MISSING, at the line that names a file which the commit does not have.
    """
    projects = tuple(
        Project(file=match["file"], group=match["group"] or "", extra=match["extra"] or "")
        for match in map(_PROJECT.match, named)
        if match
    )
    files = tuple(name for name in named if not _PROJECT.match(name))
    contents: dict[str, bytes] = {}
    lines: list[Line] = []
    for name in files:
        _follow(name, read, where, contents, lines)
    for project in projects:
        contents[project.file] = _content(project.file, read, where)
        if (lock := read(project.lock)) is not None:
            contents[project.lock] = lock
    for path in _settings(contents):
        if (content := read(path)) is not None and (path.endswith("uv.toml") or b"[tool.uv" in content):
            contents.setdefault(path, content)
    return Requirements(
        files=files,
        projects=projects,
        contents=tuple(sorted(contents.items())),
        lines=tuple(lines) + tuple(line for project in projects for line in _listed(project.file, contents)),
        local=any(_LOCAL.search(line.text) for line in lines)
        or any(_SOURCES.search(contents[project.file]) for project in projects),
    )


def _settings(paths: Iterable[str]) -> Iterator[str]:
    """Where the repository may say how uv finds packages."""
    for folder in dict.fromkeys(posixpath.dirname(path) for path in [*paths]):
        yield posixpath.join(folder, "uv.toml")
        yield posixpath.join(folder, "pyproject.toml")


def _content(path: str, read: Read, where: Place | None) -> bytes:
    content = None if path.startswith("../") else read(path)
    if content is None:
        advice = "Is it committed? Paths count from the file that names it."
        raise SpecError("REQUIREMENTS_MISSING", f"There is no {path} in this commit.", where=where, next=advice)
    return content


def _follow(path: str, read: Read, where: Place | None, contents: dict[str, bytes], lines: list[Line]) -> None:
    path = posixpath.normpath(path)
    if path in contents:
        return
    contents[path] = _content(path, read, where)
    for line in _lines(path, contents[path]):
        lines.append(line)
        if (match := _INCLUDE.match(line.text)) and "://" not in match["path"]:
            _follow(posixpath.join(posixpath.dirname(path), match["path"]), read, line.where, contents, lines)


def _lines(path: str, content: bytes) -> Iterator[Line]:
    for number, text in enumerate(content.decode(errors="replace").splitlines(), 1):
        plain = re.sub(r"(^|\s)#.*$", "", text).strip()
        if plain:
            name = _NAME.match(plain)
            yield Line(text=plain, name=name["name"] if name else "", where=Place(file=path, line=number))


def _listed(path: str, contents: dict[str, bytes]) -> Iterator[Line]:
    """Lines of a pyproject.toml that hold a requirement."""
    for number, text in enumerate(contents[path].decode(errors="replace").splitlines(), 1):
        for quoted in re.findall(r"[\"']([A-Za-z0-9][^\"']*)[\"']", text):
            name = _NAME.match(quoted)
            yield Line(text=quoted, name=name["name"] if name else "", where=Place(file=path, line=number))
