"""Everything of a release judged together, interval by interval.

Place in the flow: between a `Panel` and its `Report`. It advances every group's own state, and adds one piece of
evidence: the streams' wealth against harmlessness, weighted by their shares of the budget and added up, is wealth
against "no stream is harmful", for the mean of e-values is one. It reaches 1/alpha whenever a single stream reaches its
own bar, so it costs nothing beside them, and earlier when a regression shows a little everywhere. Nothing is pooled: a
regression in one of twenty regions is found by that region's own wealth.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self, assert_never

import numpy as np

from shoreward.judge.checks import Floats, field, saved_part
from shoreward.judge.counts import Counts
from shoreward.judge.drifting import GaugeJudgement, GaugeState
from shoreward.judge.errors import JudgeInputError
from shoreward.judge.gauges import Gauges
from shoreward.judge.histograms import Histograms
from shoreward.judge.judgement import Judgement, judge_states
from shoreward.judge.panel import CountTests, GaugeTests, LatencyTests, Panel, Report, Samples, Tests
from shoreward.judge.promotion import PromotionState
from shoreward.judge.rollback import RollbackState
from shoreward.judge.slowness import LatencyJudgement, LatencyState

GroupJudgement = Judgement | LatencyJudgement | GaugeJudgement
GroupState = LatencyState | GaugeState | tuple[RollbackState, PromotionState]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PanelState:
    """The states of all groups; `release_log_e` and `release_first_fail` as in `Report`."""

    states: tuple[GroupState, ...]
    intervals: int
    release_log_e: float
    release_first_fail: int

    @classmethod
    def begin(cls, panel: Panel) -> Self:
        """Before the first interval."""
        states = tuple(_begin(group.tests, len(group.questions)) for group in panel.groups)
        return cls(states=states, intervals=0, release_log_e=0.0, release_first_fail=-1)

    def advance(self, panel: Panel, samples: Sequence[Samples]) -> Self:
        """Go on by a block of intervals, the same for all groups; samples in the order of the groups."""
        lengths = {each.intervals for each in samples}
        if len(samples) != len(panel.groups) or len(lengths) > 1:
            raise JudgeInputError(
                f"{len(panel.groups)} groups need as many samples of equal length, not "
                f"{[each.intervals for each in samples]} intervals"
            )
        moves = [
            _advance(state, group.tests, each)
            for state, group, each in zip(self.states, panel.groups, samples, strict=True)
        ]
        log_e, first = self.release_log_e, self.release_first_fail
        bar, shares = -np.log(panel.alpha), panel.log_shares
        for interval in range(max(lengths, default=0)):
            harm = np.concatenate([harm[:, interval] for _, harm in moves])
            log_e = _added(harm, shares)
            if first < 0 and log_e >= bar:
                first = self.intervals + interval
        return type(self)(
            states=tuple(state for state, _ in moves),
            intervals=self.intervals + max(lengths, default=0),
            release_log_e=log_e,
            release_first_fail=first,
        )

    def report(self, panel: Panel) -> Report:
        """The answers after what has been seen so far."""
        answers = [_judgement(state, group.tests) for state, group in zip(self.states, panel.groups, strict=True)]
        sizes = [len(group.questions) for group in panel.groups]
        return Report(
            questions=tuple(question for group in panel.groups for question in group.questions),
            strengths=tuple(group.strength for group in panel.groups for _ in group.questions),
            critical=np.repeat([group.critical for group in panel.groups], sizes),
            codes=np.concatenate([each.codes for each in answers]),
            rollback_log_e=np.concatenate([each.rollback_log_e for each in answers]),
            promotion_log_e=np.concatenate([each.promotion_log_e for each in answers]),
            observed=np.concatenate([each.observed for each in answers]),
            first_fail=np.concatenate([each.first_fail for each in answers]),
            first_pass=np.concatenate([each.first_pass for each in answers]),
            release_log_e=self.release_log_e,
            release_first_fail=self.release_first_fail,
        )

    def to_dict(self) -> dict[str, object]:
        """Plain lists and numbers, fit for JSON; `from_dict` restores the state bit for bit."""
        return {
            "groups": {str(place): _saved(state) for place, state in enumerate(self.states)},
            "intervals": self.intervals,
            "release_log_e": self.release_log_e,
            "release_first_fail": self.release_first_fail,
        }

    @classmethod
    def from_dict(cls, saved: Mapping[str, object], panel: Panel) -> Self:
        """A state out of `to_dict`; raises `JudgeInputError` when it is not one of such a panel."""
        groups = saved_part(saved, "groups")
        states = tuple(
            _restored(saved_part(groups, str(place)), group.tests) for place, group in enumerate(panel.groups)
        )
        match field(saved, "intervals"), field(saved, "release_log_e"), field(saved, "release_first_fail"):
            case int(intervals), float(log_e), int(first) if np.isfinite(log_e):
                return cls(states=states, intervals=intervals, release_log_e=log_e, release_first_fail=first)
            case _:
                raise JudgeInputError("the saved state's account of the release is damaged")


def judge_panel(panel: Panel, samples: Sequence[Samples]) -> Report:
    """Judge all intervals at once."""
    return PanelState.begin(panel).advance(panel, samples).report(panel)


def _begin(tests: Tests, streams: int) -> GroupState:
    match tests:
        case CountTests():
            return RollbackState.begin(streams, tests.rollback), PromotionState.begin(streams)
        case LatencyTests():
            return LatencyState.begin(
                streams, tests.grid, tests.rollback, tests.promotion, history=tests.history, memory=tests.memory
            )
        case GaugeTests():
            return GaugeState.begin(streams, tests.rollback, tests.promotion)
        case _:
            assert_never(tests)


def _advance(state: GroupState, tests: Tests, samples: Samples) -> tuple[GroupState, Floats]:
    """The new state, and rollback's log e-values (streams, intervals)."""
    match state, tests, samples:
        case (RollbackState() as failing, PromotionState() as passing), CountTests(), Counts():
            failing, harm, _ = failing.advance(samples, tests.rollback)
            passing, _, _ = passing.advance(samples, tests.promotion)
            return (failing, passing), harm
        case LatencyState(), LatencyTests(), Histograms():
            after, harm, _ = state.advance(samples, tests.rollback, tests.promotion)
            return after, harm
        case GaugeState(), GaugeTests(), Gauges():
            after, harm, _ = state.advance(samples, tests.rollback, tests.promotion)
            return after, harm
        case _:
            raise JudgeInputError(f"{type(samples).__name__} are not what {type(tests).__name__} judge")


def _judgement(state: GroupState, tests: Tests) -> GroupJudgement:
    match state, tests:
        case (RollbackState() as failing, PromotionState() as passing), CountTests():
            return judge_states(failing, passing, tests.rollback, tests.promotion)
        case LatencyState(), LatencyTests():
            return state.judgement(tests.rollback.levels)
        case GaugeState(), GaugeTests():
            return state.judgement()
        case _:
            raise JudgeInputError(f"the state is not one of {type(tests).__name__}")


def _saved(state: GroupState) -> dict[str, object]:
    match state:
        case (failing, passing):
            return {"failing": failing.to_dict(), "passing": passing.to_dict()}
        case _:
            return state.to_dict()


def _restored(saved: Mapping[str, object], tests: Tests) -> GroupState:
    match tests:
        case CountTests():
            failing, passing = saved_part(saved, "failing"), saved_part(saved, "passing")
            return RollbackState.from_dict(failing), PromotionState.from_dict(passing)
        case LatencyTests():
            return LatencyState.from_dict(saved, tests.grid, tests.rollback, tests.promotion)
        case GaugeTests():
            return GaugeState.from_dict(saved, tests.rollback, tests.promotion)
        case _:
            assert_never(tests)


def _added(log_e: Floats, log_shares: Floats) -> float:
    """Log of the weighted sum of e-values; what of alpha is shared out to nobody stays as it is."""
    rest = max(1 - float(np.exp(log_shares).sum()), 0.0)
    terms = np.append(log_e + log_shares, np.log(rest) if rest > 0 else -np.inf)
    top = float(terms.max())
    # Sorted, so that the order of the streams does not show in the last digit.
    return top + float(np.log(np.sort(np.exp(terms - top)).sum()))
