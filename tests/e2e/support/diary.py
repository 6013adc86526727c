"""The diary: when controllers began effects, and when they were about to write down a rollback.

The cloud's log says when a call *arrived*, which may be after a rollback though it was begun before. So controllers
under test write down what they begin, in the moment in which that is settled, each line at once: `kill -9` loses none.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shoreward.app.ports import Journal
from shoreward.controller import Controller
from shoreward.core import Effect, Event
from shoreward.core.events import RollbackBegan


@dataclass(frozen=True, slots=True)
class Entry:
    """A line: an effect's key, or "" for a rollback that was about to be appended."""

    at: float
    release: str
    effect: str
    forward: bool


class Diary:
    """A file of such lines, to which several processes write."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def write(self, release: str, effect: str, *, forward: bool) -> None:
        """One line, in one call to the operating system."""
        line = json.dumps([time.time(), release, effect, forward]) + "\n"
        handle = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(handle, line.encode())
        finally:
            os.close(handle)

    def read(self, release: str) -> tuple[Entry, ...]:
        """What was written of a release, in order of time."""
        return tuple(sorted((one for one in self._lines() if one.release == release), key=lambda one: one.at))

    def _lines(self) -> Iterator[Entry]:
        if self._path.exists():
            for line in self._path.read_text().splitlines():
                yield Entry(*json.loads(line))


class Watched:
    """A journal that notes a rollback before it is appended."""

    def __init__(self, journal: Journal, diary: Diary) -> None:
        self._journal = journal
        self._diary = diary

    def __getattr__(self, name: str) -> Any:
        return getattr(self._journal, name)

    def append(self, release: str, after: int, events: Sequence[Event]) -> None:
        if any(isinstance(event, RollbackBegan) for event in events):
            self._diary.write(release, "", forward=False)
        self._journal.append(release, after, events)


class DiaryController(Controller):
    """A controller that notes every effect when it begins, before anything of it is done."""

    diary: Diary

    def _begins(self, carried: Any, effect: Effect) -> bool:
        begins = super()._begins(carried, effect)
        if begins:
            self.diary.write(carried.state.id, effect.key, forward=effect.forward)
        return begins
