"""What looks say and when: drawn from what the real judge said of releases like these.

A look each minute at 28 targets of each of thousands of releases would take days. So before the simulation the real
judge watches some releases of each kind on one target (`simulation.run`); how long it took until it passed or failed
them is what is drawn from later. Latency is taken to be found as five points of errors are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from shoreward.core import Phase
from shoreward.core import events as e
from shoreward.domain import Pipeline, Verdict
from shoreward.simulation.customers import Chance, SteadyCustomers
from shoreward.simulation.faults import HARMLESS, Fault, afflict
from shoreward.simulation.fleet.history import Commit
from shoreward.simulation.metrics import Arrival, SimulatedMetrics
from shoreward.simulation.run import a_cloud, run
from shoreward.simulation.trial import MIDNIGHT

ERROR_RATE = 0.001

FAULTS: Mapping[str, Fault] = {
    "harmless": HARMLESS,
    "+0.5 points": replace(HARMLESS, name="+0.5 points", excess=0.005),
    "+5 points": replace(HARMLESS, name="+5 points", excess=0.05),
    "all fail": replace(HARMLESS, name="all fail", excess=1.0),
}


@dataclass(frozen=True, slots=True)
class Telling:
    """A look that says something: so many seconds after the first shift, and what."""

    seconds: float
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """What the real judge said, by fault."""

    told: Mapping[str, tuple[Telling, ...]]

    def draw(
        self, fault: tuple[Commit, float] | None, shifted_at: float, chance: np.random.Generator
    ) -> tuple[float, Verdict]:
        """When the telling look at a canary is, and what it says; a fault comes with its beginning."""
        good = self._one("harmless", chance)
        if fault is None:
            return shifted_at + good.seconds, good.verdict
        commit, onset = fault
        found = self._one(commit.kind if commit.kind in self.told else "+5 points", chance)
        fails = max(shifted_at, onset) + found.seconds
        if onset > shifted_at and shifted_at + good.seconds < fails:
            return shifted_at + good.seconds, good.verdict
        return fails, found.verdict

    def _one(self, kind: str | None, chance: np.random.Generator) -> Telling:
        told = self.told[kind or "harmless"]
        return told[int(chance.integers(len(told)))]


def measured(pipeline: Pipeline, traffic: float, seeds: Sequence[int]) -> Looks:
    """What the real judge says of releases with these seeds, on a target with that many requests per second."""
    return Looks(
        told={kind: tuple(_told(pipeline, traffic, fault, seed) for seed in seeds) for kind, fault in FAULTS.items()}
    )


def _told(pipeline: Pipeline, traffic: float, fault: Fault, seed: int) -> Telling:
    wave = pipeline.waves[0]
    target = replace(wave.targets[0], traffic=traffic)
    alone = replace(pipeline, waves=(replace(wave, targets=(target,), soak=0.0),), alarms=(), gates=(), checks=None)
    chance = Chance(seed)
    at = MIDNIGHT + float(np.random.default_rng((seed, 2)).random()) * pipeline.judge.interval
    cloud = a_cloud(alone, at)
    metrics = SimulatedMetrics(
        cloud=cloud,
        customers=SteadyCustomers(rates={target.key: traffic}, error_rate=ERROR_RATE, chance=chance),
        affliction=afflict(fault, (target,), at, seed),
        arrival=Arrival(delay=pipeline.judge.delay),
        chance=chance,
    )
    _, simulation = run(alone, metrics, seed=seed)
    shifted = next(event.at for event in simulation.events if isinstance(event, e.TrafficShifted))
    for event in simulation.events:
        if isinstance(event, e.TargetJudged) and event.judgement.verdict in (Verdict.PASS, Verdict.FAIL):
            return Telling(event.at - shifted, event.judgement.verdict)
    assert simulation.state.deployments[target.key].phase is Phase.BAKING
    return Telling(wave.bake.deadline, Verdict.NOT_ENOUGH_EVIDENCE)
