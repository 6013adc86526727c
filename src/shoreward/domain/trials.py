"""What Shoreward does to a sandbox by itself: faults that are injected under load, and attacks on its APIs.

Values only, as `checks: resilience` and `checks: dynamic` in `shoreward.yaml` declare them. Durations are seconds,
shares are fractions (0 to 1).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from shoreward.domain.errors import Place

FaultKind = Literal["throttle", "disconnect", "misdirect", "squeeze"]
"""What is done to a function: nobody may call it; its queues are not read; a variable of it leads nowhere; it has less
time or memory."""

Method = Literal["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"]
"""A method of HTTP that routes are attacked with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something that is made to fail for a time.

    Attributes:
        function: logical id of the function that it is done to.
        variable: for `misdirect`: the environment variable that leads to what the function depends on.
        timeout, memory: for `squeeze`: seconds and MB that the function has left; None leaves it what it has.
        may_fail: share of the requests that may fail while it lasts.
        lasting: how long it lasts.
        recovery: how long after it the application may take to be well again.
    """

    kind: FaultKind
    function: str
    variable: str = ""
    timeout: float | None = None
    memory: int | None = None
    may_fail: float = 0.0
    lasting: float = 10.0
    recovery: float = 60.0
    where: Place | None = field(default=None, compare=False)

    def __str__(self) -> str:
        detail = [self.variable] if self.variable else []
        detail += [f"{self.timeout:g} s"] if self.timeout is not None else []
        detail += [f"{self.memory} MB"] if self.memory is not None else []
        return " ".join((self.kind, self.function, *detail))


@dataclass(frozen=True, slots=True, kw_only=True)
class Resilience:
    """Faults under load.

    Attributes:
        faults: one after another; each function of the stack is throttled in turn when empty.
        load: a command that is run as a suite in the sandbox; the pipeline's probes are sent when "".
        rate: probes per second.
        may_fail, lasting, recovery: of faults that do not say it themselves.
    """

    faults: tuple[Fault, ...] = ()
    load: str = ""
    rate: float = 5.0
    may_fail: float = 0.0
    lasting: float = 10.0
    recovery: float = 60.0
    where: Place | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dynamic:
    """Attacks on the routes of HTTP APIs, REST APIs and function URLs.

    Attributes:
        methods: routes with other methods are left alone; GET, HEAD and OPTIONS alone do not write, as a rule.
        requests: how many are sent at most.
        limit: how long it may take.
        seed: the same seed, the same requests.
        headers: names of headers, each with the variable of this process that holds its value: credentials for
            routes that want some.
    """

    methods: tuple[Method, ...] = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH")
    requests: int = 1_000
    limit: float = 300.0
    seed: int = 1
    headers: tuple[tuple[str, str], ...] = ()
    where: Place | None = field(default=None, compare=False)
