"""What was written down about a folder's packages: by people in manifests, by tools in a lock file."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from shoreward.adapters.scan.graph import edges, reached
from shoreward.adapters.scan.locks import LOCKS, Lock, Locked, read_lock
from shoreward.adapters.scan.manifests import MANIFESTS, Ask, Read, read_manifest
from shoreward.adapters.scan.versions import Ecosystem


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """Manifests and lock file of a folder.

    Attributes:
        files: the manifests, the one that installers prefer first.
        asks: what they ask for, by name; what is needed to run goes before what is needed to develop.
    """

    files: tuple[str, ...] = ()
    asks: Mapping[str, Ask]
    lock: Lock | None = None

    @property
    def needed(self) -> frozenset[str]:
        """What is asked for to run."""
        return frozenset(name for name, ask in self.asks.items() if not ask.development)

    @property
    def development(self) -> frozenset[str]:
        """What is asked for to develop only."""
        return frozenset(name for name, ask in self.asks.items() if ask.development)

    def carried(self, imported: frozenset[str]) -> Iterator[Locked]:
        """What a bundle of the folder's code may hold; what nobody named a version of has none.

        Args:
            imported: what the code imports of what is asked for to develop.
        """
        if self.lock is None:
            yield from (Locked(name=name, version=self.asks[name].version) for name in sorted(self.needed))
            return
        packages = self.lock.packages
        pinned = {one.name for one in packages}
        if self.lock.linked and self.needed <= pinned:
            found = reached(self.needed | imported, edges((one.name, one.requires) for one in packages))
            yield from (one for one in packages if one.name in found and not one.local)
        else:  # nobody can tell what is needed for what, so all of it may be
            yield from (one for one in packages if not one.local)
            yield from (Locked(name=name, version="") for name in sorted(self.needed - pinned))


def find_beside(folder: str, ecosystem: Ecosystem, read: Read) -> Beside:
    """The manifests and the lock of a folder, or of the nearest one above it that has any.

    A lock file above the manifests counts when it pins something that they ask for: workspaces share one.

    Raises:
        SpecError: MANIFEST_UNREADABLE, LOCK_UNREADABLE.
    """
    files: tuple[str, ...] = ()
    asks: dict[str, Ask] = {}
    for above in _upwards(folder):
        here = not files
        if here:
            found = [read_manifest(posixpath.join(above, name), read) for name in MANIFESTS[ecosystem]]
            files = tuple(one.file for one in found if one and one.asks)
            every = [ask for one in found if one for ask in one.asks]
            for ask in sorted(every, key=lambda ask: ask.development):
                asks.setdefault(ask.name, ask)
        lock = _lock(above, ecosystem, read) if files else None
        if lock and (here or any(one.name in asks for one in lock.packages)):
            return Beside(files=files, asks=asks, lock=lock)
    return Beside(files=files, asks=asks)


def _lock(folder: str, ecosystem: Ecosystem, read: Read) -> Lock | None:
    for name in LOCKS[ecosystem]:
        path = posixpath.join(folder, name)
        if (text := read(path)) is not None:
            return read_lock(path, text)
    return None


def _upwards(folder: str) -> Iterator[str]:
    while folder:
        yield folder
        folder = posixpath.dirname(folder)
    yield ""
