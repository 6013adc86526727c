"""What a release changes on each target: its template, what its roles may do, and what CloudFormation says of it.

Templates lie in the journal: what was there when the target was inspected, and what the release brings. Targets that
change alike are told once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from shoreward.app.templates import VALUES, Kept, both, changed
from shoreward.app.words.story import places
from shoreward.core import Deployment, Release
from shoreward.domain import ShorewardError, Target
from shoreward.spec.template import ABSENT, Difference
from shoreward.spec.template.plain import mapping
from shoreward.web.views.shapes import ChangeShown, PropertyChange, Right, TargetChanges

LONGEST = 400
"""Characters of a value that are shown."""

MOST = 300
"""Properties, and rights, that a page tells of a target."""


class Comparisons:
    """Templates beside each other; what was compared once is remembered, for templates do not change."""

    def __init__(self) -> None:
        self._between = lru_cache(maxsize=256)(_compare)

    def of(self, kept: Kept, state: Release, *, most: int = MOST) -> tuple[TargetChanges, ...]:
        """Every target that the release has been staged on or has looked at, those that change alike together.

        Args:
            most: properties, and rights, that are told of a target; `more` counts the others.
        """
        names = places(state.pipeline)
        found: dict[tuple[object, ...], TargetChanges] = {}
        for key, each in state.deployments.items():
            if each.snapshot is None or state.revision is None:
                continue
            one = self._on(kept, state, each, names[key], most)
            alike = (one.new, one.lines, one.properties, one.rights, one.trouble)
            same = found.get(alike)
            found[alike] = _together(same, one) if same else one
        return tuple(found.values())

    def _on(self, kept: Kept, state: Release, deployment: Deployment, place: str, most: int) -> TargetChanges:
        assert deployment.snapshot is not None
        assert state.revision is not None
        before, trouble = deployment.snapshot.template, ""
        properties: tuple[PropertyChange, ...] = ()
        rights: tuple[Right, ...] = ()
        if before is not None:
            try:
                properties, rights = self._between(
                    kept, state.pipeline.artifacts, deployment.target, before, state.revision.template
                )
            except ShorewardError as error:
                trouble = f"The templates cannot be compared: {error.what}"
        return TargetChanges(
            targets=(deployment.target.key,),
            places=(place,),
            new=not deployment.snapshot.exists and state.pipeline.configuration is None,
            lines=_lines(deployment),
            values=any(one.resource in VALUES for one in properties),
            properties=properties[:most],
            rights=rights[:most],
            more=max(0, len(properties) - most) + max(0, len(rights) - most),
            trouble=trouble,
        )


def _together(some: TargetChanges, other: TargetChanges) -> TargetChanges:
    """Changes that are alike, on the targets of both."""
    return replace(some, targets=some.targets + other.targets, places=some.places + other.places)


def _compare(
    kept: Kept, buckets: str, target: Target, before: str, after: str
) -> tuple[tuple[PropertyChange, ...], tuple[Right, ...]]:
    old, new = both(kept, buckets, target, before, after)
    given = {name: (value,) for name, value in target.parameters}
    return tuple(_properties(old, new, changed(old, new))), tuple(_rights(old, new, given))


def _lines(deployment: Deployment) -> tuple[ChangeShown, ...]:
    changes = deployment.staged.changes if deployment.staged else ()
    return tuple(
        ChangeShown(action=each.action, resource=each.logical_id, type=each.type, replacement=each.replacement)
        for each in changes
    )


def _properties(old: Any, new: Any, differences: Iterable[Difference]) -> Iterator[PropertyChange]:
    for one in differences:
        path = [str(step) for step in one.path] or ["Template"]
        if path[0] == "Resources":
            path = path[1:] or path
        holder = _resource(new, path[0]) or _resource(old, path[0])
        yield PropertyChange(
            resource=path[0],
            type=str(holder.get("Type", "")),
            path=".".join(path[1:]).removeprefix("Properties."),
            before=None if one.before is ABSENT else _text(one.before),
            after=None if one.after is ABSENT else _text(one.after),
        )


def _resource(template: Any, name: str) -> Mapping[str, Any]:
    return mapping(mapping(mapping(template).get("Resources")).get(name))


def _text(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _rights(old: Any, new: Any, given: Mapping[str, tuple[str, ...]]) -> Iterator[Right]:
    """What the new template allows in addition, then what it allows no more."""
    from shoreward.adapters.policy.iam import Grant, broadened, grants_of

    before, after = grants_of(old, given), grants_of(new, given)
    for gained, grants in ((True, broadened(before, after)), (False, broadened(after, before))):
        together: dict[tuple[object, ...], list[Grant]] = {}
        for each in grants:
            resource = each.words[1] or str(each.resource)
            together.setdefault((each.holder, each.effect, str(each.principal), resource, each.conditions), []).append(
                each
            )
        for (holder, effect, principal, resource, _), alike in together.items():
            conditions = sorted(f"{clause.key} {', '.join(sorted(clause.values))}" for clause in alike[0].conditions)
            yield Right(
                # Losing an allowance narrows; a denial that goes widens, and is told as what is gained.
                gained=gained,
                allows=effect == "Allow",
                holder=str(holder),
                principal=str(principal),
                actions=tuple(dict.fromkeys(each.words[0] or str(each.action) for each in alike)),
                resource=str(resource),
                conditions="; ".join(conditions),
            )
