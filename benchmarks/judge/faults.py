"""Faults of the corpus: releases that harm, of many kinds, each as bad as chance has it, mild ones among them.

Each draws on a healthy sketch. Unless it says otherwise, a fault hits one function in all regions from the first
minute on.
"""

from collections.abc import Callable, Mapping

import numpy as np
from benchmarks.judge.sketch import MINUTES, Sketch

Fault = Callable[[Sketch], None]


def crash(sketch: Sketch) -> None:
    """Every request to every function fails."""
    sketch.touched[:] = True
    sketch.canary.errors[:] = sketch.rng.uniform(0.95, 1.0)


def wrong_setting(sketch: Sketch) -> None:
    """One function fails on every request: a missing variable, a wrong name."""
    sketch.canary.errors[sketch.hit] = 1.0


def missing_right(sketch: Sketch) -> None:
    """A call that is denied: 5 to 60 % of one function's requests fail."""
    _add_errors(sketch, _between(sketch, 0.05, 0.6))


def broken_route(sketch: Sketch) -> None:
    """One route of many fails: 1 to 8 % of one function's requests."""
    _add_errors(sketch, _between(sketch, 0.01, 0.08))


def more_errors(sketch: Sketch) -> None:
    """Three to thirty times the usual errors."""
    sketch.canary.errors[sketch.hit] *= _between(sketch, 3, 30)


def some_more_errors(sketch: Sketch) -> None:
    """One and a half to three times the usual errors."""
    sketch.canary.errors[sketch.hit] *= _between(sketch, 1.5, 3)


def one_region(sketch: Sketch) -> None:
    """2 to 40 % of the requests of all functions fail, in one region."""
    sketch.touched[:] = sketch.region == sketch.rng.integers(sketch.region.max() + 1)
    _add_errors(sketch, _between(sketch, 0.02, 0.4))


def dependency(sketch: Sketch) -> None:
    """The new version meets a dependency that fails now and then: 3 to 30 % errors, and those are slow."""
    share = _between(sketch, 0.03, 0.3)
    _add_errors(sketch, share)
    _add_slow(sketch, share, 20.0)


def late(sketch: Sketch) -> None:
    """It turns bad after 10 to 45 minutes: 2 to 20 % errors."""
    sketch.onset = int(sketch.rng.integers(10, 46))
    _add_errors(sketch, _between(sketch, 0.02, 0.2))


def very_late(sketch: Sketch) -> None:
    """It turns bad in the last ten minutes of the hour: 2 to 20 % errors."""
    sketch.onset = int(sketch.rng.integers(50, 58))
    _add_errors(sketch, _between(sketch, 0.02, 0.2))


def slow_leak(sketch: Sketch) -> None:
    """Errors grow in a straight line to 3 to 30 % within the hour."""
    _add_errors(sketch, _between(sketch, 0.03, 0.3) * sketch.since / MINUTES)


def memory_leak(sketch: Sketch) -> None:
    """It becomes slower and slower, up to 1.5 to 4 times, and fails when memory is used up."""
    grown = sketch.since / MINUTES
    sketch.canary.slower *= np.where(sketch.hit, 1 + _between(sketch, 0.5, 3) * grown, 1)
    _add_errors(sketch, np.where(grown > 0.8, 0.05, 0.0))


def throttled(sketch: Sketch) -> None:
    """Too little concurrency: requests beyond a limit fail, at the wave's top more of them."""
    limit = sketch.traffic.mean(axis=1, keepdims=True) * _between(sketch, 0.7, 0.98)
    _add_errors(sketch, np.maximum(1 - limit / sketch.traffic, 0))


def cold_start_storm(sketch: Sketch) -> None:
    """A heavy package: 5 to 30 % of requests wait for a cold start, all the time."""
    _add_slow(sketch, _between(sketch, 0.05, 0.3), _between(sketch, 5, 20))


def slower(sketch: Sketch) -> None:
    """One function is 1.15 to 2 times as slow."""
    sketch.canary.slower[sketch.hit] *= _between(sketch, 1.15, 2)


def slow_tail(sketch: Sketch) -> None:
    """1 to 4 % of requests are ten times as slow."""
    _add_slow(sketch, _between(sketch, 0.01, 0.04), 10.0)


def time_outs(sketch: Sketch) -> None:
    """1 to 10 % of requests are thirty times as slow and then fail."""
    share = _between(sketch, 0.01, 0.1)
    _add_errors(sketch, share)
    _add_slow(sketch, share, 30.0)


def poison(sketch: Sketch) -> None:
    """Poison messages: errors twenty at a time, 2 to 10 % of the requests."""
    sketch.canary.errors_at_once = 20
    _add_errors(sketch, _between(sketch, 0.02, 0.1))


def now_and_then(sketch: Sketch) -> None:
    """A job every ten minutes that makes 20 to 60 % of the requests fail for two minutes."""
    _add_errors(sketch, np.where(np.arange(MINUTES) % 10 < 2, _between(sketch, 0.2, 0.6), 0.0))


def one_bad_instance(sketch: Sketch) -> None:
    """One of 4 to 30 instances fails on everything."""
    _add_errors(sketch, 1 / sketch.rng.integers(4, 31))


def unreachable(sketch: Sketch) -> None:
    """Requests do not reach the new version: it has no errors, and next to no requests, 0 to 4 % of its share."""
    sketch.touched[:] = True
    sketch.canary.arriving[:] = sketch.rng.uniform(0, 0.04)


def retry_storm(sketch: Sketch) -> None:
    """2 to 10 % of the requests fail, and are tried again three times."""
    share = _between(sketch, 0.02, 0.1)
    _add_errors(sketch, share)
    sketch.canary.arriving[sketch.hit] *= 1 + 3 * share
    sketch.canary.errors_at_once = 4


FAULTS: Mapping[str, Fault] = {
    "crash of everything": crash,
    "wrong setting, one function": wrong_setting,
    "missing right": missing_right,
    "one route of many": broken_route,
    "errors x3 to x30": more_errors,
    "errors x1.5 to x3": some_more_errors,
    "one region": one_region,
    "failing dependency": dependency,
    "late, after 10 to 45 minutes": late,
    "very late, after 50 minutes": very_late,
    "slow leak of errors": slow_leak,
    "memory leak": memory_leak,
    "throttling": throttled,
    "cold-start storm": cold_start_storm,
    "slower, x1.15 to x2": slower,
    "slow tail": slow_tail,
    "time-outs": time_outs,
    "poison messages": poison,
    "every ten minutes": now_and_then,
    "one bad instance": one_bad_instance,
    "requests do not arrive": unreachable,
    "retry storm": retry_storm,
}


def _between(sketch: Sketch, low: float, high: float) -> float:
    """Log-uniform, so that mild faults are as frequent as grave ones."""
    return float(np.exp(sketch.rng.uniform(np.log(low), np.log(high))))


def _add_errors(sketch: Sketch, share: float | np.ndarray) -> None:
    sketch.canary.errors += np.where(sketch.hit, share, 0.0)


def _add_slow(sketch: Sketch, share: float, factor: float) -> None:
    sketch.canary.slow_share[sketch.hit] += share
    sketch.canary.slow_factor[sketch.hit] = factor
