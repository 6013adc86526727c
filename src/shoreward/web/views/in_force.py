"""What people's orders have put in force, as the API answers it."""

from __future__ import annotations

from dataclasses import dataclass

from shoreward.core.control import Control, CulpritNamed, FreezePlaced, QuarantineLifted, StopPlaced, VariableSet


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """What holds, of all that people said about more than one release; freezes that are over are still told.

    Attributes:
        stops: of a pipeline, or of all ("").
        culprits: commits that are to blame, of releases that harmed.
        lifted: what of them may go again, and in what.
    """

    stops: tuple[StopPlaced, ...]
    freezes: tuple[FreezePlaced, ...]
    variables: tuple[VariableSet, ...]
    culprits: tuple[CulpritNamed, ...]
    lifted: tuple[QuarantineLifted, ...]


def in_force(control: Control) -> InForce:
    """A control as a value of the API."""
    return InForce(
        stops=tuple(control.stops.values()),
        freezes=tuple(control.freezes.values()),
        variables=tuple(control.variables.values()),
        culprits=tuple(control.named.values()),
        lifted=tuple(word for words in control.lifted.values() for word in words),
    )
