"""What people may do with a pipeline, and the freezes that they have placed."""

from __future__ import annotations

from shoreward.core.control import FreezePlaced
from shoreward.web.views.actions import begin, freeze, lift_freeze, lift_stop, stop
from shoreward.web.views.shapes import Action
from shoreward.web.watch import Sight


def freezes_of(sight: Sight, application: str, now: float) -> tuple[tuple[FreezePlaced, Action], ...]:
    """Freezes of a pipeline, or of all, that are not over, each with how it is ended."""
    return tuple(
        (each, lift_freeze(each.name))
        for each in sight.control.freezes.values()
        if each.application in ("", application) and each.end > now
    )


def of_pipeline(sight: Sight, application: str, *, begins: bool) -> tuple[Action, ...]:
    """Begin a release, freeze, stop or let go."""
    stopped = sight.control.stops.get(application)
    unless = "" if begins else "This server has no repository at hand; use `shoreward release` where it is."
    return (
        begin(application, unless=unless),
        freeze(application),
        lift_stop(application) if stopped else stop(application),
    )
