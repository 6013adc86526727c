"""The schedule: when a good release is where, in closed form.

A wave takes as long as its one-box's first step and its slowest target after that; a step takes its minimum, or as long
as the judge needs for a pass. Staging and finishing take what they took when it was measured. The simulator confirms
it (tests/simulation/test_forecast.py).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from shoreward.app.planning.delays import climb, seconds_to_pass
from shoreward.domain import Pipeline, Target, Wave

STAGE = FINISH = 60.0
"""Seconds that staging a target takes, and finishing it."""

ERROR_RATE = 0.001
"""Share of requests that is taken to fail anyhow, where nobody says."""


TIGHT = 0.5
"""Share of its deadline that a step may be expected to need: 3 of 60 simulated good releases came late at that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tight:
    """A step whose evidence may not be in before its deadline.

    Attributes:
        percent: the step's share of the traffic.
        seconds: how long it is expected to take, metrics' delay included.
    """

    target: Target
    percent: float
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """When the waves of a good release begin and end.

    Attributes:
        seconds: how long each wave takes, soak included; inf where its traffic will not do before the deadline.
        slowest: the target that each wave waits for.
        tight: of each wave the step that needs the largest part of its deadline, where that is more than half.
    """

    seconds: tuple[float, ...]
    slowest: tuple[Target, ...]
    tight: tuple[Tight | None, ...]

    @property
    def total(self) -> float:
        """All of it; inf when a wave cannot end by itself."""
        return sum(self.seconds)


def forecast(pipeline: Pipeline, error_rate: float | None = None) -> Forecast | None:
    """The schedule of a good release; None while the traffic of a target is not known."""
    if any(target.traffic is None for target in pipeline.targets):
        return None
    if error_rate is None:
        error_rate = pipeline.auto.error_rate if pipeline.auto else ERROR_RATE
    told = [_wave(pipeline, wave, error_rate) for wave in pipeline.waves]
    return Forecast(
        seconds=tuple(seconds for seconds, _ in told),
        slowest=tuple(target for _, target in told),
        tight=tuple(_tight(pipeline, wave, error_rate) for wave in pipeline.waves),
    )


def _tight(pipeline: Pipeline, wave: Wave, error_rate: float) -> Tight | None:
    """Where the minimum decides, or nothing suffices, chance does not, and no step is tight."""
    minimum = max(wave.bake.minimum, pipeline.judge.interval) + pipeline.judge.interval + pipeline.judge.delay
    alike = {target.traffic: target for target in wave.targets}.values()
    told = [(target, stays(pipeline, wave, target, error_rate)) for target in alike]
    found = [
        Tight(target=target, percent=percent, seconds=seconds)
        for target, steps in told
        if math.inf not in [seconds for _, seconds in steps]
        for percent, seconds in steps
        if seconds > max(minimum, TIGHT * wave.bake.deadline)
    ]
    return max(found, key=lambda each: each.seconds, default=None)


def _wave(pipeline: Pipeline, wave: Wave, error_rate: float) -> tuple[float, Target]:
    one_box, *others = wave.targets
    first, whole = bakes(pipeline, wave, one_box, error_rate)
    ends = {one_box: STAGE + whole}
    # The others begin when the one-box has passed its first step; without steps, when it has finished.
    start = STAGE + (first if wave.steps else whole + FINISH)
    cache: dict[float | None, float] = {}
    for target in others:
        if target.traffic not in cache:
            cache[target.traffic] = bakes(pipeline, wave, target, error_rate)[1]
        ends[target] = start + STAGE + cache[target.traffic]
    slowest = max(ends, key=lambda target: ends[target])
    return ends[slowest] + FINISH + wave.soak, slowest


def bakes(pipeline: Pipeline, wave: Wave, target: Target, error_rate: float) -> tuple[float, float]:
    """Seconds that a target bakes: its first step, and all of them; inf beyond a deadline."""
    each = [seconds for _, seconds in stays(pipeline, wave, target, error_rate)]
    return (each[0], sum(each)) if each else (0.0, 0.0)


def stays(pipeline: Pipeline, wave: Wave, target: Target, error_rate: float) -> tuple[tuple[float, float], ...]:
    """Each share that a target's canary has, and for how many seconds; inf beyond a deadline."""
    if wave.ramp:
        return climb(pipeline, wave, target, error_rate)
    policy, bake = pipeline.judge, wave.bake
    each: list[tuple[float, float]] = []
    collected = 0.0
    for percent in wave.steps:
        rate = (target.traffic or 0.0) * percent / 100
        wanted = seconds_to_pass(pipeline, target, percent / 100, error_rate)
        # Evidence counts from the first shift on: what a step has collected, the next one need not.
        left = max(0.0, wanted * (1 - collected)) if math.isfinite(wanted) else math.inf
        lasting = max(bake.minimum, left, bake.requests / rate if rate else math.inf, policy.interval)
        lasting = math.ceil(lasting / policy.interval) * policy.interval if math.isfinite(lasting) else math.inf
        lasting = lasting + policy.delay if lasting + policy.delay <= bake.deadline else math.inf
        collected += lasting / wanted if wanted and math.isfinite(lasting) else 0.0
        each.append((percent, lasting))
    return tuple(each)
