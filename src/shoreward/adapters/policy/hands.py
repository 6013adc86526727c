"""An engine's process, kept while somebody may ask it again: importing and building take longer than answering."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from shoreward.adapters.policy.errors import engine_failed, stopped

_LOOK = 0.05
_LIMIT = 600.0
_TAIL = 4_000


class Hand:
    """One engine; it is started with the first question, and ended with whoever holds it.

    Args:
        module: answers lines of JSON on standard input with lines of JSON (`engines.serve`).
        limit: seconds after which an answer is no longer waited for.
    """

    def __init__(self, module: str, *, limit: float = _LIMIT) -> None:
        self._module = module
        self._name = module.rpartition(".")[2]
        self._limit = limit
        self._lock = threading.Lock()
        self._process: _Process | None = None

    def ask(self, question: Mapping[str, Any], stop: threading.Event) -> dict[str, Any]:
        """The engine's answer.

        Raises:
            Terminal: POLICY_ENGINE_FAILED.
            Retryable: POLICY_STOPPED.
        """
        with self._lock:
            if self._process is None or not self._process.alive():
                self._process = _Process(self._module)
            try:
                return self._process.ask(question, stop, time.monotonic() + self._limit)
            except _Failed as failed:
                words = self._process.end()
                self._process = None
                if failed.stopped:
                    raise stopped() from None
                raise engine_failed(self._name, f"{failed} {words}".strip()) from failed

    def close(self) -> None:
        """End the process, if there is one; the next question starts another."""
        with self._lock:
            if self._process is not None:
                self._process.end()
                self._process = None


class Engines:
    """The engines of the checks `template` and `policies`; whoever checks again and again keeps them."""

    def __init__(self) -> None:
        self.rules = Hand("shoreward.adapters.policy.engines.rules")
        self.lint = Hand("shoreward.adapters.policy.engines.lint")

    def close(self) -> None:
        """End their processes."""
        self.rules.close()
        self.lint.close()


class _Failed(Exception):
    def __init__(self, words: str, *, stopped: bool = False) -> None:
        super().__init__(words)
        self.stopped = stopped


class _Process:
    def __init__(self, module: str) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="shoreward-policy-")
        self._words = (Path(self._folder.name) / "words").open("w+b")
        # With -P nothing is imported from the working directory, which may be the code that is looked at.
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", module],
            cwd=self._folder.name,
            env=_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._words,
        )
        self._finalizer = weakref.finalize(self, _end, self._process, self._words, self._folder)
        self._rest = b""

    def alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, question: Mapping[str, Any], stop: threading.Event, until: float) -> dict[str, Any]:
        given, said = self._process.stdin, self._process.stdout
        assert given is not None
        assert said is not None
        try:
            given.write(json.dumps(question).encode() + b"\n")
            given.flush()
        except OSError as error:
            raise _Failed("it ended.") from error
        while b"\n" not in self._rest:
            if stop.is_set():
                raise _Failed("", stopped=True)
            if time.monotonic() > until:
                raise _Failed("it did not answer in time.")
            if select.select([said], [], [], _LOOK)[0]:
                read = os.read(said.fileno(), 1 << 20)
                if not read:
                    raise _Failed("it ended.")
                self._rest += read
        line, _, self._rest = self._rest.partition(b"\n")
        return json.loads(line)

    def end(self) -> str:
        """End it at once; the end of what it said."""
        self._process.kill()
        self._process.wait()
        self._words.seek(0)
        words = self._words.read().decode(errors="replace")[-_TAIL:].strip()
        self._finalizer()
        return " | ".join(line.strip() for line in words.splitlines()[-3:])


def _end(process: subprocess.Popen[bytes], words: IO[bytes], folder: tempfile.TemporaryDirectory[str]) -> None:
    process.kill()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            try:
                stream.close()
            except OSError:  # a question that nobody reads any more
                continue
    process.wait()
    words.close()
    folder.cleanup()


def _environment() -> dict[str, str]:
    """Ours without what would let files of the working directory be imported."""
    paths = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    absolute = os.pathsep.join(path for path in paths if Path(path).is_absolute())
    plain = {"PYTHONPATH": absolute, "PYTHONUTF8": "1", "PYTHONWARNINGS": "ignore", "RUST_BACKTRACE": "0"}
    return os.environ | plain
