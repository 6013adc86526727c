"""What a controller tells of its own work to whoever measures it."""

from __future__ import annotations

from typing import Protocol


class Meter(Protocol):
    """Measures; it must be quick, and never raise. Called from any thread."""

    def turned(self, seconds: float) -> None:
        """The controller has looked at everything once, in so many seconds."""
        ...

    def performed(self, effect: str, seconds: float, *, failed: bool) -> None:
        """An effect has been carried out, or has failed.

        Args:
            effect: its kind, such as `stage` or `judge`.
        """
        ...

    def appended(self, seconds: float) -> None:
        """Events have been written to the journal."""
        ...


class Unmeasured:
    """A `Meter` of whoever measures nothing."""

    def turned(self, seconds: float) -> None:
        """See `Meter.turned`."""

    def performed(self, effect: str, seconds: float, *, failed: bool) -> None:
        """See `Meter.performed`."""

    def appended(self, seconds: float) -> None:
        """See `Meter.appended`."""
