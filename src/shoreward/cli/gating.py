"""Gates on the command line: how they stand, when they open, and opening them."""

from __future__ import annotations

import time
from typing import Any

from rich.markup import escape
from rich.table import Table

from shoreward.app.gates import Placed, approve, override, standings, zones_of
from shoreward.app.standing import scene_of
from shoreward.bootstrap import Project, wish
from shoreward.cli.levers import ask_why
from shoreward.cli.output import console, opening, print_json
from shoreward.cli.show import chosen
from shoreward.core.gating import Standing
from shoreward.core.hours import opens_at
from shoreward.domain import Freeze, Gate, Pipeline, Wave, Window
from shoreward.domain.zones import zone_named


def unlock(project: Project, release: str, gate: str, wave: str, why: str, *, approving: bool, json: bool) -> int:
    """Approve, or override."""
    of = chosen(project, release).id
    act = approve if approving else override
    state = act(project.journal, of, gate, wish(why or ask_why(f"{gate} of {of}", json=json)), wave=wave)
    opened = [each for each in state.unlocked.values() if each.gate == gate][-1]
    if json:
        print_json({"id": of, "gate": gate, "wave": opened.wave, "by": opened.by, "why": opened.why})
    else:
        console.print(f"Gate {gate} is open for wave {opened.wave} of {of}.", markup=False)
    return 0


def show_gates(project: Project, release: str | None, *, json: bool) -> None:
    """How the gates of a release stand."""
    state, now = chosen(project, release), time.time()
    scene = scene_of(project.journal, project.quarantine())
    known = any(each.id == state.id for each in scene.releases)
    found = standings(state, now, scene.around(state)) if known else ()
    if json:
        print_json({"id": state.id, "gates": [_json(each) for each in found]})
        return
    if not found:
        console.print(f"{state.id} has no gate before it.")
        return
    table = Table(box=None)
    for name in ("gate", "kind", "of", "", "why", "opens"):
        table.add_column(name, no_wrap=name != "why")
    for each in found:
        standing = each.standing
        row = (standing.gate, standing.kind, _of(each), "open" if standing.open else "closed", _why(each))
        until = [opening(one.until, one.zone) for one in standing.decision.blockers]
        table.add_row(*map(escape, row), "; ".join(filter(None, until)))
    console.print(table)


def _of(placed: Placed) -> str:
    return str(placed.target) if placed.target else f"wave {placed.wave}"


def _why(placed: Placed) -> str:
    """Why it is closed, without its name; or who opened it."""
    standing = placed.standing
    if standing.unlocked:
        return f"opened by {standing.unlocked.by}: {standing.unlocked.why}"
    return "; ".join(_bare(standing, each.what) for each in standing.decision.blockers)


def _bare(standing: Standing, what: str) -> str:
    return what.partition(f"gate {standing.gate}: ")[2] or what


def _json(placed: Placed) -> dict[str, Any]:
    standing = placed.standing
    blockers = standing.decision.blockers
    return {
        "gate": standing.gate,
        "kind": standing.kind,
        "wave": placed.wave,
        "target": placed.target.key if placed.target else None,
        "open": standing.open,
        "why": _why(placed),
        "until": blockers[0].until if blockers else None,
        "zone": blockers[0].zone if blockers else "",
        "person": any(each.person for each in blockers),
    }


def planned(pipeline: Pipeline, wave: Wave, now: float) -> list[dict[str, Any]]:
    """The gates of a wave, for a plan; those that go by the clock with their next openings, zone by zone."""
    return [
        {"gate": gate.name, "kind": gate.kind, "openings": _openings(gate, wave, now)}
        for gate in pipeline.gates_of(wave)
    ]


def _openings(gate: Gate, wave: Wave, now: float) -> list[dict[str, Any]]:
    if not isinstance(gate, Window | Freeze):
        return []
    zones = ((name, zone_named(name)) for name in zones_of(gate, wave))
    openings = ((name, opens_at(gate, zone, now)) for name, zone in zones if zone)
    return [{"zone": name, "open": at == now, "at": at} for name, at in openings]


def planned_words(gate: dict[str, Any]) -> str:
    """A planned gate in a line."""
    openings = [
        f"open now in {each['zone']}" if each["open"] else opening(each["at"], each["zone"]) or "never opens"
        for each in gate["openings"]
    ]
    return f"gate {gate['gate']} ({gate['kind']})" + (f": {'; '.join(openings)}" if openings else "")
