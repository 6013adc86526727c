"""What customers ask for, and what their account says of what they met.

The beach is a small server in a thread; what it saw is compared with what the customers say. Counts are compared with
each other or with quantiles of the Poisson distribution, never with this machine's speed.
"""

import asyncio
import contextlib
import itertools
import random
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator

import pytest
from scipy.stats import poisson

from shoreward.testing.customers import Account, Beach, Customers, Visit, arrivals

ONE_IN_A_BILLION = 1e-9
GET = Visit("GET", "/tides/brighton")

Answer = Callable[[int], bytes | None]  # From the number of the request to a reply; None hangs.


def reply(status: int = 200, body: bytes = b"{}", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} Some", f"content-length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


class LocalServer:
    """An HTTP server on 127.0.0.1 that answers as it is told, and counts requests and connections."""

    def __init__(self, answer: Answer) -> None:
        self.answer, self.port = answer, free_port()
        self.requests, self.connections = 0, 0
        self.heads: list[bytes] = []
        self._writers: set[asyncio.StreamWriter] = set()
        self._attending: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()

    @property
    def visited(self) -> int:
        """How many connections are open now."""
        return len(self._writers)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def open(self) -> None:
        async def start() -> None:
            self._server = await asyncio.start_server(self._attend, "127.0.0.1", self.port)

        self._do(start())

    def die(self) -> None:
        async def close() -> None:
            self._server.close()
            for writer in self._writers:
                writer.transport.abort()
            await asyncio.gather(*self._attending)

        self._do(close())

    def end(self) -> None:
        self.die()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _do(self, work: Awaitable[None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)  # type: ignore[arg-type]

    async def _attend(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        if task := asyncio.current_task():
            self._attending.add(task)
            task.add_done_callback(self._attending.discard)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                self.heads.append(await reader.readuntil(b"\r\n\r\n"))
                self.requests += 1
                answer = self.answer(self.requests)
                if answer is not None:
                    writer.write(answer)
                    if b"connection: close" in answer or not answer:
                        break
        writer.close()
        self._writers.discard(writer)


def free_port() -> int:
    """Below the range of outgoing connections, so that nobody takes the port while its server is dead."""
    for _ in range(100):
        port = random.randrange(15_000, 30_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("no free port")


@pytest.fixture
def serve() -> Iterator[Callable[[Answer], LocalServer]]:
    servers: list[LocalServer] = []

    def serve(answer: Answer) -> LocalServer:
        servers.append(LocalServer(answer))
        servers[-1].open()
        return servers[-1]

    yield serve
    for server in servers:
        server.end()


def until(met: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not met():
        assert time.monotonic() < deadline, "what the test waits for did not come about"
        time.sleep(0.01)


def after(requests: int, beaches: list[Beach], visits: tuple[Visit, ...] = (GET,), **settings: float) -> Account:
    """The final account of customers who were stopped once at least so many of their requests had ended."""
    with Customers(beaches, visits, **settings) as customers:  # type: ignore[arg-type]
        until(lambda: customers.account().requests >= requests)
    return customers.account()


# --- arrivals -------------------------------------------------------------------------------------------------------


def test_arrivals_are_as_many_as_the_rate_says() -> None:
    seen = sum(1 for _ in itertools.takewhile(lambda moment: moment < 1000, arrivals(20, random.Random(3))))

    assert poisson.ppf(ONE_IN_A_BILLION, 20_000) <= seen <= poisson.isf(ONE_IN_A_BILLION, 20_000)


def test_arrivals_scatter_as_a_poisson_process_does() -> None:
    moments = itertools.takewhile(lambda moment: moment < 2000, arrivals(10, random.Random(4)))
    per_second = Counter(int(moment) for moment in moments)
    counts = [per_second[second] for second in range(2000)]
    mean = sum(counts) / len(counts)
    dispersion = sum((count - mean) ** 2 for count in counts) / len(counts) / mean

    # The index of dispersion of 2000 Poisson counts is 1 with standard deviation sqrt(2 / 2000) = 0.032.
    assert dispersion == pytest.approx(1, abs=6 * 0.032)


def test_the_same_seed_brings_the_same_arrivals() -> None:
    first, again, other = (list(itertools.islice(arrivals(5, random.Random(seed)), 50)) for seed in (1, 1, 2))

    assert first == again != other


def test_an_open_loop_offers_its_rate_to_a_server_that_never_answers(serve: Callable[[Answer], LocalServer]) -> None:
    server = serve(lambda _: None)
    begun = time.monotonic()
    with Customers([Beach("slow", server.url, 200)], [GET], timeout=0.5, concurrency=10_000) as customers:
        inside = time.monotonic()
        until(lambda: customers.account().requests >= 100)
        at_least = time.monotonic() - inside
    at_most = time.monotonic() - begun
    requests = customers.account().requests

    assert requests >= poisson.ppf(ONE_IN_A_BILLION, 200 * at_least)
    assert requests <= poisson.isf(ONE_IN_A_BILLION, 200 * at_most)


# --- the account ----------------------------------------------------------------------------------------------------


def test_the_account_agrees_with_what_the_server_saw(serve: Callable[[Answer], LocalServer]) -> None:
    server = serve(lambda number: reply(502 if number % 7 == 0 else 404 if number % 5 == 0 else 200))

    account = after(150, [Beach("b", server.url, 300)])

    numbers = range(1, server.requests + 1)
    assert account.requests == server.requests
    assert account.failed == server.requests // 7 == account.outcomes["502"]
    assert account.outcomes["404"] == sum(number % 5 == 0 and number % 7 != 0 for number in numbers)
    assert account.outcomes.keys() == {"200", "404", "502"}


def test_seconds_add_up_to_the_account(serve: Callable[[Answer], LocalServer]) -> None:
    server = serve(lambda number: reply(500 if number % 3 == 0 else 200))
    begun = time.time()

    account = after(200, [Beach("b", server.url, 150)])

    assert sum(second.requests for second in account.seconds) == account.requests
    assert sum(second.failed for second in account.seconds) == account.failed == len(account.failures)
    assert [second.time for second in account.seconds] == sorted({second.time for second in account.seconds})
    assert int(begun) <= account.seconds[0].time <= account.seconds[-1].time <= time.time()
    for second in account.seconds:
        assert second.p50 is not None
        assert second.p99 is not None
        assert 0 < second.p50 <= second.p99 <= second.latency_sum * 1.02


def test_failures_are_told_by_the_revision_that_served_them(serve: Callable[[Answer], LocalServer]) -> None:
    def answer(number: int) -> bytes:
        return reply(500, b"", "X-Version: 2") if number % 4 == 0 else reply(200, b"", "X-Version: 1")

    server = serve(answer)

    account = after(80, [Beach("b", server.url, 300)])

    assert account.versions["2"].requests == account.versions["2"].failed == server.requests // 4
    assert account.versions["1"].failed == 0
    assert account.versions["1"].requests + account.versions["2"].requests == server.requests


def test_every_beach_has_its_own_account_and_rate(serve: Callable[[Answer], LocalServer]) -> None:
    well, ill, quiet = serve(lambda _: reply()), serve(lambda _: reply(503)), serve(lambda _: reply())
    beaches = [
        Beach("111111111111/eu-north-1", well.url, 100),
        Beach("111111111111/eu-west-1", ill.url, 50),
        Beach("222222222222/eu-west-1", quiet.url, 0),
    ]
    with Customers(beaches, [GET]) as customers:
        until(lambda: min(customers.account(beach.name).requests for beach in beaches[:2]) >= 40)
    first, second, third = (customers.account(beach.name) for beach in beaches)

    assert (first.requests, first.failed) == (well.requests, 0)
    assert (second.requests, second.failed) == (ill.requests, ill.requests)
    assert (third.requests, third.seconds, third.first_failure()) == (0, (), None)
    assert customers.account().requests == well.requests + ill.requests


def test_an_account_can_be_cut_to_seconds(serve: Callable[[Answer], LocalServer]) -> None:
    server = serve(lambda _: reply(500))
    with Customers([Beach("b", server.url, 100)], [GET]) as customers:
        until(lambda: len(customers.account().seconds) >= 3)
        live = customers.account(since=customers.account().seconds[1].time + 0.5)
    whole = customers.account()
    first, second, *_ = whole.seconds

    assert live.seconds[0].time == second.time
    assert customers.account(until=second.time).requests == first.requests
    assert customers.account(since=second.time, until=second.time + 1).seconds == (second,)
    assert whole.first_failure() == whole.failures[0]
    assert whole.first_failure(since=whole.failures[5]) == whole.failures[5]
    assert whole.first_failure(since=time.time()) is None


def test_a_rate_can_be_changed_and_taken_away(serve: Callable[[Answer], LocalServer]) -> None:
    server = serve(lambda _: reply())
    with Customers([Beach("b", server.url, 0)], [GET]) as customers:
        assert customers.account().requests == 0
        customers.set_rate("b", 200)
        until(lambda: customers.account().requests >= 20)
        customers.set_rate("b", 0)
        sent = server.requests
        until(lambda: customers.account().requests >= sent)
        customers.set_rate("b", 200)
        until(lambda: customers.account().requests >= sent + 20)

    assert customers.account().requests == server.requests


def test_visits_come_in_their_proportions_and_with_their_bodies(serve: Callable[[Answer], LocalServer]) -> None:
    server = serve(lambda _: reply(201))
    visits = (Visit("GET", "/castles/a", weight=9), Visit("HEAD", "/castles/b", weight=1))
    requests = after(300, [Beach("b", server.url + "/shore/", 400, {"Host": "api.example"})], visits).requests
    seen = Counter(head.split(b"\r\n")[0] for head in server.heads)

    assert seen.keys() == {b"GET /shore/castles/a HTTP/1.1", b"HEAD /shore/castles/b HTTP/1.1"}
    rare = seen[b"HEAD /shore/castles/b HTTP/1.1"]
    assert poisson.ppf(ONE_IN_A_BILLION, requests / 10) <= rare <= poisson.isf(ONE_IN_A_BILLION, requests / 10)
    assert all(b"\r\nhost: api.example\r\n" in head for head in server.heads)


def test_a_body_is_sent_as_json(serve: Callable[[Answer], LocalServer]) -> None:
    server = serve(lambda _: reply(201, b"", "connection: close"))

    after(1, [Beach("b", server.url, 50)], (Visit("PUT", "/castles/a", '{"towers": 3}'),))

    assert b"\r\ncontent-type: application/json\r\ncontent-length: 13\r\n" in server.heads[0]


# --- connections ----------------------------------------------------------------------------------------------------


def test_connections_are_kept_and_used_again(serve: Callable[[Answer], LocalServer]) -> None:
    server = serve(lambda _: reply())

    account = after(300, [Beach("b", server.url, 300)])

    assert account.failed == 0
    assert server.connections < account.requests / 5


@pytest.mark.parametrize(
    "answer",
    [
        reply(200, b"bye", "connection: close"),
        b"HTTP/1.0 200 OK\r\n\r\nuntil I hang up, connection: close",
        b"HTTP/1.1 100 Continue\r\n\r\n" + reply(200, b"after a hint"),
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n0\r\n\r\n\r\n3;a=b\r\nxyz\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nsome: trailer\r\n\r\n",
    ],
    ids=["closing", "until closed", "interim", "bodiless", "chunked", "trailers"],
)
def test_whole_answers_of_every_form_are_understood(serve: Callable[[Answer], LocalServer], answer: bytes) -> None:
    server = serve(lambda _: answer)

    account = after(20, [Beach("b", server.url, 100)], timeout=20)

    assert account.failed == 0
    assert account.requests == server.requests


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\nconnection: close\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\nff\r\nshort",
        b"SSH-2.0-OpenSSH_9.9\r\n\r\nconnection: close",
        b"HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\nconnection: close",
    ],
    ids=["nothing", "short", "short chunk", "other protocol", "senseless length"],
)
def test_broken_answers_are_failures(serve: Callable[[Answer], LocalServer], answer: bytes) -> None:
    server = serve(lambda _: answer)

    account = after(20, [Beach("b", server.url, 100)])

    assert account.outcomes == {"connection": server.requests}
    assert account.failed == server.requests


def test_a_server_that_hangs_costs_timeouts(serve: Callable[[Answer], LocalServer]) -> None:
    server = serve(lambda number: None if number % 2 else reply())

    account = after(40, [Beach("b", server.url, 100)], timeout=2)

    assert account.outcomes["timeout"] == account.failed == (server.requests + 1) // 2
    assert max(second.p99 or 0 for second in account.seconds) >= 1980


def test_what_exceeds_the_concurrency_is_dropped(serve: Callable[[Answer], LocalServer]) -> None:
    server = serve(lambda _: None)

    account = after(50, [Beach("b", server.url, 200)], timeout=1, concurrency=3)

    assert account.outcomes["timeout"] == server.requests
    assert account.outcomes["dropped"] == account.requests - server.requests > 0
    assert account.failed == account.requests


def test_a_server_that_dies_is_noticed_and_so_is_its_return(serve: Callable[[Answer], LocalServer]) -> None:
    server = serve(lambda _: reply())
    with Customers([Beach("b", server.url, 100)], [GET]) as customers:
        until(lambda: customers.account().requests >= 30)
        assert customers.account().failed == 0
        server.die()
        until(lambda: customers.account().outcomes.get("connection", 0) >= 10)
        server.open()
        served = customers.account().outcomes["200"]
        until(lambda: customers.account().outcomes["200"] >= served + 30)
        well_again = time.time()
        until(lambda: customers.account().requests >= served + 60)

    account = customers.account()
    assert account.outcomes.keys() == {"200", "connection"}
    assert account.first_failure() is not None
    assert account.first_failure(since=well_again) is None


# --- the process ----------------------------------------------------------------------------------------------------


def test_customers_come_once_and_leave_for_good(serve: Callable[[Answer], LocalServer]) -> None:
    customers = Customers([Beach("b", serve(lambda _: reply()).url, 50)], [GET])
    with pytest.raises(RuntimeError, match="start them first"):
        customers.account()

    customers.start()
    customers.stop()
    customers.stop()

    with pytest.raises(RuntimeError, match="started before"):
        customers.start()
    with pytest.raises(RuntimeError, match="not there"):
        customers.set_rate("b", 1)


def test_customers_leave_when_their_parent_is_gone(serve: Callable[[Answer], LocalServer]) -> None:
    server = serve(lambda _: reply())
    script = f"""
import time
from shoreward.testing.customers import Beach, Customers, Visit
Customers([Beach("b", "{server.url}", 100)], [Visit("GET", "/")]).start()
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", script]) as parent:
        until(lambda: server.requests >= 5)
        assert server.visited > 0
        parent.kill()

    until(lambda: server.visited == 0)
    assert parent.returncode == -9


def test_only_this_machine_is_visited_unless_said_otherwise() -> None:
    for url in ("http://example.com", "http://10.0.0.1:80", "http://localhost.example.com", "http://[2001:db8::1]"):
        with pytest.raises(ValueError, match="not on this machine"):
            Customers([Beach("b", url, 1)], [GET])
        assert Customers([Beach("b", url, 1)], [GET], allow_remote=True).beaches[0].url == url
    for url in ("http://localhost:1", "http://abc.execute-api.localhost:1", "http://127.0.0.2:1", "http://[::1]:1"):
        assert Customers([Beach("b", url, 1)], [GET]).beaches[0].is_local


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Beach("b", "ftp://127.0.0.1", 1), r"http\(s\) address"),
        (lambda: Beach("b", "http://127.0.0.1/?a=b", 1), "without a query"),
        (lambda: Beach("b", "http://127.0.0.1", -1), "0 or more"),
        (lambda: Beach("b", "http://127.0.0.1", float("nan")), "0 or more"),
        (lambda: Beach("b", "http://127.0.0.1", 1, {"a": "b\r\nc: d"}), "line break"),
        (lambda: Visit("GET", "tides"), "starts with '/'"),
        (lambda: Visit("GET", "/a b"), "percent-encoded"),
        (lambda: Visit("GET /", "/"), "method"),
        (lambda: Visit("GET", "/", weight=0), "above 0"),
        (lambda: Customers([], [GET]), "at least one beach"),
        (lambda: Customers([Beach("b", "http://127.0.0.1", 1)], []), "one kind of visit"),
        (lambda: Customers([Beach("b", "http://127.0.0.1", 1)] * 2, [GET]), "same name"),
        (lambda: Customers([Beach("b", "http://127.0.0.1", 1)], [GET], timeout=0), "above 0"),
        (lambda: Customers([Beach("b", "http://127.0.0.1", 1)], [GET]).set_rate("c", 1), "no beach is called 'c'"),
    ],
)
def test_what_makes_no_sense_is_refused(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
