"""The other members of a release's group: released together, and gone back together."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from shoreward.core import Release
from shoreward.web.views.shapes import GroupShown, MemberShown, Shore
from shoreward.web.views.under_way import under_way
from shoreward.web.watch import Carried, Sight

Load = Callable[[str], Carried]


def groups_of(sight: Sight, load: Load, shore: Shore, now: float) -> Mapping[str, GroupShown]:
    """The group releases of what is under way on a shore, by its releases; of those that go alone there is none."""
    found = {each.headline.id: members(sight, load, load(each.headline.id).state, now) for each in shore.under_way}
    return {release: group for release, group in found.items() if group}


def members(sight: Sight, load: Load, state: Release, now: float) -> GroupShown | None:
    """The group release that a release belongs to, providers before their consumers; None when it goes alone."""
    group = state.opened.group
    if group is None:
        return None
    found: list[MemberShown] = []
    steps: dict[str, int] = {}
    for member in group.members:
        steps[member.application] = 1 + max((steps.get(each, -1) for each in member.after), default=-1)
        header = next(
            (each for each in reversed(sight.headers.get(member.application, ())) if each.group == group.id), None
        )
        shown = under_way(sight, load(header.id), header, now) if header else None
        step = steps[member.application]
        found.append(MemberShown(application=member.application, after=member.after, step=step, now=shown))
    return GroupShown(id=group.id, name=group.name, members=tuple(found))
