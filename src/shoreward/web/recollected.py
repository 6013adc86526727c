"""What was found in the events of releases that are over: their events do not change, so they are read once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, TypeVar

from shoreward.core.header import Header

_KEPT = 20_000

_Found = TypeVar("_Found")


class Recollected:
    """Findings by what is sought and the release as it ended; one that goes back later is another one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: OrderedDict[tuple[str, Header], Any] = OrderedDict()

    def of(self, sought: str, header: Header, find: Callable[[], _Found]) -> _Found:
        """What is known, or what `find` finds; of a release that is under way nothing is kept."""
        if header.open:
            return find()
        key = (sought, header)
        with self._lock:
            if key in self._found:
                self._found.move_to_end(key)
                return self._found[key]
        found = find()
        with self._lock:
            self._found[key] = found
            while len(self._found) > _KEPT:
                self._found.popitem(last=False)
        return found
