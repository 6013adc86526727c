"""Twenty regions of which one is hit: judged one by one with a twentieth of alpha each, or all together.

A release is rolled back when any region is; peers have no notion of a release's budget, so each region gets their
full one.
"""

from dataclasses import replace

import numpy as np
from benchmarks.judge import judges
from benchmarks.judge.outcome import told
from benchmarks.judge.worlds import Cell, Rng, Seen, drawn

REGIONS = 20
MINUTES = 60
CELLS = tuple(Cell(traffic=traffic, split=0.1, errors=errors) for traffic in (600, 6_000) for errors in (0.001, 0.01))

EACH = "this judge, each region at alpha / 20"
TOGETHER = "this judge, all regions added up"


def measured(rng: Rng, cell: Cell, runs: int, factor: float) -> dict[str, dict[str, float | None]]:
    """What came of releases to twenty regions, of which the first is hit by so many times its errors."""
    hit = np.arange(runs * REGIONS) % REGIONS == 0
    rates = np.where(hit, factor, 1.0)[:, None] * cell.errors
    shape = (runs * REGIONS, MINUTES)
    onset = -1 if factor == 1 else 0
    seen = drawn(rng, cell, shape, canary=rates, baseline=cell.errors, onset=onset)
    each = {
        EACH: judges.rolls_back(seen, alpha=0.01 / REGIONS),
        judges.KAYENTA: judges.by_kayenta(seen)[judges.KAYENTA],
        **judges.by_normal(seen),
        **judges.by_thresholds(seen),
        **judges.by_pipecd(seen),
    }
    release = together(seen, runs)
    stops = {name: _first(at, runs) for name, at in each.items()}
    return told(release, stops | {TOGETHER: judges.rolls_back(release)})


def together(seen: Seen, runs: int) -> Seen:
    """All regions added up."""
    arms = ("canary_requests", "canary_bad", "baseline_requests", "baseline_bad", "harm")
    return replace(seen, **{name: getattr(seen, name).reshape(runs, REGIONS, -1).sum(axis=1) for name in arms})


def _first(at: np.ndarray, runs: int) -> np.ndarray:
    """The first region's rollback is the release's."""
    never = np.iinfo(np.int64).max
    soonest = np.where(at < 0, never, at).reshape(runs, REGIONS).min(axis=1)
    return np.where(soonest == never, -1, soonest)
