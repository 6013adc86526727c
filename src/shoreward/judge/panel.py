"""The panel: all metrics of all targets of a release, and the report on them.

Place in the flow: where the single judges and the budget meet. A `Panel` says what is asked, in groups of streams that
share a kind and its tests; a `Report` answers for every stream, every target and the release. `PanelState` leads from
one to the other.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from shoreward.judge.budget import Question
from shoreward.judge.checks import Flags, Floats, Whole
from shoreward.judge.counts import Counts
from shoreward.judge.drift import GaugePromotionTest, GaugeRollbackTest
from shoreward.judge.errors import JudgeInputError
from shoreward.judge.gauges import Gauges
from shoreward.judge.grid import Grid
from shoreward.judge.histograms import Histograms
from shoreward.judge.latency import LatencyPromotionTest, LatencyRollbackTest
from shoreward.judge.promotion import PromotionTest
from shoreward.judge.rollback import RollbackTest
from shoreward.judge.strength import Strength
from shoreward.verdict import VERDICTS, Verdict, worst

Samples = Counts | Histograms | Gauges


@dataclass(frozen=True, slots=True, kw_only=True)
class CountTests:
    """How a group of counts is judged."""

    rollback: RollbackTest
    promotion: PromotionTest


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyTests:
    """How a group of histograms on this grid is judged; history (streams, buckets) and memory as in `LatencyState`."""

    rollback: LatencyRollbackTest
    promotion: LatencyPromotionTest
    grid: Grid
    history: Floats | None = None
    memory: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class GaugeTests:
    """How a group of gauges is judged."""

    rollback: GaugeRollbackTest
    promotion: GaugePromotionTest


Tests = CountTests | LatencyTests | GaugeTests


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Streams of one kind and one set of tests, a question for each stream.

    critical: promotion needs a pass of every stream; otherwise the streams can only fail. The rollback test's alpha is
    every single stream's (`Budget.share`).
    """

    questions: tuple[Question, ...]
    tests: Tests
    strength: Strength
    critical: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """Everything that is asked of a release; alpha is the release's."""

    groups: tuple[Group, ...]
    alpha: float

    def __post_init__(self) -> None:
        spent = sum(len(group.questions) * group.tests.rollback.alpha for group in self.groups)
        if spent > self.alpha * (1 + 1e-9):
            raise JudgeInputError(f"the streams' alphas add up to {spent:.6g}, above the release's {self.alpha:.6g}")
        questions = [question for group in self.groups for question in group.questions]
        if len(set(questions)) != len(questions):
            raise JudgeInputError("a question stands twice in the panel")

    @property
    def log_shares(self) -> Floats:
        """Log of every stream's share of the release's alpha, in the order of the groups."""
        alphas = [group.tests.rollback.alpha for group in self.groups for _ in group.questions]
        return np.log(np.array(alphas)) - np.log(self.alpha)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Report:
    """Answers for all streams, in the order of the groups; arrays (streams,) as in `Judgement`.

    observed: ratio of counts, ratio of latencies or difference of gauges. release_log_e: log e-value against "no
    stream is harmful", its bar being log(1/alpha) of the release; `first_fail` of a stream that never failed is -1.
    """

    questions: tuple[Question, ...]
    strengths: tuple[Strength, ...]
    critical: Flags
    codes: Whole
    rollback_log_e: Floats
    promotion_log_e: Floats
    observed: Floats
    first_fail: Whole
    first_pass: Whole
    release_log_e: float
    release_first_fail: int

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """The verdict of every stream."""
        return tuple(VERDICTS[int(code)] for code in self.codes)

    @property
    def verdict(self) -> Verdict:
        """Of the release: fail if any stream or all together failed, else the worst of the critical streams."""
        if self.release_first_fail >= 0:
            return Verdict.FAIL
        return self._joined(range(len(self.questions)))

    @property
    def targets(self) -> dict[str, Verdict]:
        """Of every target by itself: where to roll back, and where to go on."""
        rows: dict[str, list[int]] = {}
        for row, question in enumerate(self.questions):
            rows.setdefault(question.target, []).append(row)
        return {target: self._joined(found) for target, found in rows.items()}

    def _joined(self, rows: Sequence[int] | range) -> Verdict:
        verdicts = self.verdicts
        if any(verdicts[row] is Verdict.FAIL for row in rows):
            return Verdict.FAIL
        return worst(verdicts[row] for row in rows if self.critical[row])
