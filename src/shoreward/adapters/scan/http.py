"""Asking an HTTP service for JSON: patient with what passes, plain about what does not."""

from __future__ import annotations

import http.client
import json
import threading
import urllib.error
from dataclasses import dataclass, field
from typing import Any

from shoreward.adapters.http import ask
from shoreward.adapters.scan.errors import damaged, stopped, unreachable

_LONGEST = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long somebody waits for a service.

    Attributes:
        attempts: how often it is asked in all.
        pause: seconds before the second attempt; each later pause is twice the one before.
        timeout: seconds until an attempt that says nothing is given up.
        stop: set when nobody waits any more.
    """

    attempts: int = 4
    pause: float = 0.5
    timeout: float = 10.0
    stop: threading.Event = field(default_factory=threading.Event)


class JsonService:
    """A service at an address."""

    def __init__(self, address: str, patience: Patience) -> None:
        self.address = address.rstrip("/")
        self._patience = patience

    def get(self, path: str) -> Any:
        """The answer to a GET. Raises Retryable ADVISORIES_UNREACHABLE, Terminal ADVISORIES_DAMAGED."""
        return self._ask(path, None)

    def post(self, path: str, content: Any) -> Any:
        """The answer to a POST of JSON. Raises as `get` does."""
        return self._ask(path, json.dumps(content).encode())

    def _ask(self, path: str, body: bytes | None) -> Any:
        patience = self._patience
        pause = patience.pause
        for attempt in range(1, patience.attempts + 1):
            try:
                content = self._once(path, body)
            except _Passing as passing:
                if attempt == patience.attempts:
                    raise unreachable(self.address, str(passing)) from passing
                if patience.stop.wait(min(max(pause, passing.after), _LONGEST)):
                    raise stopped() from passing
                pause *= 2
            else:
                return self._read(path, content)
        raise AssertionError("at least one attempt")

    def _once(self, path: str, body: bytes | None) -> bytes:
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        try:
            with ask(f"{self.address}{path}", body=body, headers=headers, timeout=self._patience.timeout) as answer:
                return answer.read()
        except urllib.error.HTTPError as error:
            with error:
                told = f"it answers {error.code} {error.reason} to {path}"
                after = error.headers.get("Retry-After", "")
            if error.code == 429 or error.code >= 500:
                raise _Passing(told, float(after) if after.isdecimal() else 0.0) from error
            raise unreachable(self.address, told) from error
        except urllib.error.URLError as error:
            raise _Passing(str(error.reason)) from error
        except (OSError, http.client.HTTPException) as error:
            raise _Passing(str(error) or type(error).__name__) from error
        except ValueError as error:
            raise unreachable(self.address, str(error)) from error

    def _read(self, path: str, content: bytes) -> Any:
        try:
            return json.loads(content)
        except ValueError as error:
            raise damaged(self.address, f"its answer to {path} is no JSON") from error


class _Passing(Exception):
    """What may be over the next time; `after` is how many seconds the service asks for."""

    def __init__(self, told: str, after: float = 0.0) -> None:
        super().__init__(told)
        self.after = after
