"""The `groups` of `fleet.yaml`: their format, and what can be known to be wrong before any pipeline is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import Any

from shoreward.domain import Group, Written
from shoreward.spec._kinds import Text
from shoreward.spec._shapes import At, Field, ListOf, MapOf, Record
from shoreward.spec._words import did_you_mean

_APPLICATION = Text(r"\S+", "the name of an application")

GROUPS = MapOf(
    Text(r"[a-z][a-z0-9-]*", "lower-case letters, digits and hyphens, beginning with a letter"),
    Record(
        "a group",
        (
            Field(
                "applications",
                ListOf(_APPLICATION, empty=("FLEET_EMPTY", "Name at least one."), distinct=True),
                "What is released, and goes back, together.",
                required=True,
            ),
            Field(
                "after",
                MapOf(_APPLICATION, ListOf(_APPLICATION)),
                "For each of them, those that come before, beside what their templates tell.",
            ),
        ),
    ),
)


def read_groups(found: Mapping[str, Any], at: At) -> tuple[Group, ...]:
    """Groups, with the places of all names."""
    groups: list[Group] = []
    taken: dict[str, str] = {}
    for name, said in found.items():
        here = at / name
        group = _group(name, said or {}, here)
        for index, application in enumerate(group.applications):
            if application in taken:
                what = f"{application} is in the group {taken[application]} already."
                (here / "applications" / index).complain("FLEET_GROUP_TWICE", what, "Leave it in one of them.")
        taken.update(dict.fromkeys(group.applications, name))
        _check_order(group, here / "after")
        groups.append(group)
    return tuple(groups)


def _group(name: str, said: Mapping[str, Any], at: At) -> Group:
    applications: Sequence[str | None] = said.get("applications") or ()
    after: Mapping[str, Sequence[str | None] | None] = said.get("after") or {}
    return Group(
        name=name,
        applications=tuple(
            Written(each, (at / "applications" / index).place) for index, each in enumerate(applications) if each
        ),
        after={consumer: tuple(each for each in others or () if each) for consumer, others in after.items()},
        where=at.place,
    )


def _check_order(group: Group, at: At) -> None:
    for consumer, others in group.after.items():
        named = [(consumer, at / consumer, True), *((each, at / consumer / i, False) for i, each in enumerate(others))]
        for each, place, key in named:
            if each not in group.applications:
                what = f"The group {group.name} has no application {each}."
                place.complain("FLEET_GROUP_MEMBER", what, did_you_mean(each, group.applications), key=key)
    try:
        TopologicalSorter(group.after).prepare()
    except CycleError as error:
        first = next(each for each in group.after if each in error.args[1])
        what = f"The group {group.name} has no order: {cycle_words(error)}."
        (at / first).complain("FLEET_GROUP_CYCLE", what, "Remove one of these.", key=True)


def cycle_words(error: CycleError) -> str:
    """`a after b after a`."""
    return " after ".join(reversed(error.args[1]))
