"""One request under way, and the kept-alive connection that carries one after the other."""

import asyncio
import time
from collections.abc import Callable

from shoreward.testing.customers.http11 import Reply, parse_reply


class Call:
    """One request under way. It ends once: by an answer, a broken connection, or its time running out."""

    __slots__ = ("_begun", "_end", "_timer", "bodiless", "give_up", "over", "request", "sent")

    def __init__(self, request: bytes, timeout: float, end: Callable[[float, str, Reply | None, float], None]) -> None:
        self.request, self.bodiless = request, request.startswith(b"HEAD ")
        self.sent, self._begun, self._end = time.time(), time.perf_counter(), end
        self.over = False
        self.give_up: Callable[[], object] = lambda: None
        self._timer = asyncio.get_running_loop().call_later(timeout, self._time_out)

    def end(self, outcome: str, reply: Reply | None = None) -> None:
        """Tell how it ended, as an account names `outcome`; all but the first ending are ignored."""
        if not self.over:
            self.over = True
            self._timer.cancel()
            self._end(self.sent, outcome, reply, (time.perf_counter() - self._begun) * 1000)

    def _time_out(self) -> None:
        self.end("timeout")
        self.give_up()


class Connection(asyncio.Protocol):
    """A kept-alive connection that carries one call at a time. `idle` is told when it is free, `lost` when gone."""

    def __init__(self, idle: Callable[["Connection"], None], lost: Callable[["Connection"], None]) -> None:
        self._idle, self._lost = idle, lost
        self._received = bytearray()
        self._call: Call | None = None
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what writes, for the calls to come."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def carry(self, call: Call) -> None:
        """Send the call's request; the connection must be free."""
        self._call = call
        call.give_up = self.transport.abort
        self.transport.write(call.request)

    def data_received(self, data: bytes) -> None:
        """Take in a piece of the reply, and end the call if it was the last."""
        self._received += data
        self._look(closed=False)

    def connection_lost(self, exc: Exception | None) -> None:
        """End the call under way: by a reply that only this completes, or as broken off."""
        self._lost(self)
        self._look(closed=True)

    def _look(self, *, closed: bool) -> None:
        call = self._call
        if call is None or call.over:  # Nothing is expected: whatever it is, this connection is of no more use.
            self.transport.abort()
            return
        try:
            reply = parse_reply(self._received, bodiless=call.bodiless, closed=closed)
        except ValueError:
            call.end("connection")
            self.transport.abort()
            return
        if reply is None:
            return
        self._call = None
        self._received.clear()
        call.end(str(reply.status), reply)
        if reply.reusable:
            self._idle(self)
        else:
            self.transport.close()
