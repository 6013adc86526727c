"""Targets before and after a change: the same template with another parameter is another application.

A value in `shoreward.yaml` may replace a table or widen a right as well as a line of the template may. So what is
compared is, on every target that both revisions go to, the template with the values that it had there, with the
template with those that it gets.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from shoreward.domain import Pipeline, Target
from shoreward.spec.template.plain import Json, as_text, mapping

_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """A target that both revisions go to.

    Attributes:
        before, after: parameters of the target, without the template's defaults.
    """

    target: Target
    before: Mapping[str, str]
    after: Mapping[str, str]

    def changes(self, base: Mapping[str, Json], made: Mapping[str, Json]) -> Mapping[str, tuple[str, str]]:
        """Parameters that both templates have and that change on this target, with both values."""
        before, after = effective(base, self.before), effective(made, self.after)
        names = sorted(before.keys() & after.keys())
        return {name: (before[name], after[name]) for name in names if before[name] != after[name]}


def deployments(before: Pipeline, after: Pipeline) -> tuple[Deployment, ...]:
    """The targets of both pipelines; when they have none in common, those of the second one as if nothing had changed.

    An application that moves leaves nothing on its new targets that could be lost; its template is compared all the
    same.
    """
    old = {target.key: target for target in before.targets}
    common = [(old[target.key], target) for target in after.targets if target.key in old]
    pairs = common or [(target, target) for target in after.targets]
    return tuple(
        Deployment(target=new, before=dict(former.parameters), after=dict(new.parameters)) for former, new in pairs
    )


def told(changes: Mapping[str, tuple[str, str]], made: Mapping[str, Json], targets: Sequence[Target]) -> str:
    """Why something changes without a change of the template: "Name was 'a' and is 'b' in 1111/eu-west-1"."""
    declared = mapping(made.get("Parameters"))
    words = list(_words(changes, declared))
    more = f" and {len(words) - _SHOWN} more" if len(words) > _SHOWN else ""
    others = f" and {len(targets) - 1} more" if len(targets) > 1 else ""
    return f"{', '.join(words[:_SHOWN])}{more} in {targets[0]}{others}"


def _words(changes: Mapping[str, tuple[str, str]], declared: Mapping[str, Json]) -> Iterable[str]:
    for name, (before, after) in changes.items():
        hidden = as_text(mapping(declared.get(name)).get("NoEcho", False)).lower() == "true"
        yield f"{name} has another value" if hidden else f"{name} was {before!r} and is {after!r}"


def effective(template: Mapping[str, Json], given: Mapping[str, str]) -> dict[str, str]:
    """Values of a template's parameters: those given, and the defaults of the others."""
    declared = mapping(template.get("Parameters"))
    defaults = {name: as_text(found["Default"]) for name, found in declared.items() if "Default" in mapping(found)}
    return {**defaults, **{name: value for name, value in given.items() if name in declared}}
