"""What people say of more than one release: stops, freezes, variables, and who may go all the same.

A stream of events of its own, beside those of the releases, and a fold over it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar, assert_never

_Word = TypeVar("_Word")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    at: float
    by: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StopPlaced(_Said):
    """Nothing moves forward in a pipeline, by its application's name; "" is every pipeline."""

    application: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StopLifted(_Said):
    """A stop is over."""

    application: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FreezePlaced(_Said):
    """Nothing enters a wave or a target between two times, UNIX seconds; `application` "" is every pipeline."""

    name: str
    start: float
    end: float
    application: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FreezeLifted(_Said):
    """A freeze is over before its time."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VariableSet(_Said):
    """A variable that gates ask for has a value."""

    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CulpritNamed(_Said):
    """Of the commits of a release that harmed, this one is to blame."""

    release: str
    commit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantineLifted(_Said):
    """What a release brought may go again; with `commit`, only in what contains that commit: it is the fix."""

    release: str
    commit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitPassedOver(_Said):
    """A merged commit that no release was opened for, and will not be."""

    application: str
    commit: str
    subject: str = ""


Order = (
    StopPlaced
    | StopLifted
    | FreezePlaced
    | FreezeLifted
    | VariableSet
    | CulpritNamed
    | QuarantineLifted
    | CommitPassedOver
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """What holds, of all that was said.

    Attributes:
        stops: by application, "" for every pipeline.
        freezes: by name, those that are over included.
        named: the commit that is to blame, by release.
        lifted: by release, the newest word last.
        passed_over: the newest commit that was, by application.
    """

    stops: Mapping[str, StopPlaced] = field(default_factory=dict[str, StopPlaced])
    freezes: Mapping[str, FreezePlaced] = field(default_factory=dict[str, FreezePlaced])
    variables: Mapping[str, VariableSet] = field(default_factory=dict[str, VariableSet])
    named: Mapping[str, CulpritNamed] = field(default_factory=dict[str, CulpritNamed])
    lifted: Mapping[str, tuple[QuarantineLifted, ...]] = field(default_factory=dict[str, tuple[QuarantineLifted, ...]])
    passed_over: Mapping[str, CommitPassedOver] = field(default_factory=dict[str, CommitPassedOver])

    def stop_of(self, application: str) -> StopPlaced | None:
        """What stops a pipeline: the word about all of them first."""
        return self.stops.get("") or self.stops.get(application)

    def only(self, sees: Callable[[str], bool]) -> Control:
        """What was said of some pipelines, or of every one."""
        return Control(
            stops={name: word for name, word in self.stops.items() if not name or sees(name)},
            freezes={
                name: word for name, word in self.freezes.items() if not word.application or sees(word.application)
            },
            variables=self.variables,
            named={release: word for release, word in self.named.items() if sees(release.rpartition("-")[0])},
            lifted={release: words for release, words in self.lifted.items() if sees(release.rpartition("-")[0])},
            passed_over={name: word for name, word in self.passed_over.items() if sees(name)},
        )


NO_CONTROL = Control()
"""What holds before anybody said anything."""


def steered(control: Control, order: Order) -> Control:
    """What holds after one more word."""
    match order:
        case StopPlaced():
            return replace(control, stops={**control.stops, order.application: order})
        case StopLifted():
            return replace(control, stops=_without(control.stops, order.application))
        case FreezePlaced():
            return replace(control, freezes={**control.freezes, order.name: order})
        case FreezeLifted():
            return replace(control, freezes=_without(control.freezes, order.name))
        case VariableSet():
            return replace(control, variables={**control.variables, order.name: order})
        case CulpritNamed():
            return replace(control, named={**control.named, order.release: order})
        case QuarantineLifted():
            earlier = control.lifted.get(order.release, ())
            return replace(control, lifted={**control.lifted, order.release: (*earlier, order)})
        case CommitPassedOver():
            return replace(control, passed_over={**control.passed_over, order.application: order})
        case _:
            assert_never(order)


def control_of(orders: Iterable[Order]) -> Control:
    """What holds after all that was said."""
    control = NO_CONTROL
    for order in orders:
        control = steered(control, order)
    return control


def _without(mapping: Mapping[str, _Word], key: str) -> Mapping[str, _Word]:
    return {name: value for name, value in mapping.items() if name != key}
