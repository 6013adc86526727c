"""A page as a stream, by server-sent events: what moves of it, pushed to all who look whenever it is another one.

What moves is drawn when something happened to what the page shows, and once in a beat of time where it may change
otherwise: a gate opens at an hour, a release of another pipeline is waited for. Each part is drawn, written and
compressed once, however many look; what did not change is not sent. Its id tells its content, so a reader that comes
back, to this server or to the next one, is sent nothing that it has.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
import zlib
from collections.abc import AsyncIterator, Callable, Hashable
from dataclasses import dataclass

from fastapi import Request
from fastapi.responses import Response, StreamingResponse
from starlette.concurrency import run_in_threadpool

from shoreward.domain import ShorewardError
from shoreward.web.api.stream import RETRY
from shoreward.web.routing import Ground
from shoreward.web.watch import Sight

BEAT = 0.8
"""Seconds for which a part holds that may change without news: with its way to the reader, less than one."""

_PAUSE = 0.05
"""Seconds between two parts at least: what comes in between is drawn together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moving:
    """What of a page moves.

    Attributes:
        key: the same for all who are shown the same.
        application: the pipeline that it is about; "" for all.
        beyond: whether it shows what is not in the journal, too.
    """

    key: Hashable
    application: str
    beyond: bool
    draw: Callable[[], str]

    def beat(self) -> float:
        """The beat that it is now, and how much of it is gone; pages have theirs at different times."""
        return time.monotonic() / BEAT + hash(self.key) % 1_000 / 1_000

    def still(self, part: _Part, sight: Sight) -> bool:
        """Whether a part needs not be drawn again."""
        if int(self.beat()) == part.beat:
            return not sight.touches(self.application, part.sight)
        return part.sight is sight and not self.beyond and not sight.moves(self.application)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """What moves of a page, ready to be sent.

    Attributes:
        sight: that it was drawn from.
        took: seconds.
    """

    id: str
    plain: bytes
    packed: bytes
    sight: Sight
    beat: int
    took: float


async def following(request: Request, ground: Ground, moving: Moving) -> Response:
    """The stream of a page; raises what drawing it raises."""
    await _newest(ground, moving)
    packed = "gzip" in request.headers.get("accept-encoding", "")
    told = _told(ground, moving, request.headers.get("last-event-id", ""), packed=packed)
    headers = {"X-Accel-Buffering": "no", "Vary": "Accept, Accept-Encoding"}
    if packed:
        headers["Content-Encoding"] = "gzip"
    return StreamingResponse(told, media_type="text/event-stream", headers=headers)


async def _told(ground: Ground, moving: Moving, seen: str, *, packed: bool) -> AsyncIterator[bytes]:
    """Parts as they change, and a sign of life with the server's time in every beat."""

    def written(text: str) -> bytes:
        return _packed(text.encode()) if packed else text.encode()

    yield (_HEAD if packed else b"") + written(f"retry: {RETRY}\n\n")
    while not ground.hub.over and await run_in_threadpool(ground.access.still, ground.caller):
        try:
            part = await _newest(ground, moving)
        except ShorewardError:
            return  # whoever comes back is told why
        new = part.packed if packed else part.plain
        yield (b"" if part.id == seen else new) + written(f"event: beat\ndata: {ground.now()}\n\n")
        seen = part.id
        await asyncio.sleep(max(_PAUSE, part.took))
        await _news(ground, moving, part)


async def _newest(ground: Ground, moving: Moving) -> _Part:
    sight = ground.watch.sight

    def draw() -> _Part:
        began, beat = time.monotonic(), int(moving.beat())
        text = moving.draw()
        digest = hashlib.sha256(text.encode()).hexdigest()[:20]
        plain = f"id: {digest}\nevent: part\ndata: {json.dumps(text)}\n\n".encode()
        took = time.monotonic() - began
        return _Part(id=digest, plain=plain, packed=_packed(plain), sight=sight, beat=beat, took=took)

    return await ground.kept.of(moving.key, lambda part: moving.still(part, sight), draw)


async def _news(ground: Ground, moving: Moving, part: _Part) -> None:
    """Wait until something happened to what is shown, or the beat is over."""
    sight, until = part.sight, time.monotonic() + (1 - moving.beat() % 1) * BEAT
    while not sight.touches(moving.application, part.sight) and (left := until - time.monotonic()) > 0:
        if not await ground.hub.changed(sight.version, within=left) or ground.hub.over:
            return
        sight = ground.watch.sight


_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
"""How a gzip stream begins."""


def _packed(data: bytes) -> bytes:
    """Compressed in blocks of their own, which may follow any others of a gzip stream: they serve all readers."""
    press = zlib.compressobj(level=4, wbits=-zlib.MAX_WBITS)
    return press.compress(data) + press.flush(zlib.Z_SYNC_FLUSH)
