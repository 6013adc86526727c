"""Whoever looks on while a graph runs: is told what happens, and may end it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

from shoreward.app.checking.check import Check, Result


class Observer(Protocol):
    """Is told what goes on, by one thread."""

    def begun(self, check: Check) -> None:
        """A check is being run."""
        ...

    def said(self, check: str, text: str) -> None:
        """A check that is being run says what it is at."""
        ...

    def ended(self, result: Result) -> None:
        """A check has its verdict; it may not have begun."""
        ...


class Nobody:
    """Who does not care."""

    def begun(self, check: Check) -> None:
        """Nothing comes of it."""

    def said(self, check: str, text: str) -> None:
        """Nothing comes of it."""

    def ended(self, result: Result) -> None:
        """Nothing comes of it."""


class Abandoned(Exception):
    """Nobody wants the answer any more."""


class Interruption:
    """Lets another thread end a run."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._used = False
        self._tell: Callable[[], None] | None = None

    def use(self) -> None:
        """End the run that goes on, or the next one."""
        with self._lock:
            self._used = True
            if self._tell:
                self._tell()

    def listen(self, tell: Callable[[], None]) -> None:
        """Somebody is to be told, at once when it has been used already."""
        with self._lock:
            self._tell = tell
            if self._used:
                tell()
