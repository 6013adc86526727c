"""Two templates, or two sets of parameters, beside each other: what differs, by resource and property. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from shoreward.adapters.aws.stacks.stack import HIDDEN
from shoreward.domain import Difference
from shoreward.domain.drift import PARAMETERS, STACK
from shoreward.spec.template.plain import mapping

_LONGEST = 60
"""Characters of a value that are shown."""


def template_differences(
    wanted: Mapping[str, Any], there: bytes, *, moving: Collection[str] = ()
) -> Iterator[Difference]:
    """How a stack's template differs from the one that was applied.

    Args:
        there: as CloudFormation has it; one that is no JSON is a person's.
        moving: logical ids of aliases whose versions may be anything.
    """
    try:
        body = mapping(json.loads(there))
    except ValueError:
        yield Difference(resource=STACK, path="Template", expected="as it was released", actual="another one, in YAML")
        return
    ours, theirs = mapping(wanted.get("Resources")), mapping(body.get("Resources"))
    for name in sorted({*ours, *theirs}):
        if name not in theirs:
            yield Difference(resource=name, path="", expected="in the template", actual="taken out of it")
        elif name not in ours:
            yield Difference(resource=name, path="", expected="not in the template", actual="added to it")
        else:
            yield from _resource(name, mapping(ours[name]), mapping(theirs[name]), name in moving)
    for section in sorted({*wanted, *body} - {"Resources", "Metadata"}):
        if wanted.get(section) != body.get(section):
            yield _difference(STACK, section, wanted.get(section), body.get(section))


def parameter_differences(wanted: Mapping[str, str], there: Mapping[str, str]) -> Iterator[Difference]:
    """How a stack's parameters differ; of one that CloudFormation hides nobody knows."""
    for name in sorted({*wanted, *there}):
        ours, theirs = wanted.get(name), there.get(name)
        if ours != theirs and theirs != HIDDEN:
            yield _difference(PARAMETERS, name, ours, theirs)


def _resource(name: str, ours: Mapping[str, Any], theirs: Mapping[str, Any], moving: bool) -> Iterator[Difference]:
    before, now = mapping(ours.get("Properties")), mapping(theirs.get("Properties"))
    for key in sorted({*before, *now}):
        if before.get(key) == now.get(key) or (moving and key == "FunctionVersion"):
            continue
        if key == "Environment":
            yield Difference(resource=name, path=key, expected="as it was released", actual="set otherwise")
        else:
            yield _difference(name, key, before.get(key), now.get(key))
    for attribute in sorted({*ours, *theirs} - {"Properties", "Metadata"}):
        if ours.get(attribute) != theirs.get(attribute):
            yield _difference(name, attribute, ours.get(attribute), theirs.get(attribute))


def _difference(resource: str, path: str, ours: Any, theirs: Any) -> Difference:
    return Difference(resource=resource, path=path, expected=_shown(ours), actual=_shown(theirs))


def _shown(value: Any) -> str:
    """A short value as it is; of a long or nested one a mark, so that the same is known again."""
    if value is None:
        return "not set"
    if not isinstance(value, (dict, list)) and len(str(value)) <= _LONGEST:
        return str(value)
    mark = hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:8]
    return f"a value with the mark {mark}"
