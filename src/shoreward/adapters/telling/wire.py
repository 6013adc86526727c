"""The wire: one HTTP request to a receiver, which may be hostile.

Nobody is followed to another address, no more than a little of an answer is read, and none is waited for longer than
`_WHOLE`, however slowly it comes. Errors name the host alone: addresses and headers hold secrets.
"""

from __future__ import annotations

import json
import socket
import ssl
import threading
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import httpx

from shoreward.app.telling.ports import Later
from shoreward.domain import OperationError, Retryable, Terminal
from shoreward.domain.notifications import HERE, is_private

_EACH = 10.0
_WHOLE = 30.0
"""Seconds for each step of a request, and for all of it."""

_LARGEST = 4_000_000
"""Bytes of an answer that are read, where one is."""

_LATER = frozenset((401, 403, 404, 405, 407, 408, 421, 423, 425, 429))
"""Statuses that are about the receiver, and not about what it was sent: somebody may mend it meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back; `said` is JSON, None where nobody asked for it."""

    status: int
    said: Any = None
    more: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """Sends requests.

    Attributes:
        whole: seconds that a request may take.
        insecure: whether it may be plain HTTP to another machine.
    """

    insecure: bool = False
    whole: float = _WHOLE
    each: float = _EACH

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> None:
        """Post something; nothing of the answer but its status is read.

        Raises:
            Retryable: RECEIVER_SILENT, RECEIVER_UNSAFE; see `Messenger.deliver`.
            Terminal: RECEIVER_REFUSED, RECEIVER_GONE.
        """
        self._send("POST", url, body, headers, read=False)

    def ask(self, method: str, url: str, headers: Mapping[str, str], said: Any = None) -> Answer:
        """Ask for JSON, saying some; raises as `post` does, and Retryable (RECEIVER_SILENT) for what is no JSON."""
        body = None if said is None else json.dumps(said).encode()
        return self._send(method, url, body, {"Content-Type": "application/json", **headers}, read=True)

    def _send(self, method: str, url: str, body: bytes | None, headers: Mapping[str, str], *, read: bool) -> Answer:
        host = host_of(url)
        if not (self.insecure or is_private(url)):
            what = f"{host} would be told over a connection that anybody on the way can read."
            raise Retryable("RECEIVER_UNSAFE", what, next="Give its address with https, or say `insecure: true`.")
        try:
            with self._opened(method, url, body, headers) as answer:
                _accept(answer, host)
                if not read:
                    return Answer(status=answer.status_code)
                content = _bounded(answer)
                return Answer(
                    status=answer.status_code,
                    said=json.loads(content) if content else None,
                    more=answer.links.get("next", {}).get("url", ""),
                )
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            why = type(error).__name__ if isinstance(error, (httpx.InvalidURL, ValueError)) else str(error)
            raise Retryable("RECEIVER_SILENT", f"{host} does not answer as it should: {why or 'silence'}.") from error

    @contextmanager
    def _opened(
        self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]
    ) -> Generator[httpx.Response]:
        """The answer, before its content; all of it ends with the time that it may take."""
        deadline = _Deadline(self.whole)
        proxied = urlsplit(url).hostname not in HERE
        headers = {"User-Agent": "shoreward", **headers}
        trace = {"trace": deadline.trace}
        with (
            deadline,
            httpx.Client(timeout=self.each, follow_redirects=False, trust_env=proxied, verify=_trusted()) as client,
            client.stream(method, url, content=body, headers=headers, extensions=trace) as answer,
        ):
            yield answer


@cache
def _trusted() -> ssl.SSLContext:
    """The certificates that this machine trusts; reading them takes longer than a request."""
    return ssl.create_default_context()


@dataclass(slots=True)
class _Deadline:
    """Ends a connection when its time is over: with a timeout of each step alone, a byte a second goes on for ever."""

    seconds: float
    _socket: socket.socket | None = None
    _timer: threading.Timer | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def trace(self, name: str, info: Mapping[str, Any]) -> None:
        """Told by httpx of what it does."""
        if name in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            with self._lock:
                self._socket = info["return_value"].get_extra_info("socket")

    def _end(self) -> None:
        with self._lock:
            if self._socket is not None:
                try:
                    self._socket.shutdown(socket.SHUT_RDWR)
                except OSError:
                    return

    def __enter__(self) -> None:
        self._timer = threading.Timer(self.seconds, self._end)
        self._timer.daemon = True
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        assert self._timer
        self._timer.cancel()


def host_of(url: str) -> str:
    """The part of an address that is no secret."""
    try:
        return urlsplit(url).hostname or "the receiver"
    except ValueError:
        return "the receiver"


def _accept(answer: httpx.Response, host: str) -> None:
    status = answer.status_code
    if 200 <= status < 300:
        return
    raise _refusal(status, host, _after(answer.headers.get("Retry-After", "")))


def _refusal(status: int, host: str, after: float) -> OperationError:
    what = f"{host} answers {status}."
    if status == 410:
        return Terminal("RECEIVER_GONE", what, next="Take it out, or start it again with `shoreward notify resend`.")
    if status in _LATER or status < 400 or status >= 500:
        return Later(
            "RECEIVER_SILENT", what, after=after, next="Look at its address and its token." if status < 429 else ""
        )
    return Terminal("RECEIVER_REFUSED", what)


def _after(said: str) -> float:
    """Seconds of a `Retry-After`, which are a number or a date; 0 for what is neither."""
    if said.isdecimal() and len(said) < 10:
        return float(said)
    try:
        return max(0.0, parsedate_to_datetime(said).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return 0.0


def _bounded(answer: httpx.Response) -> bytes:
    content = b""
    for part in answer.iter_bytes():
        content += part
        if len(content) > _LARGEST:
            raise ValueError("too long")
    return content
