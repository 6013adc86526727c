"""A lease: whose a sandbox is, what is in it, and until when; the ledger keeps it, and the cloud's tags repeat it.

    coming ──► up ──► going ──► gone
       └─────────────────▲

Each state is written *before* what it says is begun, so a process may die anywhere: what the ledger does not call
gone may be there, and what it calls coming or going while no process is at it was not finished.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from shoreward.domain import Target


class State(StrEnum):
    """What is true of a sandbox, or was begun last."""

    COMING = "coming"
    UP = "up"
    GOING = "going"
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Thing:
    """Something that is a sandbox's own in the cloud.

    Attributes:
        type: CloudFormation's name of what it is.
        id: its physical id, as CloudFormation has it.
    """

    type: str
    id: str

    def __str__(self) -> str:
        return f"{self.id} ({self.type})"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Injected:
    """A fault that is, or is about to be, in a sandbox, with all that it takes to take it back.

    Attributes:
        kind: what was done: `throttle` and `alter` a function, `disconnect` an event source mapping.
        id: whose physical id this is.
        before: what was there, in a form that only whoever takes it back reads.
    """

    kind: str
    id: str
    before: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A sandbox, as the ledger knows it.

    Attributes:
        target: where it is; the stack's name is the sandbox's.
        owner: who asked for it.
        commit, revision: what was deployed last, or is about to be.
        fresh: whether it was made for one purpose, and is not reused.
        seeded: whether its seed command went through.
        created, used, expires, ended: UNIX seconds; `ended` is None until it is gone.
        hourly: what it costs in an hour when nobody uses it, US dollars; None when that is not known.
        unpriced: types of resources whose price nobody knows.
        faults: what is made to fail in it now; whoever works with it next takes it back.
    """

    target: Target
    application: str
    owner: str
    branch: str
    commit: str
    revision: str = ""
    fresh: bool = False
    seeded: bool = False
    state: State
    created: float
    used: float
    expires: float
    ended: float | None = None
    hourly: float | None = None
    unpriced: tuple[str, ...] = ()
    faults: tuple[Injected, ...] = ()

    @property
    def name(self) -> str:
        """The sandbox's name, which is its stack's."""
        return self.target.stack

    @property
    def key(self) -> str:
        """What identifies it in the ledger: account/region/stack."""
        return self.target.key
