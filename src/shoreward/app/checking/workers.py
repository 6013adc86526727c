"""What the threads of a run do: look up what is kept, and run checks; they tell of it through a queue.

Nothing of the run itself is touched here, so that one thread decides everything (`run`).
"""

from __future__ import annotations

import queue
from dataclasses import dataclass, field

from shoreward.app.checking.check import Check, Materials, Report, Running
from shoreward.app.checking.graph import whole_key
from shoreward.app.checking.keep import Kept
from shoreward.app.checking.look import Looked, guarded, look
from shoreward.app.checking.manner import Surroundings, Use

_AHEAD = 300.0
"""Seconds that another machine's clock may be ahead before its times are not believed."""


@dataclass(frozen=True, slots=True)
class Found:
    """A look into what is kept has ended."""

    check: str
    key: str | None
    kept: Kept | None
    trouble: Looked | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """A check that is run says what it is at."""

    check: str
    text: str


@dataclass(frozen=True, slots=True)
class Ran:
    """A check has been run."""

    check: str
    looked: Looked
    at: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Halt:
    """Nobody wants the answer any more."""


Message = Found | Said | Ran | Halt


@dataclass(frozen=True, slots=True, kw_only=True)
class Workers:
    """The work itself; each method is called in a thread of its own, and raises nothing.

    Attributes:
        messages: what came of it.
    """

    around: Surroundings
    use: Use
    messages: queue.SimpleQueue[Message] = field(default_factory=queue.SimpleQueue[Message])

    def look_up(self, check: Check, materials: Materials) -> None:
        """Find out whether a report of a check is kept that may be taken."""
        found: list[Found] = []

        def ask() -> Looked:
            own = check.key(materials)
            key, kept = None, None
            if own is not None:
                around = self.around
                key = whole_key(check, own, materials.products, around.environment, around.engine)
                kept = self._good(check, key) if self.use != "fresh" else None
            found.append(Found(check.name, key, kept))
            return Looked(report=Report())

        looked = guarded(ask)
        self.messages.put(found[0] if found else Found(check.name, None, None, trouble=looked))

    def _good(self, check: Check, key: str) -> Kept | None:
        kept = self.around.keep.get(key)
        if kept is None:
            return None
        age = self.around.clock.now() - kept.at
        good_for = check.depends.good_for
        if age < -_AHEAD or (good_for is not None and age > good_for) or not check.still(kept.report):
            return None
        return kept

    def look(self, check: Check, materials: Materials, running: Running) -> None:
        """Run a check."""
        began = self.around.clock.now()
        looked = look(check, materials, running)
        self.messages.put(Ran(check.name, looked, began, max(0.0, self.around.clock.now() - began)))
