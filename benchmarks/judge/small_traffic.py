"""How little traffic suffices: canary requests to pass, canary errors to fail, in one-second intervals.

Run: python benchmarks/judge/small_traffic.py
Passing: error-free arms, so the figures are exact. Failing: the median and the 95th percentile over seeded runs with
2 to 10 canary requests in every interval, as "errors (seconds)".
"""

import numpy as np

from shoreward.judge import Counts, PromotionTest, RollbackTest, fails, passes

SPLITS = (0.10, 0.25, 0.50)
RUNS = 400
SECONDS = 600


def requests_to_pass(delta: float, beta: float, split: float) -> int:
    intervals = np.ones((1, 8_000))
    none = 0 * intervals
    passed = passes(
        Counts(intervals, none, intervals * (1 - split) / split, none), PromotionTest(beta=beta, delta=delta)
    )
    return int(np.argmax(passed[0])) + 1


def errors_to_fail(alpha: float, p_c: float, p_b: float, split: float) -> str:
    rng = np.random.default_rng(1)
    n_c = rng.integers(2, 11, (RUNS, SECONDS))
    n_b = np.round(n_c * (1 - split) / split)
    x_c, x_b = rng.binomial(n_c, p_c), rng.binomial(n_b.astype(int), p_b)
    failed = fails(Counts(n_c, x_c, n_b, x_b), RollbackTest(alpha=alpha, horizon=SECONDS))
    found = failed.any(axis=1)
    first = np.argmax(failed, axis=1)
    errors = np.cumsum(x_c, axis=1)[np.arange(RUNS), first][found]
    seconds = first[found] + 1
    missed = f", {np.mean(~found):.0%} not found" if not found.all() else ""
    at = np.percentile(errors, [50, 95]), np.percentile(seconds, [50, 95])
    return f"{at[0][0]:.0f}/{at[0][1]:.0f} ({at[1][0]:.0f}/{at[1][1]:.0f} s{missed})"


def main() -> None:
    print("Canary requests to pass, no errors in either arm")
    print("| delta | beta | " + " | ".join(f"split {split:.0%}" for split in SPLITS) + " | rule of three |")
    print("|---|---|---|---|---|---|")
    for delta in (0.0005, 0.005, 0.01, 0.02, 0.03, 0.05):
        for beta in (0.05, 0.1):
            cells = " | ".join(str(requests_to_pass(delta, beta, split)) for split in SPLITS)
            print(f"| {delta} | {beta} | {cells} | {-np.log(beta) / delta:.0f} |")
    print("\nCanary errors to fail: median/95th percentile (seconds)")
    print("| alpha | canary | baseline | " + " | ".join(f"split {split:.0%}" for split in SPLITS) + " |")
    print("|---|---|---|---|---|---|")
    for alpha in (0.01, 0.001):
        for p_b in (0.0, 0.002):
            for p_c in (0.05, 0.1, 0.5, 1.0):
                cells = " | ".join(errors_to_fail(alpha, p_c, p_b, split) for split in SPLITS)
                print(f"| {alpha} | {p_c:.0%} | {p_b:.1%} | {cells} |")


if __name__ == "__main__":
    main()
