"""The graph of checks: what stands behind what, what is left out, and under which key a verdict is kept."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from shoreward.app.checking.check import Check
from shoreward.domain import SpecError, UserError, digest_of

# fmt: off
NAMES = (
    "build", "template", "policies", "quality", "security", "secrets", "vulnerabilities", "sbom", "unit", "sandbox",
    "parity", "integration", "acceptance", "performance", "resilience", "dynamic", "synthetic", "faults",
    "attacks", "reversibility",
)
# fmt: on
"""What checks are called that Shoreward brings along; not every application has all of them."""

WAIVERS = "waivers"
"""Where findings about the waivers themselves are filed; no check may have this name."""


@dataclass(frozen=True, slots=True)
class Graph:
    """Checks in an order in which each stands behind those that it needs; made by `graph_of`."""

    checks: tuple[Check, ...]

    def __getitem__(self, name: str) -> Check:
        return next(check for check in self.checks if check.name == name)

    @property
    def names(self) -> tuple[str, ...]:
        """In the graph's order."""
        return tuple(check.name for check in self.checks)

    def only(self, names: Collection[str]) -> Graph:
        """The named checks and all that they need; everything when nothing is named.

        Raises:
            UserError: CHECK_UNKNOWN.
        """
        if not names:
            return self
        wanted = {self._known(name) for name in names}
        for check in reversed(self.checks):
            if check.name in wanted:
                wanted.update(check.needs)
        return Graph(tuple(check for check in self.checks if check.name in wanted))

    def without(self, named: Mapping[str, str]) -> dict[str, str]:
        """Names of the checks that are left out, each with the reason: those that are named, and what needs them.

        A name of `NAMES` that this graph does not have leaves nothing out.

        Args:
            named: reasons by name.

        Raises:
            UserError: CHECK_UNKNOWN.
        """
        for name in named:
            if name not in NAMES:
                self._known(name)
        left: dict[str, str] = {}
        for check in self.checks:
            missing = [need for need in check.needs if need in left]
            if check.name in named:
                left[check.name] = named[check.name]
            elif missing:
                left[check.name] = f"skipped: it needs {missing[0]}"
        return left

    def _known(self, name: str) -> str:
        if name in self.names:
            return name
        alike = difflib.get_close_matches(name, self.names, 1)
        advice = f"Did you mean {alike[0]}?" if alike else f"There are: {', '.join(self.names)}."
        raise UserError("CHECK_UNKNOWN", f"There is no check {name!r}.", next=advice)


def graph_of(checks: Iterable[Check]) -> Graph:
    """The graph of checks; among those that do not need each other the order stays as it is given.

    Raises:
        SpecError: CHECK_TWICE for two of one name, CHECK_NEEDS for one that needs what is not there, CHECK_CYCLE for
            those that need each other.
    """
    given: dict[str, Check] = {}
    for check in checks:
        if check.name in given or check.name == WAIVERS:
            advice = "Give it another name."
            raise SpecError("CHECK_TWICE", f"There is a check {check.name} already.", where=check.where, next=advice)
        given[check.name] = check
    for check in given.values():
        for need in check.needs:
            if need not in given:
                what = f"The check {check.name} needs {need}, and there is no such check."
                raise SpecError("CHECK_NEEDS", what, where=check.where, next=f"Declare {need}, or leave this one out.")
    return Graph(tuple(_in_order(given)))


def _in_order(given: Mapping[str, Check]) -> Iterable[Check]:
    try:
        TopologicalSorter({name: check.needs for name, check in given.items()}).prepare()
    except CycleError as error:
        names: list[str] = list(reversed(error.args[1]))
        what = f"These checks need each other: {', '.join(names)}."
        advice = "Take one of the needs away."
        raise SpecError("CHECK_CYCLE", what, where=given[names[0]].where, next=advice) from error
    placed: dict[str, Check] = {}

    def place(check: Check) -> None:
        if check.name not in placed:
            for need in check.needs:
                place(given[need])
            placed[check.name] = check

    for check in given.values():
        place(check)
    return placed.values()


def whole_key(check: Check, own: str, products: Mapping[str, str], environment: Mapping[str, str], engine: str) -> str:
    """What a verdict is kept under: a digest of all that it depends on.

    Args:
        own: the check's own key.
        products: of at least the checks that it needs, as it sees them.
        environment: this process's variables, of which the check's own are taken.
        engine: which Shoreward this is.
    """
    needed = [[need, products[need]] for need in sorted(check.needs)]
    return digest_of("check", engine, check.name, own, needed, variables(check.depends.environment, environment))


def variables(names: Iterable[str], environment: Mapping[str, str]) -> list[tuple[str, str | None]]:
    """Values of the variables that names mean (`UV_*`: all that begin so), None for one that is not set; sorted."""
    found: dict[str, str | None] = {}
    for name in names:
        if name.endswith("*"):
            found |= {each: value for each, value in environment.items() if each.startswith(name[:-1])}
        else:
            found[name] = environment.get(name)
    return sorted(found.items())
