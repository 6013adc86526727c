"""How things stand, for whoever only reads: the surroundings of releases, made from a journal alone."""

from __future__ import annotations

from shoreward.app.ports import Journal
from shoreward.app.quarantine import Quarantine
from shoreward.app.releases import beside, load
from shoreward.app.surroundings import Scene
from shoreward.core import Decision, Release, decide
from shoreward.core.control import control_of


def scene_of(journal: Journal, quarantine: Quarantine, now: float) -> Scene:
    """All releases that are under way, and what bears on them."""
    headers = sorted(journal.releases(open=True), key=lambda header: header.number)
    over = (each for header in headers for each in beside(journal, header, now))
    known = {header.id: header for header in (*headers, *over)}
    return Scene(
        releases=tuple(load(journal, header.id) for header in sorted(known.values(), key=lambda header: header.number)),
        control=control_of(journal.orders()),
        taints={header.id: quarantine.taint(header) for header in headers},
    )


def decision_of(journal: Journal, quarantine: Quarantine, state: Release, now: float) -> Decision:
    """What a controller would decide of a release now: what it does next, and what it waits for."""
    if state.ended:
        return Decision()
    scene = scene_of(journal, quarantine, now)
    found = next((each for each in scene.releases if each.id == state.id), None)
    return decide(found, now, scene.around(found)) if found else Decision()
