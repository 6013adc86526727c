"""Commands that come twice: the second one with the same idempotency key has the first one's answer.

As draft-ietf-httpapi-idempotency-key-header has it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a server answered to a command: a status of HTTP, and JSON."""

    status: int
    body: bytes


class Answers(Protocol):
    """Answers to commands by idempotency key, for a day."""

    def once(self, key: str, command: str, act: Callable[[], Answer]) -> Answer:
        """What `act` answers, or answered when the same command came with this key; errors are not kept.

        Raises:
            Refused: KEY_REUSED for another command with the same key.
            Retryable: KEY_UNDER_WAY while the command with the key is being done.
        """
        ...
