"""What was just drawn: however many people look at the same thing, it is drawn once."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from starlette.concurrency import run_in_threadpool

_KEPT = 256
"""How many drawings are kept."""

_AT_ONCE = 4
"""How many are drawn at a time: more threads would make each of them wait for all."""

_Drawn = TypeVar("_Drawn")


@dataclass(slots=True)
class _Place:
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    drawn: Any = None


class Kept:
    """The newest drawing of each thing; to be used in one event loop."""

    def __init__(self) -> None:
        self._places: OrderedDict[Hashable, _Place] = OrderedDict()
        self._pens = asyncio.Semaphore(_AT_ONCE)

    async def of(self, key: Hashable, good: Callable[[_Drawn], bool], draw: Callable[[], _Drawn]) -> _Drawn:
        """The drawing that is kept, while it is good; otherwise another one, from a thread. Raises what `draw` does."""
        place = self._places.setdefault(key, _Place())
        self._places.move_to_end(key)
        while len(self._places) > _KEPT:
            self._places.popitem(last=False)
        async with place.turn:
            if place.drawn is None or not good(place.drawn):
                async with self._pens:
                    place.drawn = await run_in_threadpool(draw)
            return place.drawn
