"""Tables of the page, in Markdown, from results alone: the same results give the same text."""

from collections.abc import Callable, Mapping, Sequence

from benchmarks.judge import judges, summary, verdicts
from benchmarks.judge.disturbed import DISTURBANCES
from benchmarks.judge.markdown import minutes, percent, requests, table, times
from benchmarks.judge.regions import EACH
from benchmarks.judge.scenarios import TWICE
from benchmarks.judge.summary import Results, Row


def settings(results: Results) -> str:
    """Who looks at error counts."""
    return table(["judge", "setting"], judges.JUDGES.items())


def harmless(results: Results) -> str:
    """False rollbacks of every judge."""
    of = summary.rows(results, "harmless")
    body = []
    for judge in judges.JUDGES:
        if judge in of[0]["judges"]:
            rates = summary.false_rollbacks(of, judge)
            worst = f"{percent(rates.worst)} ({percent(rates.low)} to {percent(rates.high)})"
            body.append([judge, percent(rates.mean), worst, f"{rates.above} of {rates.cells}"])
    return table(["judge", "mean", "worst cell (95 % interval)", "cells above 1 %"], body)


def found(results: Results) -> str:
    """Shares found of every effect."""
    return _per_effect(results, lambda of, judge: percent(summary.found(of, judge)))


def delays(results: Results) -> str:
    """Delays over this judge's."""

    def cell(of: Sequence[Row], judge: str) -> str:
        ratio = summary.ratio(of, judge)
        return "-" if ratio is None else f"{times(ratio.mean)} ({ratio.cells})"

    return _per_effect(results, cell)


def harm(results: Results) -> str:
    """Excess failed requests over this judge's."""

    def cell(of: Sequence[Row], judge: str) -> str:
        ratio = summary.ratio(of, judge, what="harm")
        return times(None if ratio is None else ratio.mean)

    return _per_effect(results, cell)


def _per_effect(results: Results, cell: Callable[[Sequence[Row], str], str]) -> str:
    effects = summary.effects(results, "effect")
    by_effect = {effect: summary.rows(results, "effect", effect) for effect in effects}
    known = by_effect[effects[0]][0]["judges"]
    body = [[judge, *(cell(of, judge) for of in by_effect.values())] for judge in judges.JUDGES if judge in known]
    return table(["judge", *effects], body)


def promotion(results: Results) -> str:
    """Minutes until this judge promotes what harms nobody; peers wait until the hour is over."""
    of = summary.rows(results, "harmless")
    rates = sorted({row["cell"]["errors"] for row in of})
    body = []
    for traffic in sorted({row["cell"]["traffic"] for row in of}):
        for split in sorted({row["cell"]["split"] for row in of if row["cell"]["traffic"] == traffic}):
            cells = {
                row["cell"]["errors"]: row
                for row in of
                if row["cell"]["traffic"] == traffic and row["cell"]["split"] == split
            }
            body.append(
                [requests(traffic), f"{split:.0%}".replace("%", " %"), *(_promoted(cells.get(rate)) for rate in rates)]
            )
    return table(["requests", "canary's share", *(f"{100 * rate:g} % errors" for rate in rates)], body)


def _promoted(row: Row | None) -> str:
    if row is None:
        return ""
    ours = row["judges"][judges.OURS]
    share = ours["promoted"] / row["runs"]
    if share == 0:
        return "-"
    return minutes(ours["promotion"]) + ("" if share >= 0.995 else f" ({100 * share:.0f} %)")


def robust(results: Results) -> str:
    """False rollbacks in the worst of six cells, under every disturbance."""
    shown = (
        judges.OURS_CALIBRATED,
        judges.OURS_SHIPPED,
        judges.OURS,
        judges.KAYENTA,
        judges.POCOCK,
        judges.Z_TEST,
        judges.CLOUDWATCH,
        judges.PIPECD,
    )
    body = []
    for name in DISTURBANCES:
        of = summary.rows(results, "robust", name)
        body.append([name, *(percent(summary.false_rollbacks(of, judge).worst) for judge in shown)])
    return table(["disturbance", *shown], body)


def robust_found(results: Results) -> str:
    """x2 under every disturbance: share found, and the delay over the calibrated judge's."""
    shown = (judges.OURS_CALIBRATED, judges.OURS_SHIPPED, judges.KAYENTA, judges.POCOCK, judges.CLOUDWATCH)
    body = []
    for name in DISTURBANCES:
        of = summary.rows(results, "robust", name + TWICE)
        cells = []
        for judge in shown:
            ratio = summary.ratio(of, judge, judges.OURS_CALIBRATED)
            cells.append(f"{percent(summary.found(of, judge))}, {times(None if ratio is None else ratio.mean)}")
        body.append([name, *cells])
    return table(["disturbance", *shown], body)


def low(results: Results) -> str:
    """Little traffic: share found and median minutes, at a split of one half."""
    shown = (judges.OURS, judges.OURS_SHIPPED, judges.KAYENTA, judges.KAYENTA_STRICT, judges.POCOCK, judges.CLOUDWATCH)
    body = []
    for effect in summary.effects(results, "low"):
        for row in summary.rows(results, "low", effect):
            if row["cell"]["split"] != 0.5:
                continue
            cells = [
                f"{percent(row['judges'][judge]['found'] / row['runs'])}, {minutes(row['judges'][judge]['median'])}"
                for judge in shown
            ]
            body.append([effect, f"{row['cell']['traffic']:g}", *cells])
    return table(["effect", "requests a minute", *shown], body)


def regions(results: Results) -> str:
    """Twenty regions of which one is hit."""
    return _harmless_and_found(results, "regions", EACH)


def linear(results: Results) -> str:
    """CodeDeploy's linear shift."""
    return _harmless_and_found(results, "linear", judges.OURS)


def day(results: Results) -> str:
    """Bakes of 24 hours."""
    return _harmless_and_found(results, "day", judges.OURS)


def _harmless_and_found(results: Results, scenario: str, ours: str) -> str:
    none, *others = summary.effects(results, scenario)
    base = summary.rows(results, scenario, none)
    body = []
    for judge in base[0]["judges"]:
        rates = summary.false_rollbacks(base, judge)
        cells = [percent(rates.mean), percent(rates.worst)]
        for effect in others:
            of = summary.rows(results, scenario, effect)
            ratio = summary.ratio(of, judge, ours)
            cells.append(f"{percent(summary.found(of, judge))}, {times(None if ratio is None else ratio.mean)}")
        body.append([judge, *cells])
    head = ["judge", "false, mean", "false, worst cell", *(f"{effect}: found, delay" for effect in others)]
    return table(head, body)


TABLES: Mapping[str, Callable[[Results], str]] = {
    "settings": settings,
    "harmless": harmless,
    "found": found,
    "delays": delays,
    "harm": harm,
    "promotion": promotion,
    "robust": robust,
    "robust-found": robust_found,
    "low": low,
    "regions": regions,
    "linear": linear,
    "day": day,
    "latency-settings": verdicts.latency_settings,
    "latency": verdicts.latencies,
    "regional-settings": verdicts.regional_settings,
    "throttles": verdicts.throttles,
    "ages": verdicts.ages,
    "corpus-settings": verdicts.corpus_settings,
    "corpus": verdicts.corpus,
    "faults": verdicts.faults,
    "clean": verdicts.clean,
    "goals": verdicts.kept,
    "goals-delays": verdicts.kept_delays,
    "peers-win": verdicts.peers_win,
}


def overview(results: Results) -> str:
    """What one wants to know first, for the terminal."""
    parts = ("harmless", "found", "delays", "robust", "latency", "corpus", "goals", "goals-delays")
    return "\n\n".join(TABLES[name](results) for name in parts)
