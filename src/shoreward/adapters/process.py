"""Runs a command so that nothing of it is left when it has ended, was stopped, or hangs.

No adapter of its own, but what those share that run what others wrote: suites, and the tools that build.

Every command leads a session of its own, and whatever it started ends with it: the group is killed, and so is whoever
left the group but still carries the run's mark in its environment (Linux only; elsewhere a daemon may stay behind).
"""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

MARK = "SHOREWARD_RUN"
"""Variable by which processes are known as those of one run."""

LOUD = 1 << 30
"""Bytes of output after which a command is ended: an endless loop that prints would fill the disk."""

_TAIL = 256 * 1024
_CRASHES = frozenset(
    (signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGFPE, signal.SIGABRT, signal.SIGKILL, signal.SIGTERM,
     signal.SIGTRAP, signal.SIGSYS)
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a command ended.

    Attributes:
        code: its exit code; 128 and the signal's number when a signal ended it.
        words: the end of what it said.
        why: "" when it ended by itself, else what ended it: `late`, `stopped` or `loud`.
    """

    code: int
    words: str
    why: str = ""

    @property
    def crash(self) -> signal.Signals | None:
        """The signal that ended it, if it was one and not ours."""
        number = self.code - 128
        return signal.Signals(number) if not self.why and number in _CRASHES else None


def run(
    command: str | Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    log: Path,
    *,
    timeout: float,
    stop: threading.Event,
    ask: Callable[[int], None] | None = None,
) -> Ended:
    """Run a command, for the shell when it is a text, to its end.

    Args:
        log: file for what it says.
        timeout: seconds after which it counts as hanging.
        stop: ends it when set.
        ask: called with the group's id when it hangs, while its processes are still there.

    Raises:
        FileNotFoundError: the program of a sequence is not there.
    """
    mark = secrets.token_hex(8)
    # A process that is asked to abort would leave a core file.
    line = ["/bin/sh", "-c", f"ulimit -c 0; {command}"] if isinstance(command, str) else list(command)
    with log.open("wb") as said:
        process = subprocess.Popen(
            line,
            cwd=folder,
            env={**environment, MARK: mark},
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    over = threading.Event()
    threading.Thread(target=lambda: (process.wait(), over.set()), daemon=True).start()
    try:
        why = _wait(over, stop, time.monotonic() + timeout, log)
        if why == "late" and ask:
            ask(process.pid)
    finally:
        _kill(process.pid, mark)
    over.wait()
    code = process.returncode
    return Ended(code=128 - code if code < 0 else code, words=tail(log), why=why)


def tail(log: Path, size: int = _TAIL) -> str:
    """The end of a file, as text."""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - size))
        return file.read().decode(errors="replace")


def _wait(over: threading.Event, stop: threading.Event, deadline: float, log: Path) -> str:
    while not over.wait(max(0.0, min(0.1, deadline - time.monotonic()))):
        if stop.is_set():
            return "stopped"
        if time.monotonic() >= deadline:
            return "late"
        if log.stat().st_size > LOUD:
            return "loud"
    return ""


def _kill(group: int, mark: str) -> None:
    """End all processes of a run; returns when they are gone, or as good as."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)
    for _ in range(20):  # one that is killed may just have started another
        left = list(_marked(mark))
        if not left:
            return
        for pid in left:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.01)


def _marked(mark: str) -> Iterator[int]:
    """Living processes with the run's mark in their environment."""
    wanted = f"{MARK}={mark}".encode()
    for entry in os.scandir("/proc") if os.path.isdir("/proc") else ():  # noqa: PTH112  cheap, and often
        if entry.name.isdigit():
            with contextlib.suppress(OSError), open(f"{entry.path}/environ", "rb") as file:  # noqa: PTH123
                if wanted in file.read():
                    yield int(entry.name)
