"""Components: packages that an application carries, and who in it carries them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote

from shoreward.adapters.scan.versions import Ecosystem
from shoreward.domain import Place

Seen = Literal["artifact", "lock"]


@dataclass(frozen=True, slots=True, order=True)
class Package:
    """A version of a package, which is what advisories are about; the name is `normalised`."""

    ecosystem: Ecosystem
    name: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """A package of an application.

    Attributes:
        name: as its ecosystem compares it (`normalised`).
        version: "" when nobody could tell.
        carriers: logical ids of the functions and layers that carry it, and of the functions that use such a layer.
        where: the line that asks for it, or for what brings it; else the file or resource that is nearest to it.
        via: the package that brings it along, "" when it is asked for itself or when that is not known.
        seen: whether it lies in the built artifact, or a lock file says that it was built into it.
        requires: names of the packages that it asks for itself.
    """

    ecosystem: Ecosystem
    name: str
    version: str
    carriers: tuple[str, ...] = ()
    where: Place | None = None
    via: str = ""
    seen: Seen = "artifact"
    requires: tuple[str, ...] = ()

    @property
    def package(self) -> Package:
        """What it is, whoever carries it."""
        return Package(self.ecosystem, self.name, self.version)

    @property
    def purl(self) -> str:
        """Its package URL, the name that is good everywhere."""
        kind = {"PyPI": "pypi", "npm": "npm"}[self.ecosystem]
        path = "/".join(quote(part, safe="") for part in self.name.split("/"))
        return f"pkg:{kind}/{path}" + (f"@{quote(self.version, safe='')}" if self.version else "")

    @property
    def label(self) -> str:
        """How people call it."""
        return f"{self.name} {self.version}" if self.version else self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One artifact of a revision, and what is in it.

    Attributes:
        carriers: logical ids of the functions and layers that it is, and of the functions that use such a layer.
        unknown: runtimes whose packages nobody here can tell, such as java21.
        where: the place in the template that names its code.
    """

    digest: str
    carriers: tuple[str, ...]
    components: tuple[Component, ...]
    unknown: tuple[str, ...] = ()
    where: Place | None = None


def normalised(ecosystem: str, name: str) -> str:
    """A package's name as its ecosystem compares it: PyPI knows no difference between `Foo.Bar` and `foo-bar`."""
    return re.sub(r"[-_.]+", "-", name).lower() if ecosystem == "PyPI" else name
