"""Who may do what: one policy decides about every request, and what it does not permit is refused.

Place in the flow: before every route. Routes name what they need; nothing is served without having been decided, so a
route that names nothing is not served at all. The first policy is a laptop's: no sign-in, and only this machine.
"""

from __future__ import annotations

import getpass
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol
from urllib.parse import urlsplit

from shoreward.domain import Refused


class Need(StrEnum):
    """What a route asks of whoever calls it; one that needs a signature looks at it itself."""

    NOTHING = "nothing"
    READ = "read"
    OPERATE = "operate"
    SIGNED = "signed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request, as far as it matters to a policy.

    Attributes:
        need: what its route needs.
        application: the pipeline that it is about; "" for none in particular.
        headers: with names in lower case.
    """

    need: Need
    method: str
    path: str
    headers: Mapping[str, str]
    application: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks; `name` is what the journal keeps."""

    name: str


class Denied(Refused):
    """The caller may not do this; `status` is that of HTTP."""

    def __init__(self, code: str, what: str, *, status: int, next: str = "") -> None:
        super().__init__(code, what, next=next)
        self.status = status

    def __reduce__(self) -> tuple[object, ...]:
        return _again, (self.code, self.what, self.status, self.next)


def _again(code: str, what: str, status: int, next: str) -> Denied:
    return Denied(code, what, status=status, next=next)


class Access(Protocol):
    """A policy."""

    def admit(self, asked: Asked) -> Caller:
        """Who asks, when they may; raises `Denied`."""
        ...


@dataclass(frozen=True, slots=True)
class Loopback:
    """Whoever is on this machine may do everything, as the person who runs the server.

    A page of somebody else's, open in a browser on this machine, may do nothing: requests must name this machine
    (against names that are made to point here), and what changes anything must come from our own page or from a
    program that says so.
    """

    def admit(self, asked: Asked) -> Caller:
        """See `Access.admit`."""
        if asked.need is Need.SIGNED:
            return Caller(name="webhook")
        if not is_loopback(_host(asked.headers.get("host", ""))):
            raise Denied(
                "HOST_FOREIGN",
                "The server answers requests to this machine only.",
                status=403,
                next="Use the address that `shoreward serve` printed.",
            )
        if asked.method not in ("GET", "HEAD") and not _own(asked.headers):
            raise Denied(
                "ORIGIN_FOREIGN",
                "The request comes from a page that is not the server's own.",
                status=403,
                next="Programs send no Origin, and the header `Shoreward-Request: 1`.",
            )
        return Caller(name=getpass.getuser())


def _own(headers: Mapping[str, str]) -> bool:
    """Whether a request that changes something was meant: other sites' pages can send no header of ours."""
    origin = headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != headers.get("host"):
        return False
    return headers.get("sec-fetch-site", "none") in ("same-origin", "none") and "shoreward-request" in headers


def _host(header: str) -> str:
    try:
        return urlsplit(f"//{header}").hostname or ""
    except ValueError:
        return ""


def is_loopback(host: str) -> bool:
    """Whether a name or an address is this machine's own."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def policy_for(host: str) -> Access:
    """The policy of a server that listens at an address.

    Raises:
        Refused: SIGN_IN_MISSING for any but this machine's own, where everybody could steer production.
    """
    if is_loopback(host):
        return Loopback()
    raise Refused(
        "SIGN_IN_MISSING",
        f"At {host} others could reach the server, and nobody would have to say who they are.",
        next="Listen at 127.0.0.1, and let others in through a tunnel that knows them (ssh -L 8080:127.0.0.1:8080).",
    )
