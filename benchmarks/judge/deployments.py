"""How each judge decides about a whole deployment: several functions in several regions, errors and durations.

One rollback anywhere rolls the release back. Each answers with the minute, -1 for never.
"""

from collections.abc import Mapping

import numpy as np
from benchmarks.judge import fixed, judges, kayenta, normal
from benchmarks.judge.durations import GRID
from benchmarks.judge.sketch import Watched
from benchmarks.judge.worlds import Floats

from shoreward.judge import (
    CAUTIOUS_PHI,
    Counts,
    Histograms,
    LatencyPromotionTest,
    LatencyRollbackTest,
    RollbackState,
    RollbackTest,
    StoppedTest,
    estimate_phi,
    judge_latency,
    stopped_evidence,
)

ALPHA = 0.01
SIGNALS = 3
"""Errors, silence and latency share alpha."""
MARGINAL, PASS = 75.0, 95.0

WARM = f"{judges.OURS_CALIBRATED}, durations from minute 5 on"
Z_TEST = "z-test at every look, errors"
POCOCK = "Pocock, 60 looks, errors"
CLOUDWATCH = "CloudWatch, errors 2 x p0 or p99 1.5 x, 3 of 5"
ARGO = "Argo Rollouts, 99 % and 500 ms"
ARGO_TUNED = "Argo Rollouts, errors 2 x p0 and p99 1.5 x"
FLAGGER = "Flagger, 99 % and 500 ms"
PIPECD = "PipeCD, Mann-Whitney on errors and p99 per 5 min"

JUDGES: Mapping[str, str] = {
    judges.OURS_CALIBRATED: (
        "errors of each function and of all together, requests that stop, durations of each function; "
        "alpha 1 % for all of it, phi of errors from twelve hours before, 1 for durations"
    ),
    WARM: "the same without durations of the first five minutes, in which a new version starts cold",
    judges.OURS_SHIPPED: "the first with phi 3 for everything",
    judges.KAYENTA: (
        "per region, for each function errors (critical), p50 and p99; marginal 75, pass 95; without data it "
        "fails, as in its source"
    ),
    judges.KAYENTA_ONCE: "the same, one judgement when the hour is over",
    Z_TEST: "each function in each region, one-sided 1 %",
    POCOCK: "the same against Pocock's bound",
    CLOUDWATCH: "two alarms for each function in each region",
    judges.CODEDEPLOY: "errors above 0 in 2 minutes running, watched for 30 minutes",
    ARGO: "two metrics for each function in each region, failureLimit 3",
    ARGO_TUNED: "the same with thresholds from history",
    FLAGGER: "two metrics for each function in each region, threshold 5",
    PIPECD: "two metrics for each function in each region, 5 %, failureLimit 0",
}


def all_judges(watched: Watched) -> dict[str, int]:
    """The minute at which each judge rolls the release back."""
    seen, tails = watched.counts, watched.tails
    twice = 2 * watched.usual[:, None]
    slow = 1.5 * watched.usual_tail[:, None]
    rate = seen.canary_rate
    z = normal.deviates(seen)
    with np.errstate(invalid="ignore"):
        alarms = fixed.alarm(rate > twice, need=3, out_of=5) | fixed.alarm(tails[0] > slow, need=3, out_of=5)
    return {
        judges.OURS_CALIBRATED: ours(watched, calibrated=True),
        WARM: ours(watched, calibrated=True, warm=5),
        judges.OURS_SHIPPED: ours(watched, calibrated=False),
        **by_kayenta(watched),
        Z_TEST: first(fixed.first(z > normal.EVERY_LOOK)),
        POCOCK: first(fixed.first(z > normal.pocock_bound(60))),
        CLOUDWATCH: first(fixed.first(alarms)),
        judges.CODEDEPLOY: first(fixed.codedeploy(fixed.alarm(seen.canary_bad > 0, need=2, out_of=2))),
        ARGO: first(fixed.argo(rate, 0.01), fixed.argo(tails[0], 500.0)),
        ARGO_TUNED: first(_argo(rate, twice), _argo(tails[0], slow)),
        FLAGGER: first(fixed.flagger(rate, 0.01), fixed.flagger(tails[0], 500.0)),
        PIPECD: first(judges.pipecd(rate, seen.baseline_rate), judges.pipecd(*tails)),
    }


def first(*stops: np.ndarray) -> int:
    """The soonest of all rollbacks, -1 without any."""
    minutes = np.concatenate(stops)
    return int(minutes[minutes >= 0].min()) if np.any(minutes >= 0) else -1


def _argo(values: Floats, limits: Floats) -> np.ndarray:
    """Argo with a limit of its own for each stream."""
    return fixed.argo(values / limits, 1.0)


def ours(watched: Watched, *, calibrated: bool, warm: int = 0) -> int:
    """As `shoreward release` judges: each function, and all of a region together; alpha split over all of it.

    Durations are judged from minute `warm` on.
    """
    counts = _with_all(watched, judges.counts(watched.counts))
    alpha = ALPHA / (counts.streams * SIGNALS)
    phi: float | Floats = CAUTIOUS_PHI
    if calibrated:
        phi = estimate_phi(_with_all(watched, judges.counts(watched.history))).phi
    rollback = RollbackTest(alpha=alpha, horizon=counts.intervals, phi=phi)
    errors = RollbackState.begin(counts.streams, rollback).advance(counts, rollback)[0].first_fail
    silence = StoppedTest(alpha=alpha, horizon=counts.intervals, phi=phi)
    stopped = fixed.first(stopped_evidence(counts, watched.split, silence) >= silence.threshold)
    slow = judge_latency(
        Histograms(watched.canary[:, warm:], watched.baseline[:, warm:], GRID),
        LatencyRollbackTest(alpha=alpha, horizon=counts.intervals, phi=1.0 if calibrated else CAUTIOUS_PHI),
        LatencyPromotionTest(),
        history=watched.before,
    )
    return first(errors, stopped, np.where(slow.first_fail >= 0, slow.first_fail + warm, -1))


def _with_all(watched: Watched, counts: Counts) -> Counts:
    """Each region's functions, and a row for all of them together."""
    regions = [np.flatnonzero(watched.region == region) for region in np.unique(watched.region)]
    return Counts(
        *(np.vstack([each, *(each[rows].sum(axis=0)[None, :] for rows in regions)]) for each in counts.arrays)
    )


def by_kayenta(watched: Watched) -> dict[str, int]:
    """A canary analysis per region, every five minutes, and once."""
    seen, medians, tails = watched.counts, watched.medians, watched.tails
    pairs = ((100 * seen.canary_rate, 100 * seen.baseline_rate), medians, tails)
    minutes = seen.intervals
    scores = np.stack([_scores(watched.region, pairs, end) for end in range(5, minutes + 1, 5)], axis=1)
    failing = scores < MARGINAL
    failing[:, -1] = scores[:, -1] < PASS
    look = fixed.first(failing)
    return {
        judges.KAYENTA: first(np.where(look >= 0, 5 * look + 4, -1)),
        judges.KAYENTA_ONCE: minutes - 1 if np.any(scores[:, -1] < PASS) else -1,
    }


def _scores(region: np.ndarray, pairs: tuple[tuple[Floats, Floats], ...], end: int) -> Floats:
    """The score of each region: 0 with a critical failure or half of the metrics without data, else the share that
    passes.
    """
    taken = [kayenta.look(canary[:, :end], baseline[:, :end]) for canary, baseline in pairs]
    high = np.stack([each.deviate > kayenta.QUANTILE for each in taken])
    lacking = np.stack([each.lacking for each in taken])
    scores = []
    for one in np.unique(region):
        mine = region == one
        critical = np.any(high[0, mine] | lacking[0, mine])
        judged = (~lacking[:, mine]).sum()
        empty = lacking[:, mine].mean() >= 0.5
        passing = 100.0 * (~high[:, mine] & ~lacking[:, mine]).sum() / max(judged, 1)
        scores.append(0.0 if critical or empty else passing)
    return np.array(scores)
