"""What people ask for: the packages that they wrote down themselves, each with the line that they wrote.

One reader for each kind of file; names are `normalised`. A finding in something that nobody asked for is told at the
line of what brings it along, so these lines are where vulnerabilities are mended.
"""

from __future__ import annotations

import json
import posixpath
import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from shoreward.adapters.scan.component import normalised
from shoreward.adapters.scan.shapes import Malformed, listed, mapping
from shoreward.adapters.scan.versions import Ecosystem
from shoreward.domain import Place, SpecError

Read = Callable[[str], str | None]
"""A file of the commit by its path from the repository's root; None when there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A package that a manifest asks for.

    Attributes:
        version: the one version that it may be, or "".
        development: whether it is asked for by those who work on the code only.
    """

    name: str
    where: Place
    version: str = ""
    development: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A file that people write, with all that it asks for."""

    file: str
    asks: tuple[Ask, ...]


MANIFESTS: dict[Ecosystem, tuple[str, ...]] = {
    "PyPI": ("requirements.txt", "pyproject.toml", "Pipfile"),
    "npm": ("package.json",),
}


def read_manifest(file: str, read: Read) -> Manifest | None:
    """What a manifest asks for; None when it is not there, or asks for nothing and is not about that.

    Raises:
        SpecError: MANIFEST_UNREADABLE.
    """
    text = read(file)
    if text is None:
        return None
    reader = _READERS[posixpath.basename(file)]
    try:
        asks = tuple(reader(file, text, read))
    except (ValueError, Malformed) as error:  # of TOML and JSON, too
        what = f"It cannot be read: {error}."
        raise SpecError("MANIFEST_UNREADABLE", what, where=Place(file=file), next="Mend it.") from error
    return Manifest(file=file, asks=asks)


_REQUIREMENT = re.compile(
    r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)(?=[\s\[;=<>!~@(,]|$)\s*(?:\[[^\]]*\]\s*)?(?:\(?\s*===?\s*([^\s*,;)]+)\s*\)?\s*(?=$|;|--|\s|\\))?"
)
_EGG = re.compile(r"#egg=([A-Za-z0-9][A-Za-z0-9._-]*)")
_INCLUDE = re.compile(r"\s*(?:-r|--requirement)[\s=]\s*(\S+\.(?:txt|in))")


def _requirements(file: str, text: str, read: Read, seen: tuple[str, ...] = ()) -> Iterator[Ask]:
    for number, line in enumerate(text.splitlines(), start=1):
        line = re.sub(r"(^|\s)#.*", "", line)
        if found := _INCLUDE.match(line):
            other = posixpath.normpath(posixpath.join(posixpath.dirname(file), found[1]))
            included = None if other in (file, *seen) else read(other)
            yield from _requirements(other, included or "", read, (*seen, file))
        elif (found := _EGG.search(line)) or (found := _REQUIREMENT.match(line)):
            version = found[2] or "" if found.re is _REQUIREMENT else ""
            where = Place(file=file, line=number)
            yield Ask(name=normalised("PyPI", found[1]), where=where, version=version)


def _pyproject(file: str, text: str, read: Read) -> Iterator[Ask]:
    del read
    document = mapping(tomllib.loads(text))
    project = mapping(document.get("project", {}))
    extra = [one for group in mapping(project.get("optional-dependencies", {})).values() for one in listed(group)]
    for development, requirements in ((False, listed(project.get("dependencies"))), (True, extra)):
        for one in requirements:
            if found := _REQUIREMENT.match(str(one)):
                line = _line(text, re.escape(str(one)), "dependencies")
                yield _ask(file, found[1], line, development)
    poetry = mapping(mapping(document.get("tool", {})).get("poetry", {}))
    for name in mapping(poetry.get("dependencies", {})):
        if name.lower() != "python":
            yield _ask(
                file, name, _line(text, rf"^\s*[\"']?{re.escape(name)}[\"']?\s*[.=]", r"^\[tool\.poetry\.dep"), False
            )


def _pipfile(file: str, text: str, read: Read) -> Iterator[Ask]:
    del read
    document = mapping(tomllib.loads(text))
    for section in ("packages", "dev-packages"):
        for name in mapping(document.get(section, {})):
            line = _line(text, rf"^\s*[\"']?{re.escape(name)}[\"']?\s*[.=]", rf"^\[{section}\]")
            yield _ask(file, name, line, section != "packages")


def _package_json(file: str, text: str, read: Read) -> Iterator[Ask]:
    del read
    document = mapping(json.loads(text.removeprefix("\ufeff")), "it")
    for section in ("dependencies", "optionalDependencies", "devDependencies"):
        for name, wanted in mapping(document.get(section, {}), section).items():
            line = _line(text, rf"{re.escape(json.dumps(name))}\s*:", rf'"{section}"\s*:')
            for meant in npm_names(name, wanted):
                yield Ask(name=meant, where=Place(file=file, line=line), development=section == "devDependencies")


def npm_names(name: str, wanted: object) -> tuple[str, ...]:
    """What a package is called where it is asked for, and by its author: `"spade": "npm:@beach/spade@^1"` gives two."""
    alias = re.match(r"npm:(@?[^@]+)", wanted) if isinstance(wanted, str) else None
    return (name, alias[1]) if alias else (name,)


_READERS: dict[str, Callable[[str, str, Read], Iterator[Ask]]] = {
    "requirements.txt": _requirements,
    "pyproject.toml": _pyproject,
    "Pipfile": _pipfile,
    "package.json": _package_json,
}


def _ask(file: str, name: str, line: int | None, development: bool) -> Ask:
    return Ask(name=normalised("PyPI", name), where=Place(file=file, line=line), development=development)


def _line(text: str, wanted: str, section: str) -> int | None:
    """The first line behind a section's beginning in which something is written, counted from 1."""
    begun = re.search(section, text, re.MULTILINE)
    found = re.compile(wanted, re.MULTILINE).search(text, begun.start() if begun else 0)
    return text.count("\n", 0, found.start() + len(found[0]) - len(found[0].lstrip())) + 1 if found else None
