"""Shelves: bytes by name, on which reports are kept.

FolderShelf    a folder of this machine, or one that a team shares
BucketShelf    a prefix in an S3 bucket, in bucket.py
"""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from shoreward.domain import Terminal


class Shelf(Protocol):
    """Bytes by name; names are made of lower-case letters, digits, hyphens, dots and slashes.

    Every method raises `OperationError` when the shelf cannot be reached.
    """

    def get(self, name: str) -> bytes | None:
        """The bytes, or None when there are none."""
        ...

    def put(self, name: str, content: bytes) -> None:
        """All of it or nothing; the later one replaces the earlier."""
        ...

    def drop(self, name: str) -> None:
        """Nothing happens when there is none."""
        ...


class FolderShelf:
    """A file for each name. What nobody asked for in a long time is swept away.

    Args:
        directory: made when it is needed.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def get(self, name: str) -> bytes | None:
        """The bytes, or None when there are none; sweeping spares it for a while."""
        path = self._directory / name
        try:
            content = path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise _refused(path, error) from error
        # In somebody else's folder we may not; and it may have been swept away just now. It was read all the same.
        with contextlib.suppress(OSError):
            os.utime(path)
        return content

    def put(self, name: str, content: bytes) -> None:
        """Written beside its place and renamed into it: others see all of it or nothing."""
        path = self._directory / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            made = path.with_name(f".{uuid.uuid4().hex}")
            try:
                with made.open("xb") as file:
                    file.write(content)
                made.replace(path)
            finally:
                made.unlink(missing_ok=True)
        except OSError as error:
            raise _refused(path, error) from error

    def drop(self, name: str) -> None:
        """Take a file away."""
        path = self._directory / name
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise _refused(path, error) from error

    def sweep(self, now: float, *, age: float, size: int) -> int:
        """Take away what nobody asked for in so many seconds, then the oldest until so many bytes are left.

        Returns how many files went.
        """
        files = sorted(self._files(), reverse=True)
        total, gone = 0, 0
        for at, length, path in files:
            total += length
            if at < now - age or total > size:
                path.unlink(missing_ok=True)
                gone += 1
        return gone

    def _files(self) -> Iterator[tuple[float, int, Path]]:
        for path in self._directory.rglob("*"):
            try:
                about = path.lstat()
            except FileNotFoundError:
                continue
            if path.is_file():
                yield about.st_mtime, about.st_size, path


def _refused(path: Path, error: OSError) -> Terminal:
    what = f"Kept verdicts cannot be used: {error.strerror or error}."
    return Terminal("KEEP_REFUSED", what, where=str(path), next="Look at the folder's permissions and at the disk.")
