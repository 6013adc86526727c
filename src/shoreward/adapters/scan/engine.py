"""Runs an engine that looks at files, in processes of its own.

The engines are libraries that were made to be programs: they keep settings for the whole process, change its logging,
and may run for long on a strange file. In a process of their own they harm nobody, use another core, can be stopped,
and what they could not do is noticed. Each gets a folder with copies of the files, and answers with JSON.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from shoreward.adapters.scan.errors import failed, stopped

_ENOUGH = 200_000
"""Bytes that are worth a process of their own."""

_MOST = 4
_LOOK = 0.05
_LIMIT = 1800.0


def scan(
    engine: str, contents: Mapping[str, bytes], settings: Any, stop: threading.Event, *, cores: int | None = None
) -> dict[str, Any]:
    """What an engine finds in files: plain JSON for each of them, by path.

    Args:
        engine: "secrets" for `secrets_engine.py` beside this file: a script that reads
            `{"files": [...], "settings": ...}` from standard input, with the files below its working directory, and
            writes `{path: found}` to standard output.

    Raises:
        Terminal: SCAN_FAILED, the engine ended badly or said nothing about a file.
        Retryable: SCAN_STOPPED.
    """
    with tempfile.TemporaryDirectory(prefix="shoreward-scan-") as directory:
        root = Path(directory) / "files"
        for path, content in contents.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(content)
        shares = _shares(
            {path: len(content) for path, content in contents.items()}, cores or min(os.cpu_count() or 1, _MOST)
        )
        running = [_Process(engine, share, settings, root, Path(directory) / str(n)) for n, share in enumerate(shares)]
        try:
            return {path: found for process in running for path, found in process.wait(stop).items()}
        finally:
            for process in running:
                process.end()


def _shares(sizes: Mapping[str, int], cores: int) -> list[list[str]]:
    """The files dealt out to as many processes as are worth it, about equal in bytes."""
    count = max(1, min(cores, len(sizes), sum(sizes.values()) // _ENOUGH + 1))
    shares: list[list[str]] = [[] for _ in range(count)]
    weights = [0] * count
    for path in sorted(sizes, key=lambda path: (-sizes[path], path)):
        least = weights.index(min(weights))
        shares[least].append(path)
        weights[least] += sizes[path] + 1000
    return shares


def _environment() -> dict[str, str]:
    """Ours, but nothing is imported from the working directory (nor with -P): there lies the code that is looked at."""
    paths = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    absolute = os.pathsep.join(path for path in paths if Path(path).is_absolute())
    return os.environ | {"PYTHONPATH": absolute, "PYTHONUTF8": "1", "PYTHONWARNINGS": "ignore"}


class _Process:
    def __init__(self, engine: str, files: Sequence[str], settings: Any, root: Path, place: Path) -> None:
        self._engine = engine
        self._files = files
        place.mkdir()
        (place / "in").write_text(json.dumps({"files": files, "settings": settings}))
        self._out, self._err = place / "out", place / "err"
        with (place / "in").open("rb") as given, self._out.open("wb") as out, self._err.open("wb") as err:
            # By its file, not as a module: so it imports nothing of ours, which would take as long as the rest of it.
            command = [sys.executable, "-P", Path(__file__).with_name(f"{engine}_engine.py")]
            self._process = subprocess.Popen(command, cwd=root, env=_environment(), stdin=given, stdout=out, stderr=err)

    def wait(self, stop: threading.Event) -> dict[str, Any]:
        """What it answers."""
        deadline = time.monotonic() + _LIMIT
        while self._process.poll() is None:
            if stop.is_set():
                raise stopped()
            if time.monotonic() > deadline:
                raise failed(self._engine, f"it took longer than {_LIMIT / 60:.0f} minutes")
            try:
                self._process.wait(_LOOK)
            except subprocess.TimeoutExpired:
                continue
        if self._process.returncode:
            last = self._err.read_text(errors="replace").strip().splitlines()[-3:]
            raise failed(self._engine, f"it ended with {self._process.returncode}: {' | '.join(last)}")
        try:
            found: dict[str, Any] = json.loads(self._out.read_bytes())
            return {path: found[path] for path in self._files}
        except (ValueError, KeyError, TypeError) as error:
            raise failed(self._engine, f"it did not answer for all files: {error!r}") from error

    def end(self) -> None:
        """Whatever it is doing."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
