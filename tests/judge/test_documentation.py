"""What docs/judge.md states in figures is what the judge does."""

import re
from pathlib import Path

import numpy as np
import pytest

from shoreward.judge import (
    Counts,
    Grid,
    LatencyPromotionTest,
    LatencyRollbackTest,
    PromotionTest,
    RollbackTest,
    Strength,
    Verdict,
    passes,
)
from shoreward.judge.ratios import DRIFTS, HARM, SLOWER_LOG_ODDS

PAGE = (Path(__file__).parents[2] / "docs" / "judge.md").read_text(encoding="utf-8")
ROWS = re.findall(
    r"^\| ([\d.]+)(?: \(default\))? \| ([\d.]+)(?: \(default\))? \| ([\d,]+) \| ([\d,]+) \| ([\d,]+) \| [\d,]+ \|$",
    PAGE,
    re.MULTILINE,
)


def test_the_table_of_requests_is_there():
    assert len(ROWS) == 11


@pytest.mark.parametrize("row", ROWS)
def test_so_many_requests_pass_and_one_fewer_does_not(row: tuple[str, ...]):
    test = PromotionTest(delta=float(row[0]), beta=float(row[1]))
    for split, stated in zip((0.1, 0.25, 0.5), row[2:], strict=True):
        requests = int(stated.replace(",", ""))
        n_c = np.array([[requests], [requests - 1]])
        counts = Counts(n_c, 0 * n_c, n_c * (1 - split) / split, 0 * n_c)
        assert passes(counts, test)[:, 0].tolist() == [True, False]


@pytest.mark.parametrize("verdict", Verdict)
def test_every_answer_is_explained(verdict: Verdict):
    assert f"| `{verdict}` |" in PAGE


def test_the_stated_defaults_are_the_defaults():
    rollback, promotion = RollbackTest(), PromotionTest()
    for stated in (
        f"**alpha** ({rollback.alpha})",
        f"**beta** ({promotion.beta})",
        f"**delta** for promotion ({promotion.delta})",
        f"**rho** (rollback {rollback.rho}, promotion {promotion.rho})",
        f"**horizon** ({rollback.horizon})",
    ):
        assert stated in PAGE


def test_the_stated_defaults_of_latency_are_the_defaults():
    rollback, promotion, grid = LatencyRollbackTest(), LatencyPromotionTest(), Grid()
    levels = ", ".join(map(str, rollback.levels)), ", ".join(map(str, promotion.levels))
    for stated in (
        f"**latency's margins** (rollback {rollback.margin}, promotion {promotion.margin})",
        f"**latency's levels** (rollback {levels[0]}, promotion {levels[1]})",
        f"1.05 becomes {grid.ratio ** grid.steps_at_least(1.05):.3f}",
        f"1.15 becomes {grid.ratio ** grid.steps_at_most(1.15):.3f}",
        f"scale {grid.scale} ({100 * (grid.ratio - 1):.1f} % wide)",
        f"from {2.0**grid.low} ms to {2**grid.high / 60_000:.1f} minutes",
        f"over {len(SLOWER_LOG_ODDS)} odds ratios",
        f"{len(DRIFTS)} drifts from {DRIFTS[0]:g} to {DRIFTS[-1]:g}",
        f"over {len(HARM)} ratios",
    ):
        assert stated in PAGE


@pytest.mark.parametrize("strength", Strength)
def test_every_strength_is_explained(strength: Strength):
    assert f"*{strength.value.capitalize()}* means" in PAGE
