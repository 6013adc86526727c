"""The judgement: one answer per stream, with everything needed to explain it.

Place in the flow: what the controller asks for after every interval. It adds no statistics; it says how rollback and
promotion evidence become a verdict, in one place.
"""

from dataclasses import dataclass

import numpy as np

from shoreward.judge.checks import Flags, Floats, Whole
from shoreward.judge.counts import NO_TRAFFIC, Counts
from shoreward.judge.errors import JudgeInputError
from shoreward.judge.promotion import PromotionState, PromotionTest
from shoreward.judge.rollback import RollbackState, RollbackTest
from shoreward.verdict import VERDICTS, Verdict


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judgement:
    """Answers at the last interval, arrays of shape (streams,).

    codes: severities of the verdicts (`VERDICTS[code]`). log e-values: natural logs at the last interval. rates: bad
    events per request over all intervals, 0 without requests. ratio: canary rate over baseline rate; inf when only
    the canary had bad events, 1 when neither had. first_fail, first_pass: intervals at which they were first reached,
    counted from the start of the state, -1 for never.
    """

    codes: Whole
    rollback_log_e: Floats
    promotion_log_e: Floats
    ratio: Floats
    canary_rate: Floats
    baseline_rate: Floats
    first_fail: Whole
    first_pass: Whole

    @property
    def observed(self) -> Floats:
        """The ratio: what a picture of counts shows."""
        return self.ratio

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """The verdict of every stream."""
        return tuple(VERDICTS[int(code)] for code in self.codes)


def judge_counts(counts: Counts, rollback: RollbackTest, promotion: PromotionTest) -> Judgement:
    """Judge all intervals at once."""
    failing, _, _ = RollbackState.begin(counts.streams, rollback).advance(counts, rollback)
    passing, _, _ = PromotionState.begin(counts.streams).advance(counts, promotion)
    return judge_states(failing, passing, rollback, promotion)


def judge_states(
    failing: RollbackState, passing: PromotionState, rollback: RollbackTest, promotion: PromotionTest
) -> Judgement:
    """Judge what both states have seen; the same samples in pieces or at once give the same answer.

    A stream fails if it ever failed, even after a pass: harm that was proven stays proven. Otherwise it passes if it
    ever passed. Without traffic in an arm over all intervals there is no data.
    """
    if failing.intervals != passing.intervals:
        raise JudgeInputError(
            f"the states have seen different times: {failing.intervals} and {passing.intervals} intervals"
        )
    totals = passing.totals
    silent = (totals.sums[0] <= NO_TRAFFIC) | (totals.sums[2] <= NO_TRAFFIC)
    codes = codes_of(failing.first_fail, passing.first_pass, silent)
    return Judgement(
        codes=codes,
        rollback_log_e=failing.log_e,
        promotion_log_e=passing.log_e,
        ratio=totals.ratio,
        canary_rate=totals.canary_rate,
        baseline_rate=totals.baseline_rate,
        first_fail=failing.first_fail,
        first_pass=passing.first_pass,
    )


def codes_of(first_fail: Whole, first_pass: Whole, silent: Flags) -> Whole:
    """The one rule of all judges: proven harm stays, then silence is no data, then a pass once reached stays."""
    codes = np.select(
        [first_fail >= 0, silent, first_pass >= 0],
        [Verdict.FAIL.severity, Verdict.NO_DATA.severity, Verdict.PASS.severity],
        default=Verdict.NOT_ENOUGH_EVIDENCE.severity,
    )
    return codes.astype(np.int64)
