"""What faults under load ask of the outside world."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from shoreward.app.checking import Materials, Running
from shoreward.app.sandboxes import Injected, Thing
from shoreward.domain import Probe, Target

if TYPE_CHECKING:
    from shoreward.app.sandboxes.sandboxes import Sandbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Sabotage:
    """What is done to one thing of a sandbox.

    Attributes:
        kind: `throttle` and `alter` are done to functions, `disconnect` to event source mappings.
        id: whose physical id this is.
        alias: through which the function is called.
        variable: for `alter`: an environment variable whose value gets `suffix` at its end, and so leads nowhere.
        timeout: for `alter`: seconds; None leaves them.
        memory: for `alter`: MB; None leaves them.
    """

    kind: Literal["throttle", "disconnect", "alter"]
    id: str
    alias: str = ""
    variable: str = ""
    suffix: str = ""
    timeout: int | None = None
    memory: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A request, and what came of it.

    Attributes:
        to: logical id of the function that was asked, or the name of a test.
        status: what came back, in a word or two: "answered", "error", "throttled", "timed out".
        wrong: why it counts as failed, "" when it was answered as expected.
        seconds: how long it took.
    """

    to: str
    status: str
    wrong: str = ""
    seconds: float = 0.0


class FaultCloud(Protocol):
    """Injects faults into an account of sandboxes, and asks its functions. `SandboxCloud.lift` takes them back."""

    def members(self, target: Target) -> Mapping[str, Thing]:
        """What a sandbox's stack holds, by logical id."""
        ...

    def before(self, target: Target, sabotage: Sabotage) -> Injected | None:
        """What it takes to take a sabotage back; None for one that would change nothing. Only looks.

        Raises `Terminal` (FAULT_NOT_POSSIBLE) where the thing is in no state to be sabotaged.
        """
        ...

    def inject(self, target: Target, sabotage: Sabotage, injected: Injected) -> None:
        """Do it, and wait until it has taken hold.

        Raises `Terminal` (FAULT_WITHOUT_EFFECT) when it does not: then nobody can tell what the application bears.
        """
        ...

    def send(self, target: Target, name: str, alias: str, probe: Probe) -> Sent:
        """Ask a function once through its alias, as customers would; a failure of it is an answer, too.

        Raises `Retryable` when nobody could be asked at all, and `Terminal` when we may not ask.
        """
        ...

    def waiting(self, target: Target, queue: str) -> int:
        """How many messages are in a queue, in flight and delayed ones included.

        Args:
            queue: its address.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Laboratory:
    """What the check `faults` works with.

    Attributes:
        connect: the sandbox of this run, brought up with the materials' commit in it.
        met: the same for the time of a block, as what suites read of it (JSON), and the certainty that nobody else
            changed it meanwhile (`SandboxAccess.met`).
        suffering: has faults in it for the time of a block, and takes them back (`SandboxAccess.suffering`).
        cloud: the account; nothing of AWS is imported before it is asked for.
    """

    connect: Callable[[Materials, Running], Sandbox]
    met: Callable[[Materials, Running], AbstractContextManager[str]]
    suffering: Callable[[Target, Sequence[Injected], Callable[[], None]], AbstractContextManager[None]]
    cloud: Callable[[], FaultCloud]
