"""The judge: anytime-valid statistics on arrays, pure.

Place in the flow: metric adapters bring samples, the controller asks for a judgement after every interval, and the core
decides from the verdict. It may be asked at any moment, as often as one likes, and keeps its promised error rates. It
imports numpy and nothing else, so it can be used alone. Arrays are (streams, intervals); evidence is a natural log of
an e-value. See docs/judge.md.
"""

from shoreward.judge.absolute import absolute_evidence
from shoreward.judge.budget import Budget, Question
from shoreward.judge.confidence import Confidence, difference_confidence, latency_confidence, ratio_confidence
from shoreward.judge.controls import (
    Usual,
    control_counts,
    control_gauges,
    control_histograms,
    estimate_usual,
    own_past_counts,
)
from shoreward.judge.counts import Counts
from shoreward.judge.dispersion import CAUTIOUS_PHI, PhiEstimate, estimate_latency_phi, estimate_phi
from shoreward.judge.drift import GaugePromotionState, GaugePromotionTest, GaugeRollbackState, GaugeRollbackTest
from shoreward.judge.drifting import GaugeJudgement, GaugeState, judge_gauges
from shoreward.judge.errors import JudgeInputError
from shoreward.judge.exceedances import Exceedances
from shoreward.judge.gauges import Direction, GaugeNoise, Gauges, estimate_noise
from shoreward.judge.grid import Grid
from shoreward.judge.histograms import Histograms
from shoreward.judge.judgement import Judgement, codes_of, judge_counts, judge_states
from shoreward.judge.latency import (
    LatencyPromotionState,
    LatencyPromotionTest,
    LatencyRollbackState,
    LatencyRollbackTest,
)
from shoreward.judge.needed import evidence_needed, needed_by
from shoreward.judge.panel import CountTests, GaugeTests, Group, LatencyTests, Panel, Report
from shoreward.judge.panel_state import PanelState, judge_panel
from shoreward.judge.promotion import PromotionState, PromotionTest, passes, promotion_evidence
from shoreward.judge.rollback import RollbackState, RollbackTest, fails, rollback_evidence
from shoreward.judge.slowness import LatencyJudgement, LatencyState, exceedances, judge_latency
from shoreward.judge.stopped import StoppedTest, requests_stopped, stopped_evidence
from shoreward.judge.strength import Strength, weakest
from shoreward.judge.watching import watching
from shoreward.verdict import VERDICTS, Verdict, worst

__all__ = [
    "CAUTIOUS_PHI",
    "VERDICTS",
    "Budget",
    "Confidence",
    "CountTests",
    "Counts",
    "Direction",
    "Exceedances",
    "GaugeJudgement",
    "GaugeNoise",
    "GaugePromotionState",
    "GaugePromotionTest",
    "GaugeRollbackState",
    "GaugeRollbackTest",
    "GaugeState",
    "GaugeTests",
    "Gauges",
    "Grid",
    "Group",
    "Histograms",
    "JudgeInputError",
    "Judgement",
    "LatencyJudgement",
    "LatencyPromotionState",
    "LatencyPromotionTest",
    "LatencyRollbackState",
    "LatencyRollbackTest",
    "LatencyState",
    "LatencyTests",
    "Panel",
    "PanelState",
    "PhiEstimate",
    "PromotionState",
    "PromotionTest",
    "Question",
    "Report",
    "RollbackState",
    "RollbackTest",
    "StoppedTest",
    "Strength",
    "Usual",
    "Verdict",
    "absolute_evidence",
    "codes_of",
    "control_counts",
    "control_gauges",
    "control_histograms",
    "difference_confidence",
    "estimate_latency_phi",
    "estimate_noise",
    "estimate_phi",
    "estimate_usual",
    "evidence_needed",
    "exceedances",
    "fails",
    "judge_counts",
    "judge_gauges",
    "judge_latency",
    "judge_panel",
    "judge_states",
    "latency_confidence",
    "needed_by",
    "own_past_counts",
    "passes",
    "promotion_evidence",
    "ratio_confidence",
    "requests_stopped",
    "rollback_evidence",
    "stopped_evidence",
    "watching",
    "weakest",
    "worst",
]
