"""The gauge test: has the difference between the arms moved beyond its margin, or is it proven not to have?

Place in the flow: advanced by every interval of a bake, as the tests of counts and latency are, with bets on a Gaussian
difference of known long-run noise s: for z = (canary - baseline - usual - margin) / s a bet on l pays

    e = exp(l*z - l*l/2)

whose product is at most 1 on average for independent Gaussian differences of mean 0 or less and variance s*s, and comes
near it for dependent and other ones over some tens of intervals, by the central limit theorem: calibrated, not
guaranteed. A difference beyond four times the noise counts as four: a single spike tells no more than that.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self, assert_never

import numpy as np
from numpy.typing import ArrayLike

from shoreward.judge.checks import Flags, Floats, floats, within
from shoreward.judge.errors import JudgeInputError
from shoreward.judge.gauges import NO_NOISE, Direction, Gauges
from shoreward.judge.ratios import DRIFTS
from shoreward.judge.wealth import HarmWealth, SafetyWealth

LARGEST_STEP = 4.0
"""In units of the noise; the most that one interval's difference counts for."""


def checked_sizes(name: str, values: ArrayLike, *, least: float, below: float = np.inf) -> float | Floats:
    """One number or one per stream, each from `least` up to `below`."""
    array = floats(name, values)
    if array.ndim > 1 or not np.all((array >= least) & (array <= below)):
        raise JudgeInputError(f"{name} must be one number, or one per stream, each from {least} to {below}")
    array.flags.writeable = False
    return array if array.ndim else float(array)


@dataclass(frozen=True, kw_only=True, eq=False)
class GaugeTest:
    """What rollback and promotion of a gauge share; sizes are in the gauge's unit, a number or one per stream.

    direction: which way is harm. noise: long-run standard deviation of one interval's difference (`estimate_noise`);
    inf gives no evidence at all. margin: a difference this large is still harmless. usual: the difference without a
    change.
    """

    direction: Direction
    noise: float | Floats
    margin: float | Floats
    usual: float | Floats = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "noise", checked_sizes("noise", self.noise, least=NO_NOISE))
        object.__setattr__(self, "margin", checked_sizes("margin", self.margin, least=0.0, below=1e100))
        object.__setattr__(self, "usual", checked_sizes("usual", self.usual, least=-1e100, below=1e100))

    @property
    def signs(self) -> tuple[float, ...]:
        """The sides on which harm lies: +1 above, -1 below."""
        match self.direction:
            case Direction.HIGHER:
                return (1.0,)
            case Direction.LOWER:
                return (-1.0,)
            case Direction.BOTH:
                return (1.0, -1.0)
            case _:
                assert_never(self.direction)

    def beyond(self, difference: Floats, active: Flags) -> Floats:
        """How far each side's difference is beyond its margin, in units of the noise: (sides, streams)."""
        moved = difference - self.usual
        scaled = np.stack([(sign * moved - self.margin) / self.noise for sign in self.signs])
        return np.where(active, np.clip(scaled, -LARGEST_STEP, LARGEST_STEP), 0.0)

    def fitting(self, streams: int) -> None:
        """Refuse sizes for other streams."""
        for name, size in (("noise", self.noise), ("margin", self.margin), ("usual", self.usual)):
            if isinstance(size, np.ndarray) and size.shape != (streams,):
                raise JudgeInputError(f"{name} has {size.size} values for {streams} streams")

    def informed(self, active: Flags) -> Flags:
        """Where there is a pair of datapoints and the noise is known."""
        return active & np.isfinite(self.noise)


@dataclass(frozen=True, kw_only=True, eq=False)
class GaugeRollbackTest(GaugeTest):
    """Harm is a mean difference beyond usual and margin; a false rollback has probability at most about alpha.

    horizon: intervals over which the change may begin. fewest: as in `RollbackTest`.
    """

    alpha: float = 0.01
    horizon: int = 60
    fewest: int = 2

    def __post_init__(self) -> None:
        GaugeTest.__post_init__(self)
        within("fewest", self.fewest, 2, 10**6, closed=True)
        within("alpha", self.alpha, 0, 1)
        within("horizon", self.horizon, 1, 10**9, closed=True)

    @property
    def threshold(self) -> float:
        """The log e-value that decides: log(1/alpha)."""
        return -float(np.log(self.alpha))


@dataclass(frozen=True, kw_only=True, eq=False)
class GaugePromotionTest(GaugeTest):
    """Safe is a mean difference within the margin; an unsafe canary passes with probability at most about beta."""

    beta: float = 0.05

    def __post_init__(self) -> None:
        GaugeTest.__post_init__(self)
        within("beta", self.beta, 0, 1)

    @property
    def threshold(self) -> float:
        """The log e-value that decides: log(1/beta)."""
        return -float(np.log(self.beta))


class GaugeRollbackState(HarmWealth):
    """Everything gauge rollback remembers, a stake for every side and size of the drift."""

    __slots__ = ()
    KIND = "gauge rollback"

    @classmethod
    def begin(cls, streams: int, test: GaugeRollbackTest) -> Self:
        """Before the first interval."""
        return cls.of(len(test.signs) * len(DRIFTS), streams, test.horizon)

    def advance(self, samples: Gauges, test: GaugeRollbackTest) -> tuple[Self, Floats, Flags]:
        """Go on by a block of intervals: the new state, log e-values and fails, each (streams, intervals)."""
        _fitting(samples, self.first_fail.size, test)
        state, paired, difference = self, samples.paired, samples.difference
        log_e, failed = np.zeros(paired.shape), np.zeros(paired.shape, dtype=np.bool_)
        for interval in range(samples.intervals):
            active = test.informed(paired[:, interval])
            z = test.beyond(difference[:, interval], active)
            bets = _bets(z, DRIFTS, active).reshape(-1, samples.streams)
            state, log_e[:, interval], failed[:, interval] = state.collected(
                bets, active, threshold=test.threshold, horizon=test.horizon, fewest=test.fewest
            )
        return state, log_e, failed

    @classmethod
    def from_dict(cls, saved: Mapping[str, object], test: GaugeRollbackTest) -> Self:
        """A state out of `to_dict`; raises `JudgeInputError` when it is not one of such a test."""
        return cls.restored(saved, len(test.signs) * len(DRIFTS))


class GaugePromotionState(SafetyWealth):
    """Everything gauge promotion remembers; `amounts` count datapoints."""

    __slots__ = ()
    KIND = "gauge promotion"

    @classmethod
    def begin(cls, streams: int, test: GaugePromotionTest) -> Self:
        """Before the first interval."""
        return cls.of(len(test.signs), len(DRIFTS), streams)

    def advance(self, samples: Gauges, test: GaugePromotionTest) -> tuple[Self, Floats, Flags]:
        """Go on by a block of intervals: the new state, log e-values and passes, each (streams, intervals)."""
        _fitting(samples, self.first_pass.size, test)
        state, paired, difference = self, samples.paired, samples.difference
        log_e, passed = np.zeros(paired.shape), np.zeros(paired.shape, dtype=np.bool_)
        for interval in range(samples.intervals):
            active = test.informed(paired[:, interval])
            z = test.beyond(difference[:, interval], active)
            seen = np.stack([~np.isnan(arm[:, interval]) for arm in (samples.canary, samples.baseline)])
            state, log_e[:, interval], passed[:, interval] = state.multiplied(
                _bets(z, -DRIFTS, active), seen.astype(np.float64), threshold=test.threshold
            )
        return state, log_e, passed

    @classmethod
    def from_dict(cls, saved: Mapping[str, object], test: GaugePromotionTest) -> Self:
        """A state out of `to_dict`; raises `JudgeInputError` when it is not one of such a test."""
        return cls.restored(saved, len(test.signs), len(DRIFTS))


def _bets(z: Floats, drifts: Floats, active: Flags) -> Floats:
    """Log e-values (sides, drifts, streams); exactly 0 where inactive."""
    bets = drifts[:, None] * z[:, None, :] - (drifts * drifts / 2)[:, None]
    return np.where(active, bets, 0.0)


def _fitting(samples: Gauges, streams: int, test: GaugeTest) -> None:
    if samples.streams != streams:
        raise JudgeInputError(f"the state has {streams} streams, the samples {samples.streams}")
    test.fitting(streams)
