"""CPU time to advance 100,000 streams by one interval, rollback and promotion, on one core.

Run: OMP_NUM_THREADS=1 python benchmarks/judge/speed.py
Counts, gauges, exceedances of latency (three limits), and histograms of latency, from which the limits are learnt.
"""

import statistics
import time
from collections.abc import Callable
from typing import TypeVar

import numpy as np

from shoreward.judge import (
    Counts,
    Direction,
    Exceedances,
    GaugePromotionTest,
    GaugeRollbackTest,
    Gauges,
    GaugeState,
    Grid,
    Histograms,
    LatencyPromotionState,
    LatencyPromotionTest,
    LatencyRollbackState,
    LatencyRollbackTest,
    LatencyState,
    PromotionState,
    PromotionTest,
    RollbackState,
    RollbackTest,
)

STREAMS = 100_000
ROUNDS = 7
State = TypeVar("State")
LEVELS = np.array([0.5, 0.1, 0.01])[:, None, None]


def main() -> None:
    rng = np.random.default_rng(1)
    n_c, n_b = rng.poisson(1000, (STREAMS, 1)), rng.poisson(9000, (STREAMS, 1))
    counts(rng, n_c, n_b)
    exceedances(rng, n_c, n_b)
    gauges(rng)
    for octaves in (2, 5):
        histograms(rng, Grid(scale=6, low=5, high=5 + octaves))


def counts(rng: np.random.Generator, n_c: np.ndarray, n_b: np.ndarray) -> None:
    samples = Counts(n_c, rng.binomial(n_c, 0.002), n_b, rng.binomial(n_b, 0.002))
    rollback, promotion = RollbackTest(), PromotionTest()
    failing, passing = RollbackState.begin(STREAMS, rollback), PromotionState.begin(STREAMS)
    measure("counts, rollback", failing, lambda state: state.advance(samples, rollback)[0])
    measure("counts, promotion", passing, lambda state: state.advance(samples, promotion)[0])


def exceedances(rng: np.random.Generator, n_c: np.ndarray, n_b: np.ndarray) -> None:
    samples = Exceedances(n_c, rng.binomial(n_c, LEVELS), n_b, rng.binomial(n_b, LEVELS))
    two = Exceedances(n_c, samples.canary_slow[:2], n_b, samples.baseline_slow[:2])
    rollback, promotion = LatencyRollbackTest(), LatencyPromotionTest()
    failing = LatencyRollbackState.begin(STREAMS, rollback)
    passing = LatencyPromotionState.begin(STREAMS, promotion)
    measure("latency (3 limits), rollback", failing, lambda state: state.advance(samples, rollback)[0])
    measure("latency (2 limits), promotion", passing, lambda state: state.advance(two, promotion)[0])


def gauges(rng: np.random.Generator) -> None:
    samples = Gauges(rng.normal(size=(STREAMS, 1)), rng.normal(size=(STREAMS, 1)))
    sizes = {"direction": Direction.HIGHER, "noise": 1.0, "margin": 0.5}
    tests = GaugeRollbackTest(**sizes), GaugePromotionTest(**sizes)
    measure("gauges, both", GaugeState.begin(STREAMS, *tests), lambda state: state.advance(samples, *tests)[0])


def histograms(rng: np.random.Generator, grid: Grid) -> None:
    """A tenth of the streams: histograms of all of them would take gigabytes."""
    streams = STREAMS // 10
    arms = [rng.poisson(2.0, (streams, 1, grid.buckets)) for _ in range(2)]
    samples = Histograms(*arms, grid)
    tests = LatencyRollbackTest(), LatencyPromotionTest()
    state = LatencyState.begin(streams, grid, *tests).advance(samples, *tests)[0]
    name = f"latency histograms of {grid.buckets} buckets, both (a tenth of the streams, times ten)"
    measure(name, state, lambda state: state.advance(samples, *tests)[0], factor=10)


def measure(name: str, state: State, advance: Callable[[State], State], factor: int = 1) -> None:
    seconds: list[float] = []
    for _ in range(ROUNDS):
        start = time.process_time()
        state = advance(state)
        seconds.append(factor * (time.process_time() - start))
    print(f"{name}: median {statistics.median(seconds):.3f} s, worst {max(seconds):.3f} s CPU for {STREAMS:,} streams")


if __name__ == "__main__":
    main()
