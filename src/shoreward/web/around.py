"""What bears on the releases that are shown: the same surroundings as a controller decides in.

So that every wait has its name on the page: another release, a person's word, room, quarantine, the other members of a
group. Made once for each sight, when somebody looks.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shoreward.app.quarantine import CLEAN, Taint
from shoreward.app.releases import stayed
from shoreward.app.surroundings import UNLIMITED, Glances, Scene
from shoreward.core import Release
from shoreward.core.header import Header
from shoreward.domain import Limits

if TYPE_CHECKING:
    from shoreward.web.watch import Sight

Load = Callable[[str], Release]
"""The state of a release."""


def free(header: Header) -> Taint:
    """Nothing is in quarantine, as far as anybody here can tell."""
    return CLEAN


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a server was told of its surroundings.

    Attributes:
        limits: how much may be under way at once.
        taint: what quarantine says of a release.
    """

    limits: Limits = UNLIMITED
    taint: Callable[[Header], Taint] = free


class Around:
    """Makes scenes of sights."""

    def __init__(self, known: Known, load: Load) -> None:
        self._known = known
        self._load = load
        self._lock = threading.Lock()
        self._glances = Glances()
        self._scene: tuple[int, Scene] = (0, Scene(releases=()))
        self._taints: dict[str, tuple[object, Taint]] = {}

    def scene(self, sight: Sight) -> Scene:
        """All that bears on each other at the moment of a sight."""
        with self._lock:
            if self._scene[0] != sight.version:
                self._scene = (sight.version, self._made(sight))
            return self._scene[1]

    def _made(self, sight: Sight) -> Scene:
        opened = [self._header(sight, release) for release in sight.under_way]
        beside = {header.id: header for open_one in opened for header in _beside(sight, open_one)}
        known = sorted((*opened, *beside.values()), key=lambda header: header.number)
        states = (
            sight.under_way[each.id].state if each.id in sight.under_way else self._load(each.id) for each in known
        )
        self._glances.keep({header.id for header in known})
        return Scene(
            releases=tuple(states),
            control=sight.control,
            limits=self._known.limits,
            taints=self._tainted(sight, opened),
            glances=self._glances,
        )

    def _header(self, sight: Sight, release: str) -> Header:
        application = release.rpartition("-")[0]
        return next(each for each in reversed(sight.everything[application]) if each.id == release)

    def _tainted(self, sight: Sight, opened: Iterable[Header]) -> dict[str, Taint]:
        """Asked again when a release is another revision, when something harmed, and when somebody spoke."""
        if self._known.taint is free:
            return {}
        harmed = sum(each.harmed for headers in sight.everything.values() for each in headers)
        found: dict[str, tuple[object, Taint]] = {}
        for header in opened:
            key = (header.digest, harmed, sight.orders)
            before = self._taints.get(header.id)
            fresh = before is None or before[0] != key or before[1].unsure
            found[header.id] = (key, self._known.taint(header)) if fresh or before is None else before
        self._taints = found
        return {release: taint for release, (_, taint) in found.items()}


def _beside(sight: Sight, header: Header) -> Iterator[Header]:
    """Releases that are over and matter to one that is under way: newer ones that stayed, members of its group."""
    for each in reversed(sight.everything[header.application]):
        if each.number <= header.number:
            break
        if not each.open and stayed(each):
            yield each
    if header.group:
        for headers in sight.everything.values():
            yield from (each for each in headers[-50:] if each.group == header.group and not each.open)
