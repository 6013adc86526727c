"""Where reports are kept: the port.

A report is kept under the digest of all that it depends on, so whoever has the same before him may take it for his
own. Keeping is a convenience and never a reason to fail: what cannot be read, or is not what it says, is not there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from shoreward.app.checking.check import Report
from shoreward.app.checking.schedule import Past


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What a check reported, as it reported it: without waivers.

    Attributes:
        key: digest of all that it depends on.
        check: the check's name.
        seconds: what it took.
        at: when it was run, UNIX seconds.
    """

    key: str
    check: str
    report: Report
    seconds: float
    at: float


class Keep(Protocol):
    """Keeps reports; safe between threads. No method raises for what is wrong with what is kept, or where."""

    def get(self, key: str) -> Kept | None:
        """What is kept under a key, or None when there is nothing, or nothing good."""
        ...

    def put(self, kept: Kept) -> None:
        """Keep a report under its key; the later one replaces the earlier."""
        ...

    def drop(self, key: str) -> None:
        """Forget what is kept under a key."""
        ...


class Memory(Protocol):
    """Remembers how checks went lately, for the order in which they are run."""

    def recall(self) -> Mapping[str, Past]:
        """By the checks' names; empty when nothing is known."""
        ...

    def remember(self, past: Mapping[str, Past]) -> None:
        """Remember this instead."""
        ...
