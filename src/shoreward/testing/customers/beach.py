"""Where customers go: an endpoint, how many come to it, and whether it is on this machine."""

import contextlib
import ipaddress
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Beach:
    """One endpoint: customers reach `url` (http or https, perhaps with a path) `rate` times a second.

    `headers` go with every request; a `host` among them replaces the one that `url` names.
    """

    name: str
    url: str
    rate: float
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError(f"beach {self.name!r} needs an http(s) address without a query, not {self.url!r}")
        if any("\r" in text or "\n" in text for pair in self.headers.items() for text in pair):
            raise ValueError(f"beach {self.name!r} has a header with a line break")
        checked_rate(self.name, self.rate)

    @property
    def is_local(self) -> bool:
        """Whether the address is of this machine: localhost, a name below it, or a loopback number."""
        return loopback(urlsplit(self.url).hostname or "") is not None


def checked_rate(name: str, rate: float) -> None:
    """ValueError unless `rate`, in requests per second, is a number of 0 or more."""
    if not (rate >= 0 and math.isfinite(rate)):
        raise ValueError(f"the rate of beach {name!r} is requests per second, 0 or more, not {rate!r}")


def loopback(host: str) -> str | None:
    """The number of this machine that `host` stands for, without asking a name server; None for any other host."""
    if host == "localhost" or host.endswith(".localhost"):
        return "127.0.0.1"
    with contextlib.suppress(ValueError):
        return host if ipaddress.ip_address(host).is_loopback else None
    return None
