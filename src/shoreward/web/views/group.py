"""The other members of a release's group: released together, and gone back together."""

from __future__ import annotations

from collections.abc import Callable

from shoreward.core import Release
from shoreward.web.views.shapes import GroupShown, MemberShown
from shoreward.web.views.under_way import under_way
from shoreward.web.watch import Carried, Sight

Load = Callable[[str], Carried]


def members(sight: Sight, load: Load, state: Release, now: float) -> GroupShown | None:
    """The group release that a release belongs to, providers before their consumers; None when it goes alone."""
    group = state.opened.group
    if group is None:
        return None
    found: list[MemberShown] = []
    for member in group.members:
        header = next(
            (each for each in reversed(sight.headers.get(member.application, ())) if each.group == group.id), None
        )
        shown = under_way(sight, load(header.id), header, now) if header else None
        found.append(MemberShown(application=member.application, after=member.after, now=shown))
    return GroupShown(id=group.id, name=group.name, members=tuple(found))
