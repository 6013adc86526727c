"""A stream's bounds over time, drawn with characters."""

from __future__ import annotations

import numpy as np
from rich.text import Text

from shoreward.app.recorded.judged import Judged
from shoreward.cli.pictures.scale import scale_of
from shoreward.domain import Verdict

_HEIGHT = 11
_MARKS = {
    Verdict.FAIL: ("✗", "bold red"),
    Verdict.PASS: ("✓", "bold green"),
    Verdict.NOT_ENOUGH_EVIDENCE: ("·", "dim"),
    Verdict.NO_DATA: (" ", "dim"),
    Verdict.ERROR: ("?", "bold red"),
}


def drawn(stream: Judged, width: int) -> Text:
    """Bounds (│), what was observed (●), no difference (─) and the margin of rollback (┄), and the answers below.

    Args:
        width: columns that there is room for.
    """
    columns = np.unique(np.linspace(0, len(stream.times) - 1, max(1, min(width - 10, len(stream.times)))).round())
    at = columns.astype(np.int64)
    scale = scale_of(stream)
    bounds = stream.confidence
    lower, observed, upper = (
        _rows(scale.place(values[at])) for values in (bounds.lower, bounds.observed, bounds.upper)
    )
    same = 1.0 if scale.logarithmic else 0.0
    lines = {
        int(_rows(scale.place(np.array([value])))[0]): mark for value, mark in ((stream.margins[0], "┄"), (same, "─"))
    }
    text = Text()
    for row in range(_HEIGHT - 1, -1, -1):
        text.append(f"{_label(stream, scale.low, scale.high, row, lines):>8} ", style="dim")
        for column in range(len(at)):
            if observed[column] == row:
                text.append("●", style="bold")
            elif lower[column] <= row <= upper[column]:
                text.append("│", style="cyan")
            else:
                text.append(lines.get(row, " "), style="dim")
        text.append("\n")
    text.append(" " * 9)
    for column in at:
        mark, style = _MARKS[stream.verdicts[column]]
        text.append(mark, style=style)
    return text


def _rows(places: np.ndarray) -> np.ndarray:
    """Rows from the bottom; -1 for what is not known."""
    return np.where(np.isnan(places), -1, np.round(np.nan_to_num(places) * (_HEIGHT - 1))).astype(np.int64)


def _label(stream: Judged, low: float, high: float, row: int, lines: dict[int, str]) -> str:
    if row in (0, _HEIGHT - 1):
        return f"{high if row else low:.3g}"
    match lines.get(row):
        case "─":
            return "1" if stream.kind != "gauge" else "0"
        case "┄":
            return f"{stream.margins[0]:.3g}"
        case _:
            return ""
