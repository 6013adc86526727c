"""Drift: what is on a target and is not as Shoreward left it, because somebody changed it by hand.

A release stops before it touches such a target; a way back goes on, and tells what it went over.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from shoreward.domain.errors import Terminal
from shoreward.domain.pipeline import Pipeline
from shoreward.domain.revision import Revision, ServingFunction
from shoreward.domain.target import Target

STACK = "Stack"
"""Stands for the stack itself where a difference is not one of its resources."""

PARAMETERS = "Parameters"
"""Stands for the stack's parameters."""

NAMED = 4
"""How many differences a sentence spells out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that is otherwise than it was left.

    Attributes:
        resource: its logical id, or `STACK` or `PARAMETERS`.
        path: which of its properties, "" for all of it: it is gone, or was not there.
        expected, actual: in words; never a secret.
        mend: what a person does about it, where nobody can go on over it; "" where somebody may.
    """

    resource: str
    path: str
    expected: str
    actual: str
    mend: str = ""

    @property
    def name(self) -> str:
        """What `allow-drift` calls it: `Orders.Timeout`, or `Orders` for all of it."""
        return f"{self.resource}.{self.path}" if self.path else self.resource

    @property
    def key(self) -> str:
        """What identifies it: the same property changed once more is another difference."""
        return f"{self.name}={self.actual}"

    def __str__(self) -> str:
        return f"{self.name} is {self.actual}, and was left as {self.expected}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Detected:
    """What CloudFormation says of a stack's other resources, those that are no functions, versions or aliases.

    Attributes:
        found: how they differ from the stack's template.
        unknown: why it could not tell of all of them; "" when it could.
        looked: whether it looked at all, so that what it found can be compared with.
    """

    found: tuple[Difference, ...] = ()
    unknown: str = ""
    looked: bool = True

    @property
    def told(self) -> tuple[Difference, ...]:
        """All that somebody may have changed: what differs, and what nobody knows."""
        if not self.unknown:
            return self.found
        actual = f"not to be known: {self.unknown}"
        return (*self.found, Difference(resource=STACK, path="Resources", expected="as in its template", actual=actual))


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What a release left on a target.

    Attributes:
        release: its id.
        target: as its pipeline had it then, with the parameters of then.
        midway: whether the new versions are published and traffic is still on its way, so that aliases are anywhere.
        served: what aliases were put back to since, by a release that was taken back.
        standing: keys of what differed from the stack's template already; None where nobody had looked.
    """

    release: str
    pipeline: Pipeline
    target: Target
    revision: Revision
    midway: bool = False
    served: tuple[ServingFunction, ...] = ()
    standing: frozenset[str] | None = None


def remaining(
    found: Sequence[Difference], *, allowed: Collection[str] = (), accepted: Collection[str] = ()
) -> tuple[Difference, ...]:
    """The differences that nobody has let pass, or can.

    Args:
        allowed: names, `Orders` or `Orders.Timeout`, of what may differ at any time.
        accepted: keys of those that a person has been told of and goes on over.
    """

    def covered(one: Difference) -> bool:
        return any(f"{one.name}.".startswith(f"{name}.") for name in allowed)

    return tuple(one for one in found if one.mend or (one.key not in accepted and not covered(one)))


def spelled(found: Sequence[Difference]) -> str:
    """The differences in one sentence."""
    more = f"; and {len(found) - NAMED} more" if len(found) > NAMED else ""
    return "; ".join(map(str, found[:NAMED])) + more


class Drifted(Terminal):
    """Somebody changed a target by hand, and nothing of it has been touched.

    Args:
        differences: at least one.
        where: the target's key.
        release: what left the target as it was.
        whole: whether all of the release is held for it, and not the target alone.
    """

    def __init__(self, differences: tuple[Difference, ...], where: str, release: str, *, whole: bool = False) -> None:
        part = "" if whole else f"--target {where} "
        super().__init__(
            "TARGET_DRIFTED",
            f"Somebody changed the target after release {release}: {spelled(differences)}.",
            where=where,
            next=_next(differences, f"`shoreward resume {part}--why REASON`"),
        )
        self.differences = differences

    def __reduce__(self) -> tuple[object, ...]:
        return _again, (self.differences, self.code, self.what, self.where, self.next)


def _next(differences: Sequence[Difference], resume: str) -> str:
    first = list(dict.fromkeys(one.mend for one in differences if one.mend))
    if first:
        return f"{'; '.join(first)}. Then let the release look again: {resume}."
    return (
        f"Change it back or leave it, then let the release look again, which goes on over what it told of: {resume}. "
        "What may always differ is named under allow-drift in shoreward.yaml."
    )


def _again(differences: tuple[Difference, ...], code: str, what: str, where: str, next: str) -> Drifted:
    made = Drifted(differences, where, "")
    made.code, made.what, made.next = code, what, next
    made.args = (what,)
    return made
