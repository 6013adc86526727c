"""Being interrupted while checks run, or a release is carried: what was started ends with it.

The first Ctrl-C (or SIGTERM) stops every check, and each ends what it has started; steps of a release come to their
ends. A second one ends this process and every process below it at once.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from shoreward.cli import INTERRUPTED
from shoreward.cli.output import console, warn


@contextmanager
def interruptible(so: str = "waiting for what has begun to end") -> Generator[None]:
    """Within it an interruption becomes KeyboardInterrupt, once.

    Args:
        so: what follows from it, in words.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def at_once(number: int, frame: FrameType | None) -> None:
        for process in descendants(os.getpid()):
            with suppress(ProcessLookupError, PermissionError):
                os.kill(process, signal.SIGKILL)
        console.show_cursor()
        os._exit(INTERRUPTED)

    def interrupted(number: int, frame: FrameType | None) -> None:
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, at_once)
        warn(f"Interrupted: {so}. Once more ends it at once.")
        raise KeyboardInterrupt

    before = {each: signal.signal(each, interrupted) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def descendants(process: int, folder: Path = Path("/proc")) -> list[int]:
    """Ids of all processes below a process; nothing on a system that does not tell."""
    parents: dict[int, list[int]] = {}
    for stat in folder.glob("[0-9]*/stat"):
        with suppress(OSError, ValueError, IndexError):
            # The name, in parentheses, may hold anything.
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
            parents.setdefault(parent, []).append(int(stat.parent.name))
    found: list[int] = []
    waiting = [process]
    while waiting:
        below = parents.get(waiting.pop(), [])
        found += below
        waiting += below
    return found
