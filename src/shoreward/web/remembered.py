"""Commands that come twice: the second one with the same idempotency key has the first one's answer."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from shoreward.domain import Refused

_KEPT = 10_000


class Remembered:
    """Answers by key, of this process, the newest ones.

    Losing them is no danger: saying what is so already changes nothing.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._turns: OrderedDict[str, tuple[threading.Lock, list[tuple[object, Any]]]] = OrderedDict()

    def once(self, key: str | None, command: object, act: Callable[[], Any]) -> Any:
        """What `act` answers, or answered when the same command came with this key; errors are not remembered.

        Raises:
            Refused: KEY_REUSED for another command with the same key.
        """
        if not key:
            return act()
        with self._lock:
            turn, answers = self._turns.setdefault(key, (threading.Lock(), []))
            self._turns.move_to_end(key)
            while len(self._turns) > _KEPT:
                self._turns.popitem(last=False)
        with turn:
            if not answers:
                answers.append((command, act()))
            known, answer = answers[0]
            if known != command:
                raise Refused(
                    "KEY_REUSED",
                    "Another command came with this Idempotency-Key before.",
                    next="Take a new key for every command.",
                )
            return answer
