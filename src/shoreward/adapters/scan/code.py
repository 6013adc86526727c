"""The files of a commit as the engines see them."""

from __future__ import annotations

import codecs
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from shoreward.app.files import Entry, Source
from shoreward.domain import UserError

_FEW = 24
"""Up to so many files are read one by one; git brings more of them faster all at once."""

_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def contents(source: Source, commit: str, entries: Sequence[Entry]) -> dict[str, bytes]:
    """Files' contents by path. Raises what reading a commit raises."""
    if len(entries) > _FEW:
        try:
            return _exported(source, commit, entries)
        except UserError as error:
            if error.code != "GIT_LFS":  # what Git LFS keeps elsewhere is not in the commit; the rest can be read
                raise
    return {entry.path: source.read(commit, entry.path) or b"" for entry in entries}


def _exported(source: Source, commit: str, entries: Sequence[Entry]) -> dict[str, bytes]:
    with tempfile.TemporaryDirectory(prefix="shoreward-scan-") as directory:
        source.export(commit, Path(directory))
        return {entry.path: (Path(directory) / entry.path).read_bytes() for entry in entries}


def as_text(content: bytes) -> str | None:
    """A file as text, whatever its encoding; None when it is binary."""
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return content.decode(encoding, "replace")
    if b"\0" in content:
        return None
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content.decode("latin-1")


def shown(path: str) -> str:
    """A path as people can read it; git knows paths that are no UTF-8."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
