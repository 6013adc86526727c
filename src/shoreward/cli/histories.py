"""What history, where and dora print."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.markup import escape
from rich.table import Table

from shoreward.app.past.history import Figures
from shoreward.cli.output import console, moment, print_json, span
from shoreward.cli.sites import Site
from shoreward.core.header import Header
from shoreward.domain import Refused


def show_history(site: Site, target: str | None, *, limit: int, json: bool) -> None:
    """What was live, newest first."""
    found = [stay for stay in reversed(site.history(limit)) if target is None or _is(stay.target, target)]
    if target is not None and not found:
        raise Refused(
            "TARGET_UNKNOWN", f"Nothing has been live on {target}.", next="`shoreward history` lists all targets."
        )
    if json:
        print_json([asdict(stay) for stay in found])
        return
    table = Table(box=None)
    for name in ("target", "release", "commit", "subject", "by", "since", "until"):
        table.add_column(name, no_wrap=name != "subject")
    for stay in found:
        until = "live" if stay.until is None else moment(stay.until)
        subject = escape(stay.subject)
        release = f"{stay.release} ({stay.group})" if stay.group else stay.release
        table.add_row(stay.target, release, stay.commit[:10], subject, stay.by, moment(stay.since), until)
    console.print(table)


def _is(key: str, name: str) -> bool:
    account, region, _ = key.split("/", 2)
    return name in (key, region, f"{account}/{region}")


def show_where(site: Site, rev: str, *, json: bool) -> None:
    """Where a commit is."""
    sought = site.where(rev)
    commit, found = sought.commit, sought.applications
    live = [stay for each in found for stay in each.live]
    away = [stay for each in found for stay in each.not_live]
    carried = [header for each in found for header in each.carried_by]
    if json:
        print_json(
            {
                "commit": commit,
                "subject": sought.subject,
                "live": [asdict(stay) for stay in live],
                "not_live": [asdict(stay) for stay in away],
                "releases": [_header_json(header) for header in carried],
            }
        )
        return
    console.print(f"{commit[:10]} {escape(sought.subject)}")
    for stay in live:
        console.print(f"  live on {stay.target} since {moment(stay.since)}, by {stay.release}", style="green")
    for stay in away:
        console.print(f"  not on {stay.target}, where {stay.commit[:10]} of {stay.release} is live", style="dim")
    for header in carried:
        console.print(f"  {header.id}: {_standing(header)}")
    if not (live or carried):
        console.print("  No release has carried it.")


def _standing(header: Header) -> str:
    if header.outcome:
        return header.outcome.value.replace("_", " ")
    if header.back_at:
        return "going back"
    where = f"in wave {header.wave + 1} of {header.waves}" if header.wave >= header.baked else "waiting"
    return f"under way, {where}{', held' if header.held else ''}"


def _header_json(header: Header) -> dict[str, Any]:
    return {
        "id": header.id,
        "application": header.application,
        "commit": header.commit,
        "open": header.open,
        "outcome": header.outcome.value if header.outcome else None,
    }


def show_figures(site: Site, *, days: int, json: bool) -> None:
    """The four figures, for each pipeline and for all."""
    told = {name or "all": each for name, each in site.delivery(days).items()}
    if json:
        print_json(
            {
                name: {**_figures_json(each.whole), "trend": [_figures_json(part) for part in each.trend]}
                for name, each in told.items()
            }
        )
        return
    table = Table(box=None)
    for name in ("pipeline", "deployments", "a day", "lead time", "failures", "failure rate", "recovery", "between"):
        table.add_column(name, no_wrap=True)
    table.add_column("deployments over time", no_wrap=True)
    for name, delivery in told.items():
        each = delivery.whole
        rate = "" if each.failure_rate is None else f"{100 * each.failure_rate:.1f} %"
        bars = _bars([part.deployments for part in delivery.trend])
        times = [_span(value) for value in (each.lead_time, each.recovery, each.between_failures)]
        row = (f"{each.deployments}", f"{each.per_day:.2f}", times[0], f"{each.failures}", rate, times[1], times[2])
        table.add_row(name, *row, bars)
    console.print(table)


def _span(seconds: float | None) -> str:
    return "" if seconds is None else span(seconds)


def _bars(values: Sequence[int]) -> str:
    most = max(values, default=0)
    return "".join(" ▁▂▃▄▅▆▇█"[round(8 * value / most)] if most else " " for value in values)


def _figures_json(each: Figures) -> dict[str, Any]:
    return {**asdict(each), "per_day": each.per_day, "failure_rate": each.failure_rate}
