"""A simulated cloud with customers, releases carried on it, and metrics that can be tampered with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from shoreward.app.interruption import Interruption
from shoreward.app.ports import MetricSource, Samples, Stream
from shoreward.app.releases import Wish, begin
from shoreward.core import Event, Release
from shoreward.domain import Bake, JudgePolicy, LatencyPolicy, Pipeline, Revision, Target
from shoreward.testing.builders import a_pipeline
from shoreward.testing.memory import MemoryJournal
from shoreward.testing.simulated import SimulatedCloud
from shoreward.testing.simulator import carry, state_of, step

NORTH, WEST, EAST = (f"111111111111/{region}/app" for region in ("eu-north-1", "eu-west-1", "us-east-1"))


def wish(why: str = "because", by: str = "kim", at: float = 1_700_000_000.0) -> Wish:
    return Wish(by=by, at=at, why=why)


def a_pipeline_of_minutes() -> Pipeline:
    """Two waves with three targets in all, through in minutes when there are customers."""
    return a_pipeline(
        steps=(20.0,),
        bake=Bake(minimum=20, requests=20, deadline=300, on_deadline="rollback"),
        judge=JudgePolicy(interval=10, delay=5, promote_points=0.2, dispersion=1.0, latency=LatencyPolicy(warm_up=0)),
    )


@dataclass(slots=True, kw_only=True)
class Cloud(SimulatedCloud):
    """One on which a commit can be made to build the very revision of another."""

    builds_as: dict[str, str] = field(default_factory=dict[str, str])

    def build(self, pipeline: Pipeline, commit: str, interruption: Interruption | None = None) -> Revision:
        made = SimulatedCloud.build(self, pipeline, self.builds_as.get(commit, commit), interruption)
        return replace(made, commit=commit)


@dataclass
class Beach:
    """A journal, a simulated cloud that it is about, and a pipeline."""

    journal: MemoryJournal = field(default_factory=MemoryJournal)
    pipeline: Pipeline = field(default_factory=a_pipeline_of_minutes)
    bad: set[str] = field(default_factory=set[str])

    def __post_init__(self) -> None:
        self.cloud = Cloud(journal=self.journal, errors=self._rate)

    def _rate(self, commit: str, target: Target, at: float) -> float:
        return 0.7 if commit in self.bad else 0.0

    def open(self, commit: str, *, despite: str = "") -> str:
        asked = wish(at=self.cloud.clock.now())
        return begin(self.journal, self.pipeline, commit, f"Change {commit}", asked, despite=despite)

    def release(self, commit: str, *, despite: str = "") -> Release:
        """Carry a commit to its end."""
        return carry(self.journal, self.cloud, self.open(commit, despite=despite))

    def carry(self, release: str) -> Release:
        return carry(self.journal, self.cloud, release)

    def until(self, release: str, true: Callable[[Release], object]) -> Release:
        """Carry a release as far as something has become true."""
        while not true(state := state_of(self.journal, release)):
            again = step(self.journal, self.cloud, release)
            assert again is not None, "it never came"
            self.cloud.clock.time = max(self.cloud.clock.time, again)
        return state

    def events(self, release: str) -> list[Event]:
        return [recorded.event for recorded in self.journal.events(release)]

    def serving(self) -> list[Mapping[str, float]]:
        return [self.cloud.target(target).serving() for target in self.pipeline.targets]


Change = Callable[[Stream, Samples, float], Samples]


@dataclass(frozen=True)
class Tampered:
    """A metric source whose answers are changed on their way, knowing when the first interval began."""

    source: MetricSource
    change: Change

    def counts(
        self, target: Target, streams: Sequence[Stream], *, start: float, end: float, period: int
    ) -> Mapping[Stream, Samples]:
        found = self.source.counts(target, streams, start=start, end=end, period=period)
        return {stream: self.change(stream, samples, start) for stream, samples in found.items()}

    def latencies(
        self,
        target: Target,
        streams: Sequence[Stream],
        levels: Sequence[float],
        *,
        start: float,
        end: float,
        period: int,
    ) -> Mapping[Stream, NDArray[np.float64]]:
        return self.source.latencies(target, streams, levels, start=start, end=end, period=period)

    def slower(
        self, target: Target, limits: Mapping[Stream, Sequence[float]], *, start: float, end: float, period: int
    ) -> Mapping[Stream, NDArray[np.float64]]:
        return self.source.slower(target, limits, start=start, end=end, period=period)


def tampered(beach: Beach, change: Change):
    """The beach's world with metrics that are changed."""
    world = beach.cloud.world()
    return replace(world, metrics=Tampered(world.metrics, change))
