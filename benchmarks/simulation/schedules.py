"""Ways to release to 28 regions with 10,000 requests a second: how long a good release takes, what a bad one costs.

    nice .venv/bin/python benchmarks/simulation/schedules.py --bad 300 --good 100 --seed 0

writes benchmarks/simulation/schedules.json, which docs/planning.md quotes. A bad release fails 0.1 to 100 % more
requests than the 0.1 % that fail anyhow, drawn evenly on a logarithmic scale, everywhere and from the beginning.
Metrics cover a minute and arrive a minute later; errors are independent. The alarms' schedules look at no evidence:
what they cost is arithmetic (`shoreward.app.planning.peers`), which a test compares with the simulator.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from shoreward.app.planning import Fixed, alone_costs, builders_library, one_region_per_wave, settle
from shoreward.domain import Auto, Bake, JudgePolicy, Pipeline, Ramp, Target, Wave
from shoreward.domain.ramp import LEVELS
from shoreward.simulation.faults import HARMLESS, Fault, afflict
from shoreward.simulation.run import Times
from shoreward.simulation.trial import MIDNIGHT, Trial, simulate

TOTAL, REGIONS, BUDGET, ERROR_RATE = 10_000.0, 28, 2_000.0, 0.001
BAD = Fault(name="bad", about="", excess=(0.001, 1.0))
JUDGE = JudgePolicy(delay=60.0, dispersion=1.0)
HOUR = 3_600.0


def regions(count: int, total: float = TOTAL) -> tuple[Target, ...]:
    return tuple(
        Target(account="111111111111", region=f"region-{number:02}", stack="app", traffic=total / count)
        for number in range(count)
    )


def in_waves(*waves: Wave) -> Pipeline:
    return Pipeline(application="benchmark", template="t.yaml", waves=waves, judge=JUDGE)


def ramp(targets: Sequence[Target]) -> Pipeline:
    bake = Bake(minimum=60, requests=100, deadline=4 * HOUR, on_deadline="rollback")
    return in_waves(
        Wave(name="all", targets=tuple(targets), steps=LEVELS, bake=bake, ramp=Ramp(budget=BUDGET)),
    )


def judged_bakes(targets: Sequence[Target]) -> Pipeline:
    """The Builders' Library's waves and bakes, 10 % first, watched by this judge."""
    waves: list[Wave] = []
    begun: dict[float, list[Target]] = {}
    for target, steps in builders_library(targets).steps:
        begun.setdefault(steps[-1][0], []).append(target)
    rest = sorted(begun.items())
    batches = [rest[0][1], *([*first, *others] for (_, first), (_, others) in zip(rest[2::2], rest[3::2], strict=True))]
    batches.insert(1, rest[1][1])
    for number, batch in enumerate(batches):
        bake = Bake(minimum=HOUR, requests=100, deadline=12 * HOUR, on_deadline="rollback")
        soak = (12 if number == 0 else 2) * HOUR
        waves.append(Wave(name=f"w{number}", targets=tuple(batch), steps=(10.0,), bake=bake, soak=soak))
    return in_waves(*waves)


def simulated(name: str, pipeline: Pipeline, bad: int, good: int, seed: int) -> dict[str, object]:
    began = time.process_time()
    times = Times(stage=0.0, finish=0.0, rollback=10.0)
    worse = simulate(pipeline, Trial(runs=bad, seed=seed, faults=(BAD,), error_rate=ERROR_RATE, times=times)).rows[0]
    fine = simulate(pipeline, Trial(runs=good, seed=seed, faults=(HARMLESS,), error_rate=ERROR_RATE, times=times)).rows[
        0
    ]
    return {
        "schedule": name,
        "how": "simulated",
        "waves": len(pipeline.waves),
        "bad": bad,
        "good": good,
        "minutes": None if fine.seconds is None else round(fine.seconds / 60, 1),
        "minutes_99": None if fine.seconds_99 is None else round(fine.seconds_99 / 60, 1),
        "harm": round(worse.harm),
        "harm_99": round(worse.harm_99),
        "missed": worse.missed / bad,
        "targets": round(worse.targets, 1),
        "customers": round(worse.customers, 4),
        "found_after_minutes": None if worse.detected is None else round(worse.detected / 60, 1),
        "false_rollbacks": fine.came_back,
        "cpu_seconds": round(time.process_time() - began, 1),
    }


def fixed(schedule: Fixed, bad: int, seed: int) -> dict[str, object]:
    targets = [target for target, _ in schedule.steps]
    sizes = [afflict(BAD, targets, MIDNIGHT, seed + number).excess for number in range(bad)]
    costs = [alone_costs(schedule, size, ERROR_RATE) for size in sizes]
    harm = [cost.harm for cost in costs]
    return {
        "schedule": schedule.name,
        "how": "arithmetic",
        "bad": bad,
        "minutes": round(schedule.total / 60, 1),
        "harm": round(float(np.mean(harm))),
        "harm_99": round(float(np.quantile(harm, 0.99))),
        "missed": float(np.mean([not cost.found for cost in costs])),
        "targets": round(float(np.mean([cost.targets for cost in costs])), 1),
        "customers": round(float(np.mean([cost.customers for cost in costs])), 4),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bad", type=int, default=300)
    parser.add_argument("--good", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    many = regions(REGIONS)
    auto = Pipeline(
        application="benchmark", template="t.yaml", waves=(), judge=JUDGE, auto=Auto(targets=many, budget=BUDGET)
    )
    rows: list[dict[str, object]] = [
        fixed(builders_library(many), asked.bad, asked.seed),
        fixed(one_region_per_wave(many), asked.bad, asked.seed),
    ]
    for name, pipeline in (
        ("Builders' Library bakes, this judge", judged_bakes(many)),
        ("certified ramp, all traffic as one", ramp(regions(1))),
        ("certified ramp, each of 28 regions by itself", ramp(many)),
        ("waves: auto", settle(auto)),
    ):
        rows.append(simulated(name, pipeline, asked.bad, asked.good, asked.seed))
        print(json.dumps(rows[-1]), flush=True)
    result = {
        "command": f"benchmarks/simulation/schedules.py --bad {asked.bad} --good {asked.good} --seed {asked.seed}",
        "requests_per_second": TOTAL,
        "regions": REGIONS,
        "budget": BUDGET,
        "error_rate": ERROR_RATE,
        "rows": rows,
    }
    Path(__file__).with_name("schedules.json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
