"""Measuring: how many requests the customers of each target send, from its own metrics.

Before waves are derived for a plan or a release. What a file declares may be as old as the file; it is taken only where
metrics do not tell. Whole days in UTC are read, so that a plan and the release after it see the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from shoreward.app.planning.derive import settle
from shoreward.app.world import World
from shoreward.domain import CloudWatchQuery, OperationError, Pipeline, Query, Refused, Target

DAYS = 7
"""A whole week, for weekends are not like other days."""

_DAY, _HOUR = 86_400, 3_600
_FEWEST = 24
"""Hours that metrics must tell of: a day and a night."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A target's traffic, in requests per second, and where it is known from; `why` is "" where it was measured."""

    target: Target
    why: str = ""

    @property
    def code(self) -> str:
        """Which of the two it is."""
        return "TRAFFIC_DECLARED" if self.why else "TRAFFIC_MEASURED"

    @property
    def words(self) -> str:
        """For people."""
        told = f"{self.target}: {self.target.traffic:g} requests per second"
        if self.why:
            return f"{told}, as the file says: {self.why}."
        return f"{told}, the mean of the last {DAYS} days by its metrics."


def measured(world: World, pipeline: Pipeline) -> tuple[Pipeline, tuple[Known, ...]]:
    """The pipeline with waves derived from what its targets' metrics say; as it is where its waves are written down.

    Raises:
        Refused: TRAFFIC_UNKNOWN where neither metrics nor the file tell of a target.
        SpecError: as `settle`.
    """
    if pipeline.auto is None:
        return pipeline, ()
    end = world.clock.now() // _DAY * _DAY
    with ThreadPoolExecutor(16) as pool:
        known = tuple(pool.map(partial(_known, world, end), pipeline.auto.targets))
    auto = replace(pipeline.auto, targets=tuple(each.target for each in known))
    return settle(replace(pipeline, waves=(), auto=auto)), known


def _known(world: World, end: float, target: Target) -> Known:
    try:
        traffic = _mean(world, target, end)
        why = f"its metrics tell of less than {_FEWEST} hours of the last {DAYS} days"
    except OperationError as error:
        traffic, why = None, f"its metrics could not be read ({error.code})"
    if traffic is not None:
        return Known(target=replace(target, traffic=traffic))
    if not target.traffic:
        raise Refused(
            "TRAFFIC_UNKNOWN",
            f"Nobody knows how many requests {target} has: {why}, and the file does not say it.",
            next="Say it in shoreward.yaml: `traffic:`, in requests per second.",
        )
    return Known(target=target, why=why)


def _mean(world: World, target: Target, end: float) -> float | None:
    """Invocations of all functions per second, since the first hour that has any; None where too little is known."""
    queries = _invocations(world, target)
    start = end - DAYS * _DAY
    if not queries:
        return None
    read = world.series.series(target, queries, start=start, end=end, period=_HOUR)
    told = np.stack([read[query] for query in queries])
    some = np.flatnonzero(np.isfinite(told).any(axis=0))
    hours = told.shape[1] - int(some[0]) if some.size else 0
    total = float(np.nansum(told))
    # Three digits: more would only make waves differ from day to day.
    return float(f"{total / (hours * _HOUR):.3g}") if hours >= _FEWEST and total > 0 else None


def _invocations(world: World, target: Target) -> Sequence[Query]:
    """How often each of the stack's functions is invoked."""
    queries = [query for metric in world.survey.shared(target) for query in metric.queries]
    return tuple(dict.fromkeys(query for query in queries if _is_of_invocations(query)))


def _is_of_invocations(query: Query) -> bool:
    return isinstance(query, CloudWatchQuery) and query.namespace == "AWS/Lambda" and query.metric == "Invocations"
