"""Who may do what: roles on pipelines, and what a server is told about those who come to it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from enum import StrEnum


class Role(StrEnum):
    """What somebody may do with a pipeline; each may do all that those before it may."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"

    def covers(self, other: Role) -> bool:
        """Whether whoever has this role may do what the other one may."""
        return _ORDER.index(self) >= _ORDER.index(other)


_ORDER = tuple(Role)

EVERY = "*"
"""The pattern of every pipeline, those that come later too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A role on some pipelines.

    Attributes:
        pipelines: names, or beginnings of names with a star behind them: `beach-*`.
    """

    role: Role
    pipelines: tuple[str, ...] = (EVERY,)

    def reaches(self, application: str) -> bool:
        """Whether it is about a pipeline."""
        return any(_fits(pattern, application) for pattern in self.pipelines)


def _fits(pattern: str, application: str) -> bool:
    return application.startswith(pattern[:-1]) if pattern.endswith("*") else application == pattern


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """All that somebody may do; nothing without a grant."""

    grants: tuple[Grant, ...] = ()

    def may(self, role: Role, application: str) -> bool:
        """Whether somebody has a role, or a higher one, on a pipeline; on every pipeline for ""."""
        if not application:
            return any(each.role.covers(role) and EVERY in each.pipelines for each in self.grants)
        return any(each.role.covers(role) and each.reaches(application) for each in self.grants)

    def anywhere(self, role: Role) -> bool:
        """Whether somebody has a role, or a higher one, on any pipeline at all."""
        return any(each.role.covers(role) for each in self.grants)

    def role(self, application: str) -> Role | None:
        """The highest role on a pipeline; with "", on every pipeline."""
        return next((role for role in reversed(_ORDER) if self.may(role, application)), None)


EVERYTHING = Rights(grants=(Grant(role=Role.ADMIN),))
"""The rights of whoever owns the machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleRule:
    """Who has a role on some pipelines.

    Attributes:
        groups, emails: those of people; whoever is in one of the groups, or has one of the addresses.
        everyone: whoever can sign in.
    """

    grant: Grant
    groups: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    everyone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """Names of the claims of an ID token that tell who somebody is.

    Attributes:
        name: what the journal calls people.
        groups: a list of names.
    """

    name: str = "email"
    groups: str = "groups"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """The OpenID Connect provider that people sign in with.

    Attributes:
        issuer: its address, as its tokens name it.
        secret: environment variable with the client's secret; "" for a public client.
        lasts: seconds that a session holds.
        skew: seconds by which its clock and ours may differ.
    """

    issuer: str
    client: str
    secret: str = ""
    scopes: tuple[str, ...] = ("openid", "email", "profile")
    claims: Claims = field(default_factory=Claims)
    lasts: float = 28_800.0
    skew: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """How much is answered in a minute.

    Attributes:
        requests, commands: of each session and each token.
        failures: attempts to sign in, or tokens that are none, of each address.
    """

    requests: int = 1_200
    commands: int = 120
    failures: int = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """What a server that others can reach is told.

    Attributes:
        address: how browsers reach it: `https://shoreward.example.com`.
        proxies: networks of the reverse proxies whose `X-Forwarded-*` count.
    """

    address: str
    sign_in: SignIn
    roles: tuple[RoleRule, ...]
    proxies: tuple[str, ...] = ()
    rates: Rates = field(default_factory=Rates)

    def rights(self, groups: Collection[str], email: str) -> Rights:
        """What a person may do.

        Args:
            email: one that the provider has verified, "" for none.
        """
        return Rights(grants=tuple(rule.grant for rule in self.roles if _meant(rule, groups, email)))


def _meant(rule: RoleRule, groups: Collection[str], email: str) -> bool:
    known = bool(email) and email.casefold() in (each.casefold() for each in rule.emails)
    return rule.everyone or known or any(group in groups for group in rule.groups)
