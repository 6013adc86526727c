"""Who asks, behind reverse proxies: what they say of a request counts when the proxy is trusted, and only then."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

from shoreward.web.access.policy import Asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Where a request comes from, and where it went.

    Attributes:
        origin: the client's network address.
        host: the name and port that the client asked for.
        secure: whether it came to us, or to our proxy, over TLS.
    """

    origin: str
    host: str
    secure: bool


class Proxies:
    """Trusted reverse proxies.

    Args:
        networks: such as `10.0.0.0/8`.
    """

    def __init__(self, networks: Sequence[str]) -> None:
        self._networks = tuple(ipaddress.ip_network(each) for each in networks)

    def _trusted(self, address: str) -> bool:
        try:
            found = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(found in network for network in self._networks)

    def reach(self, asked: Asked) -> Reach:
        """What is known of a request's way.

        Each proxy appends the address that it sees, so the last one that is no trusted proxy is the client; all
        before it may be invented.
        """
        host = asked.headers.get("host", "")
        if not self._trusted(asked.peer):
            return Reach(origin=asked.peer, host=host, secure=asked.secure)
        chain = [*_listed(asked, "x-forwarded-for"), asked.peer]
        origin = next((each for each in reversed(chain) if not self._trusted(each)), asked.peer)
        return Reach(
            origin=origin if _is_address(origin) else asked.peer,
            host=next(reversed(_listed(asked, "x-forwarded-host")), host),
            secure=next(reversed(_listed(asked, "x-forwarded-proto")), "") == "https",
        )


def _listed(asked: Asked, name: str) -> list[str]:
    return [each.strip() for each in asked.headers.get(name, "").split(",") if each.strip()]


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
