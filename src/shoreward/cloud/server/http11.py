"""A small HTTP/1.1 server on asyncio: the front door of the cloud and of the Runtime API.

A general server spent more time on a request than API Gateway, the Runtime API and the handler together, so this
one does only what local clients need: keep-alive, Content-Length and chunked bodies, ``Expect: 100-continue``.
"""

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import unquote

log = logging.getLogger("shoreward.cloud.http")

_REASONS = {status.value: status.phrase.encode() for status in HTTPStatus}
_MAX_HEAD = 1 << 20

BACKLOG = 4096
"""Connections that may wait to be accepted. The kernel drops what comes beyond, whose client asks again after seconds.

As many as Linux allows by default, for a moment in which functions start everywhere is one in which nobody accepts.
"""
_NO_BODY = frozenset({204, 304})


def _always() -> bool:
    return True


@dataclass(slots=True)
class Request:
    """One request as it came: header names in lower case, the body whole and de-chunked.

    ``wanted`` says whether its client is still there, and waits for the answer.
    """

    method: str
    target: str
    headers: list[tuple[bytes, bytes]]
    body: bytes
    peer: tuple[str, int]
    wanted: Callable[[], bool] = _always

    @property
    def raw_path(self) -> str:
        """The path before decoding, without the query."""
        return self.target.partition("?")[0]

    @property
    def path(self) -> str:
        """The decoded path."""
        raw = self.raw_path
        return unquote(raw) if "%" in raw else raw

    @property
    def query(self) -> str:
        """The query string as sent, without the question mark."""
        return self.target.partition("?")[2]

    def header(self, name: bytes) -> str:
        """The first value of a header (lower-case name), or an empty string."""
        for key, value in self.headers:
            if key == name:
                return value.decode("latin-1")
        return ""


@dataclass(slots=True)
class Response:
    """An answer: either ``body`` whole, or ``stream`` sent in chunks as it comes."""

    status: int
    headers: Iterable[tuple[bytes, bytes]] = ()
    body: bytes = b""
    stream: AsyncIterator[bytes] | None = None


class ConnectionReset(Exception):
    """Raised by a handler to drop the connection without an answer."""


Handler = Callable[[Request], Awaitable[Response]]


class BadRequest(ValueError):
    """The bytes on the connection are not a request this server can read."""


class HttpProtocol(asyncio.Protocol):
    """Reads requests off one connection, one at a time, and hands them to :meth:`on_request`."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport
        self._buffer = bytearray()
        self._chunks = bytearray()
        self._head: tuple[str, str, list[tuple[bytes, bytes]]] | None = None
        self._length = 0
        self._chunked = False
        self._busy = False
        self._close_after = False
        self._peer: tuple[str, int] = ("127.0.0.1", 0)
        self.closed = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember the transport and the peer."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        peer = transport.get_extra_info("peername")
        if peer:
            self._peer = (str(peer[0]), int(peer[1]))

    def connection_lost(self, exc: Exception | None) -> None:
        """Mark the connection closed."""
        self.closed = True

    def data_received(self, data: bytes) -> None:
        """Buffer, and hand over the next request as soon as it is whole."""
        self._buffer += data
        if not self._busy:
            self._advance()

    def on_request(self, request: Request) -> None:
        """Answer ``request`` now or later through :meth:`respond`. Override."""
        raise NotImplementedError

    def respond(self, status: int, headers: Iterable[tuple[bytes, bytes]] = (), body: bytes = b"") -> None:
        """Write a whole answer and go on with the next request on this connection."""
        if not self.closed:
            self.transport.write(encode_head(status, headers, len(body)) + body)
        self.finish()

    def finish(self) -> None:
        """The current request is answered: close, or read the next one."""
        self._busy = False
        if self._close_after:
            self.transport.close()
        elif self._buffer:
            self._advance()

    def _advance(self) -> None:
        try:
            request = self._take()
        except (BadRequest, ValueError) as error:
            self._busy = True
            self._close_after = True
            self.respond(400, [(b"content-type", b"text/plain")], str(error).encode())
            return
        if request is not None:
            self._busy = True
            self.on_request(request)

    def _take(self) -> Request | None:
        if self._head is None and not self._read_head():
            return None
        assert self._head is not None
        if self._chunked:
            body = self._read_chunks()
            if body is None:
                return None
        else:
            if len(self._buffer) < self._length:
                return None
            body = bytes(self._buffer[: self._length])
            del self._buffer[: self._length]
        method, target, headers = self._head
        self._head = None
        return Request(method, target, headers, body, self._peer, self._open)

    def _open(self) -> bool:
        return not self.closed

    def _read_head(self) -> bool:
        while self._buffer.startswith(b"\r\n"):
            del self._buffer[:2]
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._buffer) > _MAX_HEAD:
                raise BadRequest("the request head is too long")
            return False
        lines = bytes(self._buffer[:end]).split(b"\r\n")
        del self._buffer[: end + 4]
        parts = lines[0].decode("latin-1").split(" ")
        if len(parts) != 3:
            raise BadRequest("not an HTTP request line")
        headers: list[tuple[bytes, bytes]] = []
        self._length, self._chunked, expect = 0, False, False
        self._close_after = parts[2] == "HTTP/1.0"
        for line in lines[1:]:
            name, _, value = line.partition(b":")
            name, value = name.strip().lower(), value.strip()
            headers.append((name, value))
            if name == b"content-length":
                self._length = int(value)
            elif name == b"transfer-encoding":
                self._chunked = value.lower().endswith(b"chunked")
            elif name == b"connection":
                self._close_after = value.lower() == b"close"
            elif name == b"expect":
                expect = value.lower() == b"100-continue"
        self._head = (parts[0], parts[1], headers)
        if expect and (self._chunked or len(self._buffer) < self._length):
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        return True

    def _read_chunks(self) -> bytes | None:
        """The whole chunked body once its last chunk is here; None until then, keeping what was read."""
        buffer = self._buffer
        while True:
            end = buffer.find(b"\r\n")
            if end < 0:
                return None
            size = int(bytes(buffer[:end]).split(b";")[0], 16)
            if size == 0:
                break
            if len(buffer) < end + 2 + size + 2:
                return None
            self._chunks += buffer[end + 2 : end + 2 + size]
            del buffer[: end + 2 + size + 2]
        while True:  # trailers, up to the empty line
            after = buffer.find(b"\r\n", end + 2)
            if after < 0:
                return None
            if after == end + 2:
                break
            end = after
        del buffer[: after + 2]
        body, self._chunks = bytes(self._chunks), bytearray()
        return body


def encode_head(status: int, headers: Iterable[tuple[bytes, bytes]], length: int | None) -> bytes:
    """The status line and headers as bytes; ``length`` None announces a chunked body."""
    out = [b"HTTP/1.1 %d %b\r\n" % (status, _REASONS.get(status, b"Unknown"))]
    sized = False
    for name, value in headers:
        lower = name.lower()
        if lower in (b"connection", b"transfer-encoding"):
            continue
        sized = sized or lower == b"content-length"
        out.append(b"%b: %b\r\n" % (name, value))
    if not sized and status not in _NO_BODY:
        out.append(b"transfer-encoding: chunked\r\n" if length is None else b"content-length: %d\r\n" % length)
    out.append(b"\r\n")
    return b"".join(out)


class ServerProtocol(HttpProtocol):
    """Runs an async handler for each request, in a task and a context of its own."""

    def __init__(self, handler: Handler, connections: set["ServerProtocol"]) -> None:
        super().__init__()
        self._handler = handler
        self._connections = connections
        self._writable = asyncio.Event()
        self._writable.set()
        self._task: asyncio.Task[None] | None = None
        connections.add(self)

    def on_request(self, request: Request) -> None:
        """Start the handler; it goes on even if the client leaves, as on AWS."""
        self._task = asyncio.get_running_loop().create_task(self._serve(request))

    def pause_writing(self) -> None:
        """The client reads slowly."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """The client caught up."""
        self._writable.set()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection and free whoever waits to write to it."""
        super().connection_lost(exc)
        self._connections.discard(self)
        self._writable.set()

    async def _serve(self, request: Request) -> None:
        try:
            response = await self._handler(request)
        except ConnectionReset:
            self.transport.abort()
            return
        except Exception:
            log.exception("error while answering %s %s", request.method, request.raw_path)
            self.respond(500, [(b"content-type", b"application/json")], b'{"message":"Internal Server Error"}')
            return
        if response.stream is None:
            body = b"" if request.method == "HEAD" else response.body
            if not self.closed:
                self.transport.write(encode_head(response.status, response.headers, len(response.body)) + body)
            self.finish()
        else:
            await self._stream(response.status, list(response.headers), response.stream)

    async def _stream(self, status: int, headers: list[tuple[bytes, bytes]], stream: AsyncIterator[bytes]) -> None:
        chunked = not any(name.lower() == b"content-length" for name, _ in headers)
        self.transport.write(encode_head(status, headers, None))
        async with contextlib.aclosing(stream) if hasattr(stream, "aclose") else contextlib.nullcontext():  # type: ignore[type-var]
            async for chunk in stream:
                if self.closed:
                    return
                if chunk:
                    self.transport.write(b"%x\r\n%b\r\n" % (len(chunk), chunk) if chunked else chunk)
                    await self._writable.wait()
        if chunked:
            self.transport.write(b"0\r\n\r\n")
        self.finish()


async def serve(handler: Handler, listener: socket.socket) -> tuple[asyncio.Server, set[ServerProtocol]]:
    """Answer on a bound socket; the server and its open connections."""
    connections: set[ServerProtocol] = set()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: ServerProtocol(handler, connections), sock=listener, backlog=BACKLOG)
    return server, connections
