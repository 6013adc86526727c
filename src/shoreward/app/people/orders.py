"""What people say of more than one release: stop a pipeline or everything, freeze, set a variable, about quarantine.

Every word is kept in the journal, with who and why. Saying what holds already changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from shoreward.app.ports import Conflict, Journal
from shoreward.app.releases import Wish
from shoreward.core import control as c
from shoreward.core.control import Control, Order, control_of
from shoreward.domain import Refused


def stop(journal: Journal, application: str, wish: Wish) -> Control:
    """Let nothing move forward in a pipeline, or, with "", in any; it takes effect on the next step everywhere."""

    def place(control: Control) -> Order | None:
        stopped = application in control.stops
        return None if stopped else c.StopPlaced(at=wish.at, by=wish.by, why=wish.why, application=application)

    return order(journal, place)


def lift_stop(journal: Journal, application: str, wish: Wish) -> Control:
    """Let a pipeline, or, with "", everything move again; what stops a pipeline alone stays."""

    def lift(control: Control) -> Order | None:
        stopped = application in control.stops
        return c.StopLifted(at=wish.at, by=wish.by, why=wish.why, application=application) if stopped else None

    return order(journal, lift)


def freeze(journal: Journal, name: str, start: float, end: float, wish: Wish, *, application: str = "") -> Control:
    """Let nothing enter a wave or a target between two times, in a pipeline or in any.

    Raises:
        Refused: FREEZE_TIMES when it would end before it begins.
    """
    if end <= start:
        raise Refused("FREEZE_TIMES", f"The freeze {name} would end before it begins.", next="Exchange the times.")
    placed = c.FreezePlaced(
        at=wish.at, by=wish.by, why=wish.why, name=name, start=start, end=end, application=application
    )

    def place(control: Control) -> Order | None:
        known = control.freezes.get(name)
        same = known and (known.start, known.end, known.application) == (start, end, application)
        return None if same else placed

    return order(journal, place)


def lift_freeze(journal: Journal, name: str, wish: Wish) -> Control:
    """End a freeze before its time; raises `Refused` (FREEZE_UNKNOWN)."""

    def lift(control: Control) -> Order | None:
        if name not in control.freezes:
            known = ", ".join(control.freezes) or "none"
            raise Refused("FREEZE_UNKNOWN", f"There is no freeze {name}.", next=f"There is {known}.")
        return c.FreezeLifted(at=wish.at, by=wish.by, why=wish.why, name=name)

    return order(journal, lift)


def set_variable(journal: Journal, name: str, value: str, wish: Wish) -> Control:
    """Give a variable that gates ask for a value."""

    def give(control: Control) -> Order | None:
        known = control.variables.get(name)
        same = known is not None and known.value == value
        return None if same else c.VariableSet(at=wish.at, by=wish.by, why=wish.why, name=name, value=value)

    return order(journal, give)


def name_culprit(journal: Journal, release: str, commit: str, wish: Wish) -> Control:
    """Say which commit of a release that harmed is to blame: a revert of it is the fix."""
    _harmed(journal, release)

    def name(control: Control) -> Order | None:
        known = control.named.get(release)
        same = known is not None and known.commit == commit
        return None if same else c.CulpritNamed(at=wish.at, by=wish.by, why=wish.why, release=release, commit=commit)

    return order(journal, name)


def lift_quarantine(journal: Journal, release: str, wish: Wish, *, fix: str = "") -> Control:
    """Let go again what a release brought; with `fix`, only in what contains that commit."""
    _harmed(journal, release)

    def lift(control: Control) -> Order | None:
        known = control.lifted.get(release, ())
        if any(each.commit in ("", fix) for each in known):
            return None
        return c.QuarantineLifted(at=wish.at, by=wish.by, why=wish.why, release=release, commit=fix)

    return order(journal, lift)


def _harmed(journal: Journal, release: str) -> None:
    if not journal.header(release).harmed:
        raise Refused(
            "NOT_QUARANTINED",
            f"Release {release} has harmed nobody, so nothing of it is in quarantine.",
            next="`shoreward quarantine` lists what is.",
        )


def order(journal: Journal, speak: Callable[[Control], Order | None]) -> Control:
    """Append what is to be said as things stand, however often they change meanwhile; None is nothing."""
    while True:
        said = journal.orders()
        control = control_of(said)
        word = speak(control)
        if word is None:
            return control
        try:
            journal.steer(len(said), (word,))
        except Conflict:
            continue
        return c.steered(control, word)
