"""From gauges to an answer: rollback and promotion advanced together, with what the eye sees.

Place in the flow: what the controller asks for about a metric that is a value, not a count.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from shoreward.judge.checks import Floats, Whole, saved_array, saved_part
from shoreward.judge.drift import GaugePromotionState, GaugePromotionTest, GaugeRollbackState, GaugeRollbackTest
from shoreward.judge.gauges import Gauges
from shoreward.judge.judgement import codes_of
from shoreward.verdict import VERDICTS, Verdict


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GaugeJudgement:
    """Answers at the last interval: codes, log e-values, first_fail and first_pass as in `Judgement`, (streams,).

    canary, baseline: means over the intervals in which both had a datapoint, NaN without any.
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
        """Mean difference, canary minus baseline, (streams,); NaN without a pair of datapoints."""
        return self.canary - self.baseline


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GaugeState:
    """Rollback and promotion of the same streams, and sums (3, streams): pairs, canary values, baseline values."""

    failing: GaugeRollbackState
    passing: GaugePromotionState
    sums: Floats

    @classmethod
    def begin(cls, streams: int, rollback: GaugeRollbackTest, promotion: GaugePromotionTest) -> Self:
        """Before the first interval."""
        return cls(
            failing=GaugeRollbackState.begin(streams, rollback),
            passing=GaugePromotionState.begin(streams, promotion),
            sums=np.zeros((3, streams)),
        )

    def advance(
        self, samples: Gauges, rollback: GaugeRollbackTest, promotion: GaugePromotionTest
    ) -> tuple[Self, Floats, Floats]:
        """Go on by a block of intervals: the new state, log e-values of rollback and of promotion."""
        failing, harm, _ = self.failing.advance(samples, rollback)
        passing, safe, _ = self.passing.advance(samples, promotion)
        sums = self.sums
        for interval in range(samples.intervals):
            paired = samples.paired[:, interval]
            arms = (samples.canary[:, interval], samples.baseline[:, interval])
            sums = sums + np.stack((paired.astype(np.float64), *(np.where(paired, arm, 0.0) for arm in arms)))
        return type(self)(failing=failing, passing=passing, sums=sums), harm, safe

    def judgement(self) -> GaugeJudgement:
        """The answer after what has been seen so far."""
        pairs = np.where(self.sums[0] > 0, self.sums[0], np.nan)
        return GaugeJudgement(
            codes=codes_of(self.failing.first_fail, self.passing.first_pass, self.passing.silent),
            rollback_log_e=self.failing.log_e,
            promotion_log_e=self.passing.log_e,
            canary=self.sums[1] / pairs,
            baseline=self.sums[2] / pairs,
            first_fail=self.failing.first_fail,
            first_pass=self.passing.first_pass,
        )

    def to_dict(self) -> dict[str, object]:
        """Plain lists and numbers, fit for JSON; `from_dict` restores the state bit for bit."""
        return {"failing": self.failing.to_dict(), "passing": self.passing.to_dict(), "sums": self.sums.tolist()}

    @classmethod
    def from_dict(cls, saved: Mapping[str, object], rollback: GaugeRollbackTest, promotion: GaugePromotionTest) -> Self:
        """A state out of `to_dict`; raises `JudgeInputError` when it is not one of such tests."""
        failing = GaugeRollbackState.from_dict(saved_part(saved, "failing"), rollback)
        return cls(
            failing=failing,
            passing=GaugePromotionState.from_dict(saved_part(saved, "passing"), promotion),
            sums=saved_array(saved, "sums", (3, failing.first_fail.size)),
        )


def judge_gauges(samples: Gauges, rollback: GaugeRollbackTest, promotion: GaugePromotionTest) -> GaugeJudgement:
    """Judge all intervals at once."""
    return GaugeState.begin(samples.streams, rollback, promotion).advance(samples, rollback, promotion)[0].judgement()
