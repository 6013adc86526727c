"""A laptop's policy: no sign-in, and only this machine."""

from __future__ import annotations

import getpass
import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from shoreward.domain.access import EVERYTHING
from shoreward.web.access.keys import Keys, bearer
from shoreward.web.access.origin import must_be_ours
from shoreward.web.access.policy import Asked, Caller, Denied, Need, Via, allow
from shoreward.web.access.rates import Rate


@dataclass(frozen=True, slots=True)
class Loopback:
    """Whoever is on this machine may do everything, as the person who runs the server.

    A page of somebody else's, open in a browser on this machine, may do nothing: requests must name this machine
    (against names that are made to point here), and what changes anything must come from our own page or from a
    program that says so. Whoever shows a token may do what the token may, and no more.
    """

    keys: Keys
    failures: Rate

    def admit(self, asked: Asked) -> Caller:
        """See `Access.admit`."""
        try:
            return self._admitted(asked)
        except Denied as denied:
            # A foreign page may try as fast as it can; the audit shall not grow with it.
            if denied.caller is None:
                self.failures.take(asked.peer)
            raise

    def _admitted(self, asked: Asked) -> Caller:
        if asked.need is Need.SIGNED:
            return Caller(name="webhook", via=Via.WEBHOOK, origin=asked.peer)
        host = asked.headers.get("host", "")
        if not is_loopback(_host(host)):
            raise Denied(
                "HOST_FOREIGN",
                "The server answers requests to this machine only.",
                status=403,
                next="Use the address that `shoreward serve` printed.",
            )
        if secret := bearer(asked):
            return allow(asked, self.keys.by_token(secret, asked.peer))
        if asked.changes:
            must_be_ours(asked, f"http://{host}")
        return Caller(name=getpass.getuser(), rights=EVERYTHING, via=Via.MACHINE, origin=asked.peer)

    def still(self, caller: Caller) -> bool:
        """See `Access.still`."""
        return self.keys.still(caller)


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
