"""How little suffices, and how often it errs: counts at little traffic, latency, gauges, control regions.

Run: python benchmarks/judge/small_traffic.py [counts] [latency] [wobbles] [gauges] [controls]
Counts: canary requests to pass without errors (exact), and canary errors to fail, the median and the 95th percentile
over seeded runs with 2 to 10 canary requests in every one-second interval, as "errors (seconds)". The others:
one-minute intervals, an hour, seeded runs; share of runs that were rolled back or passed, and the median minute of it.
"""

import sys
from collections.abc import Callable
from math import erfc, sqrt

import numpy as np

from shoreward.judge import (
    Counts,
    Direction,
    Exceedances,
    GaugePromotionTest,
    GaugeRollbackTest,
    Gauges,
    GaugeState,
    LatencyPromotionState,
    LatencyPromotionTest,
    LatencyRollbackState,
    LatencyRollbackTest,
    PromotionTest,
    RollbackTest,
    control_counts,
    estimate_latency_phi,
    estimate_noise,
    estimate_phi,
    estimate_usual,
    fails,
    own_past_counts,
    passes,
)
from shoreward.judge.shares import moments
from shoreward.judge.starts import collect, equal_shares, fresh

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


def counts() -> None:
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


MINUTES = 60
LEVELS = (0.5, 0.9, 0.99)
NORMAL_QUANTILES = (0.0, 1.2816, 2.3263)


def found(flags: np.ndarray) -> str:
    """Share of runs, and the median minute."""
    some = flags.any(axis=1)
    if not some.any():
        return "0 %"
    share = f"{100 * some.mean():.1f}".removesuffix(".0")
    return f"{share} % ({np.median(np.argmax(flags, axis=1)[some]) + 1:.0f})"


def slow_counts(seed: int, requests: tuple[int, int], factor: float, spread: float, margin: float) -> Exceedances:
    """Lognormal latencies, the canary's `factor` times as long; limits at the baseline's true quantiles."""
    rng = np.random.default_rng(seed)
    n_c, n_b = (np.full((RUNS, MINUTES), number) for number in requests)
    x_c, x_b = (np.zeros((len(LEVELS), RUNS, MINUTES)) for _ in range(2))
    for arm, number, moved in ((x_c, n_c, np.log(margin / factor) / spread), (x_b, n_b, 0.0)):
        above = [upper_tail(quantile + moved) for quantile in NORMAL_QUANTILES]
        arm[0] = rng.binomial(number, above[0])
        for level in (1, 2):
            arm[level] = rng.binomial(arm[level - 1].astype(int), above[level] / above[level - 1])
    return Exceedances(n_c, x_c, n_b, x_b)


def wobbling(seed: int, intervals: int, number: int, wobble: float, factor: float, margin: float) -> Exceedances:
    """The same, but every arm's latency wobbles from minute to minute by itself."""
    rng = np.random.default_rng(seed)
    n = np.full((RUNS, intervals), number)
    arms = []
    for moved in (np.log(margin / factor), 0.0):
        z = (moved - wobble * rng.normal(size=n.shape)) / 0.5
        above = [np.vectorize(upper_tail)(quantile + z) for quantile in NORMAL_QUANTILES[:2]]
        x = rng.binomial(n, above[0])
        arms.append(np.stack((x, rng.binomial(x, above[1] / above[0]))))
    return Exceedances(n, arms[0], n, arms[1])


def wobbles() -> None:
    print("Latency, each arm wobbling by itself from minute to minute, 500 requests a minute each: rolled back")
    print("| wobble | phi from a day | phi 1, x1.0 | phi 3 (default) | phi from a day | x1.4 at phi from a day |")
    print("|---|---|---|---|---|---|")
    for wobble in (0.02, 0.05, 0.1, 0.2):
        told = estimate_latency_phi(wobbling(1, 1440, 500, wobble, 1.0, 1.0)).phi
        same, slow = (wobbling(2, MINUTES, 500, wobble, factor, 1.05) for factor in (1.0, 1.4))
        cells = []
        for samples, phi in ((same, 1.0), (same, 3.0), (same, told), (slow, told)):
            test = LatencyRollbackTest(levels=LEVELS[:2], phi=phi)
            cells.append(found(LatencyRollbackState.begin(RUNS, test).advance(samples, test)[2]))
        print(f"| {wobble:.0%} | {np.median(told):.1f} |", " | ".join(cells), "|")


def upper_tail(z: float) -> float:
    return erfc(z / sqrt(2)) / 2


def slower(samples: Exceedances, margin: float) -> np.ndarray:
    test = LatencyRollbackTest(margin=margin)
    return LatencyRollbackState.begin(RUNS, test).advance(samples, test)[2]


def slower_as_in_the_study(samples: Exceedances) -> np.ndarray:
    """Bennett's bound in place of the shifted binomial, odds .002 to 3, and alpha/3 for each level."""
    odds = np.geomspace(0.002, 3, 12)[:, None]
    bar = np.log(3 / 0.01)
    failed = np.zeros((RUNS, MINUTES), dtype=np.bool_)
    for level in range(len(LEVELS)):
        starts, before = fresh(len(odds), RUNS, MINUTES), np.zeros(RUNS)
        for minute in range(MINUTES):
            one = samples.at(minute)
            law = moments(one)
            bets = odds * (one.slow - law.mean)[level] - law.variance[level] * (np.expm1(odds) - odds)
            collected = collect(
                starts,
                bets,
                one.active,
                before=before,
                log_shares=equal_shares(len(odds)),
                cap=bar / 2,
                horizon=MINUTES,
            )
            starts, before = collected.starts, collected.log_e
            failed[:, minute] |= collected.log_e >= bar
    return failed


def as_fast(factor: float, requests: tuple[int, int], spread: float) -> np.ndarray:
    test = LatencyPromotionTest()
    samples = slow_counts(3, requests, factor, spread, test.margin)
    two = Exceedances(
        samples.canary_requests, samples.canary_slow[:2], samples.baseline_requests, samples.baseline_slow[:2]
    )
    return LatencyPromotionState.begin(RUNS, test).advance(two, test)[2]


def latency() -> None:
    print("Latency: rolled back (median minute), and passed")
    factors = (1.0, 1.02, 1.1, 1.2, 1.4, 2.0)
    print("| canary/baseline requests a minute | spread | bet | " + " | ".join(f"x{each}" for each in factors) + " |")
    print("|---" * (3 + len(factors)) + "|")
    for requests in ((5, 45), (50, 450), (500, 4500), (5000, 5000)):
        for spread in (0.5, 1.0):
            name = f"| {requests[0]:,} / {requests[1]:,} | {spread} |"
            drawn = [slow_counts(1, requests, factor, spread, 1.05) for factor in factors]
            print(name, "ours |", " | ".join(found(slower(each, 1.05)) for each in drawn), "|")
            print(name, "the study's |", " | ".join(found(slower_as_in_the_study(each)) for each in drawn), "|")
            bare = [slow_counts(1, requests, factor, spread, 1.0) for factor in factors[:2]]
            print(name, "ours, margin 1 |", " | ".join(found(slower(each, 1.0)) for each in bare), "| | | | |")
            print(name, "passed |", " | ".join(found(as_fast(factor, requests, spread)) for factor in factors), "|")


def wandering(rng: np.random.Generator, intervals: int, memory: float) -> np.ndarray:
    steps = rng.normal(size=(5 * RUNS, intervals + 200)) * np.sqrt(1 - memory**2)
    for now in range(1, steps.shape[1]):
        steps[:, now] += memory * steps[:, now - 1]
    return steps[:, 200:]


def gauges() -> None:
    print("Gauges: rolled back (median minute); shifts in standard deviations of one value, margin 0, alpha 0.01")
    shifts = (0, 1, 2, 4)
    print("| values | history | noise | " + " | ".join(f"+{each}" for each in shifts) + " | +1 passes margin 1 |")
    print("|---" * (4 + len(shifts)) + "|")
    worlds: list[tuple[str, Callable[[np.random.Generator, int], np.ndarray]]] = [
        (f"keep {memory} of the one before", lambda rng, intervals, memory=memory: wandering(rng, intervals, memory))
        for memory in (0.0, 0.5, 0.9, 0.98)
    ]
    worlds.append(("independent, heavy tails (t3)", lambda rng, n: rng.standard_t(3, (5 * RUNS, n)) / np.sqrt(3)))
    for name, world in worlds:
        for history in (480, 1440, 7 * 1440):
            rng = np.random.default_rng(1)
            past = world(rng, history)
            told = estimate_noise(Gauges(past, 0 * past))
            bake = world(rng, MINUTES)
            cells = [gauge_runs(bake + shift, told.noise, 0.0)[0] for shift in shifts]
            wrong = gauge_runs(bake + 1, told.noise, 1.0)[1]
            noise = f"{np.median(told.noise):.1f}"
            print(f"| {name} | {history} | {noise} |", " | ".join(found(each) for each in [*cells, wrong]), "|")


def gauge_runs(values: np.ndarray, noise: np.ndarray, margin: float) -> tuple[np.ndarray, np.ndarray]:
    sizes = {"direction": Direction.HIGHER, "noise": noise, "margin": margin}
    rollback, promotion = GaugeRollbackTest(**sizes), GaugePromotionTest(**sizes)
    _, harm, safe = GaugeState.begin(len(values), rollback, promotion).advance(
        Gauges(values, 0 * values), rollback, promotion
    )
    return harm >= rollback.threshold, safe >= promotion.threshold


def regional(seed: int, intervals: int, own: float, storms: np.ndarray, drift: float = 0.0) -> tuple[np.ndarray, ...]:
    """Requests and errors of a region that errs at `own` times 0.2 %, and of three others, under common storms."""
    rng = np.random.default_rng(seed)
    arms = []
    for factor, regions in ((own, 1), (1.0, 3)):
        n = rng.poisson(1000, (regions, RUNS, intervals))
        wander = np.exp(drift * rng.normal(size=(regions, RUNS, intervals)))
        arms += [n, rng.binomial(n, np.minimum(0.002 * factor * storms * wander, 1))]
    return arms[0][0], arms[1][0], arms[2], arms[3]


def controls() -> None:
    print("Without a concurrent baseline: rolled back (median minute)")
    print(
        "| baseline | own level | nothing | common incident x20 for 10 minutes | x3 from minute 1 | x3 from minute 20 |"
    )
    print("|---|---|---|---|---|---|")
    calm, storm, harm, late = np.ones(MINUTES), np.ones(MINUTES), np.full(MINUTES, 3.0), np.ones(MINUTES)
    storm[25:35], late[20:] = 20, 3
    for own in (1.0, 1.5):
        usual = estimate_usual(control_counts(*regional(1, 1440, own, np.ones(1440))))
        history = regional(2, 3 * MINUTES, own, np.ones(3 * MINUTES))
        past = [array.reshape(RUNS, 3, MINUTES).transpose(1, 0, 2) for array in history[:2]]
        days = own_past_counts(past[0][0], past[1][0], past[0][1:], past[1][1:])
        cells: dict[str, list[str]] = {"3 control regions": [], "the own past": []}
        for seed, common, extra in ((3, calm, calm), (4, storm, calm), (5, calm, harm), (6, calm, late)):
            changed = regional(seed, MINUTES, own, common * extra)[:2]
            others = regional(seed, MINUTES, own, common)[2:]
            beside = control_counts(*changed, *others, usual=usual.high)
            cells["3 control regions"].append(found(fails(beside, RollbackTest(phi=usual.phi))))
            alone = own_past_counts(*changed, *past)
            cells["the own past"].append(found(fails(alone, RollbackTest(phi=estimate_phi(days).phi))))
        for name, row in cells.items():
            print(f"| {name} | x{own} |", " | ".join(row), "|")


def main() -> None:
    parts = {"counts": counts, "latency": latency, "wobbles": wobbles, "gauges": gauges, "controls": controls}
    for name in sys.argv[1:] or parts:
        parts[name]()
        print()


if __name__ == "__main__":
    main()
