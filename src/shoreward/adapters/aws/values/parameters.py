"""Parameters of Systems Manager: what is there, what should be, and the one write that leads from here to there.

Under `configurations`. Systems Manager writes without asking what it writes over, so every write is preceded by a look
and followed by one at the version that came of it. A parameter that a pipeline carries bears its application's name as
a tag: so a key that has left the repository is found again, and two pipelines do not write the same one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from shoreward.adapters.aws.calls import Aws, pages
from shoreward.adapters.aws.faults import code_of
from shoreward.domain import Difference, HeldParameter, OperationError, Parameter, Target, Terminal

TAG = "shoreward:application"
TYPE = "AWS::SSM::Parameter"
_BATCH = 10
_STANDARD = 4_096
"""Bytes that a parameter of the standard tier holds."""


class Parameters:
    """The parameters of targets."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    def look(self, target: Target, application: str, names: Sequence[str]) -> tuple[HeldParameter, ...]:
        """The parameters with these names, and what else the application owns, by name."""
        owned = self._owned(target, application)
        found = self._found(target, sorted({*names, *owned}))
        return tuple(
            replace(found.get(name, HeldParameter(name=name)), owned=name in owned and name in found)
            for name in sorted({*names, *owned})
        )

    def claimed(self, target: Target, application: str, held: Sequence[HeldParameter]) -> tuple[HeldParameter, ...]:
        """The same, with the owner of each asked for by itself: lists of what is tagged lag behind.

        Raises `Terminal` (CONFIGURATION_TAKEN) when another application's pipeline carries one of them.
        """
        return self._aws.together(lambda one: self._claimed(target, application, one), held)

    def _claimed(self, target: Target, application: str, one: HeldParameter) -> HeldParameter:
        if not one.exists or one.owned:
            return one
        client = self._aws.ssm(target)
        listed = self._aws.call(target, client.list_tags_for_resource, ResourceType="Parameter", ResourceId=one.name)
        owner = {tag["Key"]: tag["Value"] for tag in listed.get("TagList", [])}.get(TAG)
        if owner and owner != application:
            raise Terminal(
                "CONFIGURATION_TAKEN",
                f"{one.name} is carried by the pipeline of {owner}.",
                where=target.key,
                next=f"Take it out of one of them; its tag {TAG} says whose it is.",
            )
        return replace(one, owned=owner == application)

    def agrees(self, target: Target, now: HeldParameter, wanted: Parameter) -> bool:
        """Whether a parameter is as it should be."""
        if not now.exists or now.type != wanted.type:
            return False
        if not wanted.secret:
            return now.value == wanted.value
        return self._value(target, now.name) == self._value(target, wanted.secret)

    def as_before(self, target: Target, now: HeldParameter, before: HeldParameter) -> bool:
        """Whether a parameter holds what it held; whether it bears the tag is another matter."""
        if now.version == before.version:
            return True
        if not (now.exists and before.exists) or now.type != before.type:
            return False
        if before.type != "SecureString":
            return now.value == before.value
        return self._value(target, now.name) == self._value(target, f"{before.name}:{before.version}")

    def write(self, target: Target, application: str, wanted: Parameter, before: HeldParameter) -> None:
        """Bring a parameter that is as it was before to what it should be.

        Raises `Terminal` (CONFIGURATION_CHANGED) when somebody else wrote between the look and the write.
        """
        value = self._value(target, wanted.secret) if wanted.secret else wanted.value
        version = self._put(target, wanted.name, value, wanted.type, wanted.key, application, before)
        if version != before.version + 1:
            raise Terminal(
                "CONFIGURATION_CHANGED",
                f"Somebody wrote version {version - 1} of {wanted.name} at the same moment, and it was written over.",
                where=target.key,
                next=f"`aws ssm get-parameter --name {wanted.name}:{version - 1}` shows it; find out who wrote it.",
            )
        self.own(target, application, wanted.name, before)

    def own(self, target: Target, application: str, name: str, before: HeldParameter) -> None:
        """Put the application's tag on a parameter that did not bear it."""
        if not before.owned:
            tag: Any = {"Key": TAG, "Value": application}
            client = self._aws.ssm(target)
            self._aws.call(target, client.add_tags_to_resource, ResourceType="Parameter", ResourceId=name, Tags=[tag])

    def remove(self, target: Target, name: str) -> None:
        """Delete a parameter; one that is gone is deleted."""
        client = self._aws.ssm(target)
        try:
            self._aws.call(target, client.delete_parameter, Name=name)
        except OperationError as error:
            if code_of(error.__cause__) != "ParameterNotFound":
                raise

    def put_back(self, target: Target, application: str, before: HeldParameter, now: HeldParameter) -> None:
        """Write what a parameter held before; one that was not there is deleted."""
        if not before.exists:
            self.remove(target, before.name)
            return
        if not self.as_before(target, now, before):
            value = before.value
            if before.type == "SecureString":
                value = self._value(target, f"{before.name}:{before.version}")
            self._put(target, before.name, value, before.type, before.key, application, now)
        if now.owned and not before.owned:
            client = self._aws.ssm(target)
            self._aws.call(
                target,
                client.remove_tags_from_resource,
                ResourceType="Parameter",
                ResourceId=before.name,
                TagKeys=[TAG],
            )
        elif before.owned and not now.owned:
            self.own(target, application, before.name, now)

    def _put(
        self, target: Target, name: str, value: str, kind: Any, key: str, application: str, before: HeldParameter
    ) -> int:
        """Write a value; returns the version that came of it."""
        more: dict[str, Any] = {"Overwrite": True} if before.exists else {"Tags": [{"Key": TAG, "Value": application}]}
        if key:
            more["KeyId"] = key
        if len(value.encode()) > _STANDARD:
            more["Tier"] = "Intelligent-Tiering"
        client = self._aws.ssm(target)
        return self._aws.call(target, client.put_parameter, Name=name, Value=value, Type=kind, **more)["Version"]

    def _value(self, target: Target, name: str) -> str:
        """A parameter's value, decrypted, by its name or `NAME:VERSION`; CONFIGURATION_SECRET_MISSING without one."""
        client = self._aws.ssm(target)
        try:
            found = self._aws.call(target, client.get_parameter, Name=name, WithDecryption=True)["Parameter"]
        except OperationError as error:
            if code_of(error.__cause__) not in ("ParameterNotFound", "ParameterVersionNotFound"):
                raise
            raise Terminal(
                "CONFIGURATION_SECRET_MISSING",
                f"There is no parameter {name} in {target}.",
                where=target.key,
                next="Write it there, and name its version in shoreward.yaml.",
            ) from error
        return found.get("Value", "")

    def require_secrets(self, target: Target, wanted: Sequence[Parameter]) -> None:
        """Raise `Terminal` (CONFIGURATION_SECRET_MISSING) unless all secrets can be read."""
        for one in wanted:
            if one.secret:
                self._value(target, one.secret)

    def _found(self, target: Target, names: Sequence[str]) -> Mapping[str, HeldParameter]:
        client = self._aws.ssm(target)
        found: dict[str, HeldParameter] = {}
        for first in range(0, len(names), _BATCH):
            asked = list(names[first : first + _BATCH])
            told = self._aws.call(target, client.get_parameters, Names=asked, WithDecryption=False)["Parameters"]
            for one in told:
                name, kind = one.get("Name", ""), one.get("Type", "")
                value = "" if kind == "SecureString" else one.get("Value", "")
                found[name] = HeldParameter(name=name, version=one.get("Version", 0), type=kind, value=value)
        secret = [name for name, one in found.items() if one.type == "SecureString"]
        keys = {str(each.get("Name")): str(each.get("KeyId", "")) for each in self._described(target, "Name", secret)}
        return {name: replace(one, key=keys.get(name, "")) for name, one in found.items()}

    def _owned(self, target: Target, application: str) -> frozenset[str]:
        return frozenset(str(each.get("Name")) for each in self._described(target, f"tag:{TAG}", [application]))

    def _described(self, target: Target, key: str, values: Sequence[str]) -> Iterator[Mapping[str, Any]]:
        client = self._aws.ssm(target)
        for first in range(0, len(values), 50):
            wanted: Any = [{"Key": key, "Option": "Equals", "Values": list(values[first : first + 50])}]
            for page in pages(
                lambda more, wanted=wanted: self._aws.call(
                    target, client.describe_parameters, ParameterFilters=wanted, MaxResults=50, **more
                )
            ):
                yield from page["Parameters"]


def differing(name: str, expected: str | None, actual: str | None, *, secret: bool) -> Difference:
    """A parameter that is otherwise than it was left; of a secret only that it is.

    Args:
        expected, actual: None for one that is not there.
    """
    left, found = ("set", "set otherwise") if secret else (expected, actual)
    return Difference(
        resource=name,
        path="",
        expected="not there" if expected is None else _short(left or ""),
        actual="not there" if actual is None else _short(found or ""),
    )


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."
