"""What asks for what: walks over the names of packages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

Edges = Mapping[str, tuple[str, ...]]
"""For each package, the names that it asks for."""


def edges(packages: Iterable[tuple[str, tuple[str, ...]]]) -> Edges:
    """The edges of packages with what they ask for; several versions of one count together."""
    found: dict[str, tuple[str, ...]] = {}
    for name, requires in packages:
        found[name] = (*found.get(name, ()), *requires)
    return found


def reached(start: Iterable[str], along: Edges) -> frozenset[str]:
    """All names that can be reached, those of the start among them."""
    found: set[str] = set()
    waiting = list(start)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(along.get(name, ()))
    return frozenset(found)


def bringers(start: Iterable[str], along: Edges) -> Mapping[str, str]:
    """For all names that can be reached, the one of the start that brings it along by the shortest way."""
    found = {name: name for name in sorted(start)}
    waiting = list(found)
    for name in waiting:  # it grows
        for brought in along.get(name, ()):
            if brought not in found:
                found[brought] = found[name]
                waiting.append(brought)
    return found
