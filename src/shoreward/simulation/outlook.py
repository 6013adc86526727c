"""The outlook that `plan` shows: how long a good release takes, what a bad one costs, and the same under other ways.

Short enough for a command that is asked often. Ours is simulated with what is to be expected in every interval, once
for each of twelve sizes of harm; at the size that costs most chance is let in, and the worst of a few releases stands
for 99 % of them. The others do not look at evidence, so plain arithmetic tells what they cost (`app.planning.peers`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shoreward.app.planning import (
    Fixed,
    alone_costs,
    builders_library,
    everything_at_once,
    forecast,
    one_region_per_wave,
)
from shoreward.domain import Pipeline
from shoreward.simulation.faults import SIZES, of_size
from shoreward.simulation.trial import Trial, once

DRAWS = 12
"""Releases of the costliest size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One way to release.

    Attributes:
        seconds: a good release; inf where it cannot end by itself.
        harm, harm_99: failed requests that a bad release costs: the mean over its sizes, and 99 % of them.
        targets, customers: how many targets, and which share of all customers, a bad one reaches on average.
        missed: share of the sizes that are not found before everybody has them.
    """

    name: str
    seconds: float
    harm: float
    harm_99: float
    targets: float
    customers: float
    missed: float


def outlook(pipeline: Pipeline, error_rate: float) -> tuple[Line, ...] | None:
    """The pipeline and its peers; None while a target's traffic is not known."""
    told = forecast(pipeline, error_rate)
    if told is None:
        return None
    targets = pipeline.targets
    peers = (builders_library(targets), one_region_per_wave(targets), everything_at_once(targets))
    return (_ours(pipeline, told.total, error_rate), *(_peer(each, error_rate) for each in peers))


def _ours(pipeline: Pipeline, seconds: float, error_rate: float) -> Line:
    trial = Trial(error_rate=error_rate)
    ran = [once(pipeline, trial, of_size(size), 0, expected=True) for size in SIZES]
    worst = max(range(len(SIZES)), key=lambda index: ran[index].harm)
    drawn = [once(pipeline, trial, of_size(SIZES[worst]), seed) for seed in range(DRAWS)]
    return Line(
        name="this pipeline",
        seconds=seconds,
        harm=float(np.mean([each.harm for each in ran])),
        harm_99=max(each.harm for each in (*ran, *drawn)),
        targets=float(np.mean([each.targets for each in ran])),
        customers=float(np.mean([each.customers for each in ran])),
        missed=float(np.mean([not each.came_back for each in ran])),
    )


def _peer(schedule: Fixed, error_rate: float) -> Line:
    costs = [alone_costs(schedule, size, error_rate) for size in SIZES]
    return Line(
        name=schedule.name,
        seconds=schedule.total,
        harm=float(np.mean([cost.harm for cost in costs])),
        harm_99=max(cost.harm for cost in costs),
        targets=float(np.mean([cost.targets for cost in costs])),
        customers=float(np.mean([cost.customers for cost in costs])),
        missed=float(np.mean([not cost.found for cost in costs])),
    )
