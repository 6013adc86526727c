"""From a resource of the translated template back to the line that a person wrote.

Rules look at what CloudFormation gets; people mend what they wrote. SAM names what it makes after what it is made of,
so a name tells the resource, and often the part of it: `FnRole` is of `Fn`, its second policy is the second entry of
`Policies`, `ServerlessRestApi` is of the events that name no gateway. Where nothing is known the nearest thing around
it is shown, at last the template itself: a place is always given, and it always exists.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from shoreward.adapters.policy._sam_parts import (
    DOMAINS,
    FUNCTION,
    GRANTED_FOR,
    HTTP,
    IMPLICIT,
    IN_EVENTS,
    MACHINE,
    MANAGED_FOR,
    MANAGED_FOR_EVENTS,
    RENAMED,
    REST,
    part_of,
)
from shoreward.domain import Place
from shoreward.spec.template import Template
from shoreward.spec.template.plain import Json, Path, listed, mapping, only

_POLICY = re.compile(r"Policy(\d+)$")
_ANY = "x-amazon-apigateway-any-method"
_ATTRIBUTES = ("Condition", "CreationPolicy", "DeletionPolicy", "DependsOn", "Metadata", "Type", "UpdatePolicy",
               "UpdateReplacePolicy")  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """The written resource that a translated one comes from.

    Attributes:
        name: its logical id in the template that a person wrote.
        part: where in its properties, such as ("Events", "Get"); () for all of it.
    """

    name: str
    part: Path = ()


class Origins:
    """Places in a template for what was made of it.

    Args:
        template: as a person wrote it.
        made: as CloudFormation gets it.
    """

    def __init__(self, template: Template, made: dict[str, Json]) -> None:
        self._template = template
        self._made = mapping(made.get("Resources"))
        self._owners: dict[str, Owner | None] = {}

    def subject(self, name: str) -> str:
        """The logical id that a person knows: that of the written resource, else the name itself."""
        implicit = next((known for known in IMPLICIT if name.startswith(known)), None)
        owner = self.owner(name)
        return implicit or (owner.name if owner else name)

    def owner(self, name: str) -> Owner | None:
        """What a translated resource comes from, or None when nobody can tell."""
        if name not in self._owners:
            self._owners[name] = self._find(name)
        return self._owners[name]

    def place(self, name: str, path: Sequence[str | int] = ()) -> Place:
        """Where something of a translated resource is written.

        Args:
            name: logical id after the translation.
            path: within the resource, such as ("Properties", "Timeout"), as it is after the translation.
        """
        owner = self.owner(name)
        if owner is None:
            return self.top()
        if path and path[0] in _ATTRIBUTES:
            return self._template.place(*self._written(("Resources", owner.name, *path)))
        inside = tuple(path[1:] if path and path[0] == "Properties" else path)
        source = self._route(name, inside) or Owner(name=owner.name, part=self._property(name, owner, inside))
        return self._in(source)

    def written(self, path: Sequence[str | int]) -> Place:
        """Where a path of the template that a person wrote stands, properties from Globals included."""
        match tuple(path):
            case ("Resources", str(name), "Properties", *rest) if name in self._template.resources:
                return self._in(Owner(name=name, part=tuple(rest)))
            case () | ("Resources",):
                return self.top()
            case steps:
                found = self._written(steps)
                return self._template.place(*found) if found else self.top()

    def top(self) -> Place:
        """The template itself."""
        return self._template.place("Resources")

    def path(self, name: str, dotted: str) -> Path:
        """The steps of a dotted path within a translated resource, as engines write it.

        Keys may hold dots and slashes themselves; what the resource has decides.
        """
        value: Json = self._made.get(name)
        steps: list[str | int] = []
        rest = dotted.replace("/", ".")
        while rest:
            step = _step(value, rest)
            if step is None:
                return (*steps, *rest.split("."))
            key, rest = step
            value = value[key]
            steps.append(key)
        return tuple(steps)

    def _find(self, name: str) -> Owner | None:
        resources = self._template.resources
        if name in resources:
            return Owner(name=name)
        for implicit, (kind, gateway) in IMPLICIT.items():
            if name.startswith(implicit):
                return next(self._events(kind, gateway, None), None)
        if str(mapping(self._made.get(name)).get("Type")) in DOMAINS:
            return next((Owner(name=found, part=("Domain",)) for found, _ in self._template.of_type(REST, HTTP)
                         if self._template.property(found, "Domain") is not None), None)  # fmt: skip
        makers = sorted((found for found in resources if name.startswith(found)), key=len, reverse=True)
        return next((owner for found in makers if (owner := self._made_by(found, name.removeprefix(found)))), None)

    def _made_by(self, maker: str, suffix: str) -> Owner | None:
        resource = self._template.resources[maker]
        for connector in sorted(mapping(resource.get("Connectors")), key=len, reverse=True):
            if suffix.startswith(connector):
                return Owner(name=maker)
        if not self._template.sam_resource(maker):
            return None
        part = part_of(str(resource["Type"]), suffix)
        if part is not None:
            return Owner(name=maker, part=part)
        events = mapping(self._template.property(maker, "Events"))
        found = max((event for event in events if suffix.startswith(event)), key=len, default=None)
        return Owner(name=maker, part=("Events", found) if found else ())

    def _events(self, kind: str, gateway: str, api: str | None) -> Iterator[Owner]:
        """Events of a kind at a gateway, by its logical id; at the one that they do not name for None."""
        for name, _ in self._template.of_type(FUNCTION, MACHINE):
            for event, found in mapping(self._template.property(name, "Events")).items():
                at = mapping(mapping(found).get("Properties")).get(gateway)
                wanted = at is None if api is None else mapping(at).get("Ref", at) == api
                if mapping(found).get("Type") == kind and wanted:
                    yield Owner(name=name, part=("Events", event))

    def _property(self, name: str, owner: Owner, inside: Path) -> Path:
        """Path within the written resource's properties."""
        made = mapping(self._made.get(name))
        kind = str(self._template.resources[owner.name]["Type"])
        if not self._template.sam_resource(owner.name):
            return inside
        if made.get("Type") == "AWS::IAM::Role" and owner.part == ():
            return self._of_role(owner.name, made, inside)
        if owner.part[:1] == ("Events",):
            return self._of_event(owner, inside)
        if owner.part:
            return (*owner.part, *inside[1:]) if inside[:1] == owner.part[-1:] else (*owner.part, *inside)
        for before in RENAMED.get(kind, {}).get(str(inside[0]), ()) if inside else ():
            if self._has(owner.name, before):
                return (*before, *inside[1:])
        return inside

    def _of_role(self, name: str, made: dict[str, Json], inside: Path) -> Path:
        given = mapping(made.get("Properties"))
        match inside:
            case ("Policies", int(at), *rest) if at < len(listed(given.get("Policies"))):
                policy = _policy_name(given["Policies"][at])
                if asked := next((part for word, part in GRANTED_FOR if word in policy), None):
                    return asked
                number = _POLICY.search(policy)
                many = isinstance(self._template.property(name, "Policies"), list)
                index = int(number[1]) if number and many else None
                written = ("Policies",) if index is None else ("Policies", index)
                return (*written, *self._of_policy(name, index, rest))
            case ("ManagedPolicyArns", int(index), *_) if index < len(listed(given.get("ManagedPolicyArns"))):
                return self._managed(name, given["ManagedPolicyArns"][index])
            case ("AssumeRolePolicyDocument" | "PermissionsBoundary" | "Tags", *_):
                return inside
            case _:
                return ("Policies",)

    def _of_policy(self, name: str, number: int | None, rest: Sequence[str | int]) -> Path:
        """Path within a written policy; on what one of SAM's templates reaches its parameter says, if it has one."""
        policies = self._template.property(name, "Policies")
        several = listed(policies)
        template, given = only(policies if number is None else several[number] if number < len(several) else None)
        parameter, _ = only(given)
        if parameter and template.endswith("Policy") and "Resource" in rest:
            return (template, parameter)
        return tuple(step for step in rest if step != "PolicyDocument")

    def _managed(self, name: str, arn: Json) -> Path:
        """The entry of `Policies` that became a managed policy, or the property that SAM added one for."""
        policies = self._template.property(name, "Policies")
        text = str(mapping(arn).get("Fn::Sub", arn))
        for index, policy in enumerate(listed(policies) or [policies]):
            if policy == arn or (isinstance(policy, str) and text.endswith(f"/{policy}")):
                return ("Policies", index) if isinstance(policies, list) else ("Policies",)
        kinds = next((found for end, found in MANAGED_FOR_EVENTS.items() if text.endswith(end)), ())
        for event, found in mapping(self._template.property(name, "Events")).items():
            if mapping(found).get("Type") in kinds:
                return ("Events", event)
        return next((part for end, part in MANAGED_FOR if text.endswith(end)), ())

    def _of_event(self, owner: Owner, inside: Path) -> Path:
        if not inside:
            return owner.part
        for key in (*IN_EVENTS.get(str(inside[0]), ()), str(inside[0])):
            candidate = (*owner.part, "Properties", key)
            if self._has(owner.name, candidate):
                return (*candidate, *inside[1:])
        return owner.part

    def _route(self, name: str, inside: Path) -> Owner | None:
        """The event that made a route of a gateway's description, when the description is not written out."""
        if inside[:2] != ("Body", "paths") or len(inside) < 3:
            return None
        route, method = inside[2], inside[3] if len(inside) > 3 else None
        rest = str(mapping(self._made.get(name)).get("Type")) == "AWS::ApiGateway::RestApi"
        kind, gateway = ("Api", "RestApiId") if rest else ("HttpApi", "ApiId")
        for owner in self._events(kind, gateway, None if name in IMPLICIT else name):
            event = mapping(self._template.property(owner.name, "Events")[owner.part[1]])
            properties = mapping(event.get("Properties"))
            given = str(properties.get("Method", "any")).lower()
            named = _ANY if given in ("any", "*") else given
            if properties.get("Path", "$default") == route and method in (None, named):
                return owner
        return None

    def _in(self, source: Owner) -> Place:
        """The place of a part of a resource's properties, or in Globals when more of it is written there."""
        own = self._written(("Resources", source.name, "Properties", *source.part))
        shared = self._shared(source) if source.part else ()
        if len(shared) - 2 > len(own) - 3:
            return self._template.place(*shared)
        return self._template.place(*(own if len(own) > 3 else ("Resources", source.name)))

    def _shared(self, source: Owner) -> Path:
        """As much of a part as Globals hold for its resource."""
        if (
            not self._template.sam_resource(source.name)
            or self._template.property(source.name, str(source.part[0])) is None
        ):
            return ()
        section = str(self._template.resources[source.name]["Type"]).removeprefix("AWS::Serverless::")
        return self._written(("Globals", section, *source.part))

    def _has(self, name: str, path: Path) -> bool:
        own = ("Resources", name, "Properties", *path)
        return self._template.document.has(own) or len(self._shared(Owner(name=name, part=path))) == len(path) + 2

    def _written(self, path: Path) -> Path:
        """The longest beginning of a path that the template has."""
        while path and not self._template.document.has(path):
            path = path[:-1]
        return path


def _policy_name(policy: Json) -> str:
    """The name of an inline policy, of one in a branch, too; "" for none."""
    if "PolicyName" in mapping(policy):
        return str(policy["PolicyName"])
    branches = (_policy_name(branch) for branch in listed(mapping(policy).get("Fn::If")))
    return next((name for name in branches if name), "")


def _step(value: Json, dotted: str) -> tuple[str | int, str] | None:
    """The first key of a dotted path that the value has, the longest first, and what is left of the path."""
    if isinstance(value, list):
        head, _, rest = dotted.partition(".")
        return (int(head), rest) if head.isdigit() and int(head) < len(listed(value)) else None
    for key in sorted(mapping(value), key=len, reverse=True):
        plain = key.replace("/", ".")
        if dotted == plain or dotted.startswith(f"{plain}."):
            return key, dotted[len(plain) + 1 :]
    return None
