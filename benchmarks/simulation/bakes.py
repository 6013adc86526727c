"""What a bad release costs in the first bake of 10 %, and what of that is whose.

    nice .venv/bin/python benchmarks/simulation/bakes.py

prints the table that docs/planning.md quotes. A canary gets 10 % of a region of 357 requests a second at some moment of
a minute, and fails 0.1 to 100 % more of them, as in `schedules`. It costs what fails until the traffic is back, ten
seconds after the look that fails it. Each line changes one thing of the first.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from shoreward.app.judging.budget import share_of
from shoreward.domain import JudgePolicy
from shoreward.judge import Counts, RollbackState, RollbackTest

RUNS, MINUTES, TARGETS = 4_000, 240, 28
USUAL, SHARE, BACK = 0.001, 0.1, 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bake:
    """A region's first bake: requests a second, seconds of an interval, and until its metrics arrive."""

    test: RollbackTest
    rate: float = 10_000 / 28
    interval: float = 60.0
    delay: float = 60.0

    def cost(self, after: np.ndarray, excess: np.ndarray) -> np.ndarray:
        """Failed requests until the traffic is back, where so many intervals decided."""
        exposed = (after - moments(excess.size)) * self.interval + self.delay + BACK
        return excess * SHARE * self.rate * exposed

    def judged(self, excess: np.ndarray) -> np.ndarray:
        """Failed requests of each release."""
        rng = np.random.default_rng(0)
        shape = (excess.size, MINUTES)
        share = np.full(shape, SHARE)
        share[:, 0] *= 1 - moments(excess.size)
        n_c = rng.poisson(self.rate * share * self.interval)
        n_b = rng.poisson(self.rate * (1 - share) * self.interval)
        x_c = rng.binomial(n_c, np.minimum(USUAL + excess, 1)[:, None])
        counts = Counts(n_c, x_c, n_b, rng.binomial(n_b, USUAL))
        failed = RollbackState.begin(excess.size, self.test).advance(counts, self.test)[0].first_fail
        return self.cost(np.where(failed < 0, MINUTES, failed + 1), excess)


def moments(runs: int) -> np.ndarray:
    """Where in its first interval each release got its share, 0 to 1."""
    return np.random.default_rng(1).random(runs)


def main() -> None:
    policy = JudgePolicy(delay=60.0, dispersion=1.0)
    released = RollbackTest(alpha=share_of(policy, TARGETS, 2), horizon=MINUTES)
    bake = Bake(test=released)
    excess = np.exp(np.random.default_rng(0).uniform(np.log(0.001), 0.0, RUNS))
    lines = {
        "as released": bake.judged(excess),
        "all of alpha for this one test": replace(bake, test=RollbackTest(horizon=MINUTES)).judged(excess),
        "one interval may decide": replace(bake, test=replace(released, burst=1.0)).judged(excess),
        "metrics that arrive at once": replace(bake, delay=0.0).judged(excess),
        "intervals of 10 seconds that arrive after 10": replace(bake, interval=10.0, delay=10.0).judged(excess),
        "intervals of 10 seconds that arrive after 20": replace(bake, interval=10.0, delay=20.0).judged(excess),
        "a region of a sixth of the traffic": replace(bake, rate=bake.rate / 6).judged(excess),
        "whoever goes back at the first metrics there are": bake.cost(np.ones(RUNS), excess),
    }
    for name, cost in lines.items():
        print(f"| {name} | {cost.mean():,.0f} | {np.quantile(cost, 0.99):,.0f} |")


if __name__ == "__main__":
    main()
