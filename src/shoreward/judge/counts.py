"""Counts: bad events out of requests, in two arms, over time.

Place in the flow: metric adapters fill it, every count judge reads it. Bad events are errors, throttles, dead letters:
whatever is a subset of the requests.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from shoreward.judge.checks import Flags, Floats, floats, table
from shoreward.judge.errors import JudgeInputError

NO_TRAFFIC = 1e-6
"""Metric stores interpolate; less than a millionth of a request is none."""


@dataclass(frozen=True, eq=False, init=False)
class Counts:
    """Samples of both arms: float64 arrays of shape (streams, intervals), intervals in time order, read-only.

    Fractions are accepted, because metric stores interpolate. `usual` (streams,) is the ratio of canary rate to
    baseline rate without any change: 1 for concurrent arms of one target, from history for control regions; everything
    is then relative to it. Raises `JudgeInputError` unless all four arrays have the same shape and hold finite values
    with 0 <= bad <= requests <= 2**53, and usual ratios lie from 1e-6 to 1e6.
    """

    canary_requests: Floats
    canary_bad: Floats
    baseline_requests: Floats
    baseline_bad: Floats
    usual: Floats

    def __init__(
        self,
        canary_requests: ArrayLike,
        canary_bad: ArrayLike,
        baseline_requests: ArrayLike,
        baseline_bad: ArrayLike,
        *,
        usual: ArrayLike = 1.0,
    ) -> None:
        arms = {
            "canary_requests": table("canary_requests", canary_requests),
            "canary_bad": table("canary_bad", canary_bad),
            "baseline_requests": table("baseline_requests", baseline_requests),
            "baseline_bad": table("baseline_bad", baseline_bad),
        }
        if len({array.shape for array in arms.values()}) != 1:
            shapes = ", ".join(f"{name} {array.shape}" for name, array in arms.items())
            raise JudgeInputError(f"the arms' arrays differ in shape: {shapes}")
        for arm in ("canary", "baseline"):
            if np.any(arms[f"{arm}_bad"] > arms[f"{arm}_requests"]):
                raise JudgeInputError(
                    f"{arm}_bad exceeds {arm}_requests somewhere; bad events are a part of the requests"
                )
        for name, array in arms.items():
            object.__setattr__(self, name, array)
        object.__setattr__(self, "usual", _usual(usual, self.streams))

    @property
    def streams(self) -> int:
        """How many streams: metric x target."""
        return self.canary_requests.shape[0]

    @property
    def intervals(self) -> int:
        """How many intervals of time."""
        return self.canary_requests.shape[1]

    def between(self, start: int, stop: int) -> Self:
        """The same streams, only intervals start..stop-1."""
        return type(self)(*(array[:, start:stop] for array in self.arrays), usual=self.usual)

    @property
    def arrays(self) -> tuple[Floats, Floats, Floats, Floats]:
        """Canary requests, canary bad, baseline requests, baseline bad."""
        return self.canary_requests, self.canary_bad, self.baseline_requests, self.baseline_bad


def _usual(ratio: ArrayLike, streams: int) -> Floats:
    array = floats("usual", ratio)
    if array.ndim > 1 or (array.ndim == 1 and array.size != streams):
        raise JudgeInputError(f"usual has shape {array.shape}; it must be one number, or one for each stream")
    if not np.all((array >= 1e-6) & (array <= 1e6)):
        raise JudgeInputError("usual must lie from 1e-6 to 1e6 everywhere")
    array = np.broadcast_to(array, (streams,))
    array.flags.writeable = False
    return array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sample:
    """One interval of all streams, shape (streams,): what a bet is settled on.

    `odds` is n_c/n_b, or 0 where the hypothesis has no baseline arm. `active` is False where there is nothing to
    compare; it depends on the requests only, never on the bad events, so leaving those intervals out is no selection.
    """

    requests: Floats
    bad: Floats
    baseline_requests: Floats
    baseline_bad: Floats
    odds: Floats
    active: Flags


def sample_at(counts: Counts, interval: int) -> Sample:
    """The interval as a two-arm comparison: inactive where either arm has no traffic."""
    n_c, x_c, n_b, x_b = (np.ascontiguousarray(array[:, interval]) for array in counts.arrays)
    active = (n_c > NO_TRAFFIC) & (n_b > NO_TRAFFIC)
    # A baseline that usually fails half as often is as good as one with half as many requests that fails as often.
    n_b = n_b / counts.usual
    odds = np.where(active, n_c / np.where(active, n_b, 1.0), 0.0)
    return Sample(requests=n_c, bad=x_c, baseline_requests=n_b, baseline_bad=x_b, odds=odds, active=active)


def canary_at(counts: Counts, interval: int) -> Sample:
    """The interval's canary arm alone, against a fixed rate: inactive where it has no requests."""
    return single_arm(counts.canary_requests[:, interval], counts.canary_bad[:, interval])


def single_arm(requests: Floats, bad: Floats) -> Sample:
    """One arm against a fixed rate: inactive where there are no requests."""
    none = np.zeros_like(requests)
    return Sample(
        requests=np.ascontiguousarray(requests),
        bad=np.ascontiguousarray(bad),
        baseline_requests=none,
        baseline_bad=none,
        odds=none,
        active=requests > NO_TRAFFIC,
    )
