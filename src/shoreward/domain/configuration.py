"""Configuration as a kind of pipeline: values in a repository, and where each of them goes.

`Configuration` is what `shoreward.yaml` says; the builder makes `Values` of it, which are what a revision holds. Values
only. In names and paths, `{account}` and `{region}` stand for those of a target.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, Self

from shoreward.domain.digest import canonical
from shoreward.domain.errors import Place
from shoreward.domain.target import Target

ParameterType = Literal["String", "StringList", "SecureString"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """How AppConfig hands a new version out: to some of its clients at first.

    Attributes:
        factor: percent of the clients that each of its steps adds, or begins to double with.
        over: seconds until all of them have it, whole minutes.
    """

    factor: float
    over: float
    exponential: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterSource:
    """Where parameters of Systems Manager come from.

    Attributes:
        name: the parameter's, or the prefix of all that a file makes when it is a `tree`.
        file: from the repository's root; "" for a secret.
        secret: `NAME:VERSION` of a parameter of the target that holds the value; git never does.
        key: the KMS key that a secret is encrypted with; "" for the account's own.
        schema: of the file's content, from the repository's root; "" for none.
    """

    name: str
    file: str = ""
    tree: bool = False
    type: ParameterType = "String"
    secret: str = ""
    key: str = ""
    schema: str = ""
    where: Place | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileSource:
    """Where a hosted configuration of AppConfig comes from.

    Attributes:
        file: from the repository's root.
        flags: whether it holds feature flags, in the form that AppConfig has for them.
        growth: None for all clients at once.
        schema: as of `ParameterSource`.
    """

    application: str
    environment: str
    profile: str
    file: str
    flags: bool = False
    content_type: str = "application/json"
    schema: str = ""
    growth: Growth | None = None
    where: Place | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Whose customers a bad value would harm: all functions, APIs and queues of a stack, or one function by its name.

    Attributes:
        stack, function: one of them, with `{account}` and `{region}` filled in for each target.
    """

    stack: str = ""
    function: str = ""

    @property
    def name(self) -> str:
        """For people."""
        return self.stack or self.function


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """What a pipeline carries in place of a template."""

    parameters: tuple[ParameterSource, ...] = ()
    profiles: tuple[ProfileSource, ...] = ()
    judged_by: tuple[Judged, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter as it should be; of a secret the value is "" and `secret` names what holds it.

    Attributes:
        place: `account/region` of the targets that alone have it; "" for all.
    """

    name: str
    type: ParameterType
    value: str = ""
    secret: str = ""
    key: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A hosted configuration as it should be; `place` as of `Parameter`."""

    application: str
    environment: str
    profile: str
    flags: bool
    content_type: str
    content: str
    growth: Growth | None = None
    place: str = ""

    @property
    def name(self) -> str:
        """For people: `application/environment/profile`."""
        return f"{self.application}/{self.environment}/{self.profile}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """All that a revision of a configuration holds."""

    parameters: tuple[Parameter, ...] = ()
    profiles: tuple[Profile, ...] = ()

    def of(self, target: Target) -> Values:
        """What a target has of them."""
        here = ("", place_of(target))
        return Values(
            parameters=tuple(replace(one, place="") for one in self.parameters if one.place in here),
            profiles=tuple(replace(one, place="") for one in self.profiles if one.place in here),
        )

    def on(self, target: Target) -> Values:
        """The same, with the target's account and region filled in."""
        fill, own = filling(target), self.of(target)
        return Values(
            parameters=tuple(replace(one, name=fill(one.name), secret=fill(one.secret)) for one in own.parameters),
            profiles=tuple(
                replace(
                    one,
                    application=fill(one.application),
                    environment=fill(one.environment),
                    profile=fill(one.profile),
                )
                for one in own.profiles
            ),
        )

    def packed(self) -> bytes:
        """As it is kept: the same values have the same bytes."""
        told = {
            kind: [{key: each for key, each in one.items() if key != "place" or each} for one in held]
            for kind, held in asdict(self).items()
        }
        return canonical(told)

    @classmethod
    def unpacked(cls, content: bytes) -> Self:
        """What `packed` packed."""
        told = json.loads(content)
        return cls(
            parameters=tuple(Parameter(**each) for each in told["parameters"]),
            profiles=tuple(_profile(each) for each in told["profiles"]),
        )


def _profile(told: dict[str, Any]) -> Profile:
    growth: dict[str, Any] | None = told.pop("growth")
    return Profile(**told, growth=Growth(**growth) if growth else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldParameter:
    """A parameter as it was found on a target.

    Attributes:
        version: 0 when it was not there.
        value: "" of a secret, which nobody keeps; Systems Manager has it under its version.
        key: the KMS key of a secret.
        owned: whether it bore the application's tag.
    """

    name: str
    version: int = 0
    type: str = ""
    value: str = ""
    key: str = ""
    owned: bool = False

    @property
    def exists(self) -> bool:
        """Whether it was there."""
        return self.version > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldProfile:
    """A hosted configuration as it was found in an environment.

    Attributes:
        id: the profile's, "" when there is none.
        version: what its newest complete deployment made everybody's, "" before there was any.
        content: of that version.
    """

    name: str
    id: str = ""
    version: str = ""
    content: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldValues:
    """What a target held when it was inspected: all that the revision names, and what the application had written."""

    parameters: tuple[HeldParameter, ...]
    profiles: tuple[HeldProfile, ...]

    @property
    def exists(self) -> bool:
        """Whether there was anything."""
        return any(one.exists for one in self.parameters) or any(one.version for one in self.profiles)

    def parameter(self, name: str) -> HeldParameter:
        """A parameter by its name, there or not."""
        return next((one for one in self.parameters if one.name == name), HeldParameter(name=name))

    def profile(self, name: str) -> HeldProfile:
        """A profile by its name, there or not."""
        return next((one for one in self.profiles if one.name == name), HeldProfile(name=name))

    def packed(self) -> bytes:
        """As it is kept."""
        return canonical(asdict(self))

    @classmethod
    def unpacked(cls, content: bytes) -> Self:
        """What `packed` packed."""
        told = json.loads(content)
        return cls(
            parameters=tuple(HeldParameter(**one) for one in told["parameters"]),
            profiles=tuple(HeldProfile(**one) for one in told["profiles"]),
        )


def place_of(target: Target) -> str:
    """`account/region`."""
    return f"{target.account}/{target.region}"


def filling(target: Target) -> Callable[[str], str]:
    """Puts a target's account and region into names."""
    return lambda text: text.replace("{account}", target.account).replace("{region}", target.region)
