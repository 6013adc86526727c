"""Which line of the repository a tool complains about, as far as its words tell."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from shoreward.domain import Place

_PLACE = re.compile(r"(?P<file>[^\s:()'\"`,[]*(?:\.\w+|Makefile))(?::|\()(?P<line>\d+)(?:[:,](?P<column>\d+))?")
_WORD = re.compile(r"[@\w][\w./@-]*")
_REQUIREMENT = re.compile(r"^\s*['\"]?(?P<name>@?[A-Za-z0-9][\w./-]*)['\"]?\s*(?:[=<>~!;\[:,@]|$)")
_MANIFESTS = ("requirements.txt", "pyproject.toml", "package.json")


def blamed(words: str, directory: Path, path: str) -> Place | None:
    """The first line that a tool names, else the first of a manifest whose package it names; None for neither.

    Args:
        directory: where the tool ran.
        path: that folder in the repository; '' is its root.
    """
    return next(chain(_named(words, directory, path), _asked_for(words, directory, path)), None)


def _named(words: str, directory: Path, path: str) -> Iterator[Place]:
    root = directory.resolve()
    for found in _PLACE.finditer(words):
        file = (root / found["file"].removeprefix("file://")).resolve()
        if file.is_relative_to(root) and file.is_file() and "node_modules" not in file.relative_to(root).parts:
            name = posixpath.join(path, file.relative_to(root).as_posix())
            yield Place(file=name, line=int(found["line"]), column=int(found["column"]) if found["column"] else None)


def _asked_for(words: str, directory: Path, path: str) -> Iterator[Place]:
    said = {_plain(word.rpartition("@")[0] or word) for word in _WORD.findall(words)}
    for manifest in _MANIFESTS:
        if not (directory / manifest).is_file():
            continue
        for number, line in enumerate((directory / manifest).read_text(errors="replace").splitlines(), 1):
            found = _REQUIREMENT.match(line)
            if found and _plain(found["name"]) in said - {"name", "version", "private", "dependencies", "type"}:
                yield Place(file=posixpath.join(path, manifest), line=number)


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name.strip("=<>~!.")).lower()
