"""What a run of a graph is given: how it is to be run, and what it needs of the world."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from shoreward.app.checking.keep import Keep, Memory
from shoreward.app.ports import Clock
from shoreward.domain import Severity, Waiver

Use = Literal["kept", "fresh", "verify"]
"""What becomes of kept reports: they are taken; nobody looks at them; they are compared with what is found again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a graph is run.

    Attributes:
        jobs: how many checks run at once.
        keep_going: whether the others are run when one has failed.
        skipped: names of checks that are left out, with the reason.
        unasked: names of checks that nobody asked for this time, in the graph and skipped, or not in it.
        block: the least severity of a finding that fails its check.
    """

    jobs: int
    keep_going: bool = False
    use: Use = "kept"
    skipped: Mapping[str, str] = field(default_factory=dict[str, str])
    unasked: tuple[str, ...] = ()
    block: Severity = Severity.MEDIUM
    waivers: tuple[Waiver, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a run needs of the world.

    Attributes:
        keep: where reports are kept.
        memory: how checks went lately.
        environment: this process's variables.
        engine: which Shoreward this is.
    """

    keep: Keep
    memory: Memory
    clock: Clock
    environment: Mapping[str, str]
    engine: str
