"""A simulated world: every port, without AWS, under simulated time.

It keeps what matters about a target: which code its stack was made from, the versions that were published, where the
alias points and with which weight, and who was served by what. Errors and traffic follow a model that the caller
gives, drawn from seeds, so a simulation is repeatable whatever the order of its questions.
"""

from __future__ import annotations

import hashlib
import json
import math
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from shoreward.app.interruption import Interruption
from shoreward.app.ports import Journal, Samples, Stream
from shoreward.app.quarantine import Quarantine
from shoreward.app.world import World
from shoreward.domain import (
    Artifact,
    Change,
    Difference,
    LambdaFunction,
    Pipeline,
    Probe,
    Revision,
    ServingFunction,
    Snapshot,
    Staged,
    StagedFunction,
    Target,
    Terminal,
)
from shoreward.testing.gate import (
    SimulatedAdvisor,
    SimulatedArtifacts,
    SimulatedChecker,
    SimulatedGate,
    SimulatedSigner,
)
from shoreward.testing.hooks import SimulatedHooks
from shoreward.testing.memory import MemoryJournal
from shoreward.testing.metrics import SimulatedSeries

ErrorModel = Callable[[str, Target, float], float]
"""Probability that a request fails, given the code (a commit), the target, and the time."""


@dataclass(slots=True)
class SimulatedClock:
    """Time that passes when somebody says so."""

    time: float = 1_700_000_000.0

    def now(self) -> float:
        """UNIX seconds."""
        return self.time

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.time += seconds


@dataclass(slots=True)
class SimulatedTarget:
    """A target's stack and the alias of its one function.

    Attributes:
        applied: commit that the stack's template was made from; "" while there is no stack.
        versions: commit of each published version; version n is `versions[n - 1]`.
        alias: version that the alias points to; 0 while there is none.
        canary: version and percent of the alias's additional weight.
        shares: (time, commit -> fraction of traffic), whenever the alias changed.
        acts: names of what changed the target, in order; looking is not an act.
    """

    applied: str = ""
    pinned: bool = False
    versions: list[str] = field(default_factory=list[str])
    alias: int = 0
    canary: tuple[int, float] | None = None
    shares: list[tuple[float, Mapping[str, float]]] = field(default_factory=list[tuple[float, Mapping[str, float]]])
    acts: list[str] = field(default_factory=list[str])

    def serving(self) -> Mapping[str, float]:
        """The fraction of traffic that each commit serves."""
        if not self.alias:
            return {}
        version, percent = self.canary or (self.alias, 0.0)
        served = {self.versions[self.alias - 1]: 1 - percent / 100}
        if percent:
            commit = self.versions[version - 1]
            served[commit] = served.get(commit, 0.0) + percent / 100
        return served

    def publish(self, commit: str) -> int:
        """Publish a version; unchanged code keeps its number, as on AWS."""
        if not self.versions or self.versions[-1] != commit:
            self.versions.append(commit)
        return len(self.versions)


LatencyModel = Callable[[str, Target, float], float]
"""Of a commit on a target at a time: the median of its requests' latencies, in milliseconds."""

SPREAD = NormalDist(0, 0.3)
"""Of the logarithm of latencies."""


def steady(commit: str, target: Target, at: float) -> float:
    """The latency model of an application that is always equally fast."""
    return 100.0


def harmless(commit: str, target: Target, at: float) -> float:
    """The error model of an application that always works."""
    return 0.0


@dataclass(slots=True, kw_only=True)
class SimulatedCloud:
    """Implements every port of `World` over simulated targets.

    Attributes:
        traffic: requests per second of a target, by its key; 10 where it says nothing.
        errors: the error model.
        latency: the latency model; latencies are log-normal around it.
        gate: what checks, advisories and signatures say.
        journal: what quarantine is told by, and what keeps templates, reports and manifests.
        firing_alarms: alarm names that fire, by target key.
        series: metrics beside those of Lambda.
        hooks: what hooks say.
    """

    clock: SimulatedClock = field(default_factory=SimulatedClock)
    traffic: Mapping[str, float] = field(default_factory=dict[str, float])
    errors: ErrorModel = harmless
    latency: LatencyModel = steady
    seed: int = 0
    gate: SimulatedGate = field(default_factory=SimulatedGate)
    journal: Journal = field(default_factory=MemoryJournal)
    targets: dict[str, SimulatedTarget] = field(default_factory=dict[str, SimulatedTarget])
    firing_alarms: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    series: SimulatedSeries = field(default_factory=SimulatedSeries)
    hooks: SimulatedHooks = field(default_factory=SimulatedHooks)

    def world(self) -> World:
        """This cloud as the world that effects are performed in."""
        return World(
            clock=self.clock,
            builder=self,
            stacks=self,
            traffic=_Router(self),
            prober=self,
            metrics=self,
            alarms=self,
            quarantine=Quarantine(self.journal),
            checker=SimulatedChecker(self.gate, self.clock, self.journal),
            advisor=SimulatedAdvisor(self.gate, self.clock),
            signer=SimulatedSigner(self.gate),
            blobs=self.journal,
            artifacts=SimulatedArtifacts(self.gate),
            series=self.series,
            survey=self.series,
            hooks=self.hooks,
        )

    def target(self, target: Target) -> SimulatedTarget:
        """What is known of a target."""
        return self.targets.setdefault(target.key, SimulatedTarget())

    def changed(self, target: Target, act: str) -> None:
        """Note that an act changed a target."""
        state = self.target(target)
        state.acts.append(act)
        state.shares.append((self.clock.now(), state.serving()))

    # Builder

    def build(self, pipeline: Pipeline, commit: str, interruption: Interruption | None = None) -> Revision:
        """A revision whose digest, and template, is that of its commit's name."""
        digest = self.journal.put(commit.encode())
        function = LambdaFunction(
            logical_id="Function", alias="live", alias_id="FunctionAlias", version_id=f"FunctionVersion{digest[:10]}"
        )
        artifacts = tuple(
            Artifact(digest=name, size=len(content), used_by=("Function",))
            for name, content in self.gate.artifacts.items()
        )
        return Revision(digest=digest, commit=commit, template=digest, functions=(function,), artifacts=artifacts)

    # StackManager

    def inspect(self, pipeline: Pipeline, target: Target, revision: Revision) -> Snapshot:
        """See `StackManager.inspect`."""
        state = self.target(target)
        if not state.applied:
            return Snapshot(exists=False)
        serving = ServingFunction(
            logical_id="Function",
            name="function",
            alias="live",
            version=str(state.alias),
            code=state.versions[state.alias - 1],
        )
        return Snapshot(exists=True, template=state.applied, functions=(serving,))

    def preview(self, pipeline: Pipeline, target: Target, revision: Revision, snapshot: Snapshot) -> Staged:
        """See `StackManager.preview`."""
        baseline = snapshot.functions[0].version if snapshot.functions else None
        function = StagedFunction(logical_id="Function", name="function", alias="live", baseline=baseline, candidate="")
        change = Change(
            action="Modify" if snapshot.exists else "Add", logical_id="Function", type="AWS::Lambda::Function"
        )
        return Staged(functions=(function,), changes=(change,))

    def stage(self, pipeline: Pipeline, target: Target, revision: Revision, snapshot: Snapshot, key: str) -> Staged:
        """See `StackManager.stage`."""
        state = self.target(target)
        if state.applied != revision.commit:
            candidate = state.publish(revision.commit)
            state.applied = revision.commit
            state.pinned = snapshot.exists
            if not snapshot.exists:
                state.alias = candidate
            self.changed(target, "stage")
        candidate = len(state.versions) - state.versions[::-1].index(revision.commit)
        baseline = snapshot.functions[0].version if snapshot.functions else None
        function = StagedFunction(
            logical_id="Function", name="function", alias="live", baseline=baseline, candidate=str(candidate)
        )
        return Staged(functions=(function,))

    def finish(self, pipeline: Pipeline, target: Target, revision: Revision, staged: Staged, key: str) -> None:
        """See `StackManager.finish`."""
        state = self.target(target)
        version = int(staged.functions[0].candidate)
        if state.pinned or state.canary or state.alias != version:
            state.pinned, state.canary, state.alias = False, None, version
            self.changed(target, "finish")

    def restore(
        self,
        pipeline: Pipeline,
        target: Target,
        snapshot: Snapshot,
        staged: Staged | None,
        key: str,
        *,
        revision: Revision | None = None,
    ) -> tuple[Difference, ...]:
        """See `StackManager.restore`; nobody changes anything by hand here."""
        state = self.target(target)
        if not snapshot.exists:
            if state.applied:
                state.applied, state.pinned, state.alias, state.canary = "", False, 0, None
                self.changed(target, "delete")
            return ()
        assert snapshot.template is not None
        serves = state.versions[state.alias - 1]
        if state.applied != snapshot.template or state.canary or serves != snapshot.functions[0].code:
            state.applied, state.pinned, state.canary = snapshot.template, False, None
            state.alias = state.publish(snapshot.template)
            self.changed(target, "restore")
        return ()

    # Prober, MetricSource, AlarmSource

    def probe(self, target: Target, function: StagedFunction, probe: Probe | None) -> str | None:
        """See `Prober.probe`: code that always fails does not answer."""
        commit = self.target(target).versions[int(function.candidate) - 1]
        return "it failed" if self.errors(commit, target, self.clock.now()) >= 1 else None

    def counts(
        self, target: Target, streams: Sequence[Stream], *, start: float, end: float, period: int
    ) -> Mapping[Stream, Samples]:
        """See `MetricSource.counts`."""
        times = np.arange(start, end, period)
        return {stream: self._samples(target, stream, times, period) for stream in streams}

    def _samples(self, target: Target, stream: Stream, times: NDArray[np.float64], period: int) -> Samples:
        rate, of = self.traffic.get(target.key, 10.0), json.dumps([self.seed, target.key, stream.version])[:-1]
        drawn = [
            _drawn(f"{of}, {time}]", rate * share * period, self.errors(commit, target, time))
            for time, commit, share in self._served(target, stream, times)
        ]
        requests, errors = np.array(drawn, dtype=np.float64).reshape(-1, 2).T
        return Samples(requests=requests, errors=errors, throttles=np.zeros(len(times)))

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
        """See `MetricSource.latencies`."""
        times = np.arange(start, end, period)
        factors = np.exp([SPREAD.inv_cdf(level) for level in levels])[:, None]
        return {
            stream: factors
            * self._medians(target, stream, times, self._samples(target, stream, times, period).requests)
            for stream in streams
        }

    def slower(
        self, target: Target, limits: Mapping[Stream, Sequence[float]], *, start: float, end: float, period: int
    ) -> Mapping[Stream, NDArray[np.float64]]:
        """See `MetricSource.slower`; as many as are to be expected, rounded."""
        times = np.arange(start, end, period)
        found: dict[Stream, NDArray[np.float64]] = {}
        for stream, ends in limits.items():
            requests = self._samples(target, stream, times, period).requests
            medians = self._medians(target, stream, times, requests).tolist()
            rows = [[_beyond(end, median) for median in medians] for end in ends]
            found[stream] = np.round(np.array(rows) * requests)
        return found

    def _medians(
        self, target: Target, stream: Stream, times: NDArray[np.float64], requests: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """NaN without requests."""
        served = self._served(target, stream, times)
        medians = np.array([self.latency(commit, target, time) for time, commit, _ in served])
        return np.where(requests > 0, medians, np.nan)

    def _served(self, target: Target, stream: Stream, times: NDArray[np.float64]) -> Sequence[tuple[float, str, float]]:
        """At each time the commit that a version is of, and its share of the traffic.

        Of all versions together it is the commit that most are served by; "" for none.
        """
        state = self.target(target)
        of = state.versions[int(stream.version) - 1] if stream.version else None
        steps = [("" if of is None else of, 0.0)]
        for _, serving in state.shares:
            commit = max(serving, key=lambda each: serving[each], default="") if of is None else of
            steps.append((commit, serving.get(commit, 0.0)))
        since = [time for time, _ in state.shares]
        return [(time, *steps[bisect_right(since, time)]) for time in map(float, times)]

    def firing(self, target: Target, names: Sequence[str]) -> tuple[str, ...]:
        """See `AlarmSource.firing`."""
        return tuple(name for name in self.firing_alarms.get(target.key, ()) if name in names)

    def firing_like(self, target: Target, prefix: str) -> tuple[str, ...]:
        """See `AlarmSource.firing_like`."""
        return tuple(name for name in self.firing_alarms.get(target.key, ()) if name.startswith(prefix))


@lru_cache(maxsize=10_000)
def _beyond(end: float, median: float) -> float:
    """The share of requests that take longer."""
    return 0.0 if math.isnan(median) else 1 - SPREAD.cdf(math.log(end / median))


@lru_cache(maxsize=100_000)
def _drawn(name: str, mean: float, odds: float) -> tuple[int, int]:
    """Requests and errors of an interval, the same whenever its name is asked for: looks read everything again."""
    chance = np.random.default_rng(int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big"))
    requests = int(chance.poisson(mean))
    return requests, int(chance.binomial(requests, odds))


@dataclass(frozen=True, slots=True)
class _Router:
    """The traffic port; apart, because stacks have a `restore` of their own."""

    cloud: SimulatedCloud

    def shift(self, target: Target, functions: Sequence[StagedFunction], percent: float, expected: float) -> None:
        """See `TrafficRouter.shift`."""
        if not functions:
            return
        state = self.cloud.target(target)
        baseline, candidate = int(functions[0].baseline or 0), int(functions[0].candidate)

        def at(weight: float) -> tuple[int, tuple[int, float] | None]:
            if weight >= 100:
                return candidate, None
            return baseline, (candidate, weight) if weight else None

        wanted = at(percent)
        if (state.alias, state.canary) == wanted:
            return
        if (state.alias, state.canary) != at(expected):
            raise Terminal("ALIAS_MOVED", "Somebody else moved the alias.", where=str(target))
        state.alias, state.canary = wanted
        self.cloud.changed(target, f"shift {percent:g}")

    def restore(self, target: Target, functions: Sequence[StagedFunction]) -> tuple[Difference, ...]:
        """See `TrafficRouter.restore`."""
        state = self.cloud.target(target)
        baseline = int(functions[0].baseline or 0)
        if state.canary or state.alias != baseline:
            state.alias, state.canary = baseline, None
            self.cloud.changed(target, "restore traffic")
        return ()
