"""What is outside of a release and bears on it: other releases, people's words about more than one, and room.

A value that is made anew for every decision (`app.surroundings`), so that the decision itself stays pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from shoreward.core.control import FreezePlaced, StopPlaced, VariableSet
from shoreward.core.state import Release


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """Another release of the same application.

    Attributes:
        open: False for one that has succeeded and stayed.
        back: whether it goes back, or will as soon as somebody looks: its revision is in quarantine.
        unit: what goes on, or not, as one with it: the id of its group release, its own for one that goes alone.
        held: whether a person, or Shoreward itself, holds all of it, or of what goes with it.
        ready: whether its checks have passed, and of what goes with it, so that it may enter a wave.
        wave, baked: as in `Release`; it is in a wave when `wave == baked`.
        on: keys of the targets that it has: it has entered them, or something of it is, or may be, there.
        serving: keys of those where its customers are, or that it takes back: what alarms tell there is of it.
        ahead: keys of the targets that it has not baked on yet.
        consumers: applications that depend on it in its group release.
        carries: releases whose commits it contains, of those that were open when it was; None where nobody asked.
    """

    id: str
    unit: str = ""
    open: bool = True
    back: bool = False
    held: bool = False
    ready: bool = False
    wave: int = -1
    baked: int = 0
    on: frozenset[str] = frozenset()
    serving: frozenset[str] = frozenset()
    ahead: frozenset[str] = frozenset()
    consumers: frozenset[str] = frozenset()
    carries: tuple[str, ...] | None = None

    @property
    def waiting(self) -> bool:
        """Whether it is in no wave."""
        return self.wave < self.baked


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """A release of another application, as far as those who depend on it care.

    Attributes:
        ahead: `account/region` of the targets that it has not reached, or has not baked on, yet.
        targets: that of all its targets.
        back: whether it goes back.
        together: applications that it was released together with.
    """

    id: str
    opened_at: float
    together: frozenset[str] = frozenset()
    targets: frozenset[str] = frozenset()
    ahead: frozenset[str] = frozenset()
    back: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Fellow:
    """Another member of the same group release.

    Attributes:
        leaves: why it goes back, or will as soon as somebody looks; "" while it stays.
        heirs: units, one of whose releases could go on in its place.
    """

    state: Release
    leaves: str = ""
    heirs: frozenset[str] = frozenset()

    @property
    def application(self) -> str:
        """Its application."""
        return self.state.pipeline.application


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """The surroundings of one release, at one moment.

    Attributes:
        stop: a person's word that stops its pipeline, or all of them.
        quarantine: why its revision must not be anywhere; "" when it may.
        unsure: why nobody can tell whether it may; "" when somebody can.
        ahead: older releases that are open, oldest first.
        behind: newer ones that are open or stayed, oldest first.
        crowded: why there is no room on a target now, by its key.
        freezes: those of its pipeline and of all, by name; they may be over, or not have begun.
        variables: what people set, by name.
        others: open releases of other applications, by application.
        left: when the last customers of a newer release left a target that it went back from, by the target's key.
        fellows: the other members of its group release, providers before their consumers, those that have ended too.
    """

    stop: StopPlaced | None = None
    quarantine: str = ""
    unsure: str = ""
    ahead: tuple[Other, ...] = ()
    behind: tuple[Other, ...] = ()
    crowded: Mapping[str, str] = field(default_factory=dict[str, str])
    freezes: Mapping[str, FreezePlaced] = field(default_factory=dict[str, FreezePlaced])
    variables: Mapping[str, VariableSet] = field(default_factory=dict[str, VariableSet])
    others: Mapping[str, tuple[Elsewhere, ...]] = field(default_factory=dict[str, tuple[Elsewhere, ...]])
    left: Mapping[str, float] = field(default_factory=dict[str, float])
    fellows: tuple[Fellow, ...] = ()

    def above(self, target: str) -> tuple[Other, ...]:
        """Newer releases that have a target."""
        return tuple(other for other in self.behind if target in other.on)

    def is_served(self, target: str) -> bool:
        """Whether a newer release has customers on a target, or takes them back."""
        return any(target in other.serving for other in self.behind)

    def beneath(self, target: str) -> Other | None:
        """An older release that goes back from a target, and to which no newer one than it comes first there."""
        return next((other for other in self.ahead if other.back and target in self.left_by(other)), None)

    def left_by(self, other: Other) -> frozenset[str]:
        """What an older release has for itself: where one between the two is on top of it, that one counts."""
        between = self.ahead[self.ahead.index(other) + 1 :]
        return other.on.difference(*(each.on for each in between))


ALONE = Outside()
"""The surroundings of a release that has none."""
