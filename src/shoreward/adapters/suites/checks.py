"""Suites as nodes of the graph of checks.

Only what keys need is imported here; what runs a suite is imported when one runs.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from shoreward.adapters.suites.ground import Ground
from shoreward.adapters.suites.keys import key_of, outside, reads
from shoreward.app.checking import Check, Materials, Report, Running
from shoreward.domain import IN_SANDBOX, Suite, SuiteKind

_ABOUT: dict[SuiteKind, str] = {
    "unit": "Whether the unit tests pass.",
    "quality": "Whether the code keeps to the rules of its linters.",
    "security": "Whether the code is safe, as far as its own tools can tell.",
    "integration": "Whether the parts work together, in the sandbox.",
    "acceptance": "Whether the application does what it is for, in the sandbox.",
    "performance": "Whether it is quick enough, in the sandbox.",
    "resilience": "Whether it goes on when something fails, in the sandbox.",
    "dynamic": "Whether it withstands attacks, in the sandbox.",
}
_SANDBOX = "sandbox"
_WAITING: frozenset[SuiteKind] = frozenset(("integration", "acceptance", "dynamic"))


def suite_checks(
    suites: Sequence[Suite], environments: Path, environment: Mapping[str, str] = os.environ
) -> tuple[Check, ...]:
    """One check for each suite.

    Args:
        suites: declared and discovered ones.
        environments: folder in which environments are kept: `.shoreward/environments`.
        environment: this process's variables.
    """
    ground = _Grounds(environment)
    return tuple(_check(suite, ground, environments) for suite in suites)


class _Grounds:
    """The commit that was looked at last: all suites look at the same one."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = environment
        self._last: tuple[Materials, Ground] | None = None

    def of(self, materials: Materials) -> Ground:
        last = self._last
        if last and last[0].source is materials.source and last[0].commit == materials.commit:
            return last[1]
        ground = Ground(materials, self.environment)
        self._last = (materials, ground)
        return ground


def _check(suite: Suite, grounds: _Grounds, environments: Path) -> Check:
    def key(materials: Materials) -> str:
        return key_of(suite, grounds.of(materials))

    def run(materials: Materials, running: Running) -> Report:
        from shoreward.adapters.suites.store import Environments
        from shoreward.adapters.suites.suite import run_suite

        return run_suite(suite, grounds.of(materials), materials, running, Environments(environments))

    inside = suite.kind in IN_SANDBOX
    return Check(
        name=suite.name,
        about=_ABOUT[suite.kind],
        key=key,
        run=run,
        needs=(_SANDBOX,) if inside else (),
        lane=_SANDBOX if inside else "",
        where=suite.where,
        depends=outside(suite, grounds.environment),
        reads=reads(suite),
        waits=suite.kind in _WAITING,
    )
