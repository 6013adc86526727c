"""Unpacks function code and layers once per content digest, for every region, account and version alike."""

import hashlib
import importlib.util
import io
import shutil
import stat
import tempfile
import threading
import zipfile
from pathlib import Path


class CodeStore:
    """A directory of unpacked archives, named by the SHA-256 of the archive."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._root.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._known: dict[str, Path] = {}

    def digest(self, archive: bytes) -> str:
        """The name an archive goes by."""
        return hashlib.sha256(archive).hexdigest()

    def known(self, digest: str) -> Path | None:
        """Where the archive of that digest is, if it has been unpacked already."""
        found = self._known.get(digest)
        return found if found is not None and found.exists() else None

    def unpack(self, archive: bytes) -> Path:
        """The directory with the archive's files. Safe to call from many threads at once."""
        digest = self.digest(archive)
        with self._lock:
            found = self._root / digest
            if not found.exists():
                self._root.mkdir(parents=True, exist_ok=True)
                self._extract(archive, found)
            self._known[digest] = found
            return found

    def _extract(self, archive: bytes, target: Path) -> None:
        staging = Path(tempfile.mkdtemp(dir=self._root))
        try:
            with zipfile.ZipFile(io.BytesIO(archive)) as bundle:
                for item in bundle.infolist():
                    _extract_one(bundle, item, staging)
            staging.rename(target)
        except BaseException:
            shutil.rmtree(staging, ignore_errors=True)
            raise


def _extract_one(bundle: zipfile.ZipFile, item: zipfile.ZipInfo, staging: Path) -> None:
    mode = item.external_attr >> 16
    if stat.S_ISLNK(mode):
        link = (staging / item.filename).resolve()
        if staging.resolve() in link.parents:
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(bundle.read(item).decode())
        return
    written = Path(bundle.extract(item, staging))
    if not item.is_dir() and mode & 0o111:
        written.chmod(written.stat().st_mode | 0o111)


def link_support(target: Path, modules: tuple[str, ...]) -> Path:
    """A directory with links to just these installed modules: what the real runtime brings along, and no more."""
    target.mkdir(parents=True, exist_ok=True)
    for name in modules:
        found = importlib.util.find_spec(name)
        if found is None or found.origin is None:
            continue
        origin = Path(found.origin)
        source = origin.parent if origin.name == "__init__.py" else origin
        link = target / source.name
        if not link.exists():
            link.symlink_to(source)
    return target
