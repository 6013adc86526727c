"""Faults to inject, and calls that were made: the two things a test asks of the cloud besides AWS's own interface.

Shared by both sides: the cloud's process applies the rules and writes the log, the user's process sets and reads them.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal, Self, get_args

Kind = Literal["throttle", "error", "latency", "reset", "denied", "expired"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultRule:
    """One way to fail, and which calls it is for; an empty field matches everything.

    ``throttle`` answers with the service's own throttling error, ``error`` with its internal error (``status`` 500
    to 599), ``latency`` waits ``seconds`` first, ``reset`` drops the connection. ``denied`` and ``expired`` answer as
    to somebody who lacks the right, or whose credentials are over. ``operation`` may hold ``*``; ``access_key`` is the
    one that a request is signed with, so that sessions can be revoked.
    ``rate`` is the chance per call, ``times`` ends the rule after so many faults. With ``after`` the call takes effect
    and only its answer is lost: the hardest case for whoever must not do things twice. Customers' requests are the
    services ``execute-api`` and ``lambda-url``.
    """

    kind: Kind
    service: str = ""
    operation: str = ""
    account: str = ""
    region: str = ""
    access_key: str = ""
    rate: float = 1.0
    times: int | None = None
    seconds: float = 0.0
    status: int = 500
    after: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        if self.kind not in get_args(Kind):
            raise ValueError(f"a fault's kind is one of {', '.join(get_args(Kind))}, not {self.kind!r}")
        if not 0 <= self.rate <= 1:
            raise ValueError(f"a fault's rate is between 0 and 1, not {self.rate}")
        if not 500 <= self.status <= 599:
            raise ValueError(f"a fault's status is between 500 and 599, not {self.status}")
        if self.seconds < 0:
            raise ValueError("a fault's seconds are not negative")

    @classmethod
    def parse(cls, given: Mapping[str, Any]) -> Self:
        """A rule from JSON; raises ``ValueError`` for what it does not know."""
        known = {one.name for one in fields(cls)}
        unknown = set(given) - known
        if unknown:
            raise ValueError(f"a fault has no {', '.join(sorted(unknown))}; it has {', '.join(sorted(known))}")
        if "kind" not in given:
            raise ValueError("a fault needs a kind")
        return cls(**given)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One API call that changes something, as it was answered. ``at`` in epoch seconds, ``ms`` how long it took.

    ``fault`` names the kind of fault it met, if any; ``effective`` says whether the call reached the service.
    """

    seq: int
    at: float
    ms: float
    service: str
    operation: str
    account: str
    region: str
    parameters: dict[str, Any] = field(default_factory=dict[str, Any])
    status: int = 200
    error: str = ""
    fault: str = ""
    effective: bool = True


class Control:
    """The ``/_shoreward`` side door of a running cloud."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint

    def set(self, rules: Iterable[FaultRule | Mapping[str, Any]], *, seed: int | None = None) -> None:
        """Replace all fault rules. ``seed`` makes their chances repeatable."""
        shown = [asdict(rule if isinstance(rule, FaultRule) else FaultRule.parse(rule)) for rule in rules]
        self.ask("POST", "faults", {"rules": shown, "seed": seed})

    def get(self) -> tuple[FaultRule, ...]:
        """The rules in force, ``times`` being what is left of them."""
        return tuple(FaultRule.parse(rule) for rule in self.ask("GET", "faults")["rules"])

    def clear(self) -> None:
        """Inject no faults any more."""
        self.set(())

    def calls(self, *, since: int = 0) -> tuple[Call, ...]:
        """The calls with a sequence number above ``since``, oldest first."""
        return tuple(Call(**call) for call in self.ask("GET", f"calls?since={since}")["calls"])

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """One request to the side door; raises ``ValueError`` with the cloud's words if it is refused."""
        from http.client import HTTPConnection

        connection = HTTPConnection(self._endpoint.removeprefix("http://"), timeout=30)
        try:
            connection.request(method, f"/_shoreward/{path}", json.dumps(body).encode() if body is not None else None)
            response = connection.getresponse()
            answer = json.loads(response.read())
        finally:
            connection.close()
        if response.status != 200:
            raise ValueError(answer["message"])
        return answer
