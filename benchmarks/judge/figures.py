"""Figures of the page, from results alone."""

from collections.abc import Callable, Mapping, Sequence

from benchmarks.judge import deployments, judges, summary
from benchmarks.judge.outcome import interval
from benchmarks.judge.summary import Results
from benchmarks.judge.svg import COLOURS, GRID, INK, OURS, SOFT, Drawing, linear, logarithmic

ROW = 26
LEFT, RIGHT = 400, 860


def false_rollbacks(results: Results) -> str:
    """Every judge's false rollbacks over the cells: best to worst as a line, the mean as a dot."""
    of = summary.rows(results, "harmless")
    known = [judge for judge in judges.JUDGES if judge in of[0]["judges"]]
    drawing = Drawing(900, ROW * len(known) + 90, "False rollbacks of a harmless release, by judge")
    drawing.word(
        10, 22, f"False rollbacks in an hour, {len(of)} services: mean (dot) and worst (end of the line)", size=14
    )
    place = logarithmic(1e-4, 1, LEFT, RIGHT)
    bottom = 45 + ROW * len(known)
    _ticks(
        drawing,
        place,
        ((1e-4, "0.01 % or less"), (1e-3, "0.1 %"), (1e-2, "1 %"), (0.1, "10 %"), (1, "100 %")),
        40,
        bottom,
    )
    drawing.line(place(0.01), 40, place(0.01), bottom, COLOURS[4], 1.5)
    for row, judge in enumerate(known):
        rates, y = summary.false_rollbacks(of, judge), 58 + ROW * row
        colour = _colour(judge)
        drawing.word(LEFT - 12, y + 4, judge, anchor="end", colour=INK if colour == SOFT else colour)
        drawing.line(place(rates.mean), y, place(rates.worst), y, colour, 2)
        told = f"{judge}: mean {rates.mean:.2%}, worst {rates.worst:.2%}"
        drawing.dot(place(rates.mean), y, colour, 5, told)
        drawing.line(place(rates.worst), y - 5, place(rates.worst), y + 5, colour, 2)
    return str(drawing)


DELAYS = (
    judges.OURS_SHIPPED,
    judges.KAYENTA,
    judges.KAYENTA_EQUAL,
    judges.Z_TEST,
    judges.POCOCK,
    judges.CLOUDWATCH,
    judges.CODEDEPLOY,
    judges.ARGO_TUNED,
    judges.FLAGGER_TUNED,
    judges.PIPECD,
)


def delays(results: Results) -> str:
    """Delays over this judge's: left of the line a peer is faster."""
    effects = summary.effects(results, "effect")
    drawing = Drawing(920, ROW * len(DELAYS) + 120, "Delay of each peer over the delay of this judge")
    drawing.word(10, 22, "Delay until rollback over this judge's, where both find at least 95 %", size=14)
    place = logarithmic(0.1, 20, LEFT, RIGHT)
    bottom = 75 + ROW * len(DELAYS)
    marks = ((0.1, "0.1"), (0.2, "0.2"), (0.5, "0.5"), (1, "1"), (2, "2"), (5, "5"), (10, "10"), (20, "20"))
    _ticks(drawing, place, marks, 70, bottom)
    drawing.line(place(1), 70, place(1), bottom, OURS, 1.5)
    drawing.word(place(1) - 8, 64, "peer faster", anchor="end", colour=SOFT, size=11)
    drawing.word(place(1) + 8, 64, "this judge faster", colour=SOFT, size=11)
    for number, effect in enumerate(effects):
        drawing.dot(20 + 118 * number, 42, COLOURS[number])
        drawing.word(30 + 118 * number, 46, effect, size=11)
    for row, judge in enumerate(DELAYS):
        y = 88 + ROW * row
        drawing.word(LEFT - 12, y + 4, judge, anchor="end")
        for number, effect in enumerate(effects):
            ratio = summary.ratio(summary.rows(results, "effect", effect), judge)
            if ratio is not None:
                drawing.dot(place(ratio.mean), y, COLOURS[number], 4.5, f"{judge}, {effect}: {ratio.mean:.2f}")
    return str(drawing)


def found_and_false(results: Results) -> str:
    """Where every judge stands: what it finds, and what it rolls back falsely."""
    effects = summary.effects(results, "effect")
    of = summary.rows(results, "harmless")
    drawing = Drawing(900, 510, "Share found against false rollbacks")
    drawing.word(
        10, 22, "Found within the hour (mean over all effects and services) against false rollbacks (mean)", size=14
    )
    across, up = logarithmic(1e-4, 1, 60, 540), linear(0.3, 0.7, 460, 50)
    marks = ((1e-4, "0.01 % or less"), (1e-3, "0.1 %"), (1e-2, "1 %"), (0.1, "10 %"), (1, "100 %"))
    _ticks(drawing, across, marks, 50, 460)
    _shares(drawing, up, (0.3, 0.4, 0.5, 0.6, 0.7), 60, 540)
    drawing.line(across(0.01), 50, across(0.01), 460, COLOURS[4], 1.5)
    known = [judge for judge in summary.rows(results, "effect")[0]["judges"] if judge in of[0]["judges"]]
    for number, judge in enumerate(known, start=1):
        share = sum(summary.found(summary.rows(results, "effect", each), judge) for each in effects) / len(effects)
        _numbered(drawing, across(summary.false_rollbacks(of, judge).mean), up(share), number, judge, left=560)
    return str(drawing)


def precision_and_recall(results: Results) -> str:
    """The corpus: precision and recall of every judge with 95 % intervals, and Gandalf's own of another corpus."""
    drawing = Drawing(900, 560, "Precision and recall over the corpus of faults")
    drawing.word(10, 22, "Corpus of faults: precision (upwards) and recall with 95 % intervals", size=14)
    across, up = linear(0.6, 1, 60, 540), linear(0.4, 1, 500, 50)
    _ticks(drawing, across, tuple((share / 10, f"{share}0 %") for share in range(6, 11)), 50, 500)
    _shares(drawing, up, (0.4, 0.6, 0.8, 1.0), 60, 540)
    for number, judge in enumerate(deployments.JUDGES, start=1):
        told, colour = summary.corpus(results, judge), _colour(judge)
        x, y = across(told.recall), up(told.precision)
        right, seen = interval(told.found, told.found + told.false), interval(told.found, told.faulty)
        drawing.line(across(seen[0]), y, across(seen[1]), y, colour)
        drawing.line(x, up(right[0]), x, up(right[1]), colour)
        _numbered(drawing, x, y, number, judge, left=560)
    others = (("data plane", 0.924, 1.0), ("control plane", 0.949, 0.998))
    for number, (name, precision, recall) in enumerate(others, start=len(deployments.JUDGES) + 1):
        told = f"Gandalf, {name} (another corpus)"
        _numbered(drawing, across(recall), up(precision), number, told, left=560, colour="#a0a0a0")
    return str(drawing)


def _shares(drawing: Drawing, up: Callable[[float], float], marks: Sequence[float], left: float, right: float) -> None:
    for share in marks:
        drawing.line(left, up(share), right, up(share))
        drawing.word(left - 6, up(share) + 4, f"{100 * share:.0f} %", anchor="end", colour=SOFT, size=11)


def _numbered(
    drawing: Drawing, x: float, y: float, number: int, name: str, *, left: float, colour: str | None = None
) -> None:
    """A dot with a number, and its name in the list beside the picture."""
    shade = colour or _colour(name)
    drawing.dot(x, y, shade, 8, name)
    drawing.word(x, y + 3.5, str(number), anchor="middle", colour="white", size=10)
    drawing.word(left, 44 + 24 * number, f"{number}  {name}", colour=shade, size=11)


def _colour(judge: str) -> str:
    return OURS if judge.startswith(judges.OURS) else SOFT


def _ticks(
    drawing: Drawing, place: Callable[[float], float], marks: Sequence[tuple[float, str]], top: float, bottom: float
) -> None:
    for value, text in marks:
        drawing.line(place(value), top, place(value), bottom, GRID)
        drawing.word(place(value), bottom + 18, text, anchor="middle", colour=SOFT, size=11)


FIGURES: Mapping[str, Callable[[Results], str]] = {
    "judge-false-rollbacks": false_rollbacks,
    "judge-delays": delays,
    "judge-found-and-false": found_and_false,
    "judge-corpus": precision_and_recall,
}
