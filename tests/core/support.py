"""A release, carried on a cloud on which another one has been before."""

from __future__ import annotations

from shoreward.core import Release
from shoreward.core import events as e
from shoreward.domain import Outcome, Pipeline
from shoreward.testing.builders import a_pipeline, an_opening
from shoreward.testing.memory import MemoryJournal
from shoreward.testing.simulated import SimulatedCloud
from shoreward.testing.simulator import carry, state_of


class Scene:
    """A journal and a cloud on which the commit `old` has been released everywhere."""

    def __init__(self, pipeline: Pipeline | None = None) -> None:
        self.journal = MemoryJournal()
        self.pipeline = pipeline or a_pipeline()
        # Much traffic: evidence comes at the first looks, and tests are not kept waiting.
        self.cloud = SimulatedCloud(traffic={target.key: 100.0 for target in self.pipeline.targets})
        assert self.release("old").outcome is Outcome.SUCCEEDED

    def open(self, commit: str) -> str:
        return self.journal.open(an_opening(commit, self.pipeline, at=self.cloud.clock.now()))

    def release(self, commit: str, until: float | None = None) -> Release:
        self.id = self.open(commit)
        return carry(self.journal, self.cloud, self.id, until=until)

    def events(self, kind: type) -> list:
        return [each.event for each in self.journal.events(self.id) if isinstance(each.event, kind)]

    def serving(self) -> list[dict[str, float]]:
        return [dict(self.cloud.target(target).serving()) for target in self.pipeline.targets]

    def say(self, event: e.Event) -> None:
        self.journal.append(self.id, len(self.journal.events(self.id)), (event,))

    def go_on(self, seconds: float | None = None) -> Release:
        """Carry the release for so long, or to its end."""
        until = None if seconds is None else self.cloud.clock.now() + seconds
        state = carry(self.journal, self.cloud, self.id, until=until)
        if until is not None:
            self.cloud.clock.time = max(self.cloud.clock.time, until)
        return state

    def state(self) -> Release:
        return state_of(self.journal, self.id)

    def resume(self) -> None:
        self.say(e.HoldLifted(at=self.cloud.clock.now(), by="kim", why="we know"))
