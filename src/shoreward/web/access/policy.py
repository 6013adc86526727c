"""What a policy is told about a request, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from shoreward.domain import Refused
from shoreward.domain.access import Rights, Role


class Need(StrEnum):
    """What a route asks of whoever calls it.

    A route that is about a pipeline needs the role there; another one needs it on any pipeline at all, and shows or
    does only what the caller may (`Ground.sight`, `Ground.wish`). KNOWN is for whoever has signed in, without any
    role; SURVEY shows all pipelines, without asking for each; one that needs a signature looks at it itself.
    """

    NOTHING = "nothing"
    KNOWN = "known"
    READ = "read"
    SURVEY = "survey"
    OPERATE = "operate"
    ADMINISTER = "administer"
    SIGNED = "signed"


ROLES = {
    Need.READ: Role.VIEWER,
    Need.SURVEY: Role.VIEWER,
    Need.OPERATE: Role.OPERATOR,
    Need.ADMINISTER: Role.ADMIN,
}
"""The role that a need asks for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request, as far as it matters to a policy.

    Attributes:
        need: what its route needs.
        headers: with names in lower case; what comes twice is joined, so it is nobody's host and no token.
        query: as it was sent, behind the question mark.
        application: the pipeline that it is about; "" for none in particular.
        peer: the network address that it came from.
        secure: whether it came over TLS.
    """

    need: Need
    method: str
    path: str
    headers: Mapping[str, str]
    query: str = ""
    application: str = ""
    peer: str = ""
    secure: bool = False

    @property
    def changes(self) -> bool:
        """Whether it asks for something to be done."""
        return self.method not in ("GET", "HEAD")


class Via(StrEnum):
    """How somebody is known."""

    NOTHING = ""
    MACHINE = "machine"
    SESSION = "session"
    TOKEN = "token"
    WEBHOOK = "webhook"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks.

    Attributes:
        name: what the journal keeps.
        key: digest of the token or of the session's secret.
        origin: the network address, behind trusted proxies.
    """

    name: str
    rights: Rights = field(default_factory=Rights)
    via: Via = Via.NOTHING
    key: str = ""
    origin: str = ""

    def sees(self, application: str) -> bool:
        """Whether a pipeline may be shown to them."""
        return self.rights.may(Role.VIEWER, application)

    def must(self, role: Role, application: str) -> None:
        """Raise `Denied` (NOT_PERMITTED) for whoever does not have a role on a pipeline; "" is every pipeline."""
        if not self.rights.may(role, application):
            raise not_permitted(self, role, application or "every pipeline")


class Denied(Refused):
    """The caller may not do this.

    Attributes:
        status: that of HTTP.
        after: seconds after which it may be tried again, 0 when time changes nothing.
        caller: who it is, when that is known.
    """

    def __init__(
        self, code: str, what: str, *, status: int, next: str = "", after: float = 0.0, caller: Caller | None = None
    ) -> None:
        super().__init__(code, what, next=next)
        self.status = status
        self.after = after
        self.caller = caller

    def __reduce__(self) -> tuple[object, ...]:
        return _again, (self.code, self.what, self.status, self.next, self.after)


def _again(code: str, what: str, status: int, next: str, after: float) -> Denied:
    return Denied(code, what, status=status, next=next, after=after)


def not_permitted(caller: Caller, role: Role, what: str) -> Denied:
    """Somebody does not have the role that it takes."""
    return Denied(
        "NOT_PERMITTED",
        f"{caller.name} is no {role} of {what}.",
        status=403,
        next="Whoever runs this server gives roles, in its settings or with a token.",
        caller=caller,
    )


def allow(asked: Asked, caller: Caller) -> Caller:
    """The caller, when their rights are enough for what the route needs; raises `Denied` (NOT_PERMITTED)."""
    role = ROLES.get(asked.need)
    if role is None:
        return caller
    if asked.application or asked.need is Need.SURVEY:
        caller.must(role, asked.application)
    elif not caller.rights.anywhere(role):
        raise not_permitted(caller, role, "any pipeline")
    return caller


class Access(Protocol):
    """A policy."""

    def admit(self, asked: Asked) -> Caller:
        """Who asks, when they may; raises `Denied`."""
        ...

    def still(self, caller: Caller) -> bool:
        """Whether somebody who was admitted is still known: their token or session may be over meanwhile."""
        ...
