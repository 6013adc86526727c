"""Hooks at addresses: the question is posted as JSON, signed, and the answer read from the response."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import time
import urllib.error
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from shoreward.adapters.http import ask
from shoreward.app.ports import Question, Reply
from shoreward.app.replies import reply_of
from shoreward.domain import Hook, OperationError, Retryable, Terminal

_LARGEST = 100_000
"""Bytes of an answer that are read."""


class HttpHooks:
    """Hooks at addresses (`app.ports.Hooks`).

    Args:
        environment: where secrets are, by the names that hooks give.
        now: UNIX seconds.
    """

    def __init__(self, environment: Mapping[str, str], now: Callable[[], float] = time.time) -> None:
        self._environment = environment
        self._now = now

    def ask(self, hook: Hook, question: Question) -> Reply:
        """Post the question, once; see `Hooks.ask`."""
        body = question.body.encode()
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": question.key,
            **self._signed(hook, body),
        }
        try:
            with ask(hook.url, body=body, headers=headers, timeout=hook.timeout) as answer:
                return reply_of(hook, answer.read(_LARGEST))
        except urllib.error.HTTPError as error:
            with error:
                raise _refused(hook, error.code) from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Retryable("HOOK_SILENT", f"{_host(hook)} does not answer: {error}.") from error

    def _signed(self, hook: Hook, body: bytes) -> dict[str, str]:
        if not hook.secret:
            return {}
        secret = self._environment.get(hook.secret)
        if not secret:
            raise Terminal(
                "HOOK_SECRET_MISSING",
                f"The environment variable {hook.secret}, which signs what gate {hook.name} asks, is not set.",
                next="Set it where Shoreward runs.",
            )
        at = str(int(self._now()))
        return {"X-Shoreward-Timestamp": at, "X-Shoreward-Signature": signature(secret, at, body)}


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """What a question is signed with: HMAC-SHA256 over its time, a dot, and its body."""
    return f"sha256={hmac.new(secret.encode(), timestamp.encode() + b'.' + body, hashlib.sha256).hexdigest()}"


def _refused(hook: Hook, status: int) -> OperationError:
    if status in (408, 425, 429) or status >= 500:
        return Retryable("HOOK_SILENT", f"{_host(hook)} answers {status}.")
    return Terminal(
        "HOOK_REFUSED",
        f"{_host(hook)} answers {status} to what gate {hook.name} asks.",
        next="Correct its address, or its secret, under gates in shoreward.yaml.",
    )


def _host(hook: Hook) -> str:
    """The address without what may be secret in it."""
    parts = urlsplit(hook.url)
    return f"{parts.scheme}://{parts.hostname}{parts.path}"
