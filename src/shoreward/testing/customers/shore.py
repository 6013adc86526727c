"""One beach as the process sees it: sends who arrives over as few connections as will do, and tallies how it ended."""

import asyncio
import itertools
import random
import time
from collections.abc import Iterable
from urllib.parse import urlsplit

from shoreward.testing.customers.beach import Beach, loopback
from shoreward.testing.customers.connection import Call, Connection
from shoreward.testing.customers.http11 import Reply, request_bytes
from shoreward.testing.customers.poisson import arrivals
from shoreward.testing.customers.settings import Settings
from shoreward.testing.customers.tally import Tally

# Shorter than the idle time after which servers hang up, so that a visit never meets a connection about to close.
_IDLE_SECONDS = 2.0


class Shore:
    """Everything about one beach, inside the process: who arrives when, connections, tallies."""

    def __init__(self, beach: Beach, settings: Settings) -> None:
        self._name, self._settings = beach.name, settings
        self._requests = [request_bytes(beach, visit) for visit in settings.visits]
        self._weights = list(itertools.accumulate(visit.weight for visit in settings.visits))
        # Two sources of chance, so that the moments of arrival do not depend on the mix of visits.
        self._when = random.Random(f"{settings.seed}/{beach.name}/when")
        self._what = random.Random(f"{settings.seed}/{beach.name}/what")
        parts = urlsplit(beach.url)
        self._secure, host = parts.scheme == "https", parts.hostname or ""
        self._host = loopback(host) or host
        self._port = parts.port or (443 if self._secure else 80)
        self._server_name = host if self._secure else None
        self._idle: dict[Connection, float] = {}
        self._connecting: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._tallies: dict[int, Tally] = {}
        self._loop = asyncio.get_running_loop()
        self._under_way = 0
        self.quiet = asyncio.Event()
        self.quiet.set()
        self.set_rate(beach.rate)

    @property
    def tallies(self) -> Iterable[Tally]:
        """One for every second in which a request was sent that has ended."""
        return self._tallies.values()

    def set_rate(self, rate: float) -> None:
        """Poisson arrivals have no memory, so a new rate may simply begin now, once who is due has been sent."""
        if self._timer:
            self._timer.cancel()
            self._arrive()
            self._timer.cancel()
        if rate > 0:
            self._due = arrivals(rate, self._when, self._loop.time())
            self._next = next(self._due)
            self._timer = self._loop.call_at(self._next, self._arrive)
        else:
            self._timer = None

    def _arrive(self) -> None:
        now = self._loop.time()
        while self._next <= now:
            self._send()
            self._next = next(self._due)
        self._timer = self._loop.call_at(self._next, self._arrive)

    def _send(self) -> None:
        if self._under_way >= self._settings.concurrency:
            self._note(time.time(), "dropped", None, None)
            return
        self._under_way += 1
        self.quiet.clear()
        [request] = self._what.choices(self._requests, cum_weights=self._weights)
        call = Call(request, self._settings.timeout, self._ended)
        connection = self._free_connection()
        if connection:
            connection.carry(call)
        else:
            task = self._loop.create_task(self._connect(call))
            call.give_up = task.cancel
            self._connecting.add(task)
            task.add_done_callback(self._connecting.discard)

    def _free_connection(self) -> Connection | None:
        """The one used last, so that as few as possible stay in use and the others go out of date."""
        oldest_useful = self._loop.time() - _IDLE_SECONDS
        for connection in [idle for idle, since in self._idle.items() if since < oldest_useful]:
            del self._idle[connection]
            connection.transport.abort()
        return self._idle.popitem()[0] if self._idle else None

    async def _connect(self, call: Call) -> None:
        try:
            transport, connection = await self._loop.create_connection(
                lambda: Connection(self._freed, self._gone),
                self._host,
                self._port,
                ssl=self._secure,
                server_hostname=self._server_name,
            )
        except OSError:
            call.end("connection")
            return
        # A port on which nobody listens can, by chance, be connected to itself.
        if transport.get_extra_info("sockname") == transport.get_extra_info("peername"):
            call.end("connection")
        if call.over:
            transport.abort()
        else:
            connection.carry(call)

    def _freed(self, connection: Connection) -> None:
        self._idle[connection] = self._loop.time()

    def _gone(self, connection: Connection) -> None:
        self._idle.pop(connection, None)

    def _ended(self, sent: float, outcome: str, reply: Reply | None, latency: float) -> None:
        self._under_way -= 1
        if not self._under_way:
            self.quiet.set()
        self._note(sent, outcome, reply and reply.headers.get(self._settings.version_header), latency)

    def _note(self, sent: float, outcome: str, version: str | None, latency: float | None) -> None:
        second = int(sent)
        tally = self._tallies.get(second) or self._tallies.setdefault(second, Tally(self._name, second))
        tally.note(sent, outcome, version, latency)
