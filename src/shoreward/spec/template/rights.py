"""Who may call a function, and what must be added so that the same may call its alias.

To IAM and to Lambda's own permissions, an alias is a resource of its own: the right to call a function is none to call
its alias. So each right that a caller needs is repeated for the alias. The right to call the function stays, because
others may use it: stages of an API that were deployed before, other accounts, people.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from shoreward.spec.template.naming import as_text, is_function
from shoreward.spec.template.ordering import Resources
from shoreward.spec.template.plain import Json, mapping

PERMISSION = "AWS::Lambda::Permission"
_ROLE = "AWS::IAM::Role"
_POLICIES = ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy")
_LONGEST = 128
"""Characters of a policy's name."""

_CALLS = ("lambda:invokefunction", "lambda:invokeasync", "lambda:invoke*")
_MANAGED = {
    "service-role/AWSLambdaRole": "lambda:InvokeFunction",
    "AWSLambda_FullAccess": "lambda:*",
    "PowerUserAccess": "*",
    "AdministratorAccess": "*",
}
"""Managed policies of AWS that let their holder call every function."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Callee:
    """A function that is called, its alias (logical ids), and the alias' name."""

    function: str
    alias: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """A resource that is to be added, because it holds for an alias what another one holds for its function.

    Attributes:
        logical_id: its logical id.
        of: logical id of the other one, or of the role that has the right.
    """

    logical_id: str
    resource: dict[str, Json]
    of: str
    function: str


def by_permission(resources: Resources, callee: Callee, service: str) -> list[Right] | None:
    """What lets a service call the alias, too: permissions, none where they are there already.

    Returns None where the template does not show that the service may call the function at all.
    """
    found = [
        (name, resource)
        for name, resource in resources.items()
        if resource["Type"] == PERMISSION
        and (as_text(mapping(resource.get("Properties")).get("Principal")) or "").startswith(f"{service}.")
    ]
    of_function = [
        (name, resource)
        for name, resource in found
        if is_function(mapping(resource["Properties"]).get("FunctionName"), callee.function)
    ]
    of_alias = any(mapping(one["Properties"]).get("FunctionName") == {"Ref": callee.alias} for _, one in found)
    if not of_function:
        return [] if of_alias else None
    return [repeated(name, _for_alias(resource, callee), callee) for name, resource in of_function]


def by_role(resources: Resources, callee: Callee, role: Json, *, solely: bool) -> list[Right] | None:
    """What lets a role call the alias, too: a policy, none where the role's own reach that far.

    Args:
        role: as a property has it: the role's ARN or name.
        solely: whether the role may do nothing else with the function.

    Returns None where the template does not show that the role may call the function at all.
    """
    name = (as_text(role) or "").removeprefix("${").removesuffix("}").removesuffix(".Arn")
    if resources.get(name, {}).get("Type") != _ROLE:
        return None
    physical = as_text(mapping(resources[callee.function]["Properties"]).get("FunctionName"))
    about = [(statement, _reach(statement, callee, physical)) for statement in _statements(resources, name)]
    about = [(statement, reach) for statement, reach in about if reach]
    if solely and not all(_only_calls(statement) for statement, _ in about):
        return None
    reaches = {reach for statement, reach in about if _may_call(statement)}
    if "alias" in reaches or not reaches:
        return [] if reaches else None
    conditions = {one["Condition"] for one in (resources[name], resources[callee.function]) if "Condition" in one}
    if len(conditions) > 1:
        return None
    statements = [
        {key: inner for key, inner in statement.items() if key != "Sid"} | {"Resource": [{"Ref": callee.alias}]}
        for statement, _ in about
        if _may_call(statement)
    ]
    policy_id = f"{name}{callee.alias}"
    policy: dict[str, Json] = {
        "Type": "AWS::IAM::Policy",
        **({"Condition": conditions.pop()} if conditions else {}),
        "Properties": {
            "PolicyName": policy_id[-_LONGEST:],
            "Roles": [{"Ref": name}],
            "PolicyDocument": {"Version": "2012-10-17", "Statement": statements},
        },
    }
    return [Right(logical_id=policy_id, resource=policy, of=name, function=callee.function)]


def repeated(name: str, resource: dict[str, Json], callee: Callee) -> Right:
    """A resource of a function, made anew for the function's alias."""
    return Right(logical_id=f"{name}Alias{callee.name}", resource=resource, of=name, function=callee.function)


def _for_alias(permission: dict[str, Json], callee: Callee) -> dict[str, Json]:
    permission = copy.deepcopy(permission)
    permission["Properties"]["FunctionName"] = {"Ref": callee.alias}
    return permission


def _statements(resources: Resources, role: str) -> Iterator[dict[str, Json]]:
    """All that a role may do, as far as the template tells."""
    properties = mapping(resources[role].get("Properties"))
    documents = [mapping(policy).get("PolicyDocument") for policy in _listed(properties.get("Policies"))]
    attached = [as_text(arn) or "" for arn in _listed(properties.get("ManagedPolicyArns"))]
    for name, resource in resources.items():
        if resource["Type"] in _POLICIES:
            policy = mapping(resource.get("Properties"))
            holders = [as_text(one) for one in [*_listed(policy.get("Roles")), policy.get("RoleName")]]
            if f"${{{role}}}" in holders or f"${{{name}}}" in attached:
                documents.append(policy.get("PolicyDocument"))
    for document in documents:
        yield from (mapping(one) for one in _listed(mapping(document).get("Statement")))
    for arn in attached:
        if action := _MANAGED.get(arn.rpartition(":policy/")[2]):
            yield {"Effect": "Allow", "Action": action, "Resource": "*"}


def _reach(statement: dict[str, Json], callee: Callee, physical: str | None) -> str:
    """'alias' where a statement covers it, 'function' where it covers that only, else ''."""
    texts = [as_text(resource) or "" for resource in _listed(statement.get("Resource"))]
    if statement.get("Effect") != "Allow" or not any(_lambda(action) for action in _actions(statement)):
        return ""
    named = (f"${{{callee.function}}}", f"${{{callee.function}.Arn}}", physical)
    begins = physical or f"${{AWS::StackName}}-{callee.function}-"
    for text in texts:
        start, tail = text.removesuffix("*"), text.rpartition(":function:")[2].removesuffix("*")
        if text.endswith("*") and (start.rstrip(":") in named or tail.rstrip(":") in named or begins.startswith(tail)):
            return "alias"
    for text, resource in zip(texts, _listed(statement.get("Resource")), strict=True):
        if is_function(resource, callee.function) or (physical and text.endswith(f":function:{physical}")):
            return "function"
    return ""


def _actions(statement: dict[str, Json]) -> list[str]:
    return [str(action).lower() for action in _listed(statement.get("Action"))]


def _lambda(action: str) -> bool:
    return action == "*" or action.startswith("lambda:")


def _may_call(statement: dict[str, Json]) -> bool:
    return any(action in (*_CALLS, "lambda:*", "*") for action in _actions(statement))


def _only_calls(statement: dict[str, Json]) -> bool:
    return all(action in _CALLS for action in _actions(statement) if _lambda(action))


def _listed(value: Json) -> list[Json]:
    if value is None:
        return []
    return cast("list[Json]", value) if isinstance(value, list) else [value]
