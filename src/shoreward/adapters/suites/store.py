"""Environments that were made on this machine, named by all that went into them, so that none is made twice.

    <key>/           an environment, where it stays: scripts in it name their folder
    <key>/.complete  it is whole; changed last when it was last used
    <key>.lock       held while it is made, so that two who need it make it once

A crash leaves a folder without `.complete`, which whoever comes next removes. The whole directory may be deleted at any
time; only time is lost.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from shoreward.adapters.suites.errors import stopped

UNUSED = 30 * 86_400.0
"""Seconds after its last use when an environment goes."""

_WHOLE = ".complete"


class Environments:
    """The directory of environments."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def get(self, key: str, make: Callable[[Path], None], stop: threading.Event) -> Path:
        """The environment under a key; `make` fills its folder when it is not there yet.

        Raises what `make` raises, and `Retryable` (SUITE_STOPPED) when `stop` is set while somebody else makes it.
        """
        path = self._directory / key
        if self._used(path):
            return path
        self._directory.mkdir(parents=True, exist_ok=True)
        with (self._directory / f"{key}.lock").open("w") as file:
            while not _locked(file):
                if stop.wait(0.1):
                    raise stopped()
            if not self._used(path):
                self._make(path, make)
        self._tidy()
        return path

    def _make(self, path: Path, make: Callable[[Path], None]) -> None:
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir()
        try:
            make(path)
            (path / _WHOLE).touch()
        except BaseException:
            shutil.rmtree(path, ignore_errors=True)
            raise

    def _used(self, path: Path) -> bool:
        try:
            os.utime(path / _WHOLE)
        except OSError:
            return False
        return True

    def _tidy(self) -> None:
        """Remove what nobody has used for long, and what a crash left behind."""
        now = time.time()
        for path in self._others():
            whole = path / _WHOLE
            with (self._directory / f"{path.name}.lock").open("w") as file:
                if _locked(file) and (not whole.exists() or now - whole.stat().st_mtime > UNUSED):
                    shutil.rmtree(path, ignore_errors=True)

    def _others(self) -> Iterator[Path]:
        return (path for path in list(self._directory.iterdir()) if path.is_dir())


def _locked(file: IO[str]) -> bool:
    with contextlib.suppress(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False
