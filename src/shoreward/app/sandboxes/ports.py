"""What sandboxes ask of the outside world: a ledger, and the cloud that they are in.

Every method that acts looks first, so that asking twice is harmless; all may raise `Retryable` or `Terminal`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

from shoreward.app.sandboxes.lease import Injected, Lease, Thing
from shoreward.app.sandboxes.tags import Seen
from shoreward.domain import Revision, SandboxPlan, Target

Say = Callable[[str], None]


class Ledger(Protocol):
    """What was asked of the cloud, written down before it was asked; it survives whatever ends a process."""

    def put(self, lease: Lease) -> None:
        """Write a lease, in place of an earlier one with the same key; it is on the disk when this returns."""
        ...

    def get(self, key: str) -> Lease | None:
        """The lease with a key."""
        ...

    def all(self) -> Sequence[Lease]:
        """All leases that were ever written, oldest first."""
        ...

    def note(self, key: str, things: Iterable[Thing]) -> None:
        """Write down that a sandbox has, or is about to have, some things."""
        ...

    def things(self, key: str) -> Sequence[Thing]:
        """All that was ever noted of a sandbox, sorted."""
        ...

    def forget(self, key: str) -> None:
        """Drop what was noted of a sandbox that is gone; its lease stays."""
        ...

    def hold(self, key: str, *, patience: float = 0.0, say: Say | None = None) -> AbstractContextManager[None]:
        """Be the only one on this machine who works with a sandbox; given back by the operating system at death.

        Raises `Refused` (SANDBOX_BUSY) when another one still has it after `patience` seconds.
        """
        ...

    def held(self, key: str) -> bool:
        """Whether somebody on this machine works with a sandbox now."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What a sandbox will use of an account's quotas, by the resolved template.

    Attributes:
        types: how many resources of each type it has.
        reserved: concurrent executions that its functions reserve for themselves.
        code: bytes of code that will be stored for it.
    """

    types: Mapping[str, int]
    reserved: int = 0
    code: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """A quota of an account, looked at before something is created.

    Attributes:
        name: what it limits.
        limit, used, needed: in its own unit.
        unread: why it could not be read, "" when it was.
    """

    name: str
    limit: float = 0.0
    used: float = 0.0
    needed: float = 0.0
    unread: str = ""

    @property
    def fits(self) -> bool:
        """Whether there is room; True for one that could not be read, which is said aloud instead."""
        return bool(self.unread) or self.used + self.needed <= self.limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A stack as it should be.

    Attributes:
        template: the revision's template in a sandbox's form (`forms.sandboxed`), JSON; its bucket is a placeholder.
        tags: the stack's tags.
        bucket: the artifact bucket, which is not the sandbox's own.
        retag: whether the tags alone are worth an update, which touches every resource.
        file: the template's path in the repository, to blame.
    """

    target: Target
    application: str
    revision: Revision
    file: str
    template: Mapping[str, Any]
    tags: tuple[tuple[str, str], ...]
    bucket: str
    retag: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A stack that stands.

    Attributes:
        outputs: the stack's outputs.
        things: all that is in it, and what its functions make beside it.
        changed: whether anything was done.
    """

    outputs: Mapping[str, str]
    things: tuple[Thing, ...]
    changed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What was looked at for remains of a sandbox, and what was found.

    Attributes:
        looked: kinds of things that were asked for, in people's words.
        left: what is still there.
        unseen: kinds that could not be asked for, each with why.
    """

    looked: tuple[str, ...]
    left: tuple[Thing, ...] = ()
    unseen: tuple[tuple[str, str], ...] = ()

    @property
    def clean(self) -> bool:
        """Whether nothing is left, as far as anybody could look."""
        return not self.left


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How somebody who waits for the cloud is told, and how they say that they do not wait any more."""

    say: Say = field(default=lambda text: None)
    stop: threading.Event = field(default_factory=threading.Event)


class SandboxCloud(Protocol):
    """The account that sandboxes are made in."""

    def find(self, place: Target) -> tuple[Seen, ...]:
        """All sandboxes in a place (account and region), of whatever owner and application, by their tags."""
        ...

    def look(self, target: Target) -> Seen | None:
        """The stack with a sandbox's name, sandbox or not; None when there is none."""
        ...

    def quotas(self, target: Target, needs: Needs) -> tuple[Quota, ...]:
        """The quotas that creating a sandbox would draw on."""
        ...

    def apply(self, wanted: Wanted, note: Callable[[Iterable[Thing]], None], progress: Progress) -> Standing:
        """Have a stack as wanted: created, updated in place, or left alone when it is so already.

        What an earlier attempt left half made is taken up or removed first. Everything is handed to `note` before it
        is made, or, where only CloudFormation can tell its name, as soon as that is known.

        Raises:
            SpecError: SANDBOX_NOT_MADE, CloudFormation refuses the template, or a resource that it asks for.
            Terminal, Retryable: the account or CloudFormation is to blame.
        """
        ...

    def outputs(self, target: Target) -> Mapping[str, str]:
        """The outputs of a stack that stands."""
        ...

    def things(self, target: Target) -> tuple[Thing, ...]:
        """All that is in a sandbox's stack now, and what its functions make beside it."""
        ...

    def remove(self, target: Target, known: Sequence[Thing], progress: Progress, *, abandon: bool = False) -> None:
        """Delete the stack and everything that is known of it; harmless when it is gone.

        Args:
            abandon: whether what cannot be deleted is left behind; `prove` names it.

        Raises `Terminal`: SANDBOX_TAKEN for a stack that is no sandbox, SANDBOX_HELD for a resource that cannot be
        deleted.
        """
        ...

    def prove(self, target: Target, known: Sequence[Thing]) -> Proof:
        """Ask the cloud itself whether anything of a sandbox is left."""
        ...

    def lift(self, target: Target, fault: Injected) -> None:
        """Take a fault back and wait until that has taken hold; harmless when it was, and for what is gone."""
        ...

    def credentials(self, target: Target) -> Mapping[str, str]:
        """Environment variables with which a program may work with the sandbox: secret, and good for an hour or so."""
        ...


class Seeder(Protocol):
    """Puts data into a sandbox."""

    def seed(self, plan: SandboxPlan, commit: str, environment: Mapping[str, str], progress: Progress) -> None:
        """Run the plan's command in a fresh copy of a commit's files; it may have been run before.

        Raises `SpecError` (SEED_FAILED) with the end of what it said when it fails, and when it hangs.
        """
        ...
