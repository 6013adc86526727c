"""Groups: which of their applications depend on which, and the releases that are opened together.

Order comes from what is there: stacks that take each other's exports or layers, gates that name another member; a
fleet's file adds to it. What carries the same artifact goes in the order of the file, where nothing else gives one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter

from shoreward.app.ports import Blobs
from shoreward.core.events import ReleaseOpened
from shoreward.domain import After, Group, GroupRelease, Member, Pipeline, Revision, SpecError, digest_of
from shoreward.spec.groups import cycle_words
from shoreward.spec.template.exchange import offered, taken


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """An application of a group as it would be released; `revision` is None for what cannot be built."""

    pipeline: Pipeline
    revision: Revision | None = None


def together(name: str, openings: Iterable[ReleaseOpened], members: Sequence[Member]) -> list[ReleaseOpened]:
    """The openings of a group release, each with what it was opened together with, in the order of its members."""
    by_name = {opening.pipeline.application: opening for opening in openings}
    ordered = [by_name[member.application] for member in members]
    said = [(opening.at, opening.pipeline.application, opening.commit, opening.back_to) for opening in ordered]
    group = GroupRelease(id=f"{name}-{digest_of(said)[:10]}", name=name, members=tuple(members))
    return [replace(opening, group=group) for opening in ordered]


def members_of(group: Group, parts: Mapping[str, Part], blobs: Blobs, changed: Iterable[str]) -> tuple[Member, ...]:
    """Those of a group that changed, providers first, each with all that it depends on, through the others as well.

    Args:
        parts: all of the group's applications.
        blobs: holds the revisions' templates.

    Raises:
        SpecError: FLEET_GROUP_CYCLE.
    """
    direct = _dependencies(group, parts, blobs)
    try:
        order = tuple(TopologicalSorter(direct).static_order())
    except CycleError as error:
        what = f"The group {group.name} has no order: {cycle_words(error)}."
        advice = "Look at 'after' here, at the gates, and at what their templates import; remove one of these."
        raise SpecError("FLEET_GROUP_CYCLE", what, where=group.where, next=advice) from None
    depends: dict[str, set[str]] = {}
    for each in order:
        depends[each] = direct[each].union(*(depends[other] for other in direct[each]))
    going = [each for each in order if each in set(changed)]
    return tuple(
        Member(application=each, after=tuple(other for other in going if other in depends[each])) for each in going
    )


def _dependencies(group: Group, parts: Mapping[str, Part], blobs: Blobs) -> dict[str, set[str]]:
    """What each application depends on, as far as somebody or something says so."""
    names = [str(each) for each in group.applications]
    found: dict[str, set[str]] = {name: set(group.after.get(name, ())) for name in names}
    offers = {name: _exchange(parts[name], blobs, taking=False) for name in names}
    for name in names:
        pipeline = parts[name].pipeline
        gates = (*pipeline.gates, *(gate for wave in pipeline.waves for gate in wave.gates))
        found[name].update(gate.application for gate in gates if isinstance(gate, After) and gate.application in names)
        wants = _exchange(parts[name], blobs, taking=True)
        found[name].update(other for other in names if other != name and wants & offers[other])
    _share(names, parts, found)
    return found


def _exchange(part: Part, blobs: Blobs, *, taking: bool) -> frozenset[str]:
    """What a revision takes, or offers, on all of its targets."""
    if part.revision is None:
        return frozenset()
    template = json.loads(blobs.get(part.revision.template))
    look = taken if taking else offered
    return frozenset[str]().union(*(look(template, target) for target in part.pipeline.targets))


def _share(names: Sequence[str], parts: Mapping[str, Part], found: dict[str, set[str]]) -> None:
    """What has an artifact in common goes one after the other, in the order of the file, unless it has another one."""
    carried = {
        name: {artifact.digest for artifact in revision.artifacts} if (revision := parts[name].revision) else set[str]()
        for name in names
    }
    for place, name in enumerate(names):
        for before in names[:place]:
            if carried[name] & carried[before] and not _leads(before, name, found):
                found[name].add(before)


def _leads(consumer: str, provider: str, found: Mapping[str, set[str]]) -> bool:
    """Whether one depends on another, perhaps through others; a cycle leads nowhere new."""
    known, coming = set[str](), [consumer]
    while coming:
        each = coming.pop()
        if each not in known:
            known.add(each)
            coming.extend(found.get(each, ()))
    return provider in known
