"""What both revisions share: throttles of a function, and the age of a queue's oldest message. No arm is told apart, so
a region with the change stands beside four that do not have it yet.

Regions are unlike. Peers see each region's values as multiples of what is usual there, which their users would have to
arrange; Kayenta and PipeCD are given the mean of the other regions as their baseline.
"""

import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from benchmarks.judge import fixed, judges, kayenta
from benchmarks.judge.disturbed import autoregressive
from benchmarks.judge.outcome import told
from benchmarks.judge.worlds import Floats, Rng, rate, timed

from shoreward.judge import (
    CAUTIOUS_PHI,
    Direction,
    GaugePromotionTest,
    GaugeRollbackTest,
    PromotionTest,
    RollbackTest,
    control_counts,
    control_gauges,
    estimate_noise,
    estimate_usual,
    judge_counts,
    judge_gauges,
)

MINUTES = 60
HISTORY = 600
REGIONS = 5
LASTING = 20
"""Intervals that must agree, as in a release."""

SOON = f"{judges.OURS}, harm need not last"
KAYENTA = "Kayenta, every 5 min, beside the other regions"
CLOUDWATCH = "CloudWatch, 2 x usual, 3 of 5"
ARGO = "Argo Rollouts, 2 x usual"
FLAGGER = "Flagger, 2 x usual"
PIPECD = "PipeCD, Mann-Whitney per 5 min, beside the other regions"

JUDGES: Mapping[str, str] = {
    judges.OURS: (
        "beside four regions without the change, as in a release: harm is more than twice the usual throttles and a "
        "percentage point, or 2.7 times the usual age, for 20 minutes; alpha 1 %, noise and phi from ten hours before"
    ),
    SOON: "the same, with two intervals to agree",
    KAYENTA: "NetflixACAJudge, the mean of the other regions as baseline",
    CLOUDWATCH: "alarm on the region with the change",
    ARGO: "failureLimit 3",
    FLAGGER: "threshold 5",
    PIPECD: "CANARY_BASELINE, failureLimit 0, the mean of the other regions as baseline",
}

Trouble = Callable[[Rng, int], Floats]
"""How much worse than usual each region is at each minute, history first: (regions, runs, minutes)."""


def _steady(rng: Rng, runs: int) -> Floats:
    return np.ones((REGIONS, runs, HISTORY + MINUTES))


def _everywhere(rng: Rng, runs: int) -> Floats:
    """Ten times as bad in all regions, for ten minutes."""
    trouble = _steady(rng, runs)
    trouble[:, :, HISTORY + 20 : HISTORY + 30] = 10.0
    return trouble


def _wobbling(rng: Rng, runs: int) -> Floats:
    """Each region by itself is now better, now worse, by 30 %, for half an hour."""
    series = [autoregressive(rng, (runs, HISTORY + MINUTES), 0.97, 0.3) for _ in range(REGIONS)]
    return np.exp(np.stack(series))


def _grown(factor: float, start: int = 0, over: int = 0) -> Trouble:
    """So much worse where the change is, from a minute on; within `over` minutes, or at once."""
    since = np.arange(MINUTES) - start
    grown = np.where(since >= 0, 1 + (factor - 1) * np.minimum((since + 1) / max(over, 1), 1), 1.0)

    def trouble(rng: Rng, runs: int) -> Floats:
        steady = _steady(rng, runs)
        steady[0, :, HISTORY:] = grown
        return steady

    return trouble


HARMLESS: Mapping[str, Trouble] = {
    "nothing changes": _steady,
    "x10 in all regions for ten minutes": _everywhere,
    "each region wobbles by 30 %": _wobbling,
}
HARMFUL: Mapping[str, tuple[Trouble, int]] = {
    "x5": (_grown(5), 0),
    "x10": (_grown(10), 0),
    "x10 from minute 20": (_grown(10, 20), 20),
    "growing to x50 in an hour": (_grown(50, 0, MINUTES), 0),
}
METRICS: Mapping[str, tuple[float, ...]] = {"throttles": (60, 600, 6_000), "age": (2.0, 20.0, 60.0)}
"""Requests a minute of a function, of which a hundredth is usually throttled; seconds that the oldest message waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A metric of one size in one world."""

    metric: str
    size: float
    effect: str
    runs: int


def tasks(quick: bool) -> Iterator[Task]:
    """Every world of every metric."""
    for metric, sizes in METRICS.items():
        for effect in (*HARMLESS, *HARMFUL):
            runs = 5 if quick else 300 if effect in HARMLESS else 100
            yield from (Task(metric=metric, size=size, effect=effect, runs=runs) for size in sizes)


def measured(task: Task, seed: int) -> dict[str, object]:
    """What every judge makes of it."""
    rng = np.random.default_rng([seed, zlib.crc32(f"regional|{task}".encode())])
    harmful = task.effect in HARMFUL
    trouble, onset = HARMFUL[task.effect] if harmful else (HARMLESS[task.effect], -1)
    stops = DRAWN[task.metric](rng, task.size, trouble(rng, task.runs))
    return {
        "metric": task.metric,
        "size": task.size,
        "effect": task.effect,
        "harmful": harmful,
        "runs": task.runs,
        "judges": told(timed((task.runs, MINUTES), onset), stops),
    }


def _throttles(rng: Rng, size: float, trouble: Floats) -> dict[str, np.ndarray]:
    usual = _apart(rng, trouble)
    requests = rng.poisson(size * _apart(rng, trouble), trouble.shape).astype(float)
    bad = rng.binomial(requests.astype(int), np.minimum(0.01 * usual * trouble, 1)).astype(float)
    before = control_counts(*_split(requests, bad, slice(0, HISTORY)))
    known = estimate_usual(before)
    now = control_counts(*_split(requests, bad, slice(HISTORY, None)), usual=known.high)

    def ours(fewest: int) -> np.ndarray:
        phi = np.maximum(known.phi, CAUTIOUS_PHI)
        test = RollbackTest(rho=2.0, delta=0.01, horizon=MINUTES, phi=phi, fewest=fewest, burst=np.inf)
        return judge_counts(now, test, PromotionTest(phi=phi)).first_fail

    return {judges.OURS: ours(LASTING), SOON: ours(2), **_peers(rate(bad, requests))}


def _age(rng: Rng, size: float, trouble: Floats) -> dict[str, np.ndarray]:
    values = np.round(rng.gamma(4.0, size * _apart(rng, trouble) * trouble / 4, trouble.shape))
    logs = np.log1p(values)
    known = estimate_noise(control_gauges(logs[0, :, :HISTORY], logs[1:, :, :HISTORY]))
    now = control_gauges(logs[0, :, HISTORY:], logs[1:, :, HISTORY:])
    noise = np.maximum(known.noise, 0.5)

    def ours(fewest: int) -> np.ndarray:
        sizes = {"direction": Direction.HIGHER, "noise": noise, "margin": 1.0, "usual": known.usual}
        test = GaugeRollbackTest(horizon=MINUTES, fewest=fewest, **sizes)
        return judge_gauges(now, test, GaugePromotionTest(**sizes)).first_fail

    return {judges.OURS: ours(LASTING), SOON: ours(2), **_peers(values)}


DRAWN = {"throttles": _throttles, "age": _age}


def _apart(rng: Rng, trouble: Floats) -> Floats:
    """What usually sets regions apart: (regions, runs, 1)."""
    return rng.lognormal(0, 0.3, (*trouble.shape[:2], 1))


def _split(requests: Floats, bad: Floats, span: slice) -> tuple[Floats, Floats, Floats, Floats]:
    """The region with the change, and the others."""
    return requests[0, :, span], bad[0, :, span], requests[1:, :, span], bad[1:, :, span]


def _peers(values: Floats) -> dict[str, np.ndarray]:
    """Those that see a value a minute."""
    usual = np.nanmean(values[:, :, :HISTORY], axis=2, keepdims=True)
    times = values[:, :, HISTORY:] / np.where(usual > 0, usual, np.nan)
    mine, others = times[0], np.nanmean(times[1:], axis=0)
    with np.errstate(invalid="ignore"):
        firing = fixed.alarm(mine > 2, need=3, out_of=5)
    return {
        KAYENTA: kayenta.every_five_minutes((mine, others)),
        CLOUDWATCH: fixed.first(firing),
        ARGO: fixed.argo(mine, 2.0),
        FLAGGER: fixed.flagger(mine, 2.0),
        PIPECD: judges.pipecd(mine, others),
    }
