"""Sums over cells: from rows of results to the few numbers that tables, figures and goals are made of."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import exp, log
from statistics import median
from typing import Any

from benchmarks.judge import judges
from benchmarks.judge.outcome import interval

Row = dict[str, Any]
Results = dict[str, Any]
ENOUGH = 0.95
"""Delays are compared where both judges find this share of the runs."""


def rows(results: Results, scenario: str, effect: str | None = None) -> list[Row]:
    """The rows of a scenario, of one effect or of all."""
    of = [row for row in results["scenarios"] if row["scenario"] == scenario]
    return of if effect is None else [row for row in of if row["effect"] == effect]


def effects(results: Results, scenario: str) -> list[str]:
    """The effects of a scenario, in order."""
    return list(dict.fromkeys(row["effect"] for row in rows(results, scenario)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Shares of runs over cells: their mean, the worst cell's with its 95 % interval, and in how many cells it is
    above 1 %.
    """

    mean: float
    worst: float
    low: float
    high: float
    above: int
    cells: int


def false_rollbacks(of: Sequence[Row], judge: str) -> Rates:
    """How often a judge rolled back what harms nobody."""
    counted = [(row["judges"][judge]["stopped"], row["judges"][judge].get("runs", row["runs"])) for row in of]
    shares = [hits / runs for hits, runs in counted]
    hits, runs = max(counted, key=lambda one: one[0] / one[1])
    low, high = interval(hits, runs)
    return Rates(
        mean=sum(shares) / len(shares),
        worst=max(shares),
        low=low,
        high=high,
        above=sum(share > 0.01 for share in shares),
        cells=len(shares),
    )


def found(of: Sequence[Row], judge: str) -> float:
    """The mean share found over cells."""
    return sum(row["judges"][judge]["found"] / row["runs"] for row in of) / len(of)


def early(of: Sequence[Row], judge: str) -> float:
    """The mean share rolled back before the harm began."""
    return sum(row["judges"][judge]["early"] / row["runs"] for row in of) / len(of)


def finds(row: Row, judge: str) -> bool:
    """Whether a judge finds nearly all runs of a cell."""
    return row["judges"][judge]["found"] >= ENOUGH * row["runs"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """A judge's number over this judge's: geometric mean and median over `cells`."""

    mean: float
    median: float
    cells: int


def ratio(of: Sequence[Row], judge: str, ours: str = judges.OURS, what: str = "median") -> Ratio | None:
    """Delays (or harm) compared where both find nearly all; None where there is no such cell."""
    return ratio_of(
        (row["judges"][judge][what], row["judges"][ours][what]) for row in of if finds(row, judge) and finds(row, ours)
    )


def ratio_of(pairs: Iterable[tuple[float, float]]) -> Ratio | None:
    """Theirs over ours."""
    each = [theirs / ours for theirs, ours in pairs if ours > 0 and theirs > 0]
    if not each:
        return None
    return Ratio(mean=exp(sum(map(log, each)) / len(each)), median=median(each), cells=len(each))


def only_they(of: Sequence[Row], judge: str, ours: str = judges.OURS) -> tuple[int, int]:
    """Cells in which they find nearly all and this judge does not, and the other way round."""
    return (
        sum(finds(row, judge) and not finds(row, ours) for row in of),
        sum(finds(row, ours) and not finds(row, judge) for row in of),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Precision and recall over the corpus, with their 95 % intervals, and the median minutes to a rollback."""

    found: int
    false: int
    faulty: int
    clean: int

    @property
    def precision(self) -> float:
        """Rollbacks that were right, of all rollbacks."""
        return self.found / max(self.found + self.false, 1)

    @property
    def recall(self) -> float:
        """Faulty deployments found, of all faulty ones."""
        return self.found / max(self.faulty, 1)


def corpus(results: Results, judge: str) -> Told:
    """A judge's answers to all deployments."""
    of = results["corpus"]
    return Told(
        found=sum(row["judges"][judge]["found"] for row in of),
        false=sum(row["judges"][judge]["false"] for row in of),
        faulty=sum(row["runs"] for row in of if row["faulty"]),
        clean=sum(row["runs"] for row in of if not row["faulty"]),
    )
