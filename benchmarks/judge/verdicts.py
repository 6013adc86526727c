"""Tables about durations, the corpus, goals, and where peers win; Markdown, from results alone."""

from collections.abc import Mapping, Sequence

from benchmarks.judge import deployments, goals, judges, latency, regional, summary
from benchmarks.judge.markdown import minutes, percent, table, times
from benchmarks.judge.outcome import interval
from benchmarks.judge.summary import Results


def latencies(results: Results) -> str:
    """Durations: false rollbacks, shares found, and delays."""
    return _by_effect(results["latency"])


def throttles(results: Results) -> str:
    """Throttles of a region beside others, in the same way."""
    return _by_effect([row for row in results["regional"] if row["metric"] == "throttles"])


def ages(results: Results) -> str:
    """The age of a queue's oldest message, in the same way."""
    return _by_effect([row for row in results["regional"] if row["metric"] == "age"])


def _by_effect(of: Sequence[summary.Row]) -> str:
    effects = list(dict.fromkeys(row["effect"] for row in of))
    body = []
    for judge in of[0]["judges"]:
        cells = []
        for effect in effects:
            mine = [row for row in of if row["effect"] == effect]
            if not mine[0]["harmful"]:
                rates = summary.false_rollbacks(mine, judge)
                cells.append(f"{percent(rates.mean)} / {percent(rates.worst)}")
            else:
                ratio = summary.ratio(mine, judge)
                cells.append(f"{percent(summary.found(mine, judge))}, {times(None if ratio is None else ratio.mean)}")
        body.append([judge, *cells])
    return table(["judge", *effects], body)


def regional_settings(results: Results) -> str:
    """Who looks at metrics of whole regions."""
    return table(["judge", "setting"], regional.JUDGES.items())


def latency_settings(results: Results) -> str:
    """Who looks at durations."""
    return table(["judge", "setting"], latency.JUDGES.items())


def corpus(results: Results) -> str:
    """Precision and recall."""
    body = []
    for judge in deployments.JUDGES:
        told = summary.corpus(results, judge)
        right = interval(told.found, told.found + told.false)
        seen = interval(told.found, told.faulty)
        body.append(
            [
                judge,
                f"{percent(told.precision)} ({percent(right[0])} to {percent(right[1])})",
                f"{percent(told.recall)} ({percent(seen[0])} to {percent(seen[1])})",
            ]
        )
    body.append(["*Gandalf, data plane (another corpus)*", "92.4 %", "100 %"])
    body.append(["*Gandalf, control plane (another corpus)*", "94.9 %", "99.8 %"])
    return table(["judge", "precision", "recall"], body)


def corpus_settings(results: Results) -> str:
    """Who looks at deployments."""
    return table(["judge", "setting"], deployments.JUDGES.items())


CORPUS_SHOWN: Mapping[str, str] = {
    judges.OURS_CALIBRATED: "calibrated",
    judges.OURS_SHIPPED: "as shipped",
    judges.KAYENTA: "Kayenta",
    deployments.POCOCK: "Pocock",
    deployments.CLOUDWATCH: "CloudWatch",
    judges.CODEDEPLOY: "CodeDeploy",
    deployments.FLAGGER: "Flagger",
    deployments.PIPECD: "PipeCD",
}


def faults(results: Results) -> str:
    """Found of every kind of fault, and after how many minutes in the median."""
    return _kinds(results, faulty=True, key="found")


def clean(results: Results) -> str:
    """Rolled back of every kind of clean deployment."""
    return _kinds(results, faulty=False, key="false")


def _kinds(results: Results, *, faulty: bool, key: str) -> str:
    body = []
    for row in results["corpus"]:
        if row["faulty"] == faulty:
            cells = []
            for judge in CORPUS_SHOWN:
                answer = row["judges"][judge]
                after = f" ({minutes(answer['median'])})" if faulty and answer["found"] else ""
                cells.append(f"{answer[key]}{after}")
            body.append([row["kind"], str(row["runs"]), *cells])
    return table(["kind", "deployments", *CORPUS_SHOWN.values()], body)


def kept(results: Results) -> str:
    """False rollbacks that were promised."""
    body = [
        [goal.promise, f"at most {percent(goal.asked)}", percent(goal.measured or 0.0), _kept(goal.kept)]
        for goal in goals.rates(results)
    ]
    return table(["false rollbacks", "asked", "measured", "kept"], body)


def kept_delays(results: Results) -> str:
    """Delays that were promised."""
    body = [
        [goal.promise, f"at least {times(goal.asked)}", times(goal.measured), times(goal.median), _kept(goal.kept)]
        for goal in goals.delays(results)
    ]
    return table(["peer's delay over this judge's", "asked", "geometric mean", "median", "kept by the mean"], body)


def _kept(kept: bool | None) -> str:
    match kept:
        case None:
            return "nothing to compare"
        case True:
            return "yes"
        case False:
            return "**no**"


def peers_win(results: Results) -> str:
    """Where a peer is faster, or finds what this judge misses, beside its false rollbacks."""
    harmless_rows = summary.rows(results, "harmless")
    effects = summary.effects(results, "effect")
    body = []
    for judge in judges.JUDGES:
        if judge.startswith(judges.OURS) or judge not in rows_judges(results):
            continue
        faster, more = [], 0
        for effect in effects:
            of = summary.rows(results, "effect", effect)
            ratio = summary.ratio(of, judge)
            if ratio is not None and ratio.mean < 1:
                faster.append(f"{effect} {times(ratio.mean)}")
            more += summary.only_they(of, judge)[0]
        if faster or more:
            cells = sum(len(summary.rows(results, "effect", effect)) for effect in effects)
            rates = summary.false_rollbacks(harmless_rows, judge) if judge in harmless_rows[0]["judges"] else None
            at = "that of this judge" if rates is None else f"{percent(rates.mean)} / {percent(rates.worst)}"
            body.append([judge, ", ".join(faster) or "-", f"{more} of {cells}", at])
    head = [
        "judge",
        "faster at (its delay / this judge's)",
        "cells that only it finds",
        "its false rollbacks, mean / worst",
    ]
    return table(head, body)


def rows_judges(results: Results) -> Sequence[str]:
    """Judges of the effects."""
    return list(summary.rows(results, "effect")[0]["judges"])
