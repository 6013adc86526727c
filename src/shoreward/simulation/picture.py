"""A picture of a trial, as SVG: how far releases came over time, and what each fault cost.

Written by hand, so that nothing has to be installed for it; the same report gives the same bytes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape

from shoreward.domain import Pipeline
from shoreward.simulation.run import Ran
from shoreward.simulation.trial import Report, Row

WIDTH, TOP, LEFT, RIGHT = 900, 40, 150, 30
EXPOSURE, BAR = 260, 26
_GOOD, _BAD, _QUIET = "#2a7f62", "#c1443c", "#888888"


def picture(pipeline: Pipeline, report: Report) -> str:
    """The picture's text."""
    harmful = [row for row in report.rows if row.fault.harmful]
    height = TOP + EXPOSURE + 80 + BAR * len(harmful) + 70
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
        'font-family="sans-serif" font-size="13">',
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
        *_exposure(pipeline, report.ran),
        *_costs(harmful, TOP + EXPOSURE + 80, _budget(pipeline)),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _budget(pipeline: Pipeline) -> float | None:
    budgets = {wave.ramp.budget for wave in pipeline.waves if wave.ramp}
    return min(budgets) if budgets else None


def _text(x: float, y: float, text: str, anchor: str = "start", colour: str = "#222222") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{escape(text)}</text>'


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, extra: str = "") -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"{extra}/>'


def _exposure(pipeline: Pipeline, ran: Sequence[Ran]) -> Iterator[str]:
    """Share of all customers over time: each release a line, good ones green."""
    longest = max((each.seconds for each in ran), default=0.0) or 1.0
    bottom, right = TOP + EXPOSURE, WIDTH - RIGHT
    yield _text(LEFT, TOP - 16, f"{pipeline.application}: share of customers on the new revision, over time")
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        y = bottom - share * EXPOSURE
        yield _line(LEFT, y, right, y, "#dddddd")
        yield _text(LEFT - 8, y + 4, f"{100 * share:.0f} %", "end")
    unit, word = (3_600.0, "h") if longest > 7_200 else (60.0, "min")
    for tick in range(5):
        x = LEFT + tick / 4 * (right - LEFT)
        yield _text(x, bottom + 18, f"{longest * tick / 4 / unit:.3g} {word}", "middle")
    for each in sorted(ran, key=lambda one: not one.came_back):
        colour = _BAD if each.came_back else _GOOD if each.outcome else _QUIET
        points: list[str] = []
        share = 0.0
        for at, after in (*each.shifts, (each.seconds, each.shifts[-1][1] if each.shifts else 0.0)):
            x = LEFT + min(1.0, at / longest) * (right - LEFT)
            points += [f"{x:.1f},{bottom - share * EXPOSURE:.1f}", f"{x:.1f},{bottom - after * EXPOSURE:.1f}"]
            share = after
        yield f'<polyline points="{" ".join(points)}" fill="none" stroke="{colour}" stroke-opacity="0.35"/>'


def _costs(rows: Sequence[Row], top: float, budget: float | None) -> Iterator[str]:
    """Failed requests of each fault on a logarithmic scale: a bar to the mean, a mark at 99 %."""
    worst = max([row.harm_99 for row in rows] + [budget or 0.0, 10.0])
    scale = (WIDTH - RIGHT - LEFT) / math.log10(1 + worst)

    def across(harm: float) -> float:
        return LEFT + scale * math.log10(1 + harm)

    yield _text(LEFT, top - 14, "failed requests because of the release: mean (bar) and 99 % (mark)")
    for number, row in enumerate(rows):
        y = top + BAR * number
        yield _text(LEFT - 8, y + 16, row.fault.name, "end")
        missed = f", {row.missed} of {row.releases} not found" if row.missed else ""
        width = across(row.harm) - LEFT
        yield f'<rect x="{LEFT}" y="{y + 4:.1f}" width="{width:.1f}" height="{BAR - 10}" fill="{_BAD}" opacity="0.6"/>'
        yield _line(across(row.harm_99), y + 2, across(row.harm_99), y + BAR - 4, _BAD, ' stroke-width="3"')
        yield _text(LEFT + 6, y + 16, f"{row.harm:,.0f} / {row.harm_99:,.0f}{missed}")
    bottom = top + BAR * len(rows)
    for power in range(int(math.log10(1 + worst)) + 1):
        yield _text(across(10.0**power), bottom + 18, f"{10**power:,}", "middle")
    if budget is not None:
        yield _line(across(budget), top, across(budget), bottom, "#222222", ' stroke-dasharray="4 3"')
        yield _text(across(budget), bottom + 36, f"budget {budget:,.0f}", "middle")
