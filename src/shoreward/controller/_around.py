"""What a controller knows beside the releases that it carries: people's orders, what stayed, what is in quarantine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import reduce

from shoreward.app.ports import Clock, Journal
from shoreward.app.quarantine import Taint
from shoreward.app.releases import bears, beside, load
from shoreward.app.surroundings import Glances, Limits, Scene
from shoreward.app.world import Worlds
from shoreward.core import Release
from shoreward.core.control import NO_CONTROL, Control, steered
from shoreward.core.header import Header, headed
from shoreward.core.outside import Outside

_ASK_AGAIN = 10.0
"""Seconds after which quarantine is asked again when it could not tell."""

Numbered = tuple[int, Release]
"""A release with its number among those of its application."""


class Around:
    """The surroundings of releases; used by the controller's thread, but for `stopped`."""

    def __init__(self, journal: Journal, worlds: Worlds, clock: Clock, limits: Limits) -> None:
        self._journal = journal
        self._worlds = worlds
        self._clock = clock
        self._limits = limits
        self._glances = Glances()
        self._over: dict[str, Numbered] = {}
        self._control = NO_CONTROL
        self._heard = 0
        self._taints: Mapping[str, Taint] | None = None
        self._sure_until = 0.0

    def hear(self) -> None:
        """Listen to what people have said since."""
        orders = self._journal.orders(self._heard)
        if orders:
            self._control = reduce(steered, orders, self._control)
            self._heard += len(orders)
            self.ask_again()

    def stopped(self, application: str) -> bool:
        """Whether people have stopped a pipeline, by the journal's last word; may be asked from any thread."""
        # Nothing is lost when the controller's thread listens meanwhile: a word that is heard twice says the same.
        control: Control = reduce(steered, self._journal.orders(self._heard), self._control)
        return control.stop_of(application) is not None

    def ask_again(self) -> None:
        """Something happened that may change what is in quarantine."""
        self._taints = None

    def take_up(self, header: Header) -> None:
        """A release is carried from now on: know of later ones that stayed, or left lately, and of its fellows."""
        self._over.pop(header.id, None)
        for each in beside(self._journal, header, self._clock.now()):
            if each.id not in self._over:
                self._over[each.id] = each.number, load(self._journal, each.id)
        self.ask_again()

    def leave(self, ended: Numbered, carried: Iterable[Numbered]) -> None:
        """A release is over; older ones of its application that are carried must know if it stayed, its fellows how."""
        self._over[ended[1].id] = ended
        now, under_way = self._clock.now(), [_outline(*each) for each in carried]
        self._over = {
            release: over
            for release, over in self._over.items()
            if any(bears(_outline(*over), header, now) for header in under_way)
        }
        self._glances.keep({*self._over, *(header.id for header in under_way)})

    def outside(self, state: Release, carried: Iterable[Numbered]) -> Outside:
        """The surroundings of a release that is carried, among the others."""
        known = sorted((*carried, *self._over.values()), key=lambda each: each[0])
        scene = Scene(
            releases=tuple(each for _, each in known),
            control=self._control,
            limits=self._limits,
            taints=self._tainted(),
            glances=self._glances,
        )
        return scene.around(state)

    def _tainted(self) -> Mapping[str, Taint]:
        """What quarantine says of releases; asked again when something may have changed it, and while it is unsure."""
        now = self._clock.now()
        if self._taints is None or (now >= self._sure_until and any(each.unsure for each in self._taints.values())):
            self._taints = {
                header.id: world.quarantine.taint(header)
                for header in self._journal.releases(open=True)
                if (world := self._worlds(header.application))
            }
            self._sure_until = now + _ASK_AGAIN
        return self._taints


def _outline(number: int, state: Release) -> Header:
    """A release's header, as far as others ask it whether it bears on them."""
    return replace(
        headed(state.id, number, state.opened),
        open=not state.ended,
        back_at=state.rollback.at if state.rollback else 0.0,
        ended_at=state.ended_at,
        outcome=state.outcome,
    )
