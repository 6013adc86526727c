"""Blame: what a pipeline wants done about a release that harmed, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Reverting = Literal["none", "branch", "push"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BlamePolicy:
    """What is done by itself once a release that harmed is back.

    Attributes:
        bisect: checks to look for the culprit with; none for no bisection.
        revert: whether a branch is made that takes the likeliest commit back, and whether it is pushed to `origin`.
    """

    bisect: tuple[str, ...] = ()
    revert: Reverting = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspicion:
    """A commit of a release that harmed, and why it may be the one.

    Attributes:
        share: of all suspicion, 0 to 1: an order, and not a measurement.
    """

    commit: str
    subject: str
    author: str
    share: float
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Blamed:
    """What was found about a release that harmed.

    Attributes:
        suspects: its commits, the likeliest first.
        culprit: the commit that bisection found; "" when it found none, or nobody asked it.
        branch: the branch that takes the culprit, or the likeliest commit, back; "" for none.
        pushed: whether `origin` has that branch.
        why: what could not be found or done; "" when all that was wanted was.
    """

    suspects: tuple[Suspicion, ...] = ()
    culprit: str = ""
    branch: str = ""
    pushed: bool = False
    why: str = ""
