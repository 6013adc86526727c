"""Harbor's customers: they invoke every target's alias at a steady pace, and keep their own account of it."""

from __future__ import annotations

import http.client
import threading
import time
from collections import Counter
from collections.abc import Iterable
from typing import Self

from shoreward.domain import Target

from .application import FUNCTIONS


class Customers:
    """Customers of all targets, a thread for each; they never ask again, so they know what customers suffered.

    Args:
        rate: requests per second and function on each target.
    """

    def __init__(self, endpoint: str, targets: Iterable[Target], *, rate: float = 12.0) -> None:
        self._address = endpoint.removeprefix("http://")
        self._rate = rate
        self._stop = threading.Event()
        self._guard = threading.Lock()
        self.served: Counter[str] = Counter()
        """How it went: `ok`, `failed` (the function's own error), `cloud` (no answer, or one of AWS's errors)."""
        self._threads = [threading.Thread(target=self._come, args=(target,)) for target in targets]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _come(self, target: Target) -> None:
        connection = http.client.HTTPConnection(self._address, timeout=10)
        due = time.monotonic()
        while not self._stop.wait(max(0.0, due - time.monotonic())):
            due = max(due + 1 / self._rate, time.monotonic() - 1)
            outcome = self._visit(connection, target)
            with self._guard:
                self.served[outcome] += 1
        connection.close()

    def _visit(self, connection: http.client.HTTPConnection, target: Target) -> str:
        scope = f"{target.account}/20260101/{target.region}/lambda/aws4_request"
        headers = {"Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"}
        path = f"/2015-03-31/functions/{FUNCTIONS['Greet']}/invocations?Qualifier=live"
        try:
            connection.request("POST", path, b"{}", headers)
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            return "cloud"
        if answer.status != 200:
            return "cloud"
        return "failed" if answer.getheader("X-Amz-Function-Error") else "ok"
