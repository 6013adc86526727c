"""What comes of recorded samples: how they are judged, and the answers of a stream after each interval."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from shoreward.app.recorded.streams import Samples
from shoreward.domain import JudgePolicy, Verdict, worst
from shoreward.judge import Confidence, Direction

Floats = NDArray[np.float64]
Kind = Literal["counts", "latency", "gauge"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a file is judged.

    Attributes:
        policy: alpha of the whole file, beta and margins; over-dispersion where history does not tell it.
        horizon: intervals over which a regression may begin; the bake's length.
        direction: which way harm lies in gauges.
        gauge_margin: a difference of a gauge that is harmless, as a share of the baseline's mean.
        history: samples of a time without a change, from which over-dispersion and the noise of gauges are read;
            without it gauges give no evidence.
    """

    policy: JudgePolicy = field(default_factory=JudgePolicy)
    horizon: int = 60
    direction: Direction = Direction.BOTH
    gauge_margin: float = 0.1
    history: Samples | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judged:
    """One stream's answers, after each interval: arrays (intervals,).

    Attributes:
        kind: counts and latency are ratios of canary to baseline, gauges are differences.
        times: when each interval began.
        rollback, promotion: log e-values against "harmless" and against "harmful".
        bar_rollback, bar_promotion: the log e-values that decide.
        verdicts: the answer after each interval.
        confidence: bounds on the ratio or difference, and what was observed.
        margins: ratio or difference beyond which harm, and below which safety is tested.
        phi: over-dispersion that was reckoned with; of a gauge, its noise.
        known: whether history told it.
    """

    target: str
    metric: str
    kind: Kind
    times: tuple[datetime, ...]
    rollback: Floats
    promotion: Floats
    bar_rollback: float
    bar_promotion: float
    verdicts: tuple[Verdict, ...]
    confidence: Confidence
    margins: tuple[float, float]
    phi: float
    known: bool

    @property
    def verdict(self) -> Verdict:
        """The answer after the last interval."""
        return self.verdicts[-1]

    @property
    def at(self) -> datetime | None:
        """When the last answer was first given, if it is one that decides."""
        if self.verdict not in (Verdict.FAIL, Verdict.PASS):
            return None
        return self.times[self.verdicts.index(self.verdict)]


def overall(judged: tuple[Judged, ...]) -> tuple[Verdict, datetime | None]:
    """The answer to all streams together, and when it was reached: at the first failure, or at the last pass."""
    verdict = worst(each.verdict for each in judged)
    ends = [each.at for each in judged if each.verdict is verdict and each.at is not None]
    if not ends:
        return verdict, None
    return verdict, min(ends) if verdict is Verdict.FAIL else max(ends)
