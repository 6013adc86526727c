"""What is tried: which worlds, how often, and who looks at them. Each task is one cell of one scenario, with a seed
of its own.

The order of tasks, and how many processes share them, change nothing.
"""

import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import product

import numpy as np
from benchmarks.judge import fixed, judges, normal, regions
from benchmarks.judge.disturbed import DISTURBANCES, ROBUSTNESS_CELLS
from benchmarks.judge.outcome import told
from benchmarks.judge.worlds import Cell, Change, Rng, Seen, changed, drawn, harmless, plus, ramp, times

from shoreward.judge import estimate_phi

MINUTES = 60
HISTORY = 12 * 60
DAY = 24 * 60

GRID = tuple(
    Cell(traffic=traffic, split=split, errors=errors)
    for traffic, split, errors in product(
        (1, 10, 60, 600, 6_000, 60_000, 600_000), (0.01, 0.1, 0.5), (0.0001, 0.001, 0.01, 0.1)
    )
)
LOW = tuple(
    Cell(traffic=traffic, split=split, errors=0.01) for traffic in (1, 2, 5, 10, 30, 60) for split in (0.1, 0.5)
)
DAYS = tuple(Cell(traffic=traffic, split=0.1, errors=errors) for traffic in (60, 6_000) for errors in (0.001, 0.01))
LINEAR = tuple(Cell(traffic=traffic, split=0.1, errors=errors) for traffic in (600, 60_000) for errors in (0.001, 0.01))

EFFECTS: Mapping[str, tuple[Change, int]] = {
    "x1.5": (times(1.5), 0),
    "x2": (times(2), 0),
    "x5": (times(5), 0),
    "x10": (times(10), 0),
    "+1 pp": (plus(0.01), 0),
    "x5 from minute 20": (times(5, 20), 20),
    "ramp to x5 in an hour": (ramp(5, MINUTES), 0),
}
TWICE = ", and x2"
"""Ends the name of a disturbed world in which the canary is twice as bad on top."""
LOW_EFFECTS: Mapping[str, Change] = {
    "x10": times(10),
    "every second request fails": plus(0.5),
    "every request fails": plus(1),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How many runs each kind of scenario has."""

    harmless: int
    effects: int
    days: int
    regions: int
    robust: int
    every: int = 1
    """Only every so many cells of the grid."""


FULL = Size(harmless=2_000, effects=200, days=100, regions=100, robust=1_000)
QUICK = Size(harmless=100, effects=20, days=3, regions=8, robust=20, every=9)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One cell of one scenario; `effect` names the change, or the disturbance, where there are several."""

    scenario: str
    effect: str
    cell: Cell
    runs: int

    def rng(self, seed: int) -> Rng:
        """Chance that depends on the seed and on what is tried, and on nothing else."""
        return np.random.default_rng([seed, zlib.crc32(f"{self.scenario}|{self.effect}|{self.cell}".encode())])


def tasks(size: Size) -> Iterator[Task]:
    """Everything but latency and the corpus."""
    grid = GRID[:: size.every]
    yield from (Task(scenario="harmless", effect="none", cell=cell, runs=size.harmless) for cell in grid)
    for effect in EFFECTS:
        yield from (Task(scenario="effect", effect=effect, cell=cell, runs=size.effects) for cell in grid)
    for effect in LOW_EFFECTS:
        yield from (Task(scenario="low", effect=effect, cell=cell, runs=size.effects) for cell in LOW)
    for name in DISTURBANCES:
        for suffix in ("", TWICE):
            runs = size.effects if suffix else size.robust
            yield from (
                Task(scenario="robust", effect=name + suffix, cell=cell, runs=runs) for cell in ROBUSTNESS_CELLS
            )
    for effect in ("none", "x2", "x5"):
        yield from (Task(scenario="linear", effect=effect, cell=cell, runs=size.effects) for cell in LINEAR)
        yield from (Task(scenario="regions", effect=effect, cell=cell, runs=size.regions) for cell in regions.CELLS)
    for effect in ("none", "x2 from hour 12"):
        yield from (Task(scenario="day", effect=effect, cell=cell, runs=size.days) for cell in DAYS)


def measured(task: Task, seed: int, quantile: float | None = None) -> dict[str, object]:
    """Draw the task's world, let every judge see it, and say what came of it."""
    found = SCENARIOS[task.scenario](task, task.rng(seed), quantile)
    return {
        "scenario": task.scenario,
        "effect": task.effect,
        "cell": asdict(task.cell),
        "runs": task.runs,
        "judges": found,
    }


def _harmless(task: Task, rng: Rng, quantile: float | None) -> dict[str, dict[str, float | None]]:
    seen = harmless(rng, task.cell, (task.runs, MINUTES))
    strict = {f"quantile {value}": value for value in judges.QUANTILES}
    stops = dict(judges.all_judges(seen, others=strict))
    few = harmless(rng, task.cell, (max(1, task.runs // 4), MINUTES))
    stops[judges.OURS_CALIBRATED] = _calibrated(rng, task.cell, few, "independent errors")
    answers = told(seen, stops)
    answers[judges.OURS_CALIBRATED]["runs"] = few.runs
    passed = judges.promotes(seen)
    promoted = passed >= 0
    answers[judges.OURS]["promoted"] = int(promoted.sum())
    answers[judges.OURS]["promotion"] = float(np.median(passed[promoted]) + 1) if promoted.any() else None
    return answers


def _effect(task: Task, rng: Rng, quantile: float | None) -> dict[str, dict[str, float | None]]:
    change, onset = EFFECTS[task.effect]
    seen = changed(rng, task.cell, (task.runs, MINUTES), change, onset)
    stops = judges.all_judges(seen, quantile)
    answers = told(seen, stops)
    passed = judges.promotes(seen)
    first = (passed >= 0) & ((stops[judges.OURS] < 0) | (passed < stops[judges.OURS]))
    answers[judges.OURS]["promoted"] = int(first.sum())
    return answers


def _low(task: Task, rng: Rng, quantile: float | None) -> dict[str, dict[str, float | None]]:
    seen = changed(rng, task.cell, (task.runs, MINUTES), LOW_EFFECTS[task.effect])
    return told(seen, judges.all_judges(seen, quantile))


def _robust(task: Task, rng: Rng, quantile: float | None) -> dict[str, dict[str, float | None]]:
    name = task.effect.removesuffix(TWICE)
    factor = 2.0 if name != task.effect else 1.0
    seen = DISTURBANCES[name](rng, task.cell, (task.runs, MINUTES), factor)
    stops = dict(judges.all_judges(seen, quantile))
    stops[judges.OURS_CALIBRATED] = _calibrated(rng, task.cell, seen, name)
    return told(seen, stops)


def _calibrated(rng: Rng, cell: Cell, seen: Seen, disturbance: str) -> np.ndarray:
    """This judge with phi estimated, run by run, from history of the same kind."""
    history = DISTURBANCES[disturbance](rng, cell, (seen.runs, HISTORY), 1.0)
    return judges.rolls_back(seen, phi=estimate_phi(judges.counts(history)).phi)


def _linear(task: Task, rng: Rng, quantile: float | None) -> dict[str, dict[str, float | None]]:
    """CodeDeploy's Linear10PercentEvery3Minutes: a tenth more every three minutes; after half an hour all traffic is
    moved.
    """
    minutes = 30
    split = np.minimum(0.1 * (1 + np.arange(minutes) // 3), 1.0)
    factor = {"none": 1.0, "x2": 2.0, "x5": 5.0}[task.effect]
    seen = drawn(
        rng,
        task.cell,
        (task.runs, minutes),
        canary=task.cell.errors * factor,
        baseline=task.cell.errors,
        split=split,
        onset=-1 if factor == 1 else 0,
    )
    return told(seen, judges.all_judges(seen, quantile))


def _day(task: Task, rng: Rng, quantile: float | None) -> dict[str, dict[str, float | None]]:
    """A bake of 24 hours with a day's wave of traffic; Kayenta looks back an hour, or it would never see the second
    half.
    """
    wave = 1 + 0.6 * np.sin(2 * np.pi * np.arange(DAY) / DAY)
    onset = -1 if task.effect == "none" else DAY // 2
    rates = np.where(np.arange(DAY) >= DAY // 2, 1.0 if onset < 0 else 2.0, 1.0) * task.cell.errors
    seen = drawn(rng, task.cell, (task.runs, DAY), canary=rates, baseline=task.cell.errors, traffic=wave, onset=onset)
    z = normal.deviates(seen)
    stops = {
        **judges.ours(seen),
        judges.KAYENTA: judges.by_kayenta(seen, back=MINUTES)[judges.KAYENTA],
        judges.Z_TEST: fixed.first(z > normal.EVERY_LOOK),
        judges.POCOCK: fixed.first((z > normal.pocock_bound(60)) & normal.looks(DAY, 60)),
        **judges.by_thresholds(seen),
        **judges.by_pipecd(seen),
    }
    return told(seen, stops)


def _regions(task: Task, rng: Rng, quantile: float | None) -> dict[str, dict[str, float | None]]:
    return regions.measured(rng, task.cell, task.runs, {"none": 1.0, "x2": 2.0, "x5": 5.0}[task.effect])


SCENARIOS: Mapping[str, Callable[[Task, Rng, float | None], dict[str, dict[str, float | None]]]] = {
    "harmless": _harmless,
    "effect": _effect,
    "low": _low,
    "robust": _robust,
    "linear": _linear,
    "day": _day,
    "regions": _regions,
}
