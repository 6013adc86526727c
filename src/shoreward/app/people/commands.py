"""Everything that people can ask for, as values: the command line and the server's API obey the same ones.

A command is carried out by one function, `obey`, wherever it comes from. Opening a release of a revision is no command
of these: it takes the application's repository (`cli.starting`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from shoreward.app.people import gates, levers, orders
from shoreward.app.people.returning import bring_back
from shoreward.app.ports import Journal
from shoreward.app.quarantine import Quarantine
from shoreward.app.releases import Wish


@dataclass(frozen=True, slots=True, kw_only=True)
class _OfRelease:
    release: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold(_OfRelease):
    """See `levers.hold`."""

    wave: str = ""
    target: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resume(_OfRelease):
    """See `levers.resume`."""

    wave: str = ""
    target: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Abort(_OfRelease):
    """See `levers.abort`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RollBack(_OfRelease):
    """See `levers.roll_back`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BringBack(_OfRelease):
    """See `returning.bring_back`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry(_OfRelease):
    """See `levers.retry`."""

    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Skip(_OfRelease):
    """See `levers.skip`."""

    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Approve(_OfRelease):
    """See `gates.approve`."""

    gate: str
    wave: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Override(_OfRelease):
    """See `gates.override`."""

    gate: str
    wave: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NameCulprit(_OfRelease):
    """See `orders.name_culprit`."""

    commit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LiftQuarantine(_OfRelease):
    """See `orders.lift_quarantine`; without a fix it goes again as it is."""

    fix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """See `orders.stop`; "" is every pipeline."""

    application: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiftStop:
    """See `orders.lift_stop`."""

    application: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceFreeze:
    """See `orders.freeze`."""

    name: str
    start: float
    end: float
    application: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiftFreeze:
    """See `orders.lift_freeze`."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetVariable:
    """See `orders.set_variable`."""

    name: str
    value: str


Lever = Hold | Resume | Abort | RollBack | Retry | Skip | Approve | Override | NameCulprit | LiftQuarantine
"""What is asked for about one release that is there."""

Order = Stop | LiftStop | PlaceFreeze | LiftFreeze | SetVariable
"""What is asked for about more than one."""

Command = Lever | BringBack | Order


def obey(journal: Journal, command: Command, wish: Wish, quarantine: Quarantine | None = None) -> str:
    """Do what is asked for; doing what is so already changes nothing.

    Args:
        quarantine: knows the history of commits; without it only the same commit and revision are known again.

    Returns:
        The release that it is about, the new one where one was opened, "" for an order.

    Raises:
        Refused: what the command's own function raises.
    """
    match command:
        case Stop() | LiftStop() | PlaceFreeze() | LiftFreeze() | SetVariable():
            _order(journal, command, wish)
            return ""
        case BringBack(release=release):
            return bring_back(journal, release, wish, quarantine)
        case _:
            _pull(journal, command, wish)
            return command.release


def _pull(journal: Journal, command: Lever, wish: Wish) -> None:
    match command:
        case Hold(release=release, wave=wave, target=target):
            levers.hold(journal, release, wish, wave=wave, target=target)
        case Resume(release=release, wave=wave, target=target):
            levers.resume(journal, release, wish, wave=wave, target=target)
        case Abort(release=release):
            levers.abort(journal, release, wish)
        case RollBack(release=release):
            levers.roll_back(journal, release, wish)
        case Retry(release=release, target=target):
            levers.retry(journal, release, target, wish)
        case Skip(release=release, target=target):
            levers.skip(journal, release, target, wish)
        case Approve(release=release, gate=gate, wave=wave):
            gates.approve(journal, release, gate, wish, wave=wave)
        case Override(release=release, gate=gate, wave=wave):
            gates.override(journal, release, gate, wish, wave=wave)
        case NameCulprit(release=release, commit=commit):
            orders.name_culprit(journal, release, commit, wish)
        case LiftQuarantine(release=release, fix=fix):
            orders.lift_quarantine(journal, release, wish, fix=fix)
        case _:
            assert_never(command)


def _order(journal: Journal, command: Order, wish: Wish) -> None:
    match command:
        case Stop(application=application):
            orders.stop(journal, application, wish)
        case LiftStop(application=application):
            orders.lift_stop(journal, application, wish)
        case PlaceFreeze(name=name, start=start, end=end, application=application):
            orders.freeze(journal, name, start, end, wish, application=application)
        case LiftFreeze(name=name):
            orders.lift_freeze(journal, name, wish)
        case SetVariable(name=name, value=value):
            orders.set_variable(journal, name, value, wish)
        case _:
            assert_never(command)
