"""Sandboxes without a cloud: a ledger in memory, and an account that remembers what is in it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from shoreward.app.sandboxes import Injected, Lease, Seen, Thing
from shoreward.app.sandboxes.ports import Needs, Progress, Proof, Quota, Say, Standing, Wanted
from shoreward.app.sandboxes.tags import read_tags
from shoreward.domain import OperationError, Parameters, Refused, Retryable, ShorewardError, Target


@dataclass(slots=True)
class MemoryLedger:
    """Implements `app.sandboxes.ports.Ledger` in memory, for any number of threads."""

    _leases: dict[str, Lease] = field(default_factory=dict[str, Lease])
    _things: dict[str, set[Thing]] = field(default_factory=dict[str, set[Thing]])
    _held: set[str] = field(default_factory=set[str])
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def put(self, lease: Lease) -> None:
        """See `Ledger.put`."""
        self._leases[lease.key] = lease

    def get(self, key: str) -> Lease | None:
        """See `Ledger.get`."""
        return self._leases.get(key)

    def all(self) -> Sequence[Lease]:
        """See `Ledger.all`."""
        return tuple(self._leases.values())

    def note(self, key: str, things: Iterable[Thing]) -> None:
        """See `Ledger.note`."""
        self._things.setdefault(key, set()).update(things)

    def things(self, key: str) -> Sequence[Thing]:
        """See `Ledger.things`."""
        return tuple(sorted(self._things.get(key, ())))

    def forget(self, key: str) -> None:
        """See `Ledger.forget`."""
        self._things.pop(key, None)

    @contextmanager
    def hold(self, key: str, *, patience: float = 0.0, say: Say | None = None) -> Generator[None]:
        """See `Ledger.hold`; among the threads of this process."""
        with self._changed:
            if not self._changed.wait_for(lambda: key not in self._held, patience):
                raise Refused("SANDBOX_BUSY", f"Another thread works with {key}.")
            self._held.add(key)
        try:
            yield
        finally:
            with self._changed:
                self._held.discard(key)
                self._changed.notify_all()

    def held(self, key: str) -> bool:
        """See `Ledger.held`."""
        return key in self._held


@dataclass(slots=True, kw_only=True)
class FakeStack:
    """A stack of a fake account."""

    target: Target
    status: str
    tags: Parameters
    template: Mapping[str, object]
    things: tuple[Thing, ...]


@dataclass(slots=True)
class FakeCloud:
    """Implements `app.sandboxes.ports.SandboxCloud` in memory.

    A resource of a template becomes a thing; a function writes a log group, which outlives its stack.

    Attributes:
        stacks: by target's key.
        logs: what functions made, which no stack knows.
        stuck: things that cannot be removed.
        broken: faults that are in stacks, by target's key.
        clinging: faults that cannot be taken back.
        account: what `quotas` answers.
        refusal: raised instead of making or changing a stack.
        dark: raised by every look at the account.
        before: called with the name of each step before it takes effect, and again after; a test dies there.
    """

    stacks: dict[str, FakeStack] = field(default_factory=dict[str, FakeStack])
    logs: set[Thing] = field(default_factory=set[Thing])
    stuck: set[Thing] = field(default_factory=set[Thing])
    broken: set[tuple[str, Injected]] = field(default_factory=set[tuple[str, Injected]])
    clinging: set[Injected] = field(default_factory=set[Injected])
    account: tuple[Quota, ...] = ()
    refusal: ShorewardError | None = None
    dark: OperationError | None = None
    before: Callable[[str], None] = field(default=lambda step: None)

    def everything(self) -> set[Thing]:
        """All that is in the account."""
        return {thing for stack in self.stacks.values() for thing in stack.things} | self.logs

    def find(self, place: Target) -> tuple[Seen, ...]:
        """See `SandboxCloud.find`."""
        if self.dark is not None:
            raise self.dark
        seen = [read_tags(dict(one.tags), one.target, one.status) for one in self.stacks.values()]
        here = (place.account, place.region)
        return tuple(one for one in seen if one.marked and (one.target.account, one.target.region) == here)

    def look(self, target: Target) -> Seen | None:
        """See `SandboxCloud.look`."""
        stack = self.stacks.get(target.key)
        return read_tags(dict(stack.tags), target, stack.status) if stack is not None else None

    def quotas(self, target: Target, needs: Needs) -> tuple[Quota, ...]:
        """See `SandboxCloud.quotas`."""
        return self.account

    def apply(self, wanted: Wanted, note: Callable[[Iterable[Thing]], None], progress: Progress) -> Standing:
        """See `SandboxCloud.apply`."""
        key, now = wanted.target.key, self.stacks.get(wanted.target.key)
        whole = now is not None and now.status == "CREATE_COMPLETE"
        if whole and now is not None and now.template == wanted.template and not wanted.retag:
            return Standing(outputs=_outputs(now), things=now.things, changed=False)
        if not whole:
            self._step("begin", lambda: self._write(wanted, "REVIEW_IN_PROGRESS", ()))
        note([Thing(type="AWS::CloudFormation::Stack", id=key)])
        if self.refusal is not None:
            self._write(wanted, "ROLLBACK_COMPLETE" if not whole else "UPDATE_ROLLBACK_COMPLETE", ())
            raise self.refusal
        things = _things(wanted)
        self._step("create", lambda: self._write(wanted, "CREATE_COMPLETE", things))
        logs = {Thing(type="AWS::Logs::LogGroup", id=f"/logs/{one.id}") for one in things if "Function" in one.type}
        note(logs)
        self._step("log", lambda: self.logs.update(logs))
        return Standing(outputs=_outputs(self.stacks[key]), things=things)

    def outputs(self, target: Target) -> Mapping[str, str]:
        """See `SandboxCloud.outputs`."""
        return _outputs(self.stacks[target.key])

    def things(self, target: Target) -> tuple[Thing, ...]:
        """See `SandboxCloud.things`."""
        stack = self.stacks.get(target.key)
        return stack.things if stack is not None else ()

    def remove(self, target: Target, known: Sequence[Thing], progress: Progress, *, abandon: bool = False) -> None:
        """See `SandboxCloud.remove`."""
        if target.key in self.stacks:
            things = {*known, *self.stacks[target.key].things}
            self._step("delete", lambda: self.stacks.pop(target.key))
            self.logs |= things & self.stuck
        self._step("clean", lambda: self.logs.difference_update({*known} - self.stuck))

    def prove(self, target: Target, known: Sequence[Thing]) -> Proof:
        """See `SandboxCloud.prove`."""
        left = {one for one in self.logs if one in known or target.stack in one.id}
        left |= set(self.things(target))
        return Proof(looked=("the stack", "log groups"), left=tuple(sorted(left)))

    def lift(self, target: Target, fault: Injected) -> None:
        """See `SandboxCloud.lift`."""
        if fault in self.clinging:
            raise Retryable("AWS_UNREACHABLE", "Nobody answers.")
        self._step("lift", lambda: self.broken.discard((target.key, fault)))

    def credentials(self, target: Target) -> Mapping[str, str]:
        """See `SandboxCloud.credentials`."""
        return {"AWS_ACCESS_KEY_ID": target.account, "AWS_SECRET_ACCESS_KEY": "fake"}

    def _step(self, name: str, act: Callable[[], object]) -> None:
        self.before(f"before {name}")
        act()
        self.before(f"after {name}")

    def _write(self, wanted: Wanted, status: str, things: tuple[Thing, ...]) -> None:
        self.stacks[wanted.target.key] = FakeStack(
            target=wanted.target, status=status, tags=wanted.tags, template=wanted.template, things=things
        )


def _things(wanted: Wanted) -> tuple[Thing, ...]:
    return tuple(
        sorted(
            Thing(type=str(resource["Type"]), id=f"{wanted.target.stack}-{name}")
            for name, resource in wanted.template["Resources"].items()
        )
    )


def _outputs(stack: FakeStack) -> dict[str, str]:
    return {"Stack": stack.target.stack}
