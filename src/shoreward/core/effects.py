"""What is to be done: effects as data.

Names are in the imperative. An effect has a key, the same however often it is decided, under which an adapter finds
what an earlier try left behind; and a lane: of one lane at most one effect is under way at a time. Traffic and stack
of a target are lanes of their own, because taking traffic back must never wait for a stack. What is done for the whole
release (building, checking, looking up advisories) has its target nowhere, and a lane of its own as well. What is
stoppable changes nothing that anybody else sees: it may be ended in the middle when nobody waits for it any more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from shoreward.domain import Target


@dataclass(frozen=True, slots=True)
class Nowhere:
    """The target of what is done for the whole release."""

    key: ClassVar[str] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _OnRelease:
    commit: str
    verb: ClassVar[str] = ""
    forward: ClassVar[bool] = True
    stoppable: ClassVar[bool] = False
    target: ClassVar[Nowhere] = Nowhere()

    @property
    def key(self) -> str:
        """The effect, by name."""
        return f"{self.verb}/{self.commit}"

    @property
    def lane(self) -> str:
        """What it must have for itself."""
        return self.verb


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildRevision(_OnRelease):
    """Make a revision of the release's commit."""

    verb: ClassVar[str] = "build"
    stoppable: ClassVar[bool] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRevision(_OnRelease):
    """Find out all that can be known before a customer is touched."""

    verb: ClassVar[str] = "check"
    stoppable: ClassVar[bool] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewAdvisories(_OnRelease):
    """Ask whether the checks would still pass, with the advisories that are known by now."""

    verb: ClassVar[str] = "review"
    forward: ClassVar[bool] = False
    stoppable: ClassVar[bool] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class _OnTarget:
    target: Target
    verb: ClassVar[str] = ""
    aspect: ClassVar[str] = ""
    forward: ClassVar[bool] = True
    stoppable: ClassVar[bool] = False

    @property
    def key(self) -> str:
        """The effect, by name."""
        return f"{self.verb}/{self.target.key}"

    @property
    def lane(self) -> str:
        """What it must have for itself."""
        return f"{self.aspect}/{self.target.key}"


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectTarget(_OnTarget):
    """Look at a target before touching it."""

    verb: ClassVar[str] = "inspect"
    aspect: ClassVar[str] = "stack"


@dataclass(frozen=True, slots=True, kw_only=True)
class StageTarget(_OnTarget):
    """Publish the new versions while the old ones serve."""

    verb: ClassVar[str] = "stage"
    aspect: ClassVar[str] = "stack"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeTarget(_OnTarget):
    """Ask the new versions something before a customer does."""

    verb: ClassVar[str] = "probe"
    aspect: ClassVar[str] = "traffic"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftTraffic(_OnTarget):
    """Move the canary's weight from `expected` to `percent`."""

    verb: ClassVar[str] = "shift"
    aspect: ClassVar[str] = "traffic"
    step: int
    percent: float
    expected: float

    @property
    def key(self) -> str:
        """The effect, by name."""
        return f"shift/{self.target.key}/{self.step}"


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeTarget(_OnTarget):
    """Look at a target's metrics and alarms, as far as they have arrived."""

    verb: ClassVar[str] = "judge"
    aspect: ClassVar[str] = "judge"
    forward: ClassVar[bool] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishTarget(_OnTarget):
    """Make the stack agree with the traffic."""

    verb: ClassVar[str] = "finish"
    aspect: ClassVar[str] = "stack"


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreTraffic(_OnTarget):
    """All customers back to the old versions, at once."""

    verb: ClassVar[str] = "restore-traffic"
    aspect: ClassVar[str] = "traffic"
    forward: ClassVar[bool] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreStack(_OnTarget):
    """The stack back to what it was."""

    verb: ClassVar[str] = "restore-stack"
    aspect: ClassVar[str] = "stack"
    forward: ClassVar[bool] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AskGate:
    """Ask whether a gate is open, for a target or for a wave as a whole; both by name.

    A step forward, although it changes nothing here: whoever is asked may do something about it.
    """

    verb: ClassVar[str] = "ask"
    forward: ClassVar[bool] = True
    stoppable: ClassVar[bool] = False
    gate: str
    wave: str
    target: Target | Nowhere = Nowhere()

    @property
    def key(self) -> str:
        """The effect, by name."""
        return f"{ASKING}{self.gate}/{self.target.key or self.wave}"

    @property
    def lane(self) -> str:
        """What it must have for itself."""
        return self.key


ASKING = "ask/"
"""How the keys of effects begin that ask gates."""


Effect = (
    BuildRevision
    | CheckRevision
    | ReviewAdvisories
    | InspectTarget
    | StageTarget
    | ProbeTarget
    | ShiftTraffic
    | JudgeTarget
    | FinishTarget
    | RestoreTraffic
    | RestoreStack
    | AskGate
)
