"""From histograms to an answer about latency: reference, rollback and promotion advanced together.

Place in the flow: what the controller asks for when a metric source has histograms. Where a source counts exceedances
by itself, `LatencyRollbackState` and `LatencyPromotionState` are asked directly.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from shoreward.judge.checks import Floats, Whole, saved_part, table
from shoreward.judge.errors import JudgeInputError
from shoreward.judge.exceedances import Exceedances
from shoreward.judge.grid import Grid
from shoreward.judge.histograms import Histograms
from shoreward.judge.judgement import codes_of
from shoreward.judge.latency import (
    LatencyPromotionState,
    LatencyPromotionTest,
    LatencyRollbackState,
    LatencyRollbackTest,
)
from shoreward.judge.reference import Reference, through
from shoreward.verdict import VERDICTS, Verdict


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LatencyJudgement:
    """Answers at the last interval: codes, log e-values, first_fail and first_pass as in `Judgement`, (streams,).

    canary, baseline: latencies (levels, streams) at the rollback test's levels, of late, in the grid's unit, to one
    bucket; NaN while an arm has no requests.
    """

    codes: Whole
    rollback_log_e: Floats
    promotion_log_e: Floats
    canary: Floats
    baseline: Floats
    first_fail: Whole
    first_pass: Whole

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """The verdict of every stream."""
        return tuple(VERDICTS[int(code)] for code in self.codes)

    @property
    def observed(self) -> Floats:
        """Canary latency over baseline latency at the first level, (streams,); NaN while an arm has no requests."""
        return self.ratio[0]

    @property
    def ratio(self) -> Floats:
        """Canary latency over baseline latency, (levels, streams); NaN while an arm has no requests."""
        return self.canary / self.baseline


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LatencyState:
    """Reference, rollback and promotion of the same streams."""

    reference: Reference
    failing: LatencyRollbackState
    passing: LatencyPromotionState

    @classmethod
    def begin(
        cls,
        streams: int,
        grid: Grid,
        rollback: LatencyRollbackTest,
        promotion: LatencyPromotionTest,
        *,
        history: Floats | None = None,
        memory: float = 60.0,
    ) -> Self:
        """Before the first interval.

        history: the baseline's histogram (streams, buckets) from before the bake; without one, the first interval
        only teaches the limits. memory: intervals over which the limits follow the baseline.
        """
        return cls(
            reference=begin_reference(streams, grid, history, memory),
            failing=LatencyRollbackState.begin(streams, rollback),
            passing=LatencyPromotionState.begin(streams, promotion),
        )

    def advance(
        self, samples: Histograms, rollback: LatencyRollbackTest, promotion: LatencyPromotionTest
    ) -> tuple[Self, Floats, Floats]:
        """Go on by a block of intervals: the new state, log e-values of rollback and of promotion."""
        failing, passing = self.failing, self.passing
        fitting_grid(samples, self.reference)
        harm, safe = (np.zeros((samples.streams, samples.intervals)) for _ in range(2))
        up, down = samples.grid.steps_at_least(rollback.margin), samples.grid.steps_at_most(promotion.margin)
        reference, (beyond, below) = through(self.reference, samples, ((rollback.levels, up), (promotion.levels, down)))
        for interval in range(samples.intervals):
            failing, harm[:, interval], _ = failing.settle(beyond.at(interval), rollback)
            passing, safe[:, interval], _ = passing.settle(below.at(interval), promotion)
        return type(self)(reference=reference, failing=failing, passing=passing), harm, safe

    def judgement(self, levels: tuple[float, ...] = (0.5, 0.9, 0.99)) -> LatencyJudgement:
        """The answer after what has been seen so far, with the arms' latencies at these levels."""
        canary, baseline = self.reference.latencies(levels)
        return LatencyJudgement(
            codes=codes_of(self.failing.first_fail, self.passing.first_pass, self.passing.silent),
            rollback_log_e=self.failing.log_e,
            promotion_log_e=self.passing.log_e,
            canary=canary,
            baseline=baseline,
            first_fail=self.failing.first_fail,
            first_pass=self.passing.first_pass,
        )

    def to_dict(self) -> dict[str, object]:
        """Plain lists and numbers, fit for JSON; `from_dict` restores the state bit for bit."""
        return {
            "reference": self.reference.to_dict(),
            "failing": self.failing.to_dict(),
            "passing": self.passing.to_dict(),
        }

    @classmethod
    def from_dict(
        cls,
        saved: Mapping[str, object],
        grid: Grid,
        rollback: LatencyRollbackTest,
        promotion: LatencyPromotionTest,
    ) -> Self:
        """A state out of `to_dict`; raises `JudgeInputError` when it is not one of such tests on such a grid."""
        return cls(
            reference=Reference.from_dict(saved_part(saved, "reference"), grid),
            failing=LatencyRollbackState.from_dict(saved_part(saved, "failing"), rollback),
            passing=LatencyPromotionState.from_dict(saved_part(saved, "passing"), promotion),
        )


def judge_latency(
    samples: Histograms,
    rollback: LatencyRollbackTest,
    promotion: LatencyPromotionTest,
    *,
    history: Floats | None = None,
    memory: float = 60.0,
) -> LatencyJudgement:
    """Judge all intervals at once."""
    state = LatencyState.begin(samples.streams, samples.grid, rollback, promotion, history=history, memory=memory)
    return state.advance(samples, rollback, promotion)[0].judgement(rollback.levels)


def exceedances(
    samples: Histograms,
    levels: tuple[float, ...],
    steps: int,
    *,
    history: Floats | None = None,
    memory: float = 60.0,
) -> Exceedances:
    """What the latency tests see of histograms, `steps` being the margin in buckets; for calibration and pictures.

    Intervals before a reference is known have no requests here.
    """
    reference = begin_reference(samples.streams, samples.grid, history, memory)
    _, (seen,) = through(reference, samples, ((levels, steps),))
    arms = (seen.requests, seen.slow, seen.baseline_requests, seen.baseline_slow)
    return Exceedances(*(each * seen.active for each in arms))


def begin_reference(streams: int, grid: Grid, history: Floats | None, memory: float) -> Reference:
    """A reference with checked history and memory."""
    if not 1 <= memory <= 1e9:
        raise JudgeInputError(f"memory is {memory}; it must lie from 1 to 1e9 intervals")
    if history is not None:
        history = table("history", history, ("streams", "buckets"))
        if history.shape != (streams, grid.buckets):
            raise JudgeInputError(f"history has shape {history.shape}; it needs ({streams}, {grid.buckets})")
    return Reference.begin(streams, grid, memory=memory, history=history)


def fitting_grid(samples: Histograms, reference: Reference) -> None:
    """Refuse histograms of another grid or other streams than the reference's."""
    if samples.grid != reference.grid or samples.streams != reference.recent.shape[1]:
        raise JudgeInputError(
            f"the state has {reference.recent.shape[1]} streams on {reference.grid}, "
            f"the samples {samples.streams} on {samples.grid}"
        )
