"""Gates: what must be open before a wave, or a target, is entered.

Values that a pipeline holds (`Pipeline.gates`, `Wave.gates`), read from `shoreward.yaml` and looked at by
`core.gating`. Each has a name, unique for a wave, by which people open it and blockers name it. Days are written
`2027-01-31`; times of day are seconds since midnight, by the clock on the wall in the gate's zone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from shoreward.domain.zones import REGION


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """A part of some days of the week.

    Attributes:
        days: 0 for Monday to 6 for Sunday.
        start, end: the first second that belongs to it, and the first that does not any more, 0 to 86 400. What ends
            before it begins, ends on the day after.
    """

    days: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6)
    start: int = 0
    end: int = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Open at some hours of the week.

    Attributes:
        zone: an IANA name, or `region` for each target's own.
        holidays: days on which it is closed, in order.
    """

    name: str
    hours: tuple[Hours, ...]
    zone: str = REGION
    holidays: tuple[str, ...] = ()
    kind: Literal["window"] = "window"


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze:
    """Closed from `start` until `end`, each `2027-12-20T00:00` by the clock on the wall."""

    name: str
    start: str
    end: str
    zone: str = REGION
    kind: Literal["freeze"] = "freeze"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarms:
    """Closed while one of some alarms fires on a target.

    Attributes:
        alarms: names of plain and composite alarms; `{stack}`, `{region}` and `{account}` are filled in.
        prefix: how the names of others begin, filled in as well; "" for none.
        every: seconds for which an answer holds.
    """

    name: str
    alarms: tuple[str, ...] = ()
    prefix: str = ""
    every: float = 60.0
    kind: Literal["alarms"] = "alarms"


@dataclass(frozen=True, slots=True, kw_only=True)
class After:
    """Closed at a target that an older release of another application has not baked, or while one goes back."""

    name: str
    application: str
    kind: Literal["after"] = "after"


@dataclass(frozen=True, slots=True, kw_only=True)
class Age:
    """Closed for `seconds` after the wave before has baked."""

    name: str
    seconds: float
    kind: Literal["age"] = "age"


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """Closed until a person opens it; `of` says what they are to see to."""

    name: str
    of: str
    kind: Literal["approval"] = "approval"


HookWhen = Literal["start", "before", "after"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """Open when a Lambda function or an HTTP address says so.

    Attributes:
        function: name or ARN of a function in the target's account and region, its placeholders filled in; "" when
            it is an address.
        url: where the question is posted; "" when it is a function.
        when: it is asked once as a wave starts, or on each target `before` the new version has any traffic, or
            `after` it has all of it.
        timeout: seconds to wait for an answer.
        every: seconds for which an answer holds, and after which one who said no is asked again.
        secret: the environment variable with what questions to an address are signed with; "" when they are not.
    """

    name: str
    function: str = ""
    url: str = ""
    when: HookWhen = "before"
    timeout: float = 30.0
    every: float = 60.0
    secret: str = ""
    kind: Literal["hook"] = "hook"


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """Open while a variable that people set has a value."""

    name: str
    variable: str
    value: str
    kind: Literal["variable"] = "variable"


Gate = Window | Freeze | Alarms | After | Age | Approval | Hook | Variable

GateAnswer = Literal["open", "closed", "failed"]
"""What a gate that asks is told; `failed` is said of the change itself."""
