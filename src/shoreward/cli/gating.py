"""Gates on the command line: how they stand, when they open, and opening them."""

from __future__ import annotations

import time
from typing import Any

from rich.markup import escape
from rich.table import Table

from shoreward.app.people import commands as c
from shoreward.app.people.gates import GateState, zones_of
from shoreward.app.releases import load
from shoreward.cli.levers import ask_why
from shoreward.cli.output import console, opening, print_json
from shoreward.cli.show import chosen
from shoreward.cli.sites import Site
from shoreward.core.hours import opens_at
from shoreward.domain import Freeze, Gate, Pipeline, Wave, Window
from shoreward.domain.zones import zone_named


def unlock(
    site: Site, kind: type[c.Approve | c.Override], release: str, gate: str, wave: str, why: str, *, json: bool
) -> int:
    """Approve, or override."""
    of = chosen(site, release).id
    site.obey(kind(release=of, gate=gate, wave=wave), why or ask_why(f"{gate} of {of}", json=json))
    state = load(site.journal, of)
    opened = [each for each in state.unlocked.values() if each.gate == gate][-1]
    if json:
        print_json({"id": of, "gate": gate, "wave": opened.wave, "by": opened.by, "why": opened.why})
    else:
        console.print(f"Gate {gate} is open for wave {opened.wave} of {of}.", markup=False)
    return 0


def show_gates(site: Site, release: str | None, *, json: bool) -> None:
    """How the gates of a release stand."""
    state = chosen(site, release)
    found = site.gates(state, time.time())
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
        row = (each.gate, each.kind, each.of, "open" if each.open else "closed", each.why)
        until = [opening(one.until, one.zone) for one in each.waits]
        table.add_row(*map(escape, row), "; ".join(filter(None, until)))
    console.print(table)


def _json(each: GateState) -> dict[str, Any]:
    first = each.waits[0] if each.waits else None
    return {
        "gate": each.gate,
        "kind": each.kind,
        "wave": each.wave,
        "target": each.target,
        "open": each.open,
        "why": each.why,
        "until": first.until if first else None,
        "zone": first.zone if first else "",
        "person": any(one.person for one in each.waits),
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
