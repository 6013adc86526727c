"""Metric sources that know no latencies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from shoreward.app.ports import Stream
from shoreward.domain import Target


class Untimed:
    """The part of a `MetricSource` about latency where nobody measured any: a judge then has no evidence from it."""

    def latencies(
        self,
        target: Target,
        streams: Sequence[Stream],
        levels: Sequence[float],
        *,
        start: float,
        end: float,
        period: int,
    ) -> Mapping[Stream, NDArray[np.float64]]:
        """Unknown, each of them."""
        nothing = np.full((len(levels), round((end - start) / period)), np.nan)
        return dict.fromkeys(streams, nothing)

    def slower(
        self, target: Target, limits: Mapping[Stream, Sequence[float]], *, start: float, end: float, period: int
    ) -> Mapping[Stream, NDArray[np.float64]]:
        """None of them."""
        intervals = round((end - start) / period)
        return {stream: np.zeros((len(ends), intervals)) for stream, ends in limits.items()}
