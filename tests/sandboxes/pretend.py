"""Sandboxes on fakes: a ledger in memory, a cloud in memory, and a clock that is set."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from shoreward.app.sandboxes import Lease, State, Thing
from shoreward.app.sandboxes.ports import Progress
from shoreward.app.sandboxes.reaping import Fate, Known
from shoreward.app.sandboxes.sandboxes import Order, Sandbox, Sandboxes
from shoreward.domain import Checks, Pipeline, Revision, SandboxPlan, SpecError, Target, canonical
from shoreward.testing.builders import a_pipeline
from shoreward.testing.memory import MemoryJournal
from shoreward.testing.sandboxes import FakeCloud, MemoryLedger

from .support import SetClock

PLACE = Target(account="999999999999", region="eu-north-1", stack="shop-sandbox")


class Died(BaseException):
    """The process ended here."""


class MortalLedger(MemoryLedger):
    """One whose writer may die before or after each entry."""

    before: Callable[[str], None] = staticmethod(lambda step: None)

    def put(self, lease: Lease) -> None:
        self.before(f"before {lease.state}")
        super().put(lease)
        self.before(f"after {lease.state}")

    def note(self, key: str, things: Iterable[Thing]) -> None:
        self.before("before note")
        super().note(key, things)
        self.before("after note")


@dataclass
class Seeds:
    """A seeder that remembers, or fails."""

    failure: SpecError | None = None
    asked: list[Mapping[str, str]] = field(default_factory=list[Mapping[str, str]])

    def seed(self, plan: SandboxPlan, commit: str, environment: Mapping[str, str], progress: Progress) -> None:
        self.asked.append(environment)
        if self.failure is not None:
            raise self.failure


@dataclass
class Pretence:
    """A team's sandbox account; every method works as a process that was started for it."""

    lease: float = 1_000.0
    seed: str = ""
    cloud: FakeCloud = field(default_factory=FakeCloud)
    ledger: MortalLedger = field(default_factory=MortalLedger)
    blobs: MemoryJournal = field(default_factory=MemoryJournal)
    seeds: Seeds = field(default_factory=Seeds)
    clock: SetClock = field(default_factory=SetClock)
    said: list[str] = field(default_factory=list[str])

    @property
    def plan(self) -> SandboxPlan:
        return SandboxPlan(target=PLACE, lease=self.lease, seed=self.seed)

    @property
    def pipeline(self) -> Pipeline:
        return replace(a_pipeline(), application="shop", checks=Checks(sandbox=self.plan))

    @property
    def sandboxes(self) -> Sandboxes:
        return Sandboxes(
            ledger=self.ledger,
            cloud=self.cloud,
            blobs=self.blobs,
            seeder=self.seeds,
            clock=self.clock,
            patience=0.0,
        )

    @property
    def progress(self) -> Progress:
        return Progress(say=self.said.append)

    def revision(self, word: str = "hello", **resources: Any) -> Revision:
        function = {"Type": "AWS::Lambda::Function", "Properties": {"Description": word}}
        template = {"Resources": {"Hello": function, **resources}}
        blob = self.blobs.put(canonical(template))
        return Revision(
            digest=f"revision-{blob[:20]}", commit=f"commit-{word}", template=blob, functions=(), artifacts=()
        )

    def order(self, branch: str = "main", word: str = "hello", *, owner: str = "kim", **more: Any) -> Order:
        return Order(
            pipeline=self.pipeline,
            plan=self.plan,
            revision=self.revision(word),
            owner=owner,
            branch=branch,
            **more,
        )

    def up(self, branch: str = "main", word: str = "hello", **more: Any) -> Sandbox:
        return self.sandboxes.up(self.order(branch, word, **more), self.progress)

    def known(self) -> tuple[Known, ...]:
        return self.sandboxes.survey([PLACE], "shop").known

    def fates(self, **more: Any) -> tuple[Fate, ...]:
        return self.sandboxes.fates(self.sandboxes.survey([PLACE], "shop"), owner="kim", **more)

    def reap(self, **more: Any) -> dict[str, Any]:
        return self.reap_those(self.fates(**more), **more)

    def reap_those(self, fates: tuple[Fate, ...], **more: Any) -> dict[str, Any]:
        results = self.sandboxes.reap(fates, lambda known: self.progress, owner="kim", **more)
        return {known.target.stack: result for known, result in results}

    def states(self) -> list[State]:
        return [lease.state for lease in self.ledger.all()]

    def dying_at(self, number: int) -> list[str]:
        """From now on the process dies at the n-th step; returns the steps as they are made."""
        steps: list[str] = []

        def before(step: str) -> None:
            steps.append(step)
            if len(steps) == number:
                raise Died

        self.cloud.before = before
        self.ledger.before = before  # type: ignore[method-assign]
        return steps

    def reborn(self) -> None:
        """A new process, which nobody kills."""
        self.cloud.before = self.ledger.before = lambda step: None  # type: ignore[method-assign]
