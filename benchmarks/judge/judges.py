"""Who looks: every judge of counts, by the name it has in tables, and how it is set.

A group judges one world (runs x intervals) and says for each of its judges at which interval it rolls back, -1 for
never. Judges that share their arithmetic are in one group.
"""

from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np
from benchmarks.judge import fixed, kayenta, normal
from benchmarks.judge.ranks import exact_p
from benchmarks.judge.worlds import Floats, Seen

from shoreward.judge import CAUTIOUS_PHI, Counts, PromotionState, PromotionTest, RollbackState, RollbackTest

Stops = Mapping[str, np.ndarray]

OURS = "this judge"
OURS_SHIPPED = "this judge, as shipped"
OURS_CALIBRATED = "this judge, calibrated"
KAYENTA = "Kayenta, every 5 min"
KAYENTA_EQUAL = "Kayenta, every 5 min, at this judge's false-rollback rate"
KAYENTA_STRICT = "Kayenta, every 5 min, no data fails"
KAYENTA_ONCE = "Kayenta, once at the end"
Z_TEST = "z-test at every look"
POCOCK = "Pocock, 60 looks"
POCOCK_12 = "Pocock, 12 looks"
CLOUDWATCH = "CloudWatch, 2 x p0, 3 of 5"
CLOUDWATCH_FIXED = "CloudWatch, 1 %, 3 of 5"
CODEDEPLOY = "CodeDeploy, SAM's alarm"
CODEDEPLOY_TUNED = "CodeDeploy, alarm at 2 x p0"
ARGO = "Argo Rollouts, 99 %"
ARGO_TUNED = "Argo Rollouts, 2 x p0"
FLAGGER = "Flagger, 99 %"
FLAGGER_TUNED = "Flagger, 2 x p0"
PIPECD = "PipeCD, Mann-Whitney per 5 min"

JUDGES: Mapping[str, str] = {
    OURS: (
        "rollback at alpha 1 %, horizon as long as the bake, phi 1: one stream of a release, errors known to be "
        "independent"
    ),
    OURS_SHIPPED: (
        "as `shoreward release` judges one function in one target before anybody calibrated: alpha 1 % / 4, phi 3"
    ),
    OURS_CALIBRATED: "alpha 1 %, phi from `estimate_phi` on twelve hours of history of the same kind",
    KAYENTA: (
        "NetflixACAJudge on the error rate per minute since the start, judged again every 5 minutes; without data "
        "it asks again"
    ),
    KAYENTA_EQUAL: (
        "the same, with its confidence raised until its mean A/A false-rollback rate is not above this judge's"
    ),
    KAYENTA_STRICT: "the same at its defaults, with no data in an arm failing the canary, as in today's source",
    KAYENTA_ONCE: "one judgement when the hour is over",
    Z_TEST: "pooled two-proportion z of all requests so far, one-sided 1 %, looked at every minute",
    POCOCK: "the same z against Pocock's bound for 60 looks, one-sided 1 % in all; knows the horizon",
    POCOCK_12: "the same with 12 looks, one every 5 minutes of an hour",
    CLOUDWATCH: "alarm on the canary's error rate per minute above twice the usual rate, 3 of 5 datapoints",
    CLOUDWATCH_FIXED: "the same above 1 %",
    CODEDEPLOY: (
        "alarm of the AWS SAM documentation: errors of the new version above 0 in 2 minutes running; watched for "
        "30 minutes"
    ),
    CODEDEPLOY_TUNED: "alarm above twice the usual rate, 3 of 5; watched for 30 minutes",
    ARGO: "success rate per minute at least 99 %, failureLimit 3",
    ARGO_TUNED: "error rate per minute at most twice the usual, failureLimit 3",
    FLAGGER: "request-success-rate per minute at least 99 %, threshold 5",
    FLAGGER_TUNED: "error rate per minute at most twice the usual, threshold 5",
    PIPECD: "CANARY_BASELINE, deviation HIGH, interval 5m, failureLimit 0: Mann-Whitney at 5 % on each 5 minutes",
}

QUANTILES = tuple(np.round(np.arange(2.5, 7.01, 0.25), 2).tolist())
"""Stricter quantiles that Kayenta is tried at, to find the one with this judge's false-rollback rate."""


class Group(Protocol):
    """Judges one world."""

    def __call__(self, seen: Seen) -> Stops:
        """The interval of rollback of each judge, -1 for never."""
        ...


def counts(seen: Seen) -> Counts:
    """A world as the judge takes it."""
    return Counts(seen.canary_requests, seen.canary_bad, seen.baseline_requests, seen.baseline_bad)


def rolls_back(seen: Seen, *, alpha: float = 0.01, phi: float | Floats = 1.0) -> np.ndarray:
    """Where this judge rolls back."""
    test = RollbackTest(alpha=alpha, horizon=seen.intervals, phi=phi)
    return RollbackState.begin(seen.runs, test).advance(counts(seen), test)[0].first_fail


def promotes(seen: Seen, *, phi: float | Floats = 1.0) -> np.ndarray:
    """Where this judge would promote."""
    test = PromotionTest(phi=phi)
    return PromotionState.begin(seen.runs).advance(counts(seen), test)[0].first_pass


def ours(seen: Seen) -> Stops:
    """This judge."""
    return {OURS: rolls_back(seen), OURS_SHIPPED: rolls_back(seen, alpha=0.01 / 4, phi=CAUTIOUS_PHI)}


def by_kayenta(seen: Seen, quantiles: Mapping[str, float] | None = None, *, back: int | None = None) -> Stops:
    """Kayenta every 5 minutes and once; `quantiles` names further ones, `back` is how many minutes it looks back."""
    ends = range(5, seen.intervals + 1, 5)
    canary, baseline = 100 * seen.canary_rate, 100 * seen.baseline_rate
    taken = [kayenta.look(canary[:, _from(end, back) : end], baseline[:, _from(end, back) : end]) for end in ends]
    deviates = np.stack([each.deviate for each in taken], axis=1)
    lacking = np.stack([each.lacking for each in taken], axis=1)
    rules = {KAYENTA: deviates > kayenta.QUANTILE, KAYENTA_STRICT: (deviates > kayenta.QUANTILE) | lacking}
    rules |= {name: deviates > quantile for name, quantile in (quantiles or {}).items()}
    stops = {name: _at_minute(fixed.first(rule)) for name, rule in rules.items()}
    return stops | {KAYENTA_ONCE: np.where(deviates[:, -1] > kayenta.QUANTILE, seen.intervals - 1, -1)}


def _from(end: int, back: int | None) -> int:
    return 0 if back is None else max(0, end - back)


def _at_minute(look: np.ndarray) -> np.ndarray:
    return np.where(look >= 0, 5 * look + 4, -1)


def by_normal(seen: Seen) -> Stops:
    """The repeated test and Pocock's."""
    z = normal.deviates(seen)
    every = {POCOCK: 60, POCOCK_12: 12}
    stops = {Z_TEST: fixed.first(z > normal.EVERY_LOOK)}
    for name, number in every.items():
        at = normal.looks(seen.intervals, number)
        stops[name] = fixed.first((z > normal.pocock_bound(number)) & at)
    return stops


def by_thresholds(seen: Seen) -> Stops:
    """Alarms, Argo Rollouts, Flagger."""
    rate, twice = seen.canary_rate, 2 * seen.usual
    with np.errstate(invalid="ignore"):
        tuned = fixed.alarm(rate > twice, need=3, out_of=5)
        sam = fixed.alarm(seen.canary_bad > 0, need=2, out_of=2)
        one_percent = fixed.alarm(rate > 0.01, need=3, out_of=5)
    return {
        CLOUDWATCH: fixed.first(tuned),
        CLOUDWATCH_FIXED: fixed.first(one_percent),
        CODEDEPLOY: fixed.codedeploy(sam),
        CODEDEPLOY_TUNED: fixed.codedeploy(tuned),
        ARGO: fixed.argo(rate, 0.01),
        ARGO_TUNED: fixed.argo(rate, twice),
        FLAGGER: fixed.flagger(rate, 0.01),
        FLAGGER_TUNED: fixed.flagger(rate, twice),
    }


def by_pipecd(seen: Seen) -> Stops:
    """PipeCD's analysis of each five minutes by themselves."""
    return {PIPECD: pipecd(seen.canary_rate, seen.baseline_rate)}


def pipecd(canary: Floats, baseline: Floats) -> np.ndarray:
    """Rolls back at the first window of 5 values in which Mann-Whitney's one-sided p is at most 5 % (failureLimit 0).

    pipe-cd/pipecd, metrics_analyzer.go: exact distribution for small samples, P(U > observed - 1) with ties; equal
    samples pass. Minutes without a value are left out, a window without any is skipped (skipOnNoData).
    """
    windows = canary.shape[1] // 5
    parts = [slice(5 * window, 5 * window + 5) for window in range(windows)]
    failed = np.stack([exact_p(canary[:, part], baseline[:, part]) <= 0.05 for part in parts], axis=1)
    return _at_minute(fixed.first(failed))


GROUPS: tuple[Callable[[Seen], Stops], ...] = (ours, by_kayenta, by_normal, by_thresholds, by_pipecd)


def all_judges(seen: Seen, quantile: float | None = None, others: Mapping[str, float] | None = None) -> Stops:
    """Every judge; `quantile` is Kayenta's at this judge's false-rollback rate, `others` name more of them."""
    named = {**({} if quantile is None else {KAYENTA_EQUAL: quantile}), **(others or {})}
    return {
        **ours(seen),
        **by_kayenta(seen, named),
        **by_normal(seen),
        **by_thresholds(seen),
        **by_pipecd(seen),
    }
