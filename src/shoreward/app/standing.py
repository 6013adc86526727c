"""How things stand, for whoever only reads: the surroundings of releases, made from a journal alone."""

from __future__ import annotations

from functools import partial

from shoreward.app.ports import Journal
from shoreward.app.releases import beside, load
from shoreward.app.surroundings import Conditions, Scene
from shoreward.core import Decision, Release, decide
from shoreward.core.control import control_of


def scene_of(journal: Journal, conditions: Conditions, now: float) -> Scene:
    """All releases that are under way, and what bears on them."""
    opened = journal.releases(open=True)
    return Scene.of(
        opened,
        (each for header in opened for each in beside(journal, header, now)),
        partial(load, journal),
        control=control_of(journal.orders()),
        limits=conditions.limits,
        taints={header.id: conditions.taint(header) for header in opened},
    )


def decision_of(journal: Journal, conditions: Conditions, state: Release, now: float) -> Decision:
    """What a controller would decide of a release now: what it does next, and what it waits for."""
    if state.ended:
        return Decision()
    scene = scene_of(journal, conditions, now)
    found = next((each for each in scene.releases if each.id == state.id), None)
    return decide(found, now, scene.around(found)) if found else Decision()
