"""A deployment of the corpus: what happens to each function in each region, minute by minute, before chance is drawn.

A sketch begins as a healthy application with a change that does nothing; `faults` and `clean` then draw on it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from benchmarks.judge.durations import GRID, Durations, histograms, percentile
from benchmarks.judge.worlds import Floats, Rng, Seen

MINUTES = 60
HISTORY = 12 * 60


@dataclass(slots=True, kw_only=True, eq=False)
class Arm:
    """One arm: error rates and durations, (streams, minutes); `errors_at_once` is how many come together.

    `unsteady` draws by how much errors vary by themselves, in the hour of the deployment and before it.
    """

    errors: Floats
    slower: Floats
    slow_share: Floats
    slow_factor: Floats
    arriving: Floats
    errors_at_once: int = 1
    unsteady: Callable[[Rng, tuple[int, int]], Floats] | None = None


@dataclass(slots=True, kw_only=True, eq=False)
class Sketch:
    """Streams are functions x regions, `function` and `region` say which; the rest is per stream.

    `touched` are the streams that a fault hits, `onset` the minute at which it begins.
    """

    rng: Rng
    function: np.ndarray
    region: np.ndarray
    traffic: Floats
    split: float
    usual: Floats
    median: Floats
    deviation: Floats
    canary: Arm
    baseline: Arm
    touched: np.ndarray
    onset: int = 0

    @property
    def streams(self) -> int:
        """Functions times regions."""
        return len(self.usual)

    @property
    def since(self) -> Floats:
        """Minutes since the onset, 0 before it."""
        return np.maximum(np.arange(MINUTES) - self.onset + 1.0, 0.0)

    @property
    def hit(self) -> np.ndarray:
        """Where and when the fault works: (streams, minutes)."""
        return self.touched[:, None] & (self.since > 0)


def healthy(rng: Rng, *, traffic: tuple[float, float] = (60.0, 30_000.0)) -> Sketch:
    """An application of 1 to 4 functions in 1 to 3 regions, everything log-uniform: requests a minute in all of a
    region, errors 0.01 to 1 %, medians 10 to 300 ms."""
    functions, regions = int(rng.integers(1, 5)), int(rng.integers(1, 4))
    streams = functions * regions
    function, region = np.tile(np.arange(functions), regions), np.repeat(np.arange(regions), functions)
    weights = rng.dirichlet(np.full(functions, 2.0))[function] * rng.uniform(0.2, 1, regions)[region]
    wave = 1 + 0.3 * np.sin(2 * np.pi * (np.arange(MINUTES) + rng.uniform(0, 240)) / 240)
    usual = _log_uniform(rng, 1e-4, 1e-2, functions)[function]
    touched = function == rng.integers(functions)
    return Sketch(
        rng=rng,
        function=function,
        region=region,
        traffic=_log_uniform(rng, *traffic, 1) * weights[:, None] * wave,
        split=float(rng.choice([0.05, 0.1, 0.25, 0.5])),
        usual=usual,
        median=_log_uniform(rng, 10, 300, functions)[function],
        deviation=rng.uniform(0.4, 0.8, functions)[function],
        canary=_arm(usual, streams),
        baseline=_arm(usual, streams),
        touched=touched,
    )


def _arm(usual: Floats, streams: int) -> Arm:
    shape = (streams, MINUTES)
    return Arm(
        errors=np.repeat(usual[:, None], MINUTES, axis=1),
        slower=np.ones(shape),
        slow_share=np.full(shape, 0.002),
        slow_factor=np.full(shape, 8.0),
        arriving=np.ones(shape),
    )


def _log_uniform(rng: Rng, low: float, high: float, number: int) -> Floats:
    return np.exp(rng.uniform(np.log(low), np.log(high), number))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Watched:
    """What judges see of a deployment: counts as a world of streams, histograms, history without a change."""

    counts: Seen
    usual: Floats
    usual_tail: Floats
    canary: Floats
    baseline: Floats
    before: Floats
    history: Seen
    region: np.ndarray
    split: float

    @property
    def tails(self) -> tuple[Floats, Floats]:
        """The 99th percentile of each minute, both arms."""
        return percentile(self.canary, 0.99), percentile(self.baseline, 0.99)

    @property
    def medians(self) -> tuple[Floats, Floats]:
        """The median of each minute, both arms."""
        return percentile(self.canary, 0.5), percentile(self.baseline, 0.5)


def watched(sketch: Sketch) -> Watched:
    """Draw the sketch: requests are Poisson, errors binomial (or in clusters), durations multinomial."""
    rng, split = sketch.rng, sketch.split
    requests = [
        rng.poisson(sketch.traffic * share * arm.arriving)
        for arm, share in ((sketch.canary, split), (sketch.baseline, 1 - split))
    ]
    arms = (sketch.canary, sketch.baseline)
    bad = [_bad(rng, n, arm, arm.errors) for n, arm in zip(requests, arms, strict=True)]
    quiet = Durations(median=sketch.median, deviation=sketch.deviation, slow_share=0.002, slow_factor=8.0).chances()
    return Watched(
        counts=_seen(requests, bad),
        usual=sketch.usual,
        usual_tail=percentile(quiet * 1e9, 0.99),
        canary=_durations(rng, sketch, requests[0], sketch.canary),
        baseline=_durations(rng, sketch, requests[1], sketch.baseline),
        before=histograms(rng, rng.poisson(sketch.traffic.sum(axis=1)), quiet),
        history=_history(sketch),
        region=sketch.region,
        split=split,
    )


def _bad(rng: Rng, requests: np.ndarray, arm: Arm, errors: Floats) -> np.ndarray:
    rates = np.clip(errors if arm.unsteady is None else errors * arm.unsteady(rng, requests.shape), 0, 1)
    if arm.errors_at_once == 1:
        return rng.binomial(requests, rates)
    return np.minimum(requests, arm.errors_at_once * rng.poisson(requests * rates / arm.errors_at_once))


def _durations(rng: Rng, sketch: Sketch, requests: np.ndarray, arm: Arm) -> Floats:
    counts = np.zeros((*requests.shape, GRID.buckets))
    for stream in range(sketch.streams):
        each = Durations(
            median=sketch.median[stream] * arm.slower[stream],
            deviation=sketch.deviation[stream],
            slow_share=arm.slow_share[stream],
            slow_factor=arm.slow_factor[stream],
        )
        counts[stream] = histograms(rng, requests[stream], each.chances())
    return counts


def _history(sketch: Sketch) -> Seen:
    """Twelve hours without a change, as disturbed as the hour of the deployment is for both arms."""
    hours = HISTORY // MINUTES
    traffic, errors = np.tile(sketch.traffic, (1, hours)), np.tile(sketch.baseline.errors, (1, hours))
    requests = [sketch.rng.poisson(traffic * share) for share in (sketch.split, 1 - sketch.split)]
    arms = (replace(sketch.canary, errors_at_once=sketch.baseline.errors_at_once), sketch.baseline)
    bad = [_bad(sketch.rng, n, arm, errors) for n, arm in zip(requests, arms, strict=True)]
    return _seen(requests, bad)


def _seen(requests: list[np.ndarray], bad: list[np.ndarray]) -> Seen:
    floats = [np.asarray(each, dtype=float) for pair in zip(requests, bad, strict=True) for each in pair]
    return Seen(
        canary_requests=floats[0],
        canary_bad=floats[1],
        baseline_requests=floats[2],
        baseline_bad=floats[3],
        usual=0.0,
        onset=-1,
        harm=np.zeros_like(floats[0]),
    )
