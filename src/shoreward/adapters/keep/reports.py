"""Reports on a shelf of one's own, and on one that is shared with others.

Nothing here raises: what cannot be read or written is said once and done without. A report that speaks of files (an
SBOM) is worth nothing without them, so they travel with it.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from shoreward.adapters.keep.codec import Unreadable, Unwritable, decode, encode
from shoreward.adapters.keep.shelf import Shelf
from shoreward.app.checking.keep import Kept
from shoreward.app.checking.schedule import Past
from shoreward.app.ports import Blobs
from shoreward.domain import OperationError, canonical

Warn = Callable[[str], None]
T = TypeVar("T")

_HISTORY = "history.json"
_DIGEST = re.compile(r"[0-9a-f]{64}")


class ShelfKeep:
    """Keeps reports on one shelf; an `app.checking.keep.Keep`.

    A shelf that could not be reached once is not asked again: a graph has many checks, and each would wait for it.

    Args:
        warn: is told, in a sentence, what is not right.
    """

    def __init__(self, shelf: Shelf, warn: Warn) -> None:
        self._shelf = shelf
        self._warn = warn
        self._lock = threading.Lock()
        self._lost = False

    def get(self, key: str) -> Kept | None:
        """What is kept under a key; something damaged is not there."""
        content = self._reach(lambda: self._shelf.get(_name(key)))
        if content is None:
            return None
        try:
            return decode(content, key)
        except Unreadable as error:
            self._warn(f"A kept verdict is not used ({key[:12]}). {error}")
            return None

    def put(self, kept: Kept) -> None:
        """Keep a report; one that JSON cannot say is not kept."""
        try:
            content = encode(kept)
        except Unwritable:
            self._warn(f"The verdict of {kept.check} is not kept: JSON cannot say what is in it.")
            return
        self._reach(lambda: self._shelf.put(_name(kept.key), content))

    def drop(self, key: str) -> None:
        """Forget a report."""
        self._reach(lambda: self._shelf.drop(_name(key)))

    def file(self, digest: str) -> bytes | None:
        """A file that reports speak of, if it is what its name says."""
        if not _DIGEST.fullmatch(digest):
            return None
        content = self._reach(lambda: self._shelf.get(f"files/{digest}"))
        return content if content is not None and hashlib.sha256(content).hexdigest() == digest else None

    def put_file(self, digest: str, content: bytes) -> None:
        """Keep a file that reports speak of."""
        self._reach(lambda: self._shelf.put(f"files/{digest}", content))

    def _reach(self, ask: Callable[[], T]) -> T | None:
        if self._lost:
            return None
        try:
            return ask()
        except OperationError as error:
            with self._lock:
                first, self._lost = not self._lost, True
            if first:
                self._warn(f"{error} Going on without them.")
            return None


class LayeredKeep:
    """Reports of one's own, and behind them those that are shared; an `app.checking.keep.Keep`.

    Args:
        blobs: where the files are that reports speak of.
    """

    def __init__(self, own: ShelfKeep, shared: ShelfKeep | None, blobs: Blobs) -> None:
        self._own = own
        self._shared = shared
        self._blobs = blobs

    def get(self, key: str) -> Kept | None:
        """One's own, else the shared one, which becomes one's own; in any case with all its files."""
        kept = self._own.get(key)
        if kept is not None and self._whole(kept):
            return kept
        kept = self._shared.get(key) if self._shared else None
        if kept is None or not self._whole(kept):
            return None
        self._own.put(kept)
        return kept

    def put(self, kept: Kept) -> None:
        """Keep it for oneself and for the others, with its files."""
        self._own.put(kept)
        if self._shared:
            for _, digest in kept.report.files:
                try:
                    self._shared.put_file(digest, self._blobs.get(digest))
                except OperationError:
                    return
            self._shared.put(kept)

    def drop(self, key: str) -> None:
        """Forget it everywhere."""
        self._own.drop(key)
        if self._shared:
            self._shared.drop(key)

    def _whole(self, kept: Kept) -> bool:
        """Whether all files of a report are here, those that others have brought along."""
        return all(self._here(digest) for _, digest in kept.report.files)

    def _here(self, digest: str) -> bool:
        try:
            self._blobs.get(digest)
        except OperationError:
            content = self._shared.file(digest) if self._shared else None
            return content is not None and self._blobs.put(content) == digest
        return True


class ShelfMemory:
    """How checks went lately, on a shelf; an `app.checking.keep.Memory`. What is damaged is forgotten."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def recall(self) -> Mapping[str, Past]:
        """By the checks' names."""
        try:
            found: Any = json.loads(self._shelf.get(_HISTORY) or b"{}")
            return {
                str(name): Past(failed=bool(one["failed"]), seconds=float(one["seconds"]))
                for name, one in found.items()
            }
        except (OperationError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return {}

    def remember(self, past: Mapping[str, Past]) -> None:
        """Remember this instead; without a shelf to write on there is only no order of running."""
        plain = {name: {"failed": one.failed, "seconds": one.seconds} for name, one in past.items()}
        try:
            self._shelf.put(_HISTORY, canonical(plain))
        except OperationError:
            return


def _name(key: str) -> str:
    return f"{key}.json"
