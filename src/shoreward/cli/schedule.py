"""The end of a plan: when a good release is through, what a bad one costs, and the same under other ways to release."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from rich.markup import escape
from rich.table import Table

from shoreward.app.planning import derive, forecast
from shoreward.app.planning.schedule import ERROR_RATE
from shoreward.app.words.wording import percent
from shoreward.cli.output import console, span
from shoreward.domain import Pipeline
from shoreward.simulation.outlook import outlook


def schedule(pipeline: Pipeline) -> dict[str, Any]:
    """The schedule, as JSON: `expected` by wave, `outlook` beside other ways, `derived` for waves that were.

    Seconds are null where a release cannot end by itself; all of it is null without traffic, and of a configuration,
    whose customers meet it at once.
    """
    error_rate = pipeline.auto.error_rate if pipeline.auto else ERROR_RATE
    if pipeline.configuration is not None:
        return {"error_rate": error_rate, "expected": None, "outlook": None, "derived": None}
    told, lines = forecast(pipeline, error_rate), outlook(pipeline, error_rate)
    derived = derive(replace(pipeline, waves=())) if pipeline.auto else None
    return {
        "error_rate": error_rate,
        "expected": None
        if told is None
        else [
            {
                "wave": wave.name,
                "seconds": _finite(seconds),
                "waits_for": slowest.key,
                "tight": None
                if tight is None
                else {
                    "target": tight.target.key,
                    "percent": tight.percent,
                    "seconds": tight.seconds,
                    "deadline": wave.bake.deadline,
                },
            }
            for wave, seconds, slowest, tight in zip(
                pipeline.waves, told.seconds, told.slowest, told.tight, strict=True
            )
        ],
        "outlook": None
        if lines is None
        else [
            {
                "name": line.name,
                "seconds": _finite(line.seconds),
                "harm": line.harm,
                "harm_99": line.harm_99,
                "targets": line.targets,
                "customers": line.customers,
                "missed": line.missed,
            }
            for line in lines
        ],
        "derived": None
        if derived is None
        else {
            "relaxed": derived.relaxed,
            "reasons": [
                [{"figure": reason.figure, "why": reason.why} for reason in reasons] for reasons in derived.reasons
            ],
        },
    }


def _finite(seconds: float) -> float | None:
    return seconds if math.isfinite(seconds) else None


def show_schedule(plan: dict[str, Any]) -> None:
    """The schedule for people."""
    if plan["derived"]:
        _show_reasons(plan)
    if plan["expected"] is None:
        console.print("Its harm cannot be told: say the `traffic` of each target in shoreward.yaml.")
        return
    slow = [each for each in plan["expected"] if each["seconds"] is None]
    for each in slow:
        told = f"{each['wave']} will not pass by itself before a deadline: too little traffic on {each['waits_for']}."
        console.print(f"[yellow]note[/] {escape(told)}")
    for wave in plan["expected"]:
        if tight := wave["tight"]:
            console.print(f"[yellow]note[/] {escape(_tight(wave['wave'], tight))}")
    table = Table(box=None, padding=(0, 2, 0, 0), title_justify="left")
    table.add_column("way to release", no_wrap=True)
    for title in ("a good one takes", "a bad one costs", "99 %", "targets", "customers", "never found"):
        table.add_column(title, justify="right")
    for line in plan["outlook"]:
        table.add_row(*_cells(line))
    console.print()
    console.print(table)
    console.print(
        f"[dim]bad: 0.2 to 100 % more requests fail, twelve sizes; costs: failed requests; "
        f"{percent(plan['error_rate'])} fail anyhow[/]"
    )


def _tight(wave: str, step: dict[str, Any]) -> str:
    return (
        f"{wave} needs {percent(step['seconds'] / step['deadline'])} of a step's deadline: at {step['percent']:g} % of "
        f"{step['target']} evidence is expected after {span(step['seconds'])} of {span(step['deadline'])}, so "
        "chance may let the deadline come first. A later deadline, or a larger step, helps."
    )


def _show_reasons(plan: dict[str, Any]) -> None:
    console.print("\n[bold]Why these waves[/]")
    if plan["derived"]["relaxed"]:
        console.print(f"for the longest duration's sake {plan['derived']['relaxed']}")
    for wave, reasons in zip(plan["waves"], plan["derived"]["reasons"], strict=True):
        for number, reason in enumerate(reasons):
            name = wave["name"] if number == 0 else " " * len(wave["name"])
            console.print(escape(f"{name}  {reason['figure']}: {reason['why']}"))


def _cells(line: dict[str, Any]) -> tuple[str, ...]:
    return (
        line["name"],
        "does not end" if line["seconds"] is None else span(line["seconds"]),
        f"{line['harm']:,.0f}",
        f"{line['harm_99']:,.0f}",
        f"{line['targets']:.1f}",
        percent(line["customers"]),
        percent(line["missed"]) if line["missed"] else "none",
    )
