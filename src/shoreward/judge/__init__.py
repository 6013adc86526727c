"""The judge: anytime-valid statistics on arrays, pure.

Place in the flow: metric adapters bring samples, the controller asks for a judgement after every interval, and the core
decides from the verdict. It may be asked at any moment, as often as one likes, and keeps its promised error rates. It
imports numpy and nothing else. Arrays are (streams, intervals); evidence is a natural log of an e-value. See
docs/judge.md.
"""

from shoreward.domain.verdict import VERDICTS, Verdict, worst
from shoreward.judge.absolute import absolute_evidence
from shoreward.judge.counts import Counts
from shoreward.judge.dispersion import CAUTIOUS_PHI, PhiEstimate, estimate_phi
from shoreward.judge.errors import JudgeInputError
from shoreward.judge.exceedances import Exceedances
from shoreward.judge.grid import Grid
from shoreward.judge.histograms import Histograms
from shoreward.judge.judgement import Judgement, judge_counts, judge_states
from shoreward.judge.latency import (
    LatencyPromotionState,
    LatencyPromotionTest,
    LatencyRollbackState,
    LatencyRollbackTest,
)
from shoreward.judge.needed import evidence_needed, needed_by
from shoreward.judge.promotion import PromotionState, PromotionTest, passes, promotion_evidence
from shoreward.judge.rollback import RollbackState, RollbackTest, fails, rollback_evidence
from shoreward.judge.slowness import LatencyJudgement, LatencyState, exceedances, judge_latency
from shoreward.judge.stopped import StoppedTest, requests_stopped, stopped_evidence

__all__ = [
    "CAUTIOUS_PHI",
    "VERDICTS",
    "Counts",
    "Exceedances",
    "Grid",
    "Histograms",
    "JudgeInputError",
    "Judgement",
    "LatencyJudgement",
    "LatencyPromotionState",
    "LatencyPromotionTest",
    "LatencyRollbackState",
    "LatencyRollbackTest",
    "LatencyState",
    "PhiEstimate",
    "PromotionState",
    "PromotionTest",
    "RollbackState",
    "RollbackTest",
    "StoppedTest",
    "Verdict",
    "absolute_evidence",
    "estimate_phi",
    "evidence_needed",
    "exceedances",
    "fails",
    "judge_counts",
    "judge_latency",
    "judge_states",
    "needed_by",
    "passes",
    "promotion_evidence",
    "requests_stopped",
    "rollback_evidence",
    "stopped_evidence",
    "worst",
]
