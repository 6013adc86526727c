"""The front door reads requests as any client may send them: in pieces, in chunks, one after another, or as no HTTP."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import pytest

from shoreward.cloud.server.http11 import ConnectionReset, Request, Response, serve


async def echo(request: Request) -> Response:
    if request.path == "/reset":
        raise ConnectionReset
    if request.path == "/stream":
        return Response(200, [], stream=pieces())
    if request.path == "/broken":
        raise RuntimeError("never shown")
    return Response(200, [(b"x-query", request.query.encode())], request.method.encode() + b" " + request.body)


async def pieces() -> AsyncIterator[bytes]:
    for piece in (b"high ", b"", b"tide"):
        yield piece


async def talk(*sent: bytes) -> bytes:
    """Send the pieces with a pause between them; everything that comes back until the server closes."""
    listener = socket.create_server(("127.0.0.1", 0))
    server, connections = await serve(echo, listener)
    try:
        reader, writer = await asyncio.open_connection(*listener.getsockname())
        for piece in sent:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.01)
        with contextlib.suppress(ConnectionResetError):
            return await asyncio.wait_for(reader.read(), 10)
        return b"RESET"
    finally:
        writer.close()
        server.close()
        for connection in list(connections):
            connection.transport.abort()


CLOSE = b"connection: close\r\n"


@pytest.mark.parametrize(
    ("sent", "body"),
    [
        ((b"GET /a?b=1 HTTP/1.1\r\n" + CLOSE + b"\r\n",), b"GET "),
        ((b"POST / HT", b"TP/1.1\r\ncontent-le", b"ngth: 4\r\n" + CLOSE + b"\r", b"\nti", b"de"), b"POST tide"),
        (
            (
                b"PUT / HTTP/1.1\r\ntransfer-encoding: chunked\r\n" + CLOSE + b"\r\n3;x=y\r\nhig",
                b"\r\n2\r\nh \r\n4\r\ntide\r\n0\r\ntrailer: 1\r",
                b"\n\r\n",
            ),
            b"PUT high tide",
        ),
        ((b"GET / HTTP/1.0\r\n\r\n",), b"GET "),
        ((b"GET /stream HTTP/1.1\r\n" + CLOSE + b"\r\n",), b"5\r\nhigh \r\n4\r\ntide\r\n0\r\n\r\n"),
    ],
)
def test_a_request_in_any_pieces(sent: tuple[bytes, ...], body: bytes) -> None:
    answer = asyncio.run(talk(*sent))
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(b"\r\n\r\n" + body)


def test_several_requests_on_one_connection_are_answered_in_order() -> None:
    first = b"POST /1 HTTP/1.1\r\ncontent-length: 1\r\n\r\na"
    answer = asyncio.run(talk(first + first + b"GET /3 HTTP/1.1\r\n" + CLOSE + b"\r\n"))
    assert answer.count(b"HTTP/1.1 200 OK") == 3
    assert answer.count(b"POST a") == 2
    assert answer.endswith(b"GET ")


def test_a_client_that_asks_first_is_told_to_go_on() -> None:
    head = b"PUT / HTTP/1.1\r\ncontent-length: 4\r\nexpect: 100-continue\r\n" + CLOSE + b"\r\n"
    answer = asyncio.run(talk(head, b"tide"))
    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK")


@pytest.mark.parametrize("sent", [b"nonsense\r\n\r\n", b"GET / HTTP/1.1\r\ncontent-length: x\r\n\r\n"])
def test_what_is_no_request_is_refused(sent: bytes) -> None:
    assert asyncio.run(talk(sent)).startswith(b"HTTP/1.1 400 ")


def test_a_broken_handler_answers_500_and_a_reset_resets() -> None:
    broken = asyncio.run(talk(b"GET /broken HTTP/1.1\r\n" + CLOSE + b"\r\n"))
    assert broken.startswith(b"HTTP/1.1 500 ")
    assert b"never shown" not in broken
    assert asyncio.run(talk(b"GET /reset HTTP/1.1\r\n\r\n")) in (b"", b"RESET")


def test_a_head_has_the_length_but_no_body() -> None:
    answer = asyncio.run(talk(b"HEAD / HTTP/1.1\r\n" + CLOSE + b"\r\n"))
    assert answer.endswith(b"content-length: 5\r\n\r\n")


def test_a_crowd_that_comes_while_nobody_accepts_is_let_in() -> None:
    """The kernel would drop those beyond what may wait, who would ask again after a second, and then after three."""

    async def come() -> None:
        listener = socket.create_server(("127.0.0.1", 0))
        server, _ = await serve(echo, listener)
        with contextlib.ExitStack() as crowd:
            for _ in range(400):  # the loop, which accepts, does not run meanwhile
                crowd.enter_context(socket.create_connection(listener.getsockname(), timeout=5))
        server.close()

    asyncio.run(come())
