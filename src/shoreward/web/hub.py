"""The heart of the live pages: one thread looks at the journal, and everybody who waits is woken when it has changed.

However many people look on, the journal is read once.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable

import structlog

from shoreward.web.watch import Watch

_log = structlog.get_logger()


class Hub:
    """Keeps a watch fresh, and wakes those who wait for news.

    Args:
        poll: seconds between two looks.
    """

    def __init__(self, watch: Watch, *, poll: float = 0.04) -> None:
        self.watch = watch
        self._poll = poll
        self._over = threading.Event()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._news = asyncio.Event()
        self._turn = threading.Lock()
        self._looked = time.monotonic()

    def begin(self) -> None:
        """Begin to look, for those who wait in this event loop."""
        self._loop = asyncio.get_running_loop()
        self._over.clear()
        self._thread = threading.Thread(target=self._look, name="watch", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Look no more; whoever waits is woken, and sees that it is over."""
        self._over.set()
        self._news.set()
        if self._thread:
            self._thread.join()

    @property
    def over(self) -> bool:
        """Whether nothing will come any more."""
        return self._over.is_set()

    @property
    def since_look(self) -> float:
        """Seconds since the journal was looked at."""
        return time.monotonic() - self._looked

    def look_now(self) -> None:
        """Look at once: who has just said something shall see it."""
        with self._turn:
            changed = self.watch.refresh()
            self._looked = time.monotonic()
        if changed:
            self._tell()

    async def changed(self, version: int, *, within: float) -> bool:
        """Wait until there is something newer than a version; False when there was nothing within so many seconds."""
        deadline = asyncio.get_running_loop().time() + within
        while self.watch.sight.version == version and not self.over:
            left = deadline - asyncio.get_running_loop().time()
            try:
                await asyncio.wait_for(self._news.wait(), left)
            except TimeoutError:
                return False
        return True

    def _look(self) -> None:
        # To ask quarantine about all that is open takes a while, but only the first time: nobody has to wait for it.
        self._try(lambda: self.watch.sight.scene(time.time()))
        while not self._over.wait(self._poll):
            self._try(self.look_now)

    def _try(self, look: Callable[[], object]) -> None:
        try:
            look()
        except Exception as error:  # noqa: BLE001 - a page that stands still, without a word, would be a lie
            _log.warning("the journal could not be followed", error=repr(error))

    def _tell(self) -> None:
        if self._loop and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        self._news.set()
        if not self.over:
            self._news = asyncio.Event()
