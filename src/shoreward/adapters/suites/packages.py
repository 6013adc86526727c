"""What package.json and the files beside it say; read for keys and for discovery, too, so nothing is run here."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from shoreward.domain import Place, SpecError

LOCKS = ("npm-shrinkwrap.json", "package-lock.json")
"""Files that say which version of everything is installed; the first one wins."""

_MANIFESTS = ("package.json", *LOCKS, ".npmrc")
_KINDS = ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies")


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A folder with a package.json.

    Attributes:
        contents: its manifests, by their names.
        about: what package.json says.
        local: whether it depends on folders beside it, so that all of the repository counts.
    """

    folder: str
    contents: tuple[tuple[str, bytes], ...]
    about: Mapping[str, Any]
    local: bool

    @property
    def scripts(self) -> Mapping[str, str]:
        """Commands by their names."""
        return {name: text for name, text in _mapping(self.about.get("scripts")).items() if isinstance(text, str)}

    @property
    def depends(self) -> bool:
        """Whether there is anything to install."""
        return any(self.about.get(kind) for kind in (*_KINDS, "workspaces"))

    @property
    def names(self) -> tuple[str, ...]:
        """Packages that it asks for."""
        return tuple(name for kind in _KINDS for name in _mapping(self.about.get(kind)))

    @property
    def file(self) -> str:
        """Path of its package.json."""
        return posixpath.join(self.folder, "package.json")

    def line(self, word: str) -> int | None:
        """The line of package.json that has a quoted word."""
        text = dict(self.contents)["package.json"].decode(errors="replace")
        found = re.search(rf'"{re.escape(word)}"\s*:', text)
        return text.count("\n", 0, found.start()) + 1 if found else None


def package_of(folder: str, read: Callable[[str], bytes | None]) -> Package | None:
    """The package that a folder belongs to, perhaps from a folder above it; None when there is none.

    Raises:
        SpecError: PACKAGE_INVALID.
    """
    while (content := read(posixpath.join(folder, "package.json"))) is None:
        if not folder:
            return None
        folder = posixpath.dirname(folder)
    place = Place(file=posixpath.join(folder, "package.json"), line=1)
    try:
        about = json.loads(content)
    except ValueError as error:
        line = error.lineno if isinstance(error, json.JSONDecodeError) else 1
        where = Place(file=place.file, line=line)
        raise SpecError("PACKAGE_INVALID", f"package.json cannot be read: {error}.", where=where) from error
    if not isinstance(about, dict):
        raise SpecError("PACKAGE_INVALID", "package.json holds no object.", where=place)
    found = ((name, read(posixpath.join(folder, name))) for name in _MANIFESTS)
    about = cast("dict[str, Any]", about)
    return Package(
        folder=folder,
        contents=tuple((name, content) for name, content in found if content is not None),
        about=about,
        local="workspaces" in about or b'"file:' in content or b'"link:' in content,
    )


def _mapping(value: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}
