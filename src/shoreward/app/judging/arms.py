"""The arms: which versions are compared, and their counts as arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from shoreward.app.judging.window import Window
from shoreward.app.ports import MetricSource, Samples, Stream
from shoreward.domain import StagedFunction, Target
from shoreward.judge import Counts

ALL = "*"
"""Stands for all of the application's functions together."""


def stream_of(function: StagedFunction, candidate: bool) -> Stream:
    """The canary's version of a function, or the baseline's."""
    version = function.candidate if candidate else function.baseline
    assert version is not None
    return Stream(function=function.name, alias=function.alias, version=version)


def names_of(functions: Sequence[StagedFunction]) -> list[str]:
    """What the rows of arrays stand for: all functions together, and then each."""
    return [ALL, *(each.logical_id for each in functions)]


def counts_of(metrics: MetricSource, target: Target, functions: Sequence[StagedFunction], window: Window) -> Counts:
    """Canary beside baseline: a row for all functions together and then a row for each."""
    streams = [stream_of(each, candidate) for each in functions for candidate in (True, False)]
    samples = metrics.counts(target, streams, start=window.start, end=window.end, period=window.period)
    arms = (arm_of(samples, functions, candidate) for candidate in (True, False))
    return Counts(*(array for arm in arms for array in arm))


def arm_of(
    samples: Mapping[Stream, Samples], functions: Sequence[StagedFunction], candidate: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Requests and errors of one arm, in the same rows."""
    arm = [samples[stream_of(each, candidate)] for each in functions]
    requests = np.stack([each.requests for each in arm])
    errors = np.minimum(np.stack([each.errors for each in arm]), requests)
    return together(requests), together(errors)


def together(rows: np.ndarray) -> np.ndarray:
    """Rows (..., functions, intervals) with their sum before them."""
    return np.concatenate([rows.sum(axis=-2, keepdims=True), rows], axis=-2)
