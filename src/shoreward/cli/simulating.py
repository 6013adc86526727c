"""`shoreward simulate`: what releases of this pipeline would come to, as a table, JSON or a picture."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.markup import escape
from rich.progress import Progress
from rich.table import Table

from shoreward.app.planning import forecast
from shoreward.app.words.wording import percent
from shoreward.cli.output import console, print_json, span
from shoreward.domain import Pipeline, Refused, UserError
from shoreward.simulation.faults import CATALOGUE, Fault
from shoreward.simulation.history import read_history
from shoreward.simulation.picture import picture
from shoreward.simulation.trial import Report, Row, Trial, simulate


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the command was asked for; rates are fractions, `traffic` is requests per second of every target."""

    runs: int
    seed: int
    faults: tuple[str, ...]
    traffic: float | None
    error_rate: float
    swing: float
    late: float
    history: Path | None
    picture: Path | None
    json: bool


def try_out(pipeline: Pipeline, asked: Asked) -> None:
    """Simulate, and show what came of it."""
    if pipeline.configuration is not None:
        what = "Simulated releases split the traffic between versions, and values cannot be split."
        raise Refused("CONFIGURATION_NOT_SIMULATED", what, next="`shoreward plan` shows how they would go.")
    pipeline = _with_traffic(pipeline, asked.traffic)
    trial = Trial(
        runs=asked.runs,
        seed=asked.seed,
        faults=_chosen(asked.faults, replayed=asked.history is not None),
        error_rate=asked.error_rate,
        swing=asked.swing,
        late=asked.late,
        more=float(pipeline.judge.interval),
        recording=read_history(asked.history, pipeline.targets) if asked.history else None,
    )
    report = _carried(pipeline, trial, quiet=asked.json)
    if asked.picture:
        asked.picture.write_text(picture(pipeline, report), encoding="utf-8")
    if asked.json:
        print_json(as_json(pipeline, trial, report))
    else:
        _show(pipeline, trial, report)
        if asked.picture:
            console.print(f"The picture is in {escape(str(asked.picture))}.")


def _with_traffic(pipeline: Pipeline, traffic: float | None) -> Pipeline:
    """The pipeline, with traffic where its file gives none; waves that were derived stay as they are."""
    if traffic is None:
        return pipeline
    waves = tuple(
        replace(wave, targets=tuple(replace(each, traffic=each.traffic or traffic) for each in wave.targets))
        for wave in pipeline.waves
    )
    return replace(pipeline, waves=waves)


def _chosen(names: tuple[str, ...], *, replayed: bool) -> tuple[Fault, ...]:
    """The faults of those names; all by default, of a recording those that do not change its traffic."""
    if not names:
        return tuple(fault for fault in CATALOGUE if not replayed or (fault.traffic == 1 and fault.incident == 1))
    known = {fault.name: fault for fault in CATALOGUE}
    for name in names:
        if name not in known:
            there = ", ".join(f"'{each}'" for each in known)
            raise UserError("FAULT_UNKNOWN", f"There is no fault '{name}'.", next=f"There are {there}.")
        if replayed and (known[name].traffic != 1 or known[name].incident != 1):
            what = f"'{name}' changes the traffic of both revisions, and a recording has its own."
            raise UserError("FAULT_UNKNOWN", what, next="Leave it out, or leave out --history.")
    return tuple(known[name] for name in dict.fromkeys(names))


def _carried(pipeline: Pipeline, trial: Trial, *, quiet: bool) -> Report:
    if quiet or not console.is_terminal:
        return simulate(pipeline, trial)
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("releases", total=trial.runs * len(trial.faults))
        return simulate(pipeline, trial, lambda done: progress.update(task, completed=done))


def as_json(pipeline: Pipeline, trial: Trial, report: Report) -> dict[str, Any]:
    """The report for programs; times are seconds, shares fractions, nothing is null but what there was none of."""
    told = forecast(pipeline, trial.error_rate)
    return {
        "application": pipeline.application,
        "runs": trial.runs,
        "seed": trial.seed,
        "error_rate": None if trial.recording else trial.error_rate,
        "expected_seconds": told.total if told and math.isfinite(told.total) else None,
        "faults": [_row_json(row) for row in report.rows],
    }


def _row_json(row: Row) -> dict[str, Any]:
    return {
        "fault": row.fault.name,
        "about": row.fault.about,
        "harmful": row.fault.harmful,
        "releases": row.releases,
        "rolled_back": row.came_back,
        "waiting": row.waits,
        "missed": row.missed,
        "seconds": row.seconds,
        "seconds_99": row.seconds_99,
        "detected_seconds": row.detected,
        "harm": row.harm,
        "harm_99": row.harm_99,
        "targets": row.targets,
        "customers": row.customers,
    }


def _show(pipeline: Pipeline, trial: Trial, report: Report) -> None:
    source = "replayed metrics" if trial.recording else f"{percent(trial.error_rate)} of requests fail anyhow"
    console.print(
        f"[bold]{escape(pipeline.application)}[/]: {trial.runs} simulated releases of each fault "
        f"from seed {trial.seed}, {source}"
    )
    table = Table(box=None, padding=(0, 2, 0, 0))
    for title in ("fault", "went back", "waits", "all the way", "takes", "found after", "failed requests", "99 %"):
        table.add_column(title, justify="left" if title == "fault" else "right", no_wrap=title == "fault")
    for title in ("targets", "customers"):
        table.add_column(title, justify="right")
    for row in report.rows:
        table.add_row(*_cells(row))
    console.print(table)
    console.print("[dim]targets and customers: how many met the new revision before it was over, on average[/]")


def _cells(row: Row) -> tuple[str, ...]:
    through = row.releases - row.came_back - row.waits
    wrong = row.missed if row.fault.harmful else row.came_back
    style = "red" if wrong else "green"
    back, passed = str(row.came_back), str(through)
    return (
        row.fault.name,
        back if row.fault.harmful else f"[{style}]{back}[/]",
        str(row.waits) if row.waits else "",
        f"[{style}]{passed}[/]" if row.fault.harmful else passed,
        span(row.seconds) if row.seconds is not None else "",
        span(row.detected) if row.detected is not None else "",
        f"{row.harm:,.0f}" if row.fault.harmful else "",
        f"{row.harm_99:,.0f}" if row.fault.harmful else "",
        f"{row.targets:.1f}",
        percent(row.customers),
    )
