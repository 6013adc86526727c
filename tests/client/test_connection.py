"""What goes wrong between client and server has a code; what passes by itself is waited for."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from pydantic import TypeAdapter

from shoreward.client.connection import Connection
from shoreward.domain import OperationError, Refused, Retryable, UserError

_NUMBER = TypeAdapter(int)

Answer = tuple[int, str, bytes]

PROBLEM = b'{"type": "urn:x", "title": "x", "status": 503, "code": "JOURNAL_BUSY", "detail": "Busy.", "next": "Wait."}'


@contextmanager
def answering(*answers: Answer) -> Iterator[tuple[str, list[str]]]:
    """A server that gives these answers, the last one again and again; and what it was asked."""
    left, asked = list(answers), list[str]()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(f"{self.path} {self.headers['Authorization']}")
            status, kind, body = left.pop(0) if len(left) > 1 else left[0]
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()
        thread.join()


def got(address: str, token: str = "") -> int:
    connection = Connection(address, token=token, pause=lambda seconds: None)
    try:
        return connection.get("/number", _NUMBER)
    finally:
        connection.close()


def test_what_passes_by_itself_is_asked_for_again():
    with answering((503, "application/problem+json", PROBLEM), (200, "application/json", b"7")) as (address, asked):
        assert got(address, "secret") == 7
    assert asked == ["/api/v1/number Bearer secret"] * 2


def test_what_does_not_pass_is_told_with_the_servers_code():
    with (
        answering((503, "application/problem+json", PROBLEM)) as (address, asked),
        pytest.raises(Retryable) as told,
    ):
        got(address)
    assert (told.value.code, told.value.next, len(asked)) == ("JOURNAL_BUSY", "Wait.", 4)


@pytest.mark.parametrize("answer", [(502, "text/html", b"<h1>Bad gateway</h1>"), (302, "text/plain", b"")])
def test_what_is_no_answer_of_a_server_is_told_as_such(answer: Answer):
    with answering(answer) as (address, _), pytest.raises(OperationError) as told:
        got(address)
    assert told.value.code == "SERVER_REFUSED"


def test_an_answer_of_another_version_is_told_as_such():
    newer, version = (200, "application/json", b'"seven"'), (200, "application/json", b'{"version": "9.9"}')
    with answering(newer, version) as (address, _), pytest.raises(OperationError) as told:
        got(address)
    assert told.value.code == "VERSION_MISMATCH"
    assert "9.9" in told.value.what


def test_nobody_who_answers_is_unreachable():
    with answering((200, "application/json", b"7")) as (address, _):
        pass
    with pytest.raises(Retryable) as told:
        got(address)
    assert told.value.code == "SERVER_UNREACHABLE"


@pytest.mark.parametrize(
    "address", ["", "shore.example", "ftp://shore.example", "https://a:b@shore.example", "http://"]
)
def test_what_is_no_address_is_refused(address: str):
    with pytest.raises(UserError) as told:
        Connection(address)
    assert told.value.code == "SERVER_ADDRESS"


def test_a_token_is_sent_to_nobody_in_plain_text():
    with pytest.raises(Refused) as told:
        Connection("http://shore.example", token="secret")
    assert told.value.code == "TOKEN_EXPOSED"
