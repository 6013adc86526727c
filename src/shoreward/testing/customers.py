"""Customers: steady, seeded load on many endpoints, and an account of what they suffered.

Whoever releases a change needs to know what customers saw, independently of the metrics that judge it. Customers
arrive at each beach (one endpoint: a target, a region) as a Poisson process, make a visit drawn from a weighted mix,
and note how it ended. Arrivals are *open-loop*: they depend on seed and rate only, so a slow or dead server is asked
as often as a quick one. A visit is never tried again, so every failure is one that a customer met.

All of it happens in a process of its own, because controller and terminal run beside it: the parent sends one
JSON line per question and gets one back. The process ends with `stop`, or when its parent is gone.

    with Customers([Beach("111111111111/eu-north-1", url, rate=20)], [Visit("GET", "/tides/brighton")]) as customers:
        ...
    customers.account().failed
"""

import asyncio
import contextlib
import ipaddress
import itertools
import json
import math
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self
from urllib.parse import urlsplit

__all__ = ["Account", "Beach", "Customers", "Second", "Served", "Visit", "arrivals"]

# Shorter than the idle time after which servers hang up, so that a visit never meets a connection about to close.
_IDLE_SECONDS = 2.0
# A latency bucket is 2 % wide, so a quantile is at most 1 % away from the latency that was measured.
_BUCKETS_PER_E = 50
_CHILD = "from shoreward.testing.customers import serve; serve()"


@dataclass(frozen=True, slots=True)
class Visit:
    """A kind of request: `path` starts with '/', `body` is sent as JSON, `weight` is its share of the mix."""

    method: str
    path: str
    body: str | None = None
    weight: float = 1.0

    def __post_init__(self) -> None:
        if not (self.method.isascii() and self.method.isalpha()):
            raise ValueError(f"a visit needs a method such as GET, not {self.method!r}")
        if not self.path.startswith("/") or not self.path.isascii() or not self.path.isprintable() or " " in self.path:
            raise ValueError(f"a visit's path starts with '/' and is percent-encoded, unlike {self.path!r}")
        if not (self.weight > 0 and math.isfinite(self.weight)):
            raise ValueError(f"a visit's weight is a number above 0, not {self.weight!r}")


@dataclass(frozen=True, slots=True)
class Beach:
    """One endpoint: customers reach `url` (http or https, perhaps with a path) `rate` times a second.

    `headers` go with every request; a `host` among them replaces the one that `url` names.
    """

    name: str
    url: str
    rate: float
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError(f"beach {self.name!r} needs an http(s) address without a query, not {self.url!r}")
        if any("\r" in text or "\n" in text for pair in self.headers.items() for text in pair):
            raise ValueError(f"beach {self.name!r} has a header with a line break")
        _checked_rate(self.name, self.rate)

    @property
    def is_local(self) -> bool:
        """Whether the address is of this machine: localhost, a name below it, or a loopback number."""
        return _loopback(urlsplit(self.url).hostname or "") is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """How many requests one revision answered, and how many of these failed."""

    requests: int
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Second:
    """The requests sent within one second. `time` is in whole Unix seconds; latencies are in milliseconds, to 1 %.

    Latency runs from sending (connecting included) to the last byte or the failure; dropped requests have none,
    and without any the quantiles are None.
    """

    time: int
    requests: int
    failed: int
    latency_sum: float
    p50: float | None
    p99: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What became of the requests that have ended; those under way are in no account yet.

    outcomes: how often each status ("200", "502") or failure ("timeout", "connection", "dropped") came about.
        "connection" is a refused, broken or garbled exchange; "dropped" one too many at once, never sent.
    failed: statuses of 500 and above, and everything that is not a status.
    versions: by the value of the version header, where the answer had one.
    failures: when each failed request was sent, in Unix seconds, ascending.
    seconds: ascending; seconds without requests are absent.
    """

    requests: int
    failed: int
    outcomes: Mapping[str, int]
    versions: Mapping[str, Served]
    failures: tuple[float, ...]
    seconds: tuple[Second, ...]

    def first_failure(self, since: float = -math.inf) -> float | None:
        """When the first failed request at or after `since` was sent, in Unix seconds; None if there was none."""
        return next((moment for moment in self.failures if moment >= since), None)


def arrivals(rate: float, chance: random.Random, start: float = 0.0) -> Iterator[float]:
    """Endless ascending times of a Poisson process of `rate` per second after `start`; `rate` is above 0."""
    moment = start
    while True:
        moment += chance.expovariate(rate)
        yield moment


class Customers:
    """The load and its account. Safe to use from several threads.

    timeout: seconds after which a request without a complete answer has failed.
    concurrency: requests under way at once at one beach; one more is dropped, and counts as failed.
    version_header: the response header that names the revision which answered.
    allow_remote: without it, ValueError for a beach that is not on this machine.
    """

    def __init__(
        self,
        beaches: Iterable[Beach],
        visits: Iterable[Visit],
        seed: int = 0,
        *,
        timeout: float = 5.0,
        concurrency: int = 128,
        version_header: str = "x-version",
        allow_remote: bool = False,
    ) -> None:
        self.beaches, self.visits = tuple(beaches), tuple(visits)
        self._names = tuple(beach.name for beach in self.beaches)
        if not self.beaches or not self.visits:
            raise ValueError("customers need at least one beach and one kind of visit")
        if len(set(self._names)) < len(self._names):
            raise ValueError("two beaches have the same name")
        if timeout <= 0 or concurrency < 1:
            raise ValueError("timeout and concurrency must be above 0")
        for beach in self.beaches:
            if not (allow_remote or beach.is_local):
                raise ValueError(
                    f"beach {beach.name!r} is not on this machine ({beach.url}); allow_remote=True permits it"
                )
        self._settings = _Settings(self.beaches, self.visits, seed, timeout, concurrency, version_header.lower())
        self._turn = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._final: list[_Tally] | None = None

    def start(self) -> None:
        """Let the customers come; returns once they do. RuntimeError if they came before."""
        with self._turn:
            if self._process or self._final is not None:
                raise RuntimeError("these customers have been started before")
            # A session of its own: Ctrl-C is for the parent, which then stops its customers in good order.
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", _CHILD],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
            self._ask(asdict(self._settings))

    def stop(self) -> None:
        """Send nobody any more, await the requests under way (at most `timeout`), keep the account. Idempotent."""
        with self._turn:
            if self._process is None:
                return
            try:
                self._final = _tallies(self._ask({"do": "stop"}))
            finally:
                self._discard()

    def set_rate(self, name: str, rate: float) -> None:
        """From now on `rate` requests a second at beach `name`; 0 sends nobody. ValueError for an unknown name."""
        self._known(name)
        _checked_rate(name, rate)
        with self._turn:
            self._ask({"do": "rate", "name": name, "rate": rate})

    def account(self, name: str | None = None, since: float | None = None, until: float | None = None) -> Account:
        """The account of one beach or of all, of requests sent in the seconds from `since` up to, not with, `until`.

        Both are Unix seconds and are cut to whole ones. Works while customers come and after they stopped.
        """
        if name is not None:
            self._known(name)
        with self._turn:
            if self._final is not None:
                return _account(_chosen(self._final, name, since, until))
            rows = self._ask({"do": "account", "name": name, "since": since, "until": until})
            return _account(_tallies(rows))

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _known(self, name: str) -> None:
        if name not in self._names:
            raise ValueError(f"no beach is called {name!r}; there are {', '.join(self._names)}")

    def _ask(self, question: Mapping[str, Any]) -> Any:
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise RuntimeError("the customers are not there: start them first")
        try:
            process.stdin.write(json.dumps(question) + "\n")
            process.stdin.flush()
            answer = process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            self._discard()
            raise RuntimeError(f"the customers' process ended by itself (exit code {process.returncode})")
        return json.loads(answer)

    def _discard(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(BrokenPipeError):
            process.communicate()


# --- values that cross the pipe -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Settings:
    """All that the process needs to know, as its first line says it."""

    beaches: Sequence[Beach]
    visits: Sequence[Visit]
    seed: int
    timeout: float
    concurrency: int
    version_header: str

    @classmethod
    def read(cls, line: bytes) -> Self:
        said: dict[str, Any] = json.loads(line)
        beaches = [Beach(**beach) for beach in said.pop("beaches")]
        return cls(beaches=beaches, visits=[Visit(**visit) for visit in said.pop("visits")], **said)


@dataclass(slots=True)
class _Tally:
    """What became of the requests that one beach was sent in one second; grows as they end."""

    name: str
    time: int
    outcomes: dict[str, int] = field(default_factory=dict[str, int])
    versions: dict[str, list[int]] = field(default_factory=dict[str, list[int]])
    failures: list[float] = field(default_factory=list[float])
    latency_sum: float = 0.0
    spread: dict[str, int] = field(default_factory=dict[str, int])

    def note(self, sent: float, outcome: str, version: str | None, latency: float | None) -> None:
        failed = _is_failure(outcome)
        self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1
        if failed:
            self.failures.append(sent)
        if version is not None:
            served = self.versions.setdefault(version, [0, 0])
            served[0] += 1
            served[1] += failed
        if latency is not None:
            bucket = str(round(math.log(max(latency, 1e-3)) * _BUCKETS_PER_E))
            self.latency_sum += latency
            self.spread[bucket] = self.spread.get(bucket, 0) + 1


def _is_failure(outcome: str) -> bool:
    return not outcome.isdigit() or int(outcome) >= 500


def _tallies(rows: list[dict[str, Any]]) -> list[_Tally]:
    return [_Tally(**row) for row in rows]


def _chosen(tallies: Iterable[_Tally], name: str | None, since: float | None, until: float | None) -> list[_Tally]:
    first = -math.inf if since is None else math.floor(since)
    end = math.inf if until is None else math.floor(until)
    return [tally for tally in tallies if name in (None, tally.name) and first <= tally.time < end]


def _account(tallies: Iterable[_Tally]) -> Account:
    outcomes, served, failed_by = Counter[str](), Counter[str](), Counter[str]()
    failures: list[float] = []
    by_time: dict[int, list[_Tally]] = {}
    for tally in tallies:
        outcomes.update(tally.outcomes)
        failures.extend(tally.failures)
        by_time.setdefault(tally.time, []).append(tally)
        for version, (requests, failed) in tally.versions.items():
            served[version] += requests
            failed_by[version] += failed
    return Account(
        requests=outcomes.total(),
        failed=len(failures),
        outcomes=dict(outcomes),
        versions={version: Served(requests=served[version], failed=failed_by[version]) for version in sorted(served)},
        failures=tuple(sorted(failures)),
        seconds=tuple(_second(moment, by_time[moment]) for moment in sorted(by_time)),
    )


def _second(moment: int, tallies: Sequence[_Tally]) -> Second:
    spread = Counter[int]()
    for tally in tallies:
        spread.update({int(bucket): count for bucket, count in tally.spread.items()})
    return Second(
        time=moment,
        requests=sum(sum(tally.outcomes.values()) for tally in tallies),
        failed=sum(len(tally.failures) for tally in tallies),
        latency_sum=sum(tally.latency_sum for tally in tallies),
        p50=_quantile(spread, 0.50),
        p99=_quantile(spread, 0.99),
    )


def _quantile(spread: Mapping[int, int], share: float) -> float | None:
    wanted = math.ceil(share * sum(spread.values()))
    for bucket, seen in zip(sorted(spread), itertools.accumulate(spread[b] for b in sorted(spread)), strict=True):
        if seen >= wanted:
            return math.exp(bucket / _BUCKETS_PER_E)
    return None


def _checked_rate(name: str, rate: float) -> None:
    if not (rate >= 0 and math.isfinite(rate)):
        raise ValueError(f"the rate of beach {name!r} is requests per second, 0 or more, not {rate!r}")


def _loopback(host: str) -> str | None:
    """The number of this machine that `host` stands for, without asking a name server; None for any other host."""
    if host == "localhost" or host.endswith(".localhost"):
        return "127.0.0.1"
    with contextlib.suppress(ValueError):
        return host if ipaddress.ip_address(host).is_loopback else None
    return None


# --- HTTP/1.1, as much as a customer needs --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reply:
    status: int
    headers: Mapping[str, str]
    reusable: bool


def _parse(received: bytearray, *, bodiless: bool, closed: bool) -> _Reply | None:
    """The reply in `received`, None while incomplete. ValueError if it is no HTTP/1.x, or broke off."""
    start = 0
    while True:
        end = received.find(b"\r\n\r\n", start)
        if end < 0:
            return _incomplete(closed)
        status_line, *lines = received[start:end].decode("latin-1").split("\r\n")
        protocol, code, *_ = [*status_line.split(" ", 2), ""]
        if not protocol.startswith("HTTP/1.") or len(code) != 3:
            raise ValueError(f"not an HTTP/1 answer: {status_line!r}")
        status, start = int(code), end + 4
        if status >= 200:
            break
    headers = {key.lower(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    keep = protocol == "HTTP/1.1" and headers.get("connection", "").lower() != "close"
    if bodiless or status in (204, 304):
        ending = start
    elif headers.get("transfer-encoding", "").lower() == "chunked":
        ending = _chunks_end(received, start)
    elif "content-length" in headers:
        ending = start + int(headers["content-length"])
    else:  # Only the end of the connection ends such a body.
        return _Reply(status=status, headers=headers, reusable=False) if closed else None
    if ending is None or ending > len(received):
        return _incomplete(closed)
    return _Reply(status=status, headers=headers, reusable=keep and not closed and ending == len(received))


def _incomplete(closed: bool) -> None:
    if closed:
        raise ValueError("the answer broke off")


def _chunks_end(received: bytearray, start: int) -> int | None:
    while (line_end := received.find(b"\r\n", start)) >= 0:
        size = int(received[start:line_end].split(b";")[0], 16)
        if size == 0:
            if received.startswith(b"\r\n\r\n", line_end):
                return line_end + 4
            trailers_end = received.find(b"\r\n\r\n", line_end)
            return None if trailers_end < 0 else trailers_end + 4
        start = line_end + 2 + size + 2
    return None


def _request(beach: Beach, visit: Visit) -> bytes:
    parts = urlsplit(beach.url)
    headers = {"host": parts.netloc.rpartition("@")[2], "accept": "*/*", "user-agent": "shoreward-customers"}
    body = (visit.body or "").encode()
    if visit.body is not None:
        headers |= {"content-type": "application/json", "content-length": str(len(body))}
    headers |= {key.lower(): value for key, value in beach.headers.items()}
    lines = [f"{visit.method.upper()} {parts.path.rstrip('/')}{visit.path} HTTP/1.1"]
    lines += [f"{key}: {value}" for key, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


class _Call:
    """One request under way. It ends once: by an answer, a broken connection, or its time running out."""

    __slots__ = ("_begun", "_end", "_timer", "bodiless", "give_up", "over", "request", "sent")

    def __init__(self, request: bytes, timeout: float, end: Callable[[float, str, _Reply | None, float], None]) -> None:
        self.request, self.bodiless = request, request.startswith(b"HEAD ")
        self.sent, self._begun, self._end = time.time(), time.perf_counter(), end
        self.over = False
        self.give_up: Callable[[], object] = lambda: None
        self._timer = asyncio.get_running_loop().call_later(timeout, self._time_out)

    def end(self, outcome: str, reply: _Reply | None = None) -> None:
        if not self.over:
            self.over = True
            self._timer.cancel()
            self._end(self.sent, outcome, reply, (time.perf_counter() - self._begun) * 1000)

    def _time_out(self) -> None:
        self.end("timeout")
        self.give_up()


class _Connection(asyncio.Protocol):
    """A kept-alive connection that carries one call at a time. `idle` is told when it is free, `lost` when gone."""

    def __init__(self, idle: Callable[["_Connection"], None], lost: Callable[["_Connection"], None]) -> None:
        self._idle, self._lost = idle, lost
        self._received = bytearray()
        self._call: _Call | None = None
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def carry(self, call: _Call) -> None:
        self._call = call
        call.give_up = self.transport.abort
        self.transport.write(call.request)

    def data_received(self, data: bytes) -> None:
        self._received += data
        self._look(closed=False)

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost(self)
        self._look(closed=True)

    def _look(self, *, closed: bool) -> None:
        call = self._call
        if call is None or call.over:  # Nothing is expected: whatever it is, this connection is of no more use.
            self.transport.abort()
            return
        try:
            reply = _parse(self._received, bodiless=call.bodiless, closed=closed)
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


# --- the process ----------------------------------------------------------------------------------------------------


class _Shore:
    """Everything about one beach, inside the process: who arrives when, connections, tallies."""

    def __init__(self, beach: Beach, settings: _Settings) -> None:
        self._name, self._settings = beach.name, settings
        self._requests = [_request(beach, visit) for visit in settings.visits]
        self._weights = list(itertools.accumulate(visit.weight for visit in settings.visits))
        # Two sources of chance, so that the moments of arrival do not depend on the mix of visits.
        self._when = random.Random(f"{settings.seed}/{beach.name}/when")
        self._what = random.Random(f"{settings.seed}/{beach.name}/what")
        parts = urlsplit(beach.url)
        self._secure, host = parts.scheme == "https", parts.hostname or ""
        self._host = _loopback(host) or host
        self._port = parts.port or (443 if self._secure else 80)
        self._server_name = host if self._secure else None
        self._idle: dict[_Connection, float] = {}
        self._connecting: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._tallies: dict[int, _Tally] = {}
        self._loop = asyncio.get_running_loop()
        self._under_way = 0
        self.quiet = asyncio.Event()
        self.quiet.set()
        self.set_rate(beach.rate)

    @property
    def tallies(self) -> Iterable[_Tally]:
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
        call = _Call(request, self._settings.timeout, self._ended)
        connection = self._free_connection()
        if connection:
            connection.carry(call)
        else:
            task = self._loop.create_task(self._connect(call))
            call.give_up = task.cancel
            self._connecting.add(task)
            task.add_done_callback(self._connecting.discard)

    def _free_connection(self) -> _Connection | None:
        """The one used last, so that as few as possible stay in use and the others go out of date."""
        oldest_useful = self._loop.time() - _IDLE_SECONDS
        for connection in [idle for idle, since in self._idle.items() if since < oldest_useful]:
            del self._idle[connection]
            connection.transport.abort()
        return self._idle.popitem()[0] if self._idle else None

    async def _connect(self, call: _Call) -> None:
        try:
            transport, connection = await self._loop.create_connection(
                lambda: _Connection(self._freed, self._gone),
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

    def _freed(self, connection: _Connection) -> None:
        self._idle[connection] = self._loop.time()

    def _gone(self, connection: _Connection) -> None:
        self._idle.pop(connection, None)

    def _ended(self, sent: float, outcome: str, reply: _Reply | None, latency: float) -> None:
        self._under_way -= 1
        if not self._under_way:
            self.quiet.set()
        self._note(sent, outcome, reply and reply.headers.get(self._settings.version_header), latency)

    def _note(self, sent: float, outcome: str, version: str | None, latency: float | None) -> None:
        second = int(sent)
        tally = self._tallies.get(second) or self._tallies.setdefault(second, _Tally(self._name, second))
        tally.note(sent, outcome, version, latency)


def serve() -> None:
    """The process's main: settings on the first line of standard input, then one answer for every line."""
    with contextlib.suppress(BrokenPipeError):
        asyncio.run(_attend())


async def _attend() -> None:
    lines = asyncio.StreamReader(limit=2**24)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    if not (first := await lines.readline()):
        return
    settings = _Settings.read(first)
    shores = {beach.name: _Shore(beach, settings) for beach in settings.beaches}
    _answer("started")
    while line := await lines.readline():
        match json.loads(line):
            case {"do": "rate", "name": name, "rate": rate}:
                _answer(shores[name].set_rate(rate))
            case {"do": "account", **choice}:
                every = itertools.chain.from_iterable(shore.tallies for shore in shores.values())
                _answer([asdict(tally) for tally in _chosen(every, **choice)])
            case _:
                break
    else:
        return  # The parent is gone: nobody will ask.
    for shore in shores.values():
        shore.set_rate(0)
    for shore in shores.values():
        await shore.quiet.wait()
    _answer([asdict(tally) for shore in shores.values() for tally in shore.tallies])


def _answer(answer: object) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()
