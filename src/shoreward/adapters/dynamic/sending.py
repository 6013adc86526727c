"""Sending requests to an API as anybody could, and what comes back. No redirect is followed."""

from __future__ import annotations

import http.client
import shlex
import time
import urllib.error
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shoreward.adapters.dynamic.attacks import Attack
from shoreward.adapters.http import ask

_READ = 200_000
"""Bytes of an answer that are looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back.

    Attributes:
        status: 0 when nothing did.
        headers: names in small letters.
        trouble: why nothing came back.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = b""
    seconds: float = 0.0
    trouble: str = ""

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode(errors="replace")


class Sender:
    """Sends to an API.

    Args:
        address: of the API, without a slash at its end.
        timeout: seconds until nobody waits any more; API Gateway answers within thirty.
    """

    def __init__(self, address: str, timeout: float = 35.0) -> None:
        self.address = address
        self._timeout = timeout

    def send(self, attack: Attack) -> Answer:
        """Send one; whatever happens is an answer."""
        address, headers = f"{self.address}{attack.target}", dict(attack.headers)
        begun = time.monotonic()
        try:
            with ask(address, body=attack.body, headers=headers, method=attack.method, timeout=self._timeout) as answer:
                return _answer(answer.status, answer.headers, answer.read(_READ), begun)
        except urllib.error.HTTPError as error:
            with error:
                return _answer(error.code, error.headers, _rest(error), begun)
        except urllib.error.URLError as error:
            return Answer(status=0, headers={}, trouble=str(error.reason), seconds=time.monotonic() - begun)
        except (OSError, http.client.HTTPException, ValueError) as error:
            trouble = str(error) or type(error).__name__
            return Answer(status=0, headers={}, trouble=trouble, seconds=time.monotonic() - begun)

    def curl(self, attack: Attack, secret: Mapping[str, str]) -> str:
        """The same as a line for a shell.

        Args:
            secret: headers whose value is not shown, each with the variable that holds it.
        """
        words = ["curl", "-i", "-X", attack.method, f"{self.address}{attack.target}"]
        line = " ".join(shlex.quote(one) for one in words)
        for name, value in attack.headers:
            shown = f'"{name}: ${secret[name]}"' if name in secret else shlex.quote(f"{name}: {value}")
            line += f" -H {shown}"
        if attack.body is None:
            return line
        if attack.made_by:
            return f"{attack.made_by} | {line} --data-binary @-"
        return f"{line} --data-binary {shlex.quote(attack.body.decode())}"


def _rest(error: urllib.error.HTTPError) -> bytes:
    try:
        return error.read(_READ)
    except (OSError, http.client.HTTPException):
        return b""


def _answer(status: int, headers: Any, body: bytes, begun: float) -> Answer:
    found = {str(name).lower(): str(value) for name, value in headers.items()}
    return Answer(status=status, headers=found, body=body, seconds=time.monotonic() - begun)
