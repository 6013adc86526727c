"""Regions in which nobody released anything: what their shared metrics look like, drawn from seeds.

Every world has a target and four controls. What sets the worlds apart is how their days go.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Rng = np.random.Generator

REGIONS = 5
"""The first is the target."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """How a region's days go.

    Attributes:
        daily: how far load, errors and latency swing over a day, as a share; each region has a noon of its own.
        wobble: standard deviation of the logarithm of what drifts from minute to minute.
        memory: how much of the wobble is kept from one minute to the next.
        incidents: a day, in each region by itself; they last from 2 minutes to `longest`.
        common: incidents a day that meet all regions at once.
        dead_letters: a day, one by one; batches: a day, of ten and more.
    """

    daily: float = 0.0
    wobble: float = 0.0
    memory: float = 0.9
    incidents: float = 0.0
    longest: int = 15
    common: float = 0.0
    dead_letters: float = 0.0
    batches: float = 0.0


WORLDS: Mapping[str, Days] = {
    "steady": Days(),
    "daily swings": Days(daily=0.5, dead_letters=5.0),
    "wobble of 10 %": Days(wobble=0.1, dead_letters=5.0),
    "wobble of 50 % that lasts": Days(wobble=0.5, memory=0.97, daily=0.3, dead_letters=20.0, batches=2.0),
    "common incidents, 8 a day": Days(daily=0.3, wobble=0.1, common=8.0),
    "own incidents, 1 a day": Days(daily=0.3, wobble=0.1, incidents=1.0, batches=1.0),
    "own incidents of up to an hour, 1 a day": Days(daily=0.3, wobble=0.1, incidents=1.0, longest=60),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a region's metrics were, (regions, intervals)."""

    requests: Floats
    failed: Floats
    throttled: Floats
    latency: Floats
    age: Floats
    depth: Floats


def live(days: Days, intervals: int, rng: Rng) -> Seen:
    """So many minutes of all regions."""
    shape = (REGIONS, intervals)
    noon = rng.uniform(0, 1440, (REGIONS, 1))
    load = 1 + days.daily * np.sin((np.arange(intervals) + noon) * 2 * np.pi / 1440)
    scale = rng.lognormal(0, 0.7, (REGIONS, 1))
    requests = rng.poisson(600 * scale * load).astype(float)
    trouble = _incidents(days.incidents, days, shape, rng) + _incidents(days.common, days, (1, intervals), rng)
    usual = rng.lognormal(0, 0.5, (REGIONS, 1))
    rate = np.clip(0.001 * usual * load * np.exp(_wobbling(days, shape, rng)) + 0.2 * trouble, 0, 1)
    squeezed = np.clip(0.0002 * np.exp(_wobbling(days, shape, rng)) * (load > 1.2) + 0.1 * trouble, 0, 1)
    own = rng.lognormal(0, 0.2, (REGIONS, 1))
    latency = (
        80 * own * load**0.3 * np.exp(_wobbling(days, shape, rng) + 0.02 * rng.normal(size=shape)) * (1 + 2 * trouble)
    )
    age = np.round(rng.exponential(2.0, shape) * load * np.exp(_wobbling(days, shape, rng)) + 300 * trouble)
    arrivals = rng.poisson(days.dead_letters / 1440, shape)
    batches = (rng.random(shape) < days.batches / 1440) * rng.integers(10, 60, shape)
    dead = arrivals + batches + rng.poisson(5.0 * trouble)
    return Seen(
        requests=requests,
        failed=rng.binomial(requests.astype(int), rate).astype(float),
        throttled=rng.binomial(requests.astype(int), squeezed).astype(float),
        latency=latency,
        age=age,
        depth=np.cumsum(dead, axis=1).astype(float),
    )


def _wobbling(days: Days, shape: tuple[int, int], rng: Rng) -> Floats:
    """What drifts: an autoregressive series in each region."""
    steps = rng.normal(size=shape) * days.wobble
    kept = days.memory
    drifting = np.empty(shape)
    drifting[:, 0] = steps[:, 0]
    for at in range(1, shape[1]):
        drifting[:, at] = kept * drifting[:, at - 1] + np.sqrt(1 - kept**2) * steps[:, at]
    return drifting


def _incidents(daily: float, days: Days, shape: tuple[int, int], rng: Rng) -> Floats:
    """1 while something is wrong, else 0."""
    wrong = np.zeros(shape)
    for region, at in zip(*np.nonzero(rng.random(shape) < daily / 1440), strict=True):
        wrong[region, at : at + int(rng.integers(2, days.longest + 1))] = 1
    return wrong
