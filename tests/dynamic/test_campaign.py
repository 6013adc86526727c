"""Attacks are sent within limits, by turns, and a crash has to happen twice before it is one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from shoreward.adapters.dynamic.attacks import PLAIN, Attack
from shoreward.adapters.dynamic.campaign import Campaign, Limits, campaign
from shoreward.adapters.dynamic.routes import Route
from shoreward.adapters.dynamic.sending import Sender
from shoreward.domain import Retryable, Terminal

Answers = Callable[[str], tuple[int, bytes]]


class Server:
    """An API that answers as it is told, and remembers what it was asked."""

    def __init__(self, answers: Answers) -> None:
        self.asked: list[str] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.asked.append(self.path)
                status, body = answers(self.path)
                self.send_response(status)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True).start()


@pytest.fixture
def serving() -> Iterator[Callable[[Answers], Server]]:
    made: list[Server] = []

    def serve(answers: Answers) -> Server:
        made.append(Server(answers))
        return made[-1]

    yield serve
    for one in made:
        one.http.shutdown()
        one.http.server_close()


def attacks(path: str, amount: int) -> list[Attack]:
    route = Route(api="Api", method="GET", path=path)
    names = [PLAIN, *(f"attack {number}" for number in range(1, amount))]
    return [Attack(name=name, route=route, method="GET", target=f"{path}?{n}") for n, name in enumerate(names)]


def sent(server: Server, *planned: list[Attack], requests: int = 100, stop: threading.Event | None = None) -> Campaign:
    limits = Limits(requests=requests, seconds=30.0)
    return campaign(planned, {"Api": Sender(server.address)}, limits, {}, stop or threading.Event(), None)


def test_a_limit_is_felt_by_all_routes_alike(serving: Callable[[Answers], Server]):
    server = serving(lambda path: (200, b"{}"))
    came = sent(server, attacks("/a", 5), attacks("/b", 3), requests=6)
    assert (came.sent, came.left, came.seen) == (6, 2, ())
    assert sorted(server.asked) == ["/a?0", "/a?1", "/a?2", "/b?0", "/b?1", "/b?2"]


def test_a_crash_has_to_happen_twice(serving: Callable[[Answers], Server]):
    seen: list[str] = []

    def answers(path: str) -> tuple[int, bytes]:
        seen.append(path)
        cold = path == "/a?1" and seen.count(path) == 1
        return (500 if cold or path == "/a?2" else 200), b"{}"

    came = sent(serving(answers), attacks("/a", 4))
    assert [(one.attack.target, one.sign.seen) for one in came.seen] == [("/a?2", "answers 500")]
    assert came.seen[0].curl.startswith("curl -i -X GET 'http://127.0.0.1:")


def test_nobody_who_does_not_wait_any_more_is_kept_waiting(serving: Callable[[Answers], Server]):
    stop = threading.Event()

    def answers(path: str) -> tuple[int, bytes]:
        stop.set()
        return 200, b"{}"

    server = serving(answers)
    with pytest.raises(Retryable, match="DYNAMIC_STOPPED"):
        sent(server, attacks("/a", 50), stop=stop)
    assert len(server.asked) <= 4


def test_an_api_that_does_not_answer_is_no_finding(serving: Callable[[Answers], Server]):
    server = serving(lambda path: (200, b"{}"))
    server.http.shutdown()
    server.http.server_close()
    with pytest.raises(Retryable, match="DYNAMIC_UNREACHABLE"):
        sent(server, attacks("/a", 3))


def test_an_address_at_which_no_route_is_known_is_an_error(serving: Callable[[Answers], Server]):
    nowhere = serving(lambda path: (404, b'{"message":"Not Found"}'))
    with pytest.raises(Terminal, match="DYNAMIC_ADDRESS"):
        sent(nowhere, attacks("/a", 2), attacks("/b", 2))
    # But an application may say so of one thing that it was asked for
    partly = serving(lambda path: (404, b'{"message":"Not Found"}') if path.startswith("/a") else (200, b"{}"))
    assert sent(partly, attacks("/a", 2), attacks("/b", 2)).seen == ()


def test_an_answer_that_leads_elsewhere_is_not_followed(serving: Callable[[Answers], Server]):
    server = serving(lambda path: (302, b""))
    assert sent(server, attacks("/a", 2)).sent == 2
    assert len(server.asked) == 2
