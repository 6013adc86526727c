"""What a picture of a stream shows: its bounds over time, on an axis that suits them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shoreward.app.recorded.judged import Judged

Floats = NDArray[np.float64]

_FARTHEST = 100.0
"""Ratios beyond this, or below one over this, tell nobody more: a picture ends there."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scale:
    """The axis of values.

    Attributes:
        low, high: its ends, finite.
        logarithmic: of ratios; differences have an even axis.
    """

    low: float
    high: float
    logarithmic: bool

    def place(self, values: Floats) -> Floats:
        """Where values lie between the ends, 0 to 1; NaN stays NaN, what is beyond an end lies on it."""
        inside = np.clip(values, self.low, self.high)
        if self.logarithmic:
            return np.log(inside / self.low) / np.log(self.high / self.low)
        return (inside - self.low) / (self.high - self.low)


def scale_of(stream: Judged) -> Scale:
    """An axis that holds what was observed, the margins, and the bounds as far as they are telling."""
    if stream.kind == "gauge":
        return _even(stream)
    seen = _telling(stream, 1 / _FARTHEST, _FARTHEST)
    low, high = min(0.5, *seen), max(2.0, *seen)
    return Scale(low=low / 1.1, high=high * 1.1, logarithmic=True)


def _even(stream: Judged) -> Scale:
    reach = 3 * max(stream.margins[0], float(np.nanmax(np.abs(stream.confidence.observed), initial=0.0)), 1e-12)
    seen = _telling(stream, -reach, reach)
    low, high = min(*seen, -stream.margins[0]), max(*seen, stream.margins[0])
    room = 0.1 * (high - low) or 1.0
    return Scale(low=low - room, high=high + room, logarithmic=False)


def _telling(stream: Judged, least: float, most: float) -> tuple[float, ...]:
    """Values that a picture should hold, within limits; the bounds of the last half of the time."""
    bounds = stream.confidence
    half = len(stream.times) // 2
    values = np.concatenate((bounds.observed[half:], bounds.lower[half:], bounds.upper[half:], stream.margins))
    inside = values[np.isfinite(values) & (values >= least) & (values <= most)]
    return tuple(float(value) for value in inside) or (least, most)
