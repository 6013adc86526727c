"""Receivers of notifications for tests: an HTTP server on this machine that takes what it is sent, or does worse."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A request as it came; header names are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body."""
        return json.loads(self.body)


Behaviour = Callable[["_Handler", Received], None]
"""What is done with a request, once it has been read."""


@dataclass(slots=True)
class HttpReceiver:
    """A server on a free port of 127.0.0.1, as a context.

    Attributes:
        behaviour: may be exchanged while it runs.
        received: all requests, in the order of their coming.
    """

    behaviour: Behaviour
    received: list[Received] = field(default_factory=list[Received])
    over: threading.Event = field(default_factory=threading.Event)
    _server: ThreadingHTTPServer | None = None
    _thread: threading.Thread | None = None
    _arrived: threading.Condition = field(default_factory=threading.Condition)

    @property
    def url(self) -> str:
        """Where it listens."""
        assert self._server
        return f"http://127.0.0.1:{self._server.server_port}"

    def wait_for(self, count: int, *, within: float = 30.0) -> bool:
        """Whether so many requests have come, within so many seconds."""
        with self._arrived:
            return self._arrived.wait_for(lambda: len(self.received) >= count, within)

    def take(self, handler: _Handler, received: Received) -> None:
        """Keep a request, and do with it what is done now."""
        with self._arrived:
            self.received.append(received)
            self._arrived.notify_all()
        self.behaviour(handler, received)

    def __enter__(self) -> Self:
        kind = type("_Bound", (_Handler,), {"receiver": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.over.set()
        assert self._server
        assert self._thread
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    receiver: HttpReceiver

    def _any(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        headers = {name.lower(): value for name, value in self.headers.items()}
        received = Received(method=self.command, path=self.path, headers=headers, body=self.rfile.read(length))
        try:
            self.receiver.take(self, received)
        except OSError:
            self.close_connection = True  # whoever sent it has gone

    do_GET = do_POST = do_PUT = do_PATCH = _any  # noqa: N815 - http.server's names

    def answer(self, status: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> None:
        """Answer, whole."""
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


def answers(status: int = 204, body: Any = None, headers: Mapping[str, str] | None = None) -> Behaviour:
    """Answers at once."""
    content = b"" if body is None else json.dumps(body).encode()
    return lambda handler, received: handler.answer(status, content, headers)


def hangs(handler: _Handler, received: Received) -> None:
    """Says nothing, until the test is over."""
    handler.receiver.over.wait()


def closes(handler: _Handler, received: Received) -> None:
    """Takes the request, and hangs up."""
    handler.connection.shutdown(socket.SHUT_RDWR)


def drips(handler: _Handler, received: Received) -> None:
    """Answers a byte at a time, and never comes to an end."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    while not handler.receiver.over.wait(0.02):
        handler.wfile.write(b"X-Slow: 1\r\n")


def never_ends(handler: _Handler, received: Received) -> None:
    """Takes it, and sends a body without an end."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
    while not handler.receiver.over.is_set():
        handler.wfile.write(b" " * 65_536)


def in_turn(*behaviours: Behaviour) -> Behaviour:
    """Does one after the other, and then the last one for ever."""
    left = list(behaviours)

    def behave(handler: _Handler, received: Received) -> None:
        (left.pop(0) if len(left) > 1 else left[0])(handler, received)

    return behave
