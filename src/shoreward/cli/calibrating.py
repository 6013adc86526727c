"""`shoreward judge --calibrate`: a table and a picture that a team can choose margins and bakes from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.table import Table

from shoreward.app.recorded.calibrating import Calibration, calibrate
from shoreward.app.recorded.judged import Manner
from shoreward.app.recorded.streams import Samples
from shoreward.cli.output import console, print_json
from shoreward.domain import UserError


def show_calibration(samples: Samples, manner: Manner, *, json: bool, picture: Path | None) -> None:
    """Calibrate and show it.

    Raises:
        UserError: HISTORY_SHORT when it does not hold a single bake.
    """
    found = calibrate(samples, manner)
    if not found:
        raise UserError(
            "HISTORY_SHORT",
            f"The history has {len(samples.times)} intervals, and a bake is {manner.horizon}.",
            next="Give a longer history (a day at least), or a shorter --horizon.",
        )
    if picture is not None:
        from shoreward.cli.pictures.calibration import write_calibration

        write_calibration(found, picture)
    if json:
        print_json({"bake": manner.horizon, "streams": [_entry(each) for each in found]})
        return
    console.print(_table(found, manner))
    for line in _advice(found, manner):
        console.print(line, markup=False)


def _table(found: tuple[Calibration, ...], manner: Manner) -> Table:
    table = Table(box=None, header_style="dim", pad_edge=False, title=f"Bakes of {manner.horizon} intervals")
    for heading in (
        "target",
        "metric",
        "dispersion",
        "bakes",
        "false rollbacks",
        "without it",
        "pass",
        "after",
        "finds",
        "after",
    ):
        table.add_column(heading)
    for each in found:
        smallest = each.smallest
        table.add_row(
            each.target,
            each.metric,
            f"{each.dispersion:.3g}" + ("" if each.known else " (presumed)"),
            str(each.bakes),
            f"{each.false_rollbacks} (below {each.at_most:.1%})",
            str(each.careless),
            f"{each.passes / each.bakes:.0%}",
            _intervals(each.pass_after),
            size_words(each, smallest.size) if smallest else "nothing",
            _intervals(smallest.delay if smallest else None),
        )
    return table


def size_words(stream: Calibration, size: float) -> str:
    """A regression's size, as people say it."""
    match stream.kind:
        case "counts":
            return f"+{size * 100:g} points"
        case "latency":
            return f"x{size:g} slower"
        case "gauge":
            return f"{size * stream.dispersion:.3g} off"


def _intervals(number: float | None) -> str:
    return "never" if number is None else f"{number:g} intervals"


def _advice(found: tuple[Calibration, ...], manner: Manner) -> list[str]:
    known = [each.dispersion for each in found if each.known and each.kind != "gauge"]
    said: list[str] = []
    if known:
        said.append(f"judge.dispersion in shoreward.yaml: {max(known):.2g} suits every stream here.")
    if any(not each.known for each in found):
        said.append(
            f"Presumed: this history holds too little to tell, so {manner.policy.dispersion:g} is reckoned with."
        )
    if any(each.one_arm for each in found):
        said.append(
            "Histories with one arm: neighbouring intervals stood in for canary and baseline, an even split. "
            "With fewer requests on the canary everything takes longer."
        )
    return said


def _entry(each: Calibration) -> dict[str, Any]:
    smallest = each.smallest
    return {
        "target": each.target,
        "metric": each.metric,
        "kind": each.kind,
        "dispersion": each.dispersion,
        "dispersion_known": each.known,
        "one_arm": each.one_arm,
        "bakes": each.bakes,
        "false_rollbacks": each.false_rollbacks,
        "false_rollback_rate_below": each.at_most,
        "false_rollbacks_without_dispersion": each.careless,
        "passes": each.passes,
        "pass_after": each.pass_after,
        "smallest": None if smallest is None else {"size": smallest.size, "after": smallest.delay},
        "regressions": [{"size": one.size, "found": one.share, "after": one.delay} for one in each.found],
    }
