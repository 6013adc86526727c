"""CPU time to advance 100,000 streams by one interval, rollback and promotion, on one core.

Run: OMP_NUM_THREADS=1 python benchmarks/judge/speed.py
"""

import statistics
import time

import numpy as np

from shoreward.judge import Counts, PromotionState, PromotionTest, RollbackState, RollbackTest

STREAMS = 100_000
ROUNDS = 7


def main() -> None:
    rng = np.random.default_rng(1)
    n_c, n_b = rng.poisson(1000, (STREAMS, 1)), rng.poisson(9000, (STREAMS, 1))
    counts = Counts(n_c, rng.binomial(n_c, 0.002), n_b, rng.binomial(n_b, 0.002))
    rollback, promotion = RollbackTest(), PromotionTest()
    failing, passing = RollbackState.begin(STREAMS, rollback), PromotionState.begin(STREAMS)
    seconds: dict[str, list[float]] = {"rollback": [], "promotion": []}
    for _ in range(ROUNDS):
        start = time.process_time()
        failing, _, _ = failing.advance(counts, rollback)
        middle = time.process_time()
        passing, _, _ = passing.advance(counts, promotion)
        seconds["rollback"].append(middle - start)
        seconds["promotion"].append(time.process_time() - middle)
    for name, rounds in seconds.items():
        print(
            f"{name}: median {statistics.median(rounds):.3f} s, worst {max(rounds):.3f} s CPU for {STREAMS:,} streams"
        )


if __name__ == "__main__":
    main()
