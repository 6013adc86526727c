"""The teller: the threads that tell, beside whoever carries releases. None of them is ever waited for by a release.

One process tells at a time; another one that could, waits for its end. Threads are daemons: who hangs in a receiver
does not keep the process.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import structlog

from shoreward.app.telling.courier import Courier
from shoreward.app.telling.listener import Listener
from shoreward.app.telling.ports import Outbox
from shoreward.domain import OperationError

_log = structlog.get_logger()

_POLL = 0.5
_LOOK = 10.0
"""Seconds after which a courier looks whether somebody wants its receiver to be tried at once."""

_AGAIN = 2.0
"""Seconds between two tries to be the one who tells, and after a journal that was not to be had."""


@dataclass(slots=True, kw_only=True)
class Teller:
    """Tells while it is entered, as a context.

    Attributes:
        drain: seconds that leaving it gives receivers for what has just happened; the rest stays in the outbox.
    """

    outbox: Outbox
    listener: Listener
    couriers: Sequence[Courier]
    drain: float = 5.0
    _over: threading.Event = field(default_factory=threading.Event)
    _all_heard: threading.Event = field(default_factory=threading.Event)
    _news: threading.Condition = field(default_factory=threading.Condition)
    _posted: int = 0
    _thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._begin()
        self._thread = threading.Thread(target=self._tell, name="telling", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        if self._thread:
            self._thread.join(self.drain)

    def _begin(self) -> None:
        """Whoever is new is told what happens from this moment on, and not from when a thread comes to it."""
        try:
            self.listener.begin()
            for courier in self.couriers:
                self.outbox.standing(courier.receiver.name)
        except OperationError as error:
            _log.warning("the outbox is not to be had", error=str(error))

    def _tell(self) -> None:
        while True:
            try:
                with self.outbox.lease() as ours:
                    if ours:
                        self._listen()
                        return
            except OperationError as error:
                _log.warning("nobody can be told; trying again", error=str(error))
            if self._over.wait(_AGAIN):
                return

    def _listen(self) -> None:
        """Listen until it is over, and then to what is left; couriers do the rest meanwhile."""
        self.listener.begin()  # another process may have told until now
        self._hear()
        threads = [
            threading.Thread(target=self._deliver, args=(each,), name=f"telling {each.receiver.name}", daemon=True)
            for each in self.couriers
        ]
        for thread in threads:
            thread.start()
        while not self._over.is_set():
            if not self._hear():
                self._over.wait(_POLL)
        while self._hear():
            pass
        self._all_heard.set()
        self._wake()
        for thread in threads:
            thread.join()

    def _hear(self) -> bool:
        """Listen once; whether there was anything. A journal that is not to be had says nothing."""
        try:
            heard = self.listener.step()
        except Exception as error:  # noqa: BLE001 - to tell nobody, without a word, would be the worst mistake
            _log.warning("nobody can be told for now", error=repr(error))
            return False
        if heard:
            self._wake()
        return heard

    def _wake(self) -> None:
        with self._news:
            self._posted += 1
            self._news.notify_all()

    def _deliver(self, courier: Courier) -> None:
        while True:
            seen, over = self._posted, self._all_heard.is_set()
            try:
                pause = courier.step()
            except OperationError as error:
                _log.warning("the outbox is not to be had", receiver=courier.receiver.name, error=str(error))
                pause = _AGAIN
            if pause == 0.0:
                continue
            if over and self._posted == seen:
                return
            with self._news:
                if self._posted == seen:
                    self._news.wait(min(pause or _LOOK, _LOOK))
