"""The fleet's releases beside those that the real judge looks at all the way: `python -m benchmarks.fleet.compare`.

The same pipeline, alone, once with every look taken by the real judge (`shoreward simulate`), and once in the fleet,
whose looks are drawn from what the judge said on one target.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np

from shoreward.core import events as e
from shoreward.simulation.customers import Chance, SteadyCustomers
from shoreward.simulation.faults import afflict
from shoreward.simulation.fleet import Shape, fleet_of
from shoreward.simulation.fleet.history import Kind
from shoreward.simulation.fleet.looks import ERROR_RATE, FAULTS
from shoreward.simulation.fleet.shape import MONDAY, pipeline_of
from shoreward.simulation.metrics import Arrival, SimulatedMetrics
from shoreward.simulation.run import a_cloud, run

KINDS: tuple[tuple[str, Kind | None], ...] = (
    ("harmless", None),
    ("+0.5 points", "+0.5 points"),
    ("+5 points", "+5 points"),
    ("all fail", "all fail"),
)


def judged(shape: Shape, fault: str, seed: int) -> tuple[float, float]:
    """Seconds and failed requests of a release that the real judge looks at."""
    pipeline = replace(pipeline_of(shape, 0), gates=())
    targets = {each.key: replace(each, traffic=shape.traffic) for each in pipeline.targets}
    waves = (replace(wave, targets=tuple(targets[each.key] for each in wave.targets)) for wave in pipeline.waves)
    pipeline = replace(pipeline, waves=tuple(waves))
    chance = Chance(seed)
    cloud = a_cloud(pipeline, MONDAY)
    metrics = SimulatedMetrics(
        cloud=cloud,
        customers=SteadyCustomers(rates=dict.fromkeys(targets, shape.traffic), error_rate=ERROR_RATE, chance=chance),
        affliction=afflict(FAULTS[fault], pipeline.targets, MONDAY, seed),
        arrival=Arrival(delay=pipeline.judge.delay),
        chance=chance,
    )
    ran, _ = run(pipeline, metrics, seed=seed)
    return ran.seconds, ran.harm


def drawn(shape: Shape, kind: Kind | None, seed: int) -> tuple[float, float]:
    """The same of a release in a fleet, from its first wave on."""
    fleet = fleet_of(replace(shape, seed=seed, pipelines=1, merges=0.001, people=0.0, days=1.0))
    commit = fleet.acting.histories["app-00"].add(MONDAY, kind)
    fleet.branches.look("app-00")
    began = [0.0]

    def begins(event: e.Event) -> None:
        if isinstance(event, e.WaveEntered):
            began[0] = began[0] or event.at

    fleet.observe = begins
    fleet.run(MONDAY + 86_400)
    ended = fleet.ended["app-00"][0]
    return ended.ended_at - began[0], fleet.acting.cloud.harm.get(commit.id, 0.0)


def main() -> None:
    """Print medians of both as Markdown."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fleet.compare")
    parser.add_argument("--seeds", type=int, default=10)
    seeds = range(1_000, 1_000 + parser.parse_args().seeds)
    print("| release | minutes, judged | minutes, drawn | failed requests, judged | failed requests, drawn |")
    print("|---|---:|---:|---:|---:|")
    for fault, kind in KINDS:
        real = np.median([judged(Shape(), fault, seed) for seed in seeds], axis=0)
        quick = np.median([drawn(Shape(samples=20), kind, seed) for seed in seeds], axis=0)
        print(f"| {fault} | {real[0] / 60:.1f} | {quick[0] / 60:.1f} | {real[1]:.0f} | {quick[1]:.0f} |", flush=True)


if __name__ == "__main__":
    main()
