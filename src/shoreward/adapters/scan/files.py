"""Files that are kept on this machine: written whole or not at all, known by content without being read again."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def written(path: Path) -> Generator[Path]:
    """A path to write to, which takes its place under the name that is asked for when all went well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        made = Path(file.name)
    try:
        yield made
        made.replace(path)
    finally:
        made.unlink(missing_ok=True)


def sha256_of(path: Path) -> str:
    """sha256 of a file, hexadecimal; raises OSError when it cannot be read."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest_of_file(path: Path, memory: Path) -> str:
    """sha256 of a file, hexadecimal; it is read only when it is not the file that was read last under this path.

    Args:
        memory: a folder where what was read last is remembered.

    Raises:
        OSError: it cannot be read.
    """
    note = memory / f"{hashlib.sha256(str(path.resolve()).encode()).hexdigest()}.json"
    look = path.stat()
    seen = [look.st_size, look.st_mtime_ns, look.st_ctime_ns, look.st_ino, look.st_dev]
    try:
        remembered = json.loads(note.read_bytes())
        if remembered["seen"] == seen:
            return str(remembered["digest"])
    except (OSError, ValueError, TypeError, KeyError):
        pass
    digest = sha256_of(path)
    with written(note) as made:
        made.write_text(json.dumps({"seen": seen, "digest": digest}))
    return digest
