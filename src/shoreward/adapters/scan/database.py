"""Where a pipeline's advisories are looked up: an API, or a folder with archives."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from shoreward.domain import Advisories, digest_of

if TYPE_CHECKING:
    from shoreward.adapters.scan.lookup import Database


def open_database(
    advisories: Advisories, *, root: Path, state: Path, now: float, stop: threading.Event | None = None
) -> Database:
    """Where advisories are looked up, as `checks.advisories` says.

    Args:
        root: what a relative path of archives begins at: the repository's root.
        state: a folder for what is kept on this machine; it may be deleted at any time.
        now: UNIX seconds; archives may not be older than `advisories.max_age`.
        stop: set when nobody waits any more.
    """
    from shoreward.adapters.scan.api import OsvApi
    from shoreward.adapters.scan.archive import OsvArchives
    from shoreward.adapters.scan.http import Patience

    stop = stop or threading.Event()
    if folder := archives_of(advisories, root):
        return OsvArchives(folder, state / "osv", max_age=advisories.max_age, now=now, root=root, stop=stop)
    memory = state / "osv" / digest_of(advisories.source)[:16]
    return OsvApi(advisories.source, memory, patience=Patience(stop=stop))


def archives_of(advisories: Advisories, root: Path) -> Path | None:
    """The folder with archives, None when an API is asked."""
    return None if "://" in advisories.source else root / Path(advisories.source).expanduser()


def archive_paths(folder: Path) -> tuple[Path, ...]:
    """All places where a folder may have archives."""
    return tuple(folder / name for name in ("PyPI.zip", "npm.zip", "PyPI/all.zip", "npm/all.zip"))


def digests(advisories: Advisories, root: Path, state: Path) -> list[str]:
    """What the archives are now; one that is not there is "", and an API says nothing."""
    folder = archives_of(advisories, root)
    if folder is None:
        return []
    from shoreward.adapters.scan.files import digest_of_file

    return [digest_of_file(path, state / "osv") if path.is_file() else "" for path in archive_paths(folder)]
