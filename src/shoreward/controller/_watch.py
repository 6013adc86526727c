"""What whoever stays does beside carrying releases: look at something again and again, in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

import structlog

from shoreward.app.interruption import Abandoned, Interruption
from shoreward.domain import ShorewardError

_log = structlog.get_logger()


class Watch:
    """Looks every `pause` seconds, as a context; leaving it ends a look that is under way.

    Args:
        look: what is done; what goes wrong in it is logged, and it is done again after the next pause.
    """

    def __init__(self, name: str, look: Callable[[Interruption], None], pause: float) -> None:
        self._name = name
        self._look = look
        self._pause = pause
        self._bell = threading.Event()
        self._interruption = Interruption()
        self._thread = threading.Thread(target=self._watch, name=name)

    def wake(self) -> None:
        """Look now; safe from any thread."""
        self._bell.set()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._interruption.use()
        self.wake()
        self._thread.join()

    def _watch(self) -> None:
        while not self._interruption.used:
            try:
                self._look(self._interruption)
            except Abandoned:
                return
            except ShorewardError as error:
                # The journal may be locked for a moment; releases are carried by somebody else.
                _log.warning("looking failed; trying again", watch=self._name, error=str(error))
            self._bell.wait(self._pause)
            self._bell.clear()
