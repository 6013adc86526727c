"""Advisories from OSV's offline archives: a folder with `PyPI.zip` and `npm.zip`, or `PyPI/all.zip` and `npm/all.zip`.

How old an archive is shows in its content: when the newest advisory in it was modified. The file's own date would tell
when it was copied, and a copy is no younger than what it is a copy of.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from shoreward.adapters.scan.component import Package
from shoreward.adapters.scan.errors import damaged, stale, unreachable
from shoreward.adapters.scan.index import Index
from shoreward.adapters.scan.osv import Advisory
from shoreward.adapters.scan.versions import Ecosystem

_AHEAD = 86_400.0
"""Seconds that another machine's clock may be ahead of ours; what was modified later than that says nothing."""


class OsvArchives:
    """A `lookup.Database` in a folder.

    Args:
        memory: a folder for the tables that are made of the archives; it may be deleted at any time.
        max_age: seconds that the newest advisory of an archive may be old.
        now: UNIX seconds.
        root: paths in it are told from it.
        stop: set when nobody waits any more.
    """

    def __init__(
        self,
        folder: Path,
        memory: Path,
        *,
        max_age: float,
        now: float,
        root: Path | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        self._root = root
        self._folder = folder
        self._memory = memory
        self._max_age = max_age
        self._now = now
        self._stop = stop or threading.Event()

    def concerning(self, packages: Sequence[Package]) -> Mapping[Package, tuple[Advisory, ...]]:
        """See `lookup.Database.concerning`."""
        wanted: set[Ecosystem] = {one.ecosystem for one in packages}
        indexes = {ecosystem: self._index(ecosystem) for ecosystem in wanted}
        return {package: _concerning(indexes[package.ecosystem], package) for package in packages}

    def _index(self, ecosystem: Ecosystem) -> Index:
        path = archive(self._folder, ecosystem)
        try:
            index = Index(ecosystem, path, self._memory, self._stop, told=self._told(path))
        except FileNotFoundError as error:
            raise unreachable(self._told(self._folder), f"there is no {ecosystem}.zip") from error
        except OSError as error:
            raise unreachable(self._told(path), error.strerror or str(error)) from error
        newest = index.newest(self._now + _AHEAD)
        if newest is None:
            raise damaged(self._told(path), "no advisory in it says when it was modified")
        age = self._now - newest
        if age > self._max_age:
            raise stale(self._told(path), age, self._max_age)
        return index

    def _told(self, path: Path) -> str:
        inside = self._root is not None and path.is_relative_to(self._root)
        return path.relative_to(self._root).as_posix() if self._root and inside else str(path)


def archive(folder: Path, ecosystem: Ecosystem) -> Path:
    """Where a folder has an ecosystem's archive, or should have it."""
    nested = folder / ecosystem / "all.zip"
    return nested if nested.is_file() else folder / f"{ecosystem}.zip"


def _concerning(index: Index, package: Package) -> tuple[Advisory, ...]:
    found = index.about(package.name)
    mine = (one for one in found if one.concerns(package.ecosystem, package.name, package.version))
    return tuple(sorted(mine, key=lambda one: one.id))
