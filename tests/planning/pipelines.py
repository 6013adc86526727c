"""Pipelines for the planner and the simulator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from shoreward.domain import Auto, Bake, JudgePolicy, Pipeline, Ramp, Target, Wave
from shoreward.domain.ramp import LEVELS
from shoreward.testing.builders import a_target


def targets(*traffic: float, customers: float | None = None) -> tuple[Target, ...]:
    """Targets in regions `r00`, `r01` ..., with so many requests per second."""
    return tuple(
        replace(a_target(f"r{number:02}"), traffic=float(rate), customers=customers)
        for number, rate in enumerate(traffic)
    )


def stepped(*traffic: float, minimum: float = 600.0, soak: float = 600.0, **policy: float) -> Pipeline:
    """A wave of one target after the other, in steps."""
    bake = Bake(minimum=minimum, requests=100, deadline=14_400, on_deadline="rollback")
    waves = tuple(
        Wave(name=f"wave-{number}", targets=(target,), bake=bake, soak=soak)
        for number, target in enumerate(targets(*traffic), start=1)
    )
    return Pipeline(application="beach", template="t.yaml", waves=waves, judge=judge(**policy))


def ramped(*traffic: float, budget: float = 2_000.0, minimum: float = 60.0, **policy: float) -> Pipeline:
    """All targets in one wave, each on a certified ramp."""
    wave = Wave(
        name="all",
        targets=targets(*traffic),
        steps=LEVELS,
        bake=Bake(minimum=minimum, requests=100, deadline=14_400, on_deadline="rollback"),
        ramp=Ramp(budget=budget),
    )
    return Pipeline(application="beach", template="t.yaml", waves=(wave,), judge=judge(**policy))


def automatic(found: Sequence[Target], **options: float) -> Pipeline:
    """A pipeline that leaves its waves to the planner."""
    auto = Auto(targets=tuple(found), **options)
    return Pipeline(application="beach", template="t.yaml", waves=(), auto=auto, judge=judge())


def judge(**policy: float) -> JudgePolicy:
    """Minute metrics that take a minute, and independent errors."""
    return replace(JudgePolicy(delay=60.0, dispersion=1.0), **policy)
