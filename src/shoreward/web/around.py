"""What bears on the releases that are shown: the same surroundings as a controller decides in.

So that every wait has its name on the page: another release, a person's word, room, quarantine, the other members of a
group. Made once for each sight, when somebody looks.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from itertools import takewhile
from typing import TYPE_CHECKING

from shoreward.app.quarantine import Taint
from shoreward.app.releases import bears
from shoreward.app.surroundings import Conditions, Glances, Scene, free
from shoreward.core import Release
from shoreward.core.header import Header

if TYPE_CHECKING:
    from shoreward.web.watch import Sight

Load = Callable[[str], Release]
"""The state of a release."""


class Around:
    """Makes scenes of sights."""

    def __init__(self, conditions: Conditions, load: Load) -> None:
        self._conditions = conditions
        self._load = load
        self._lock = threading.Lock()
        self._glances = Glances()
        self._scene: tuple[int, Scene] = (0, Scene(releases=()))
        self._taints: dict[str, tuple[object, Taint]] = {}

    def scene(self, sight: Sight, now: float) -> Scene:
        """All that bears on each other at the moment of a sight."""
        with self._lock:
            if self._scene[0] != sight.version:
                self._scene = (sight.version, self._made(sight, now))
            return self._scene[1]

    def _made(self, sight: Sight, now: float) -> Scene:
        opened = [self._header(sight, release) for release in sight.under_way]
        over = (each for header in opened for each in _near(sight, header) if bears(each, header, now))

        def load(release: str) -> Release:
            carried = sight.under_way.get(release)
            return carried.state if carried else self._load(release)

        return Scene.of(
            opened,
            over,
            load,
            control=sight.control,
            limits=self._conditions.limits,
            taints=self._tainted(sight, opened),
            glances=self._glances,
        )

    def _header(self, sight: Sight, release: str) -> Header:
        application = release.rpartition("-")[0]
        return next(each for each in reversed(sight.everything[application]) if each.id == release)

    def _tainted(self, sight: Sight, opened: Iterable[Header]) -> dict[str, Taint]:
        """Asked again when a release is another revision, when something harmed, and when somebody spoke."""
        if self._conditions.taint is free:
            return {}
        harmed = sum(each.harmed for headers in sight.everything.values() for each in headers)
        found: dict[str, tuple[object, Taint]] = {}
        for header in opened:
            key = (header.digest, harmed, sight.orders)
            before = self._taints.get(header.id)
            fresh = before is None or before[0] != key or before[1].unsure
            found[header.id] = (key, self._conditions.taint(header)) if fresh or before is None else before
        self._taints = found
        return {release: taint for release, (_, taint) in found.items()}


def _near(sight: Sight, header: Header) -> Iterator[Header]:
    """Releases among which those are that bear on one that is under way."""
    yield from takewhile(lambda each: each.number > header.number, reversed(sight.everything[header.application]))
    if group := sight.under_way[header.id].state.opened.group:
        for member in group.members:
            yield from sight.everything.get(member.application, ())
