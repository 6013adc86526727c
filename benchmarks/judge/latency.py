"""Latency: which judges find a slower canary, and which roll back one that is not.

Peers see the 50th and 99th percentile of each minute, as a metric store gives them; this judge sees histograms.
"""

import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass

import numpy as np
from benchmarks.judge import fixed, judges, kayenta
from benchmarks.judge.disturbed import autoregressive
from benchmarks.judge.durations import GRID, Durations, histograms, percentile
from benchmarks.judge.outcome import told
from benchmarks.judge.worlds import Cell, Floats, Rng, timed

from shoreward.judge import Histograms, LatencyPromotionTest, LatencyRollbackTest, judge_latency

MINUTES = 60
USUAL = Durations(median=80.0)
CELLS = tuple(Cell(traffic=traffic, split=split, errors=0.0) for traffic in (60, 600, 6_000) for split in (0.1, 0.5))
CHUNK = 50

WARM = f"{judges.OURS}, from minute 5 on"
CLOUDWATCH = "CloudWatch, p99 above 1.5 x usual, 3 of 5"
ARGO = "Argo Rollouts, p99 at most 1.5 x usual"
FLAGGER = "Flagger, p99 at most 500 ms"
KAYENTA = "Kayenta on p50 and p99, every 5 min"
PIPECD = "PipeCD on p99, per 5 min"
PIPECD_MEDIAN = "PipeCD on p50, per 5 min"

JUDGES: Mapping[str, str] = {
    judges.OURS: "histograms, margin 1.05 at p50, p90 and p99, alpha 1 % for all three, limits from the hour before",
    WARM: "the same without the first five minutes, in which a new version starts cold",
    KAYENTA: "two metrics in one group, either one High fails",
    CLOUDWATCH: "alarm on the canary's p99",
    ARGO: "failureLimit 3",
    FLAGGER: "request-duration as in its documentation, threshold 5",
    PIPECD: "Mann-Whitney at 5 % on each 5 minutes of p99",
    PIPECD_MEDIAN: "the same on p50",
}

Pair = tuple[Durations, Durations]
World = Callable[[Rng, tuple[int, int]], Pair]


def _slower(factor: float, start: int = 0) -> World:
    minute = np.arange(MINUTES)
    return lambda rng, shape: (Durations(median=80.0 * np.where(minute >= start, factor, 1.0)), USUAL)


def _tail(rng: Rng, shape: tuple[int, int]) -> Pair:
    """Two requests in a hundred take ten times as long."""
    return Durations(median=80.0, slow_share=0.02), USUAL


def _wobble(rng: Rng, shape: tuple[int, int]) -> Pair:
    """The arms' speeds wobble by 2 %, minutes long."""
    return Durations(median=80.0 * np.exp(autoregressive(rng, shape, 0.9, 0.02))), USUAL


def _slow_dependency(rng: Rng, shape: tuple[int, int]) -> Pair:
    """Three times slower in both arms for ten minutes."""
    minute = np.arange(MINUTES)
    both = Durations(median=80.0 * np.where((minute >= 20) & (minute < 30), 3.0, 1.0))
    return both, both


def _cold_starts(rng: Rng, shape: tuple[int, int]) -> Pair:
    """Cold starts of the new version: one in twenty requests at first, as few as in the baseline after some minutes."""
    cold = 0.05 * np.exp(-np.arange(MINUTES) / 1.5) + 0.002
    return Durations(median=80.0, slow_share=cold), Durations(median=80.0, slow_share=0.002)


HARMLESS: Mapping[str, World] = {
    "nothing changes": _slower(1.0),
    "speeds wobble by 2 %": _wobble,
    "slow dependency, x3 in both arms": _slow_dependency,
    "cold starts of the new version": _cold_starts,
}
HARMFUL: Mapping[str, tuple[World, int]] = {
    "x1.1": (_slower(1.1), 0),
    "x1.4": (_slower(1.4), 0),
    "x2": (_slower(2.0), 0),
    "tail only: 2 % of requests x10": (_tail, 0),
    "x1.4 from minute 20": (_slower(1.4, 20), 20),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One cell of one world."""

    effect: str
    cell: Cell
    runs: int


def tasks(quick: bool) -> Iterator[Task]:
    """Every world in every cell."""
    cells = CELLS[::3] if quick else CELLS
    for effect in HARMLESS:
        yield from (Task(effect=effect, cell=cell, runs=5 if quick else 300) for cell in cells)
    for effect in HARMFUL:
        yield from (Task(effect=effect, cell=cell, runs=5 if quick else 100) for cell in cells)


def measured(task: Task, seed: int) -> dict[str, object]:
    """What every judge of latency makes of a world."""
    rng = np.random.default_rng([seed, zlib.crc32(f"latency|{task.effect}|{task.cell}".encode())])
    world, onset = HARMFUL[task.effect] if task.effect in HARMFUL else (HARMLESS[task.effect], -1)
    parts = [_stops(rng, task.cell, min(CHUNK, task.runs - done), world) for done in range(0, task.runs, CHUNK)]
    stops = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return {
        "effect": task.effect,
        "harmful": task.effect in HARMFUL,
        "cell": asdict(task.cell),
        "runs": task.runs,
        "judges": told(timed((task.runs, MINUTES), onset), stops),
    }


def _stops(rng: Rng, cell: Cell, runs: int, world: World) -> dict[str, np.ndarray]:
    shape = (runs, MINUTES)
    canary, baseline = world(rng, shape)
    arms = [
        histograms(
            rng, rng.poisson(cell.traffic * share, shape), np.broadcast_to(arm.chances(), (*shape, GRID.buckets))
        )
        for arm, share in ((canary, cell.split), (baseline, 1 - cell.split))
    ]
    history = histograms(rng, rng.poisson(cell.traffic * MINUTES, runs), baseline_before(baseline))
    return by_all(arms[0], arms[1], history, usual=USUAL.percentile(0.99))


def baseline_before(baseline: Durations) -> Floats:
    """The hour before: as fast as the baseline is in its first minute."""
    chances = baseline.chances()
    return chances if chances.ndim == 1 else chances.reshape(-1, chances.shape[-1])[0]


def by_all(canary: Floats, baseline: Floats, history: Floats, usual: float) -> dict[str, np.ndarray]:
    """Stops of every judge on histograms (runs, minutes, buckets); `usual` is the p99 that an operator knows."""
    medians = [percentile(arm, 0.5) for arm in (canary, baseline)]
    tails = [percentile(arm, 0.99) for arm in (canary, baseline)]
    with np.errstate(invalid="ignore"):
        firing = fixed.alarm(tails[0] > 1.5 * usual, need=3, out_of=5)
    return {
        judges.OURS: _ours(canary, baseline, history, start=0),
        WARM: _ours(canary, baseline, history, start=5),
        KAYENTA: kayenta.every_five_minutes((medians[0], medians[1]), (tails[0], tails[1])),
        CLOUDWATCH: fixed.first(firing),
        ARGO: fixed.argo(tails[0], 1.5 * usual),
        FLAGGER: fixed.flagger(tails[0], 500.0),
        PIPECD: judges.pipecd(tails[0], tails[1]),
        PIPECD_MEDIAN: judges.pipecd(medians[0], medians[1]),
    }


def _ours(canary: Floats, baseline: Floats, history: Floats, start: int) -> np.ndarray:
    samples = Histograms(canary[:, start:], baseline[:, start:], GRID)
    test = LatencyRollbackTest(horizon=samples.intervals)
    at = judge_latency(samples, test, LatencyPromotionTest(), history=history).first_fail
    return np.where(at >= 0, at + start, -1)
