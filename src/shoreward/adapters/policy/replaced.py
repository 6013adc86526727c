"""Stateful resources that a change would replace or remove, told before anything is deployed.

Which properties replace a resource is what its type's own schema says (`createOnlyProperties`), as cfn-lint carries it.
What exactly CloudFormation will do is only known from a change set, at deployment; this says it while it is cheap to
mend, and says "perhaps" where the schema does (`conditionalCreateOnlyProperties`).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import cast

from shoreward.adapters.policy.deployments import Deployment, effective, told
from shoreward.adapters.policy.engine_data import cfn_lint_data
from shoreward.adapters.policy.iam.texts import Texts
from shoreward.adapters.policy.origins import Origins
from shoreward.domain import Finding, Place, Severity
from shoreward.spec.template import ABSENT, Difference, as_deployed, differences, settle
from shoreward.spec.template.plain import Json, Path, listed, mapping
from shoreward.spec.template.resolving import properties

REMOVED = "STATEFUL_REMOVED"
REPLACED = "STATEFUL_REPLACED"
UNPROTECTED = "STATEFUL_UNPROTECTED"

_KEPT = ("Retain", "RetainExceptOnCreate")
_DECIDING = ("Conditions", "Mappings", "Parameters", "Resources")
_HOLDERS = frozenset(
    {
        "AWS::Cognito::UserPool",
        "AWS::DocDB::DBCluster",
        "AWS::DynamoDB::GlobalTable",
        "AWS::DynamoDB::Table",
        "AWS::EFS::FileSystem",
        "AWS::KMS::Key",
        "AWS::Neptune::DBCluster",
        "AWS::OpenSearchService::Domain",
        "AWS::RDS::DBCluster",
        "AWS::RDS::DBInstance",
        "AWS::S3::Bucket",
        "AWS::SecretsManager::Secret",
    }
)
"""Types that hold what customers would miss for ever; a queue or a topic is empty most of the time."""
_TYPES = "AttributeDefinitions"
_GUARDED = ("DeletionProtection", "DeletionProtectionEnabled")
_WHY = "What it holds goes with it, and neither a rollback nor anybody else brings it back."


def stateful_findings(
    made: Mapping[str, Json],
    base: Mapping[str, Json] | None,
    origins: Origins,
    *,
    stateful: Collection[str],
    allowed: Collection[str],
    deployments: Sequence[Deployment],
) -> list[Finding]:
    """STATEFUL_REMOVED and STATEFUL_REPLACED against a base, and STATEFUL_UNPROTECTED.

    Args:
        stateful: types that hold what cannot be made again.
        allowed: logical ids that may be replaced or removed.
        deployments: where both revisions go, with what values.
    """
    new = mapping(made.get("Resources"))
    look = _Look(new, origins)
    findings = [*look.unprotected()]
    old = mapping((base or {}).get("Resources"))
    staying: dict[str, Json] = {}
    for name, before in old.items():
        if before.get("Type") not in stateful or name in allowed or base is None:
            continue
        after = new.get(name)
        if after is None or after.get("Type") != before.get("Type"):
            findings += look.removed(name, before, after, old)
            continue
        staying[name] = before
        findings += look.conditional(name, before, after, same_condition(base, made, after.get("Condition")))
    return findings if base is None else [*findings, *_deployed(look, base, made, staying, deployments)]


def _deployed(
    look: _Look,
    base: Mapping[str, Json],
    made: Mapping[str, Json],
    staying: Mapping[str, Json],
    deployments: Sequence[Deployment],
) -> Iterator[Finding]:
    """What happens on targets to resources that both templates have."""
    old = {**base, "Resources": staying}
    new = {**made, "Resources": {name: made["Resources"][name] for name in staying}}
    met: dict[tuple[str, Path], list[Deployment]] = {}
    own: set[tuple[str, Path]] = set()
    for one in deployments:
        if one.before == one.after and all(old.get(part) == new.get(part) for part in _DECIDING):
            continue
        for found in _losses(old, new, one):
            met.setdefault(found, []).append(one)
            if one.before == one.after or found in _losses(old, new, replace(one, before=one.after)):
                own.add(found)  # the template's own doing
    for (name, path), where in met.items():
        why = "" if (name, path) in own else told(where[0].changes(base, made), made, [one.target for one in where])
        if path:
            yield look.replaced(name, staying[name], made["Resources"][name], path, why)
        elif why:  # what the template's own conditions do is told without looking at targets
            yield from look.gone(name, staying[name], why)


def _losses(old: Mapping[str, Json], new: Mapping[str, Json], one: Deployment) -> dict[tuple[str, Path], None]:
    """Resources that a target loses, and () for a path; or the properties that replace them there."""
    before, after = (
        mapping(settle(template, one.target, effective(template, values))["Resources"])
        for template, values in ((old, one.before), (new, one.after))
    )
    found: dict[tuple[str, Path], None] = {}
    for name, resource in before.items():
        if name not in after:
            found[name, ()] = None
            continue
        changed = list(differences(*(as_deployed(properties(each)) for each in (resource, after[name]))))
        if changed and _keyed_otherwise(resource, after[name]):
            found[name, (_TYPES,)] = None
        for pointer in _replacing(str(resource.get("Type"))) if changed else ():
            if any(_touches(each, pointer) for each in changed):
                found[name, pointer] = None
    return found


class _Look:
    def __init__(self, new: Mapping[str, Json], origins: Origins) -> None:
        self._new = new
        self._origins = origins

    def unprotected(self) -> Iterator[Finding]:
        for name, resource in self._new.items():
            kind, properties = str(resource.get("Type")), mapping(resource.get("Properties"))
            if kind not in _HOLDERS or resource.get("DeletionPolicy") or any(map(properties.get, _GUARDED)):
                continue
            yield Finding(
                rule=UNPROTECTED,
                severity=Severity.LOW,
                what=f"{name} is deleted with its stack, and with its place in the template.",
                why=_WHY,
                fix="Give it DeletionPolicy and UpdateReplacePolicy: Retain.",
                where=self._origins.place(name),
                subject=self._origins.subject(name),
            )

    def removed(
        self, name: str, before: Mapping[str, Json], after: Mapping[str, Json] | None, old: Mapping[str, Json]
    ) -> Iterator[Finding]:
        kind, policy = str(before.get("Type")), before.get("DeletionPolicy")
        if policy in _KEPT:
            return
        twin = next((one for one, found in self._new.items() if one not in old and _alike(found, before)), None)
        if twin:
            what = f"{name} ({kind}) is now called {twin}: CloudFormation makes a new one and deletes the old one."
        elif after is not None:
            what = f"{name} was a {kind} and becomes a {after.get('Type')}: the old one is deleted."
        else:
            what = f"{name} ({kind}) is no longer in the template, so CloudFormation deletes it."
        saved = policy == "Snapshot"
        yield Finding(
            rule=REMOVED,
            severity=Severity.MEDIUM if saved else Severity.CRITICAL,
            what=what,
            why="A snapshot is kept, but nobody answers with what is in it." if saved else _WHY,
            fix=(f"Keep the name {name}" if twin else "Put it back")
            + ", or release DeletionPolicy: Retain first; or name it under allow-replacement.",
            where=self._origins.place(twin or name) if twin or after else self._origins.top(),
            subject=name,
        )

    def conditional(
        self, name: str, before: Mapping[str, Json], after: Mapping[str, Json], same: bool
    ) -> Iterator[Finding]:
        """A condition that was not there, or means something else now, may take the resource away from some targets.

        Args:
            same: whether the condition's definition is what it was.
        """
        condition = after.get("Condition")
        if condition is None or before.get("DeletionPolicy") in _KEPT:
            return
        if condition == before.get("Condition") and same:
            return
        yield Finding(
            rule=REMOVED,
            severity=Severity.HIGH,
            what=f"{name} ({before.get('Type')}) is deleted wherever {condition} does not hold.",
            why=_WHY,
            fix="Make sure that it holds wherever the resource is, or name it under allow-replacement.",
            where=self._origins.place(name, ("Condition",)),
            subject=self._origins.subject(name),
        )

    def gone(self, name: str, before: Mapping[str, Json], why: str) -> Iterator[Finding]:
        """A resource that a parameter takes away."""
        if before.get("DeletionPolicy") in _KEPT:
            return
        yield Finding(
            rule=REMOVED,
            severity=Severity.CRITICAL,
            what=f"{name} ({before.get('Type')}) is deleted, since its condition no longer holds: {why}.",
            why=_WHY,
            fix="Give the parameter its former value, or name the resource under allow-replacement.",
            where=self._origins.place(name, ("Condition",)),
            subject=self._origins.subject(name),
        )

    def replaced(
        self, name: str, before: Mapping[str, Json], after: Mapping[str, Json], path: Path, why: str
    ) -> Finding:
        """A property that replaces its resource.

        Args:
            why: which parameters make it change, "" when the template itself does.
        """
        sure = _replacing(str(before.get("Type"))).get(path, True)
        kept = after.get("UpdateReplacePolicy") in _KEPT
        perhaps = "" if sure else "perhaps "
        left = "; the old one stays, and nobody reads it" if kept else " and deletes the old one"
        return Finding(
            rule=REPLACED,
            severity=Severity.HIGH if kept or not sure else Severity.CRITICAL,
            what=f"{'.'.join(map(str, path))} of {name} ({before.get('Type')}) changes: "
            f"CloudFormation {perhaps}makes a new one{left}{f': {why}' if why else ''}.",
            why="The new one is empty." if kept else _WHY,
            fix="Change it back, or make a second one and carry the data over; or name it under allow-replacement.",
            where=self._place(name, path),
            subject=self._origins.subject(name),
            details=(("property", ".".join(map(str, path))),),
        )

    def _place(self, name: str, path: Path) -> Place:
        return self._origins.place(name, ("Properties", *(step for step in path if step != "*")))


def same_condition(base: Mapping[str, Json], made: Mapping[str, Json], condition: Json) -> bool:
    """Whether a condition is defined alike before and after, with all that it is made of."""
    if not isinstance(condition, str):
        return True
    return Texts(base, {}).branch(condition, True) == Texts(made, {}).branch(condition, True)


def _keyed_otherwise(before: Mapping[str, Json], after: Mapping[str, Json]) -> bool:
    """Whether an attribute in a table's key gets another type, which no schema tells; others may come and go."""
    old, new = mapping(before.get("Properties")), mapping(after.get("Properties"))
    keys = {str(mapping(key).get("AttributeName")) for key in listed(old.get("KeySchema"))}
    types = [
        {str(mapping(one).get("AttributeName")): mapping(one).get("AttributeType") for one in listed(given.get(_TYPES))}
        for given in (old, new)
    ]
    of_table = before.get("Type") == "AWS::DynamoDB::Table"
    return of_table and any(types[0][key] != types[1][key] for key in keys & types[0].keys() & types[1].keys())


def _touches(one: Difference, pointer: Path) -> bool:
    """Whether a difference is at, in or around what a pointer names; `*` in a pointer is every item of a list."""
    if any(wanted not in ("*", step) for step, wanted in zip(one.path, pointer, strict=False)):
        return False
    rest = pointer[len(one.path) :]
    return not rest or any(
        as_deployed(old) != as_deployed(new)
        for old, new in zip(_at(one.before, rest), _at(one.after, rest), strict=False)
    )


def _at(value: Json, path: Path) -> Iterator[Json]:
    if not path:
        yield None if value is ABSENT else value
    elif path[0] == "*":
        for item in listed(value):
            yield from _at(item, path[1:])
    else:
        yield from _at(mapping(value).get(str(path[0])), path[1:])


def _alike(one: Mapping[str, Json], other: Mapping[str, Json]) -> bool:
    return one.get("Type") == other.get("Type") and mapping(one.get("Properties")) == mapping(other.get("Properties"))


@cache
def _replacing(kind: str) -> Mapping[Path, bool]:
    """Properties of a type that replace it, and whether they surely do; none for types that nobody knows."""
    known = cast("dict[str, str]", json.loads(cfn_lint_data("schemas", "providers", "us-east-1.json")))
    if kind not in known:
        return {}
    schema = mapping(json.loads(cfn_lint_data("schemas", "resources", f"{known[kind]}.json")))
    return {
        tuple(str(pointer).removeprefix("/properties/").split("/")): sure
        for key, sure in (("conditionalCreateOnlyProperties", False), ("createOnlyProperties", True))
        for pointer in listed(schema.get(key))
    }
