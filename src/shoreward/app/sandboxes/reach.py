"""What checks reach for that do more in a sandbox than run a command: `synthetic` and `reversibility`.

All of it is asked for when a check has to be run, so that a run whose verdicts were kept imports nothing of AWS.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from shoreward.app.checking import Materials, Running
from shoreward.domain import Pipeline

if TYPE_CHECKING:
    from shoreward.app.ports import Prober, StackManager, TrafficRouter
    from shoreward.app.sandboxes.access import SandboxAccess
    from shoreward.app.sandboxes.sandboxes import Sandbox


class Hands(Protocol):
    """The ports of a release, in the account of sandboxes."""

    @property
    def stacks(self) -> StackManager:
        """Moves a stack from revision to revision."""
        ...

    @property
    def traffic(self) -> TrafficRouter:
        """Moves traffic between versions."""
        ...

    @property
    def probes(self) -> Prober:
        """Asks versions."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """See the module.

    Attributes:
        connect: the sandbox of this run, brought up with the materials' commit in it (`SandboxAccess.connect`).
        met: the same for the time of a block, and the certainty that nobody else changed it (`SandboxAccess.met`).
        fresh: another one, which nobody else has; it is removed when it is closed.
        pipeline_at: the pipeline as a commit has it; raises SpecError, SPEC_FILE_MISSING where it has none.
    """

    connect: Callable[[Materials, Running], Sandbox]
    met: Callable[[Materials, Running], AbstractContextManager[str]]
    fresh: Callable[[], SandboxAccess]
    hands: Callable[[], Hands]
    pipeline_at: Callable[[str], Pipeline]
