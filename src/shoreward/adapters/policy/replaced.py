"""Stateful resources that a change would replace or remove, told before anything is deployed.

Which properties replace a resource is what its type's own schema says (`createOnlyProperties`), as cfn-lint carries it.
What exactly CloudFormation will do is only known from a change set, at deployment; this says it while it is cheap to
mend, and says "perhaps" where the schema does (`conditionalCreateOnlyProperties`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import cast

from shoreward.adapters.policy.differences import ABSENT
from shoreward.adapters.policy.engine_data import cfn_lint_data
from shoreward.adapters.policy.iam.texts import Texts
from shoreward.adapters.policy.origins import Origins
from shoreward.adapters.policy.plain import Json, Path, listed, mapping, only
from shoreward.domain import Finding, Place, Severity

REMOVED = "STATEFUL_REMOVED"
REPLACED = "STATEFUL_REPLACED"
UNPROTECTED = "STATEFUL_UNPROTECTED"

_KEPT = ("Retain", "RetainExceptOnCreate")
_VARIABLE = re.compile(r"\$\{([A-Za-z0-9]+)\}")
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
_GUARDED = ("DeletionProtection", "DeletionProtectionEnabled")
_WHY = "What it holds goes with it, and neither a rollback nor anybody else brings it back."

Values = Sequence[Mapping[str, str]]
"""Values of a template's parameters, once for each set that some target has."""


def stateful_findings(
    made: Mapping[str, Json],
    base: Mapping[str, Json] | None,
    origins: Origins,
    *,
    stateful: Collection[str],
    allowed: Collection[str],
    parameters: Values,
) -> list[Finding]:
    """STATEFUL_REMOVED and STATEFUL_REPLACED against a base, and STATEFUL_UNPROTECTED.

    Args:
        stateful: types that hold what cannot be made again.
        allowed: logical ids that may be replaced or removed.
    """
    new = mapping(made.get("Resources"))
    look = _Look(new, origins)
    findings = [*look.unprotected()]
    for name, before in mapping((base or {}).get("Resources")).items():
        if before.get("Type") not in stateful or name in allowed or base is None:
            continue
        after = new.get(name)
        if after is None or after.get("Type") != before.get("Type"):
            findings += look.removed(name, before, after, mapping(base.get("Resources")))
        elif after != before or any(base.get(section) != made.get(section) for section in ("Conditions", "Parameters")):
            findings += look.conditional(name, before, after, same_condition(base, made, after.get("Condition")))
            findings += look.replaced(name, before, after, _settlers(base, made, parameters))
    return findings


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

    def replaced(
        self, name: str, before: Mapping[str, Json], after: Mapping[str, Json], settlers: Sequence[_Settlers]
    ) -> Iterator[Finding]:
        schema = _schema(str(before.get("Type")))
        for key, sure in (("createOnlyProperties", True), ("conditionalCreateOnlyProperties", False)):
            for pointer in listed(schema.get(key)):
                path = tuple(str(pointer).removeprefix("/properties/").split("/"))
                if any(_differs(mapping(before.get("Properties")), mapping(after.get("Properties")), path, one)
                       for one in settlers):  # fmt: skip
                    yield self._replaced(name, before, after, path, sure)

    def _replaced(
        self, name: str, before: Mapping[str, Json], after: Mapping[str, Json], path: Path, sure: bool
    ) -> Finding:
        kept = after.get("UpdateReplacePolicy") in _KEPT
        perhaps = "" if sure else "perhaps "
        left = "; the old one stays, and nobody reads it" if kept else " and deletes the old one"
        return Finding(
            rule=REPLACED,
            severity=Severity.HIGH if kept or not sure else Severity.CRITICAL,
            what=f"{'.'.join(map(str, path))} of {name} ({before.get('Type')}) changes: "
            f"CloudFormation {perhaps}makes a new one{left}.",
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


Settle = Callable[[Json], Json]
_Settlers = tuple[Settle, Settle]


def _settlers(base: Mapping[str, Json], made: Mapping[str, Json], parameters: Values) -> list[_Settlers]:
    """What fills parameters in before and after the change, for each set of values."""
    return [(_settler(base, values), _settler(made, values)) for values in parameters or [{}]]


def _settler(template: Mapping[str, Json], values: Mapping[str, str]) -> Settle:
    declared = mapping(template.get("Parameters"))
    defaults = {name: str(found["Default"]) for name, found in declared.items() if "Default" in mapping(found)}
    known = {**defaults, **{name: value for name, value in values.items() if name in declared}}

    def settle(value: Json) -> Json:
        match only(value):
            case "Ref", str(name) if name in known:
                return known[name]
            case "Fn::Sub", str(text):
                filled = _VARIABLE.sub(lambda found: known.get(found[1], found[0]), text)
                return {"Fn::Sub": filled} if "${" in filled else filled
            case _:
                if isinstance(value, list):
                    return [settle(item) for item in listed(value)]
                return {key: settle(inner) for key, inner in mapping(value).items()} if mapping(value) else value

    return settle


def _differs(before: Json, after: Json, path: Path, settlers: _Settlers) -> bool:
    """Whether what stands at a path differs; `*` in a path is every item of a list."""
    if not path:
        old, new = settlers
        return _plain(old(before) if before is not ABSENT else None) != _plain(
            new(after) if after is not ABSENT else None
        )
    step, rest = path[0], path[1:]
    if step == "*":
        pairs = zip(listed(before), listed(after), strict=False)
        return any(_differs(old, new, rest, settlers) for old, new in pairs)
    return _differs(mapping(before).get(str(step), ABSENT), mapping(after).get(str(step), ABSENT), rest, settlers)


def _plain(value: Json) -> str:
    """A value as CloudFormation reads it: 1 and "1" are the same."""
    match value:
        case bool():
            return str(value).lower()
        case str() | int() | float():
            return str(value)
        case _:
            return json.dumps(_texts(value), sort_keys=True)


def _texts(value: Json) -> Json:
    if isinstance(value, list):
        return [_texts(item) for item in listed(value)]
    if isinstance(value, dict):
        return {key: _texts(inner) for key, inner in mapping(value).items()}
    return _plain(value) if value is not None else None


def _alike(one: Mapping[str, Json], other: Mapping[str, Json]) -> bool:
    return one.get("Type") == other.get("Type") and mapping(one.get("Properties")) == mapping(other.get("Properties"))


def _schema(kind: str) -> dict[str, Json]:
    """The schema of a resource type; none for types that nobody knows."""
    known = cast("dict[str, str]", json.loads(cfn_lint_data("schemas", "providers", "us-east-1.json")))
    if kind not in known:
        return {}
    return mapping(json.loads(cfn_lint_data("schemas", "resources", f"{known[kind]}.json")))
