"""The schedule: when a good release is where, in closed form.

A wave takes as long as its one-box's first step and its slowest target after that; a step takes its minimum, or as long
as the judge needs for a pass. Staging and finishing take what they took when it was measured. The simulator confirms
it (tests/simulation/test_forecast.py).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from shoreward.app.planning.delays import seconds_to_climb, seconds_to_pass
from shoreward.domain import Pipeline, Target, Wave

STAGE = FINISH = 60.0
"""Seconds that staging a target takes, and finishing it."""

ERROR_RATE = 0.001
"""Share of requests that is taken to fail anyhow, where nobody says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """When the waves of a good release begin and end.

    Attributes:
        seconds: how long each wave takes, soak included; inf where its traffic will not do before the deadline.
        slowest: the target that each wave waits for.
    """

    seconds: tuple[float, ...]
    slowest: tuple[Target, ...]

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
    return Forecast(seconds=tuple(seconds for seconds, _ in told), slowest=tuple(target for _, target in told))


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
    if wave.ramp:
        return seconds_to_climb(pipeline, wave, target, error_rate)
    policy, bake = pipeline.judge, wave.bake
    each: list[float] = []
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
        each.append(lasting)
    return (each[0], sum(each)) if each else (0.0, 0.0)
