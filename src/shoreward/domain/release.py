"""Releases: their phases, outcomes and evidence."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from shoreward.verdict import Verdict


class Outcome(StrEnum):
    """How a release ended. Failed (or rolled_back) is not errored: the change was bad, or we could not tell or act.

    FAILED: its checks said so before any customer was touched. ROLLED_BACK: customers were, and are not any more.
    SUPERSEDED: a later release, which carries all that it carried, went on in its place. DISPLACED: one did that is not
    known to carry it, so what it would have brought goes nowhere.
    """

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    ROLLED_BACK = "rolled_back"
    ABORTED = "aborted"
    ERRORED = "errored"
    SUPERSEDED = "superseded"
    DISPLACED = "displaced"

    @property
    def replaced(self) -> bool:
        """Whether a later release went on in its place."""
        return self in (Outcome.SUPERSEDED, Outcome.DISPLACED)


RollbackCause = Literal[
    "judged", "alarm", "deadline", "error", "person", "advisory", "quarantine", "gate", "group", "in the way"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Slower:
    """A point of how latency is distributed: so many requests took longer `than` so many milliseconds.

    Limits follow the baseline, so `than` is their mean over all requests that were held against them.
    """

    than: float
    requests: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What the judge saw of one metric of one function on one target, since the first shift.

    Attributes:
        function: logical id of a function or another resource; `*` for all of the application's functions together, ""
            for the target as a whole.
        metric: errors, latency, requests for those that stopped, or the name of another metric.
        e_rollback, e_promote: natural logarithms of the e-values.
        bar_rollback, bar_promote: what they must reach, likewise logarithms.
        needed: further canary requests until promotion at the observed rates; None when unknown or never.
        canary_value, baseline_value: means of a metric that is no count; None of one that is, and without values.
        noise: standard deviation that a value's difference was judged by; None when nobody knows it.
        strength: guaranteed, calibrated or weak (`judge.Strength`).
        controls: what stands in for the baseline where both revisions share a metric; "" for the old revision itself.
        canary_slower, baseline_slower: of a function's latency, from its fastest limit to its slowest.
    """

    function: str
    metric: str
    verdict: Verdict
    canary_requests: int = 0
    canary_bad: int = 0
    baseline_requests: int = 0
    baseline_bad: int = 0
    e_rollback: float = 0.0
    e_promote: float = 0.0
    bar_rollback: float = 0.0
    bar_promote: float = 0.0
    needed: int | None = None
    canary_value: float | None = None
    baseline_value: float | None = None
    noise: float | None = None
    strength: str = "guaranteed"
    controls: str = ""
    canary_slower: tuple[Slower, ...] = ()
    baseline_slower: tuple[Slower, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """One look at one target.

    Attributes:
        verdict: the worst of what was seen.
        until: end of the newest interval whose metrics had arrived, UNIX seconds.
        alarms: names of the alarms that were firing.
        reason: the verdict in words.
        cleared: percent of the traffic that a certified ramp's evidence permits; 0 where nothing was certified.
    """

    verdict: Verdict
    until: float
    reason: str
    evidence: tuple[Evidence, ...] = ()
    alarms: tuple[str, ...] = ()
    cleared: float = 0.0
