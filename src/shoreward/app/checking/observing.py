"""Whoever looks on while a graph runs is told what happens."""

from __future__ import annotations

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
