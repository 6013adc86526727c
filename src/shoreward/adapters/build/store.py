"""What has been built on this machine, named by content, so that nothing is built twice.

    objects/<sha256>.zip    finished artifacts
    trees/<key>/            installed dependencies
    index/<key>.json        which artifact, or which revision, came of which inputs

Everything is written beside its place and then renamed into it: a crash leaves either nothing or all of it, and two
builds at once do each other no harm. The whole folder may be deleted at any time; only time is lost.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from shoreward.domain import Terminal


class ArtifactFiles:
    """The artifacts directory; an `app.ports.ArtifactStore`."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._temporary = directory / "tmp"

    def open(self, digest: str) -> bytes:
        """The zip; raises `Terminal` (ARTIFACT_MISSING) when it is not there, or is not what its name says."""
        path = self._object(digest)
        content = path.read_bytes() if path.is_file() else b""
        if hashlib.sha256(content).hexdigest() != digest:
            what = f"The artifact {digest[:12]} is not in {self._directory}."
            raise Terminal("ARTIFACT_MISSING", what, next="Build its commit again; the same artifact comes out.")
        return content

    def put(self, content: bytes) -> str:
        """Keep an artifact; returns its sha256, hexadecimal."""
        digest = hashlib.sha256(content).hexdigest()
        path = self._object(digest)
        if not path.is_file() or path.stat().st_size != len(content):
            self._write(path, content)
        return digest

    def size(self, digest: str) -> int | None:
        """Bytes of an artifact, or None when it is not there."""
        path = self._object(digest)
        return path.stat().st_size if path.is_file() else None

    def recall(self, key: str) -> Any:
        """What was remembered under a key (plain JSON), or None."""
        try:
            return json.loads((self._directory / "index" / f"{key}.json").read_bytes())
        except (FileNotFoundError, json.JSONDecodeError):
            return None

    def remember(self, key: str, value: Any) -> None:
        """Remember plain JSON under a key."""
        self._write(self._directory / "index" / f"{key}.json", json.dumps(value, sort_keys=True).encode())

    def tree(self, key: str, make: Callable[[Path], None]) -> Path:
        """The directory under a key; `make` fills it when it is not there yet."""
        path = self._directory / "trees" / key
        if path.is_dir():
            return path
        self._temporary.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(dir=self._temporary))
        try:
            make(made)
            path.parent.mkdir(parents=True, exist_ok=True)
            made.rename(path)
        except OSError:
            if not path.is_dir():  # else another build was quicker, and its tree is as good
                raise
        finally:
            shutil.rmtree(made, ignore_errors=True)
        return path

    def _object(self, digest: str) -> Path:
        return self._directory / "objects" / f"{digest}.zip"

    def _write(self, path: Path, content: bytes) -> None:
        self._temporary.mkdir(parents=True, exist_ok=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=self._temporary, delete=False) as file:
            file.write(content)
        Path(file.name).replace(path)
