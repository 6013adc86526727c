"""What people are told of a broadening: who may now do what on what, on the line that grants it.

Grants of one statement and one severity are one finding.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from shoreward.adapters.policy.iam.breadth import severity_of, unlimited
from shoreward.adapters.policy.iam.broadening import broadened
from shoreward.adapters.policy.iam.grants import Clause, Grant
from shoreward.adapters.policy.iam.statements import BOUNDARY, GROUP, MANAGED, ROLE, UNREAD, changed_sources, grants_of
from shoreward.adapters.policy.origins import Origins
from shoreward.domain import Finding, Severity
from shoreward.spec.template.plain import Json, Path, mapping

BROADENED = "IAM_BROADENED"
UNLIMITED = "IAM_UNLIMITED"
_WHY = "Whoever gets hold of it gets these rights as well, and a mistake in the code reaches that much further."
_WHY_OPEN = "Whoever may come in need not break anything."
_SHOWN = 12


def iam_findings(
    made: Mapping[str, Json],
    base: Mapping[str, Json] | None,
    origins: Origins,
    parameters: Mapping[str, tuple[str, ...]],
) -> list[Finding]:
    """IAM_BROADENED for what the change allows in addition, IAM_UNLIMITED for what nobody should ever be allowed.

    Args:
        made: the translated template.
        base: the one that it is compared with; without it only IAM_UNLIMITED is looked for.
        parameters: values of the template's parameters over all targets.
    """
    after = grants_of(made, parameters)
    before = _before(base, made, after, parameters) if base is not None else after
    lost = mapping((base or made).get("Resources")).keys() - mapping(made.get("Resources")).keys()
    gone = {grant.holder for grant in before if _resource(grant.holder) in lost}
    new = broadened(before, after, gone=gone)
    known = set(new)
    old = [grant for grant in after if grant not in known and unlimited(grant)]
    return [
        *(_finding(BROADENED, grants, before, origins) for grants in _together(new)),
        *(_standing(grants, origins, known=base is not None) for grants in _together(old)),
    ]


def _before(
    base: Mapping[str, Json],
    made: Mapping[str, Json],
    after: tuple[Grant, ...],
    parameters: Mapping[str, tuple[str, ...]],
) -> tuple[Grant, ...]:
    """Grants of the base; those of resources that are the same in both are not read again."""
    changed = changed_sources(base, made)
    same = () if changed is None else tuple(grant for grant in after if grant.source not in changed)
    return same + grants_of(base, parameters, changed)


def _standing(grants: list[Grant], origins: Origins, *, known: bool) -> Finding:
    """IAM_UNLIMITED: what is not new is told, and holds a change up only when nobody should live with it.

    Args:
        known: whether the base has it, too; else nobody can tell.
    """
    finding = _finding(UNLIMITED, grants, (), origins)
    anybody = any("*" in grant.principal.patterns for grant in grants)
    common = known or grants[0].action.patterns == (MANAGED,)
    if finding.severity != Severity.CRITICAL and common and not anybody:
        return replace(finding, severity=Severity.LOW)
    return finding


def _resource(holder: str) -> str:
    return holder.rpartition(" ")[2]


def _together(grants: Iterable[Grant]) -> Iterator[list[Grant]]:
    found: dict[tuple[object, ...], list[Grant]] = {}
    for grant in grants:
        statement = grant.path[: max((i for i, step in enumerate(grant.path) if "Action" in str(step)), default=99)]
        key = (grant.source, statement, grant.holder, grant.effect, severity_of(grant), grant.principal, grant.clauses)
        found.setdefault(key, []).append(grant)
    yield from found.values()


def _finding(rule: str, grants: list[Grant], before: Collection[Grant], origins: Origins) -> Finding:
    first = grants[0]
    lifted = first.effect == "Deny"
    name = _resource(first.holder) if lifted else first.source
    actions = _listed(grant.words[0] or str(grant.action) for grant in grants)
    resources = _listed(_on(grant) for grant in grants)
    return Finding(
        rule=rule,
        severity=max((severity_of(grant) for grant in grants), key=lambda severity: severity.rank),
        what=_what(rule, first, origins.subject(_resource(first.holder)), actions, resources, _dropped(grants, before)),
        why=_WHY_OPEN if first.principal.patterns != ("",) and not lifted else _WHY,
        fix=_fix(first, lifted),
        where=origins.place(name, () if lifted else _telling(first, before)),
        subject=origins.subject(name),
        details=(("actions", actions), ("resources", resources), ("holder", first.holder)),
    )


def _what(rule: str, grant: Grant, who: str, actions: str, resources: str, dropped: frozenset[Clause]) -> str:
    now = "may now" if rule == BROADENED else "may"
    if grant.effect == "Deny":
        limit = (
            f"the permissions boundary {resources}"
            if BOUNDARY in actions
            else f"the denial of {actions} on {resources}"
        )
        return f"{who} is no longer kept back by {limit}."
    people = "" if grant.principal.patterns == ("",) else _people(grant)
    if actions == MANAGED:
        text = f"{who} {now} do all that the managed policy {resources} allows"
    elif actions == GROUP:
        text = f"{who} {now} do all that the group {resources} may"
    elif actions == ROLE:
        text = f"{grant.source} {now} do all that the role {resources} may"
    elif actions == UNREAD:
        text = f"{who} has {UNREAD}: what it allows cannot be compared"
    elif grant.holder.startswith("trust "):
        text = f"{people} {now} take on the role of {who}"
    elif people:
        text = f"{people} {now} do {actions} on {who}"
    else:
        text = f"{who} {now} do {actions} on {resources}"
    if dropped:
        text += f", without the condition on {_listed(clause.key for clause in sorted(dropped, key=lambda c: c.key))}"
    return f"{text}."


def _telling(grant: Grant, before: Collection[Grant]) -> Path:
    """Which part of a statement to look at: the new one; where all of it is new who is let in, or what is allowed."""
    for part, place in (("principal", grant.people), ("action", grant.path), ("resource", grant.on)):
        if any(replace(former, **{part: getattr(grant, part)}).covers(grant) for former in before):
            return place or grant.path
    return grant.path if grant.principal.patterns == ("",) else grant.people or grant.path


def _people(grant: Grant) -> str:
    if "*" in grant.principal.patterns and not grant.principal.negated:
        return "anybody"
    text = str(grant.principal)
    return f"everybody but {text.removeprefix('everything but ')}" if grant.principal.negated else text


def _on(grant: Grant) -> str:
    text = grant.words[1] or str(grant.resource)
    return _resource(grant.holder) if text == "" else "everything (*)" if text == "*" else text


def _dropped(grants: list[Grant], before: Iterable[Grant]) -> frozenset[Clause]:
    """Conditions under which the same was granted before, and that are gone."""
    for grant in grants:
        for former in before:
            if (former.effect, former.holder, former.principal, former.action, former.resource) == (
                grant.effect, grant.holder, grant.principal, grant.action, grant.resource,
            ) and former.conditions > grant.conditions:  # fmt: skip
                return former.conditions - grant.conditions
    return frozenset()


def _fix(grant: Grant, lifted: bool) -> str:
    if lifted:
        return "Put it back, or let somebody who answers for it waive this finding."
    if grant.principal.patterns != ("",):
        return "Name who needs it, and add a condition such as aws:SourceArn or aws:SourceAccount."
    if severity_of(grant) == Severity.LOW:
        return "Check that the code needs it; narrower is better."
    return "Name the actions and resources that the code needs, or let somebody who answers for it waive this finding."


def _listed(texts: Iterable[str]) -> str:
    found = list(dict.fromkeys(texts))
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return ", ".join(found[:_SHOWN]) + more
