"""A part of the corpus: an edit of an application, and what `shoreward check` must say of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from .edits import Edit

Cost = Literal["usual", "slow", "sandbox"]
"""`slow` ones wait for something; `sandbox` ones need stacks on the embedded cloud."""

How = Literal["fails", "errors", "tells", "refused"]
"""A check fails; it errors, for it could not look; it tells, and lets the change pass; the whole request is refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a defect must lead to.

    Attributes:
        check: who finds it; "" when the request is refused.
        rule: the finding's rule, or the error's code.
        severity: of the finding, "" when any will do that blocks.
        subject: of the finding, "" when any will do.
        also: rules of further findings that the same defect rightly gives.
    """

    how: How
    check: str
    rule: str
    severity: str = ""
    subject: str = ""
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One change of an application.

    Attributes:
        name: unique in the corpus.
        kind: what its file is called.
        expected: what is wrong with it, or None when nothing is.
        told: rules of findings that hold nothing up, and that a clean change gives.
        only: names of checks to ask for; all when there are none, but those of the sandbox unless `cost` says so.
        environment: variables that are set for it.
    """

    name: str
    kind: str
    application: str
    edits: tuple[Edit, ...]
    expected: Expected | None = None
    told: tuple[str, ...] = ()
    cost: Cost = "usual"
    only: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict[str, str])
