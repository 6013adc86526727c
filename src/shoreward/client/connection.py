"""Requests to a server: what may be sent twice is tried again, and what goes wrong has a code.

Everything that is sent may be sent twice: what only reads, and commands, which carry a key of their own.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from ipaddress import ip_address
from typing import Any, NoReturn, TypeVar

import httpx
from pydantic import BaseModel, TypeAdapter, ValidationError

from shoreward.domain import Refused, Retryable, ShorewardError, Terminal, UserError
from shoreward.web.api.bodies import Problem

_Value = TypeVar("_Value")

API = "/api/v1"

PATIENCE = (0.2, 1.0, 3.0)
"""Seconds before each further try."""

_TIMES = httpx.Timeout(30.0, connect=5.0)


class Connection:
    """To one server.

    Args:
        address: `https://host[:port]`; without TLS for this machine's own addresses, or without a token.
        token: sent as `Authorization: Bearer`; "" sends none.
        pause: waits so many seconds before a further try.

    Raises:
        UserError: SERVER_ADDRESS for what is no address.
        Refused: TOKEN_EXPOSED for a token that others could read on its way.
    """

    def __init__(self, address: str, *, token: str = "", pause: Callable[[float], None] = time.sleep) -> None:
        self.address = address.rstrip("/")
        url = _url(self.address)
        if token and url.scheme != "https" and not _here(url.host):
            raise Refused(
                "TOKEN_EXPOSED",
                f"The token would be sent to {url.host} in plain text.",
                next="Use https://, or a tunnel to an address of this machine.",
            )
        self._pause = pause
        headers = {
            "Accept": "application/json",
            "Shoreward-Request": "1",
            "User-Agent": f"shoreward/{version('shoreward')}",
        }
        if token:
            headers["Authorization"] = f"Bearer {token}"
        self._http = httpx.Client(base_url=self.address, headers=headers, timeout=_TIMES, follow_redirects=False)

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def get(self, path: str, kind: TypeAdapter[_Value], **parameters: object) -> _Value:
        """What is at a path below the API; parameters that are None are left out."""
        return self._read(kind, self._answered("GET", f"{API}{path}", params=_given(parameters)).content)

    def post(self, path: str, body: BaseModel, kind: TypeAdapter[_Value], key: str) -> _Value:
        """What is answered to a command, which is done once however often it has to be sent."""
        headers = {"Idempotency-Key": key, "Content-Type": "application/json"}
        content = body.model_dump_json().encode()
        return self._read(kind, self._answered("POST", f"{API}{path}", content=content, headers=headers).content)

    def pages(self, path: str, kind: TypeAdapter[_Value], **parameters: object) -> Iterator[_Value]:
        """All items of a list, page by page."""
        page: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Any])
        following = str(httpx.URL(f"{API}{path}", params=_given(parameters)))
        while following:
            found = self._read(page, self._answered("GET", following).content)
            for item in found["items"]:
                yield self._checked(kind.validate_python, item)
            following = found["next"]

    @contextmanager
    def streaming(self, path: str, headers: Mapping[str, str], **parameters: object) -> Generator[httpx.Response]:
        """The answer that is still being written; it is asked for once."""
        asked = {"Accept": "text/event-stream", **headers}
        with self._http.stream("GET", f"{API}{path}", params=_given(parameters), headers=asked) as answer:
            if answer.status_code != 200:
                answer.read()
                self._refused(answer)
            yield answer

    def _answered(self, method: str, path: str, **more: Any) -> httpx.Response:
        """An answer that is none of an error; what passes by itself is waited for, for some seconds."""
        for wait in (*PATIENCE, None):
            try:
                answer = self._http.request(method, path, **more)
                if answer.is_success:
                    return answer
                self._refused(answer)
            except httpx.TransportError as error:
                if wait is None:
                    raise unreachable(self.address, error) from error
            except Retryable:
                if wait is None:
                    raise
            self._pause(wait or 0.0)
        raise AssertionError("the last try answers or raises")

    def _refused(self, answer: httpx.Response) -> NoReturn:
        """Raise what an answer says is wrong, as the server itself would have raised it."""
        try:
            said = Problem.model_validate_json(answer.content)
        except ValidationError as error:
            raise Terminal(
                "SERVER_REFUSED",
                f"{self.address} answers with status {answer.status_code}, and does not say why.",
                next="Is it a Shoreward server, or something in front of it? Its log may say more.",
            ) from error
        raise _error(answer.status_code, said)

    def _read(self, kind: TypeAdapter[_Value], content: bytes) -> _Value:
        return self._checked(kind.validate_json, content)

    def _checked(self, read: Callable[[Any], _Value], content: Any) -> _Value:
        try:
            return read(content)
        except ValidationError as error:
            raise self.mismatch() from error

    def mismatch(self) -> Terminal:
        """The server says what this version does not understand."""
        try:
            theirs = self._http.get(f"{API}/version").json()["version"]
        except (httpx.TransportError, ValueError, KeyError, TypeError):
            theirs = "of another version"
        return Terminal(
            "VERSION_MISMATCH",
            f"{self.address} answers what this version does not know: it is {theirs}, this is {version('shoreward')}.",
            next="Use the same version on both sides.",
        )


def unreachable(address: str, error: Exception) -> Retryable:
    """Nobody answers at an address."""
    words = str(error) or type(error).__name__
    return Retryable(
        "SERVER_UNREACHABLE",
        f"{address} does not answer: {words.rstrip('.')}.",
        next="Does `shoreward serve` run there, and does the network lead there? Then say it again.",
    )


def _error(status: int, said: Problem) -> ShorewardError:
    """The error that the server has raised, as far as its status tells its kind."""
    match status:
        case 429 | 503:
            kind = Retryable
        case 409 if said.code == "KEY_UNDER_WAY":
            kind = Retryable
        case 401 | 403 | 404 | 409 | 422:
            kind = Refused
        case _:
            kind = UserError if status < 500 else Terminal
    return kind(said.code, said.detail, where=said.where or None, next=said.next)


def _given(parameters: Mapping[str, object]) -> dict[str, str]:
    return {name: str(value) for name, value in parameters.items() if value is not None}


def _url(address: str) -> httpx.URL:
    try:
        url = httpx.URL(address)
    except (httpx.InvalidURL, TypeError):
        url = httpx.URL()
    if url.scheme not in ("http", "https") or not url.host or url.path not in ("", "/") or url.userinfo:
        raise UserError(
            "SERVER_ADDRESS", f"{address!r} is no address of a server.", next="Write it as https://shore.example."
        )
    return url


def _here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
