"""All grants of a template, from wherever its policies stand.

Roles, users and groups hold what is written in them, what is attached to them, and what managed policies of the
template give them. Every other policy is one on a resource. A policy is known by its statements, not by a list of
types, so those of types that nobody thought of are found, too.
"""

from __future__ import annotations

import json
import marshal
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from shoreward.adapters.policy.iam.arns import in_full
from shoreward.adapters.policy.iam.grants import Clause, Effect, Grant, Names
from shoreward.adapters.policy.iam.texts import Texts
from shoreward.spec.template.plain import Json, Path, listed, mapping, only

MANAGED = "the managed policy"
"""Action of a grant that stands for all that a managed policy allows; its resource is the policy."""
BOUNDARY = "the permissions boundary"
"""Action of a denial that stands for all that a boundary does not allow."""
GROUP = "the group"
"""Action of a grant that stands for all that a group may; its resource is the group."""
ROLE = "the role"
"""Action of a grant that stands for all that a role of elsewhere may; its resource is the role."""
UNREAD = "a policy that is written as text"
"""Action of a grant that stands for a policy that cannot be read before it is deployed."""

_IDENTITIES = ("AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::Group")
_ATTACHED = {
    "AWS::IAM::Policy": ("Roles", "Users", "Groups"),
    "AWS::IAM::ManagedPolicy": ("Roles", "Users", "Groups"),
    "AWS::IAM::RolePolicy": ("RoleName",),
    "AWS::IAM::UserPolicy": ("UserName",),
    "AWS::IAM::GroupPolicy": ("GroupName",),
}
_RUNS_WITH = {"AWS::Lambda::Function": "Role", "AWS::StepFunctions::StateMachine": "RoleArn"}
_PROTECTED = {
    "AWS::S3::BucketPolicy": "Bucket",
    "AWS::SQS::QueuePolicy": "Queues",
    "AWS::SQS::QueueInlinePolicy": "Queue",
    "AWS::SNS::TopicPolicy": "Topics",
    "AWS::SNS::TopicInlinePolicy": "TopicArn",
    "AWS::SecretsManager::ResourcePolicy": "SecretId",
    "AWS::Lambda::Permission": "FunctionName",
    "AWS::Lambda::LayerVersionPermission": "LayerVersionArn",
}
_PERMISSIONS = ("AWS::Lambda::Permission", "AWS::Lambda::LayerVersionPermission")
_ROOT = re.compile(r":iam::(\$\{AWS::AccountId\}|[0-9]{12}):root$")
_NOBODY = Names(("",))
_EVERYBODY = Names(("*",))


def grants_of(
    made: Mapping[str, Json],
    parameters: Mapping[str, tuple[str, ...]] | None = None,
    sources: Collection[str] | None = None,
) -> tuple[Grant, ...]:
    """All that a translated template allows and denies.

    Args:
        parameters: values of its parameters over all targets; defaults count where there are none.
        sources: logical ids of the resources that are read; all when None.
    """
    declared = mapping(made.get("Parameters")).items()
    defaults = {name: (str(mapping(found)["Default"]),) for name, found in declared if "Default" in mapping(found)}
    return tuple(_Reader(made, Texts(made, defaults | dict(parameters or {}))).grants(sources))


def changed_sources(before: Mapping[str, Json], after: Mapping[str, Json]) -> set[str] | None:
    """Resources whose grants may differ between two templates; None when all may."""
    if any(before.get(section) != after.get(section) for section in ("Conditions", "Parameters")):
        return None
    old, new = mapping(before.get("Resources")), mapping(after.get("Resources"))
    changed = {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}
    for name in tuple(changed):  # who is given another policy changes what that policy grants to whom
        for resource in (old.get(name), new.get(name)):
            policies = listed(mapping(mapping(resource).get("Properties")).get("ManagedPolicyArns"))
            changed |= {str(argument) for key, argument in map(only, policies) if key == "Ref"}
    return changed


class _Reader:
    def __init__(self, made: Mapping[str, Json], texts: Texts) -> None:
        self._resources = mapping(made.get("Resources"))
        self._types = {name: str(resource.get("Type")) for name, resource in self._resources.items()}
        self._texts = texts

    def grants(self, sources: Collection[str] | None) -> Iterator[Grant]:
        attached = self._attached()
        for name, resource in self._resources.items():
            if sources is not None and name not in sources:
                continue
            kind, properties = resource.get("Type"), mapping(resource.get("Properties"))
            base = self._under(resource)
            if kind in _IDENTITIES:
                yield from self._identity(name, properties, base)
            elif kind in _ATTACHED:
                holders = [*self._holders(properties, _ATTACHED[kind]), *attached.get(name, [])]
                for holder, clauses in holders or [(name, frozenset[Clause]())]:
                    yield from self._policies(name, holder, properties, ("Properties",), base | clauses)
            elif kind in _PERMISSIONS:
                yield from self._permission(name, properties, base)
            elif kind in _RUNS_WITH:
                yield from self._role(name, properties, _RUNS_WITH[kind], base)
            elif b"Effect" in marshal.dumps(properties):  # a hundred times quicker than to walk through it
                for holder, clauses in self._protected(name, str(kind), properties):
                    yield from self._policies(name, holder, properties, ("Properties",), base | clauses)

    def _under(self, resource: Mapping[str, Json]) -> frozenset[Clause]:
        condition = resource.get("Condition")
        return frozenset([self._texts.branch(condition, True)]) if isinstance(condition, str) else frozenset()

    def _attached(self) -> dict[str, list[tuple[str, frozenset[Clause]]]]:
        """Managed policies of the template, and who names them."""
        found: dict[str, list[tuple[str, frozenset[Clause]]]] = {}
        for name, resource in self._resources.items():
            if resource.get("Type") in _IDENTITIES:
                given = mapping(resource.get("Properties")).get("ManagedPolicyArns")
                for policy, clauses, _ in self._each(given, ()):
                    if (own := _inside(policy)) in self._resources:
                        found.setdefault(own, []).append((name, clauses | self._under(resource)))
        return found

    def _identity(self, name: str, properties: Mapping[str, Json], base: frozenset[Clause]) -> Iterator[Grant]:
        for key, value in properties.items():
            path: Path = ("Properties", key)
            if key == "AssumeRolePolicyDocument":
                yield from self._policies(name, f"trust {name}", value, path, base)
            elif key in ("ManagedPolicyArns", "PermissionsBoundary"):
                action = MANAGED if key == "ManagedPolicyArns" else BOUNDARY
                effect: Effect = "Allow" if action == MANAGED else "Deny"
                for policy, clauses, at in self._each(value, path):
                    if action == BOUNDARY or _inside(policy) not in self._resources:
                        names = Names((action,)), Names((policy,))
                        yield Grant(effect, name, _NOBODY, *names, base | clauses, name, at)
            elif key == "Groups":
                for group, clauses, at in self._each(value, path):
                    yield Grant("Allow", name, _NOBODY, Names((GROUP,)), Names((group,)), base | clauses, name, at)
            else:
                yield from self._policies(name, name, value, path, base)

    def _role(self, name: str, properties: Mapping[str, Json], key: str, base: frozenset[Clause]) -> Iterator[Grant]:
        """A role that the template does not have. It may what it may, whatever else runs with it, too."""
        for role, clauses, at in self._each(properties.get(key), ("Properties", key)):
            if _inside(role) not in self._resources:
                yield Grant("Allow", role, _NOBODY, Names((ROLE,)), Names((role,)), base | clauses, name, at)

    def _holders(self, properties: Mapping[str, Json], keys: tuple[str, ...]) -> list[tuple[str, frozenset[Clause]]]:
        return [
            (_inside(text) or text, clauses) for key in keys for text, clauses, _ in self._each(properties.get(key), ())
        ]

    def _protected(self, name: str, kind: str, properties: Mapping[str, Json]) -> list[tuple[str, frozenset[Clause]]]:
        """What a policy on resources protects: what it names, else the resource that it stands in."""
        given = self._each(properties.get(_PROTECTED.get(kind, "")), ())
        found = [(f"on {_inside(text) or text}", clauses) for text, clauses, _ in given]
        return found or [(f"on {name}", frozenset())]

    def _policies(self, name: str, holder: str, value: Json, path: Path, clauses: frozenset[Clause]) -> Iterator[Grant]:
        """All statements below a value."""
        condition, branches = self._branches(value)
        if branches:
            for index, (branch, holds) in enumerate(zip(branches, (True, False), strict=True), 1):
                under = clauses | {self._texts.branch(condition, holds)}
                yield from self._policies(name, holder, branch, (*path, "Fn::If", index), under)
        elif "Effect" in mapping(value) and ("Action" in value or "NotAction" in value):
            for effect, under in self._effects(value["Effect"]):
                statement = mapping(value) | {"Effect": effect}
                yield from self._statement(name, holder, statement, path, clauses | under)
        elif isinstance(value, str) and '"Effect"' in value:
            yield from self._written(name, holder, value, path, clauses)
        else:
            for key, inner in mapping(value).items() or enumerate(listed(value)):
                yield from self._policies(name, holder, inner, (*path, key), clauses)

    def _effects(self, value: Json) -> Iterator[tuple[Effect, frozenset[Clause]]]:
        """What an effect may read; one that nobody knows yet allows, but is nothing that could cover another."""
        for text, clauses, _ in self._each(value, ()):
            known = text in ("Allow", "Deny")
            doubt = frozenset[Clause]() if known else frozenset([Clause("if", "Effect", frozenset([text]))])
            yield "Deny" if text == "Deny" else "Allow", clauses | doubt

    def _branches(self, value: Json) -> tuple[str, list[Json]]:
        """The condition and the two branches of a value that depends on one."""
        match only(value):
            case "Fn::If", [str(condition), yes, no]:
                return condition, [yes, no]
            case _:
                return "", []

    def _written(self, name: str, holder: str, text: str, path: Path, clauses: frozenset[Clause]) -> Iterator[Grant]:
        """A policy as JSON text, as some types want it; its statements all stand where the text does."""
        try:
            found = json.loads(text)
        except ValueError:
            yield Grant("Allow", holder, _NOBODY, Names((UNREAD,)), Names((text,)), clauses, name, path)
            return
        inside = self._policies(name, holder, found, path, clauses)
        yield from (replace(grant, path=path, people=path, on=path) for grant in inside)

    def _statement(
        self, name: str, holder: str, statement: dict[str, Json], path: Path, clauses: frozenset[Clause]
    ) -> Iterator[Grant]:
        effect: Effect = "Allow" if statement["Effect"] == "Allow" else "Deny"
        under = clauses | self._conditions(statement.get("Condition"))
        resources = list(self._names(statement, "Resource", path)) or [(Names(("",)), frozenset[Clause](), path)]
        principals = list(self._principals(statement, path, " " in holder))
        for action, for_action, at in self._names(statement, "Action", path):
            lower = Names(tuple("*" if one == "*:*" else one.lower() for one in action.patterns), action.negated)
            for named, for_resource, on in resources:
                resource = replace(named, patterns=tuple(in_full(one, self._types) for one in named.patterns))
                for principal, for_principal, people in principals:
                    every = under | for_action | for_resource | for_principal
                    words = str(action), str(named)
                    yield Grant(effect, holder, principal, lower, resource, every, name, at, words, people, on)

    def _names(
        self, statement: Mapping[str, Json], key: str, path: Path
    ) -> Iterator[tuple[Names, frozenset[Clause], Path]]:
        """Each of the names under a key, or all of those under its negation as one set."""
        for text, clauses, at in self._each(statement.get(key), (*path, key)):
            yield Names((text,)), clauses, at
        if (negation := f"Not{key}") in statement:
            texts = list(self._each(statement[negation], ()))
            # Left out under a condition: comparable with nothing but itself, since neither more nor less is sure.
            doubt = Clause("if", negation, frozenset((json.dumps(statement[negation], sort_keys=True),)))
            under = frozenset([doubt]) if any(clauses for _, clauses, _ in texts) else frozenset[Clause]()
            always = tuple(text for text, clauses, _ in texts if not clauses)
            yield Names(always, negated=True), under, (*path, negation)

    def _principals(
        self, statement: Mapping[str, Json], path: Path, on_resource: bool
    ) -> Iterator[tuple[Names, frozenset[Clause], Path]]:
        for key, negated in (("Principal", False), ("NotPrincipal", True)):
            if key not in statement:
                continue
            given, at = statement[key], (*path, key)
            kinds = [(kind, value, (*at, kind)) for kind, value in mapping(given).items()] or [("", given, at)]
            found = [
                (_principal(kind, text), clauses, where)
                for kind, value, inside in kinds
                for text, clauses, where in self._each(value, inside)
            ]
            if negated:
                yield Names(tuple(text for text, _, _ in found), negated=True), frozenset(), at
            else:
                yield from ((Names((text,)), clauses, where) for text, clauses, where in found)
            return
        yield (_EVERYBODY if on_resource else _NOBODY), frozenset(), path

    def _conditions(self, condition: Json) -> frozenset[Clause]:
        clauses: set[Clause] = set()
        for operator, keys in mapping(condition).items():
            for key, value in mapping(keys).items():
                texts = frozenset(text for text, _, _ in self._each(value, ()))
                clauses.add(Clause(operator.lower(), key.lower(), texts))
        return frozenset(clauses)

    def _permission(self, name: str, properties: Mapping[str, Json], base: frozenset[Clause]) -> Iterator[Grant]:
        """Lambda's permissions, which are statements in other words."""
        given = dict(properties)
        principal = given.get("Principal", "*")
        service = isinstance(principal, str) and principal.endswith((".amazonaws.com", ".amazonaws.com.cn"))
        conditions: dict[str, dict[str, Json]] = {}
        for field, operator, key in _PERMISSION_CONDITIONS:
            if field in given:
                conditions.setdefault(operator, {})[key] = given[field]
        statement: dict[str, Json] = {
            "Effect": "Allow",
            "Action": given.get("Action", "lambda:*"),
            "Principal": {"Service" if service else "AWS": principal},
            "Condition": conditions,
        }
        for holder, clauses in self._protected(name, "AWS::Lambda::Permission", given):
            yield from self._statement(name, holder, statement, ("Properties",), base | clauses)

    def _each(self, value: Json, path: Path) -> Iterator[tuple[str, frozenset[Clause], Path]]:
        """All texts of a value that may be one, a list, or depend on a condition."""
        if value is None:
            return
        if isinstance(value, str):
            yield value, frozenset(), path
            return
        condition, branches = self._branches(value)
        if isinstance(value, list):
            for index, item in enumerate(listed(value)):
                yield from self._each(item, (*path, index))
        elif branches:
            for index, (branch, holds) in enumerate(zip(branches, (True, False), strict=True), 1):
                under = self._texts.branch(condition, holds)
                for text, clauses, at in self._each(branch, (*path, "Fn::If", index)):
                    yield text, clauses | {under}, at
        else:
            yield from ((text, clauses, path) for text, clauses in self._texts.read(value))


_PERMISSION_CONDITIONS = (
    ("SourceArn", "ArnLike", "aws:SourceArn"),
    ("SourceAccount", "StringEquals", "aws:SourceAccount"),
    ("PrincipalOrgID", "StringEquals", "aws:PrincipalOrgID"),
    ("OrganizationId", "StringEquals", "aws:PrincipalOrgID"),
    ("EventSourceToken", "StringEquals", "lambda:EventSourceToken"),
    ("FunctionUrlAuthType", "StringEquals", "lambda:FunctionUrlAuthType"),
    ("InvokedViaFunctionUrl", "Bool", "lambda:InvokedViaFunctionUrl"),
)


def _inside(text: str) -> str:
    """The logical id that a text is a reference to, and nothing else; '' for any other."""
    return text[2:-1].split(".", 1)[0] if text.startswith("${") and text.endswith("}") and text.count("${") == 1 else ""


def _principal(kind: str, text: str) -> str:
    """One text for a principal: accounts by their numbers, everybody as `*`."""
    if kind in ("", "AWS") and text == "*":
        return "*"
    root = _ROOT.search(text)
    return f"{kind} {root[1] if root else text}".strip()
