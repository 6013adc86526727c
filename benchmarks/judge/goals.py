"""What was promised, and whether this run keeps it.

The ratios are those of a study that came before the judge was built: each peer's delay over this judge's, where both
find at least 95 % of the runs.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.judge import judges, summary
from benchmarks.judge.disturbed import DISTURBANCES
from benchmarks.judge.regions import EACH
from benchmarks.judge.summary import Results

ALPHA = 0.01
STUDY = {
    judges.KAYENTA: {"x1.5": 1.6, "x2": 1.8, "x5": 2.4, "+1 pp": 2.3, "x5 from minute 20": 8.3},
    judges.KAYENTA_EQUAL: {"x1.5": 2.9, "x2": 3.1, "x5": 4.6, "+1 pp": 4.3, "x5 from minute 20": 12},
    judges.CLOUDWATCH: {"x2": 1.5, "x5": 1.1, "+1 pp": 1.5, "x5 from minute 20": 0.5},
    judges.POCOCK: {"x1.5": 0.48, "x2": 0.52, "x5": 0.55, "+1 pp": 0.49, "x5 from minute 20": 0.63},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """A promise, what it asks, what was measured (None: no cell to compare), and whether it is kept."""

    promise: str
    asked: float
    measured: float | None
    kept: bool | None
    median: float | None = None


def rates(results: Results) -> Iterator[Goal]:
    """False rollbacks: at most alpha in every cell."""
    harmless = summary.rows(results, "harmless")
    for judge in (judges.OURS, judges.OURS_SHIPPED, judges.OURS_CALIBRATED):
        yield _at_most(f"A/A, worst of {len(harmless)} cells, {judge}", summary.false_rollbacks(harmless, judge).worst)
    for name in DISTURBANCES:
        worst = summary.false_rollbacks(summary.rows(results, "robust", name), judges.OURS_CALIBRATED).worst
        yield _at_most(f"A/A under disturbance, worst cell, calibrated: {name}", worst)
    for scenario, judge in (("day", judges.OURS), ("linear", judges.OURS), ("regions", EACH)):
        worst = summary.false_rollbacks(summary.rows(results, scenario, "none"), judge).worst
        yield _at_most(f"A/A, worst cell: {scenario}", worst)


def delays(results: Results) -> Iterator[Goal]:
    """Peers' delays over this judge's: at least those of the study."""
    for judge, asked in STUDY.items():
        for effect, least in asked.items():
            ratio = summary.ratio(summary.rows(results, "effect", effect), judge)
            kept = None if ratio is None else round(ratio.mean, 2) >= least
            measured = None if ratio is None else ratio.mean
            median = None if ratio is None else ratio.median
            yield Goal(promise=f"{judge}, {effect}", asked=least, measured=measured, kept=kept, median=median)


def _at_most(promise: str, worst: float) -> Goal:
    return Goal(promise=promise, asked=ALPHA, measured=worst, kept=worst <= ALPHA)
